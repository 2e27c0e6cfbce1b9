"""Every check gives a table with its source, a sentence, and a figure that says when data are simulated."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from northroute.bayes import checks
from northroute.bayes.checks import CheckResult
from northroute.conventions import SIMULATED_MARK
from tests.bayes.checks.examples import groups

RNG = np.random.default_rng(71)
UNIT = groups("unit", np.repeat(np.arange(8), 12))
COUNTRY = groups("country", UNIT.codes // 4)
MONTH = np.tile(np.arange(12), 8)
RATE = RNG.gamma(200, 1 / 100, 300)
COUNTS = np.asarray(RNG.poisson(2, 96), np.int64)
REPLICATES = np.asarray(RNG.poisson(RATE[:, None], (300, 96)), np.int64)
LL = np.asarray(stats.poisson.logpmf(COUNTS, RATE[:, None]))
EDGES = np.column_stack([np.arange(7), np.arange(1, 8)])


def pit(simulated: bool) -> CheckResult:
    bounds = checks.pit_bounds(COUNTS, REPLICATES, log_likelihood=LL)
    return checks.check_pit(bounds, checks.uniformity(bounds), simulated=simulated)


def future(simulated: bool) -> CheckResult:
    found = checks.leave_future_out(MONTH, range(8, 11), lambda cut: LL[:, cut < MONTH], steps=2)
    return checks.check_future(found, simulated=simulated, month_names=[f"2020-{m + 1:02d}" for m in range(12)])


def comparison(simulated: bool) -> CheckResult:
    one = checks.loo(LL).elpd
    return checks.check_comparison(checks.compare({"a": one, "b": one - 0.01 * COUNTS}), simulated=simulated)


def influence(simulated: bool) -> CheckResult:
    found = [checks.influence(LL, g, {"rate": RATE}) for g in (UNIT, COUNTRY)]
    return checks.check_influence(found, simulated=simulated)


CHECKS: dict[str, Callable[[bool], CheckResult]] = {
    "predictive": lambda s: checks.check_predictive(
        checks.predictive(COUNTS, REPLICATES, UNIT, MONTH, COUNTRY), simulated=s
    ),
    "rootogram": lambda s: checks.check_rootogram(checks.rootogram(COUNTS, REPLICATES), simulated=s),
    "moran": lambda s: checks.check_moran(checks.moran(COUNTS, REPLICATES, UNIT, EDGES), simulated=s),
    "pit": pit,
    "loo": lambda s: checks.check_loo(checks.loo(LL), simulated=s),
    "groups": lambda s: checks.check_groups(checks.leave_group_out(LL, COUNTRY), simulated=s),
    "future": future,
    "comparison": comparison,
    "influence": influence,
}


def test_every_check_is_here() -> None:
    made = {name for name in checks.__all__ if name.startswith("check_")}
    assert len(made) == len(CHECKS)


def test_every_public_name_has_a_docstring() -> None:
    assert all(getattr(checks, name).__doc__ for name in checks.__all__)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("simulated", [True, False])
def test_table_sentence_and_figure(name: str, simulated: bool) -> None:
    result = CHECKS[name](simulated)
    assert set(result.table["source"]) == {SIMULATED_MARK if simulated else "real"}
    assert result.sentence.endswith(".")
    assert "nan" not in result.sentence
    assert result.verdict in ("passed", "failed", "look")
    figure = result.figure()
    texts = [t.get_text() for t in figure.texts]
    assert (SIMULATED_MARK in texts) is simulated
    figure.draw_without_rendering()
