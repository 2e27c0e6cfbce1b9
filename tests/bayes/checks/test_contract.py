"""Every check gives its verdict, a table with its source, a sentence, and a figure that says when data are simulated."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from northroute.arrays import Array, Ints
from northroute.bayes import checks
from northroute.bayes.checks import CheckResult
from northroute.conventions import SIMULATED_MARK
from tests.bayes.checks.examples import groups

RNG = np.random.default_rng(71)
UNIT = groups("unit", np.repeat(np.arange(8), 12))
COUNTRY = groups("country", UNIT.codes // 4)
MONTH = np.tile(np.arange(12), 8)
MONTHS = [f"2020-{m + 1:02d}" for m in range(12)]
# the posterior of one rate for all, given 96 counts about 2
RATE = RNG.gamma(200, 1 / 100, 300)
REPLICATES = np.asarray(RNG.poisson(RATE[:, None], (300, 96)), np.int64)
EDGES = np.column_stack([np.arange(7), np.arange(1, 8)])


@dataclass(frozen=True)
class Data:
    """Counts, and the log likelihood of one rate for all; shape (draw, row)."""

    counts: Ints
    log_likelihood: Array


def data(counts: Ints) -> Data:
    return Data(counts, np.asarray(stats.poisson.logpmf(counts, RATE[:, None])))


SUITED = data(np.asarray(RNG.poisson(2, 96), np.int64))
# units whose rates rise from 0.2 to 14 along the line of neighbours, and a month that nobody would expect: one rate for all
# is wrong in every respect
UNSUITED = data(np.append(RNG.poisson(np.exp(np.linspace(-1.6, 2.6, 8))[UNIT.codes])[:-1], 90).astype(np.int64))


def pit(of: Data, simulated: bool) -> CheckResult:
    bounds = checks.pit_bounds(of.counts, REPLICATES, log_likelihood=of.log_likelihood)
    return checks.check_pit(bounds, checks.uniformity(bounds), simulated=simulated)


def future(of: Data, simulated: bool) -> CheckResult:
    found = checks.leave_future_out(MONTH, range(8, 11), lambda cut: of.log_likelihood[:, cut < MONTH], steps=2)
    return checks.check_future(found, simulated=simulated, month_names=MONTHS)


def comparison(of: Data, simulated: bool) -> CheckResult:
    one = checks.loo(of.log_likelihood).elpd
    return checks.check_comparison(checks.compare({"a": one, "b": one - 0.01 * of.counts}), simulated=simulated)


def influence(of: Data, simulated: bool) -> CheckResult:
    found = [checks.influence(of.log_likelihood, g, {"rate": RATE}) for g in (UNIT, COUNTRY)]
    return checks.check_influence(found, simulated=simulated)


CHECKS: dict[str, Callable[[Data, bool], CheckResult]] = {
    "posterior predictive": lambda d, s: checks.check_predictive(
        checks.predictive(d.counts, REPLICATES, UNIT, MONTH, COUNTRY), simulated=s
    ),
    "rootogram": lambda d, s: checks.check_rootogram(checks.rootogram(d.counts, REPLICATES), simulated=s),
    "Moran's I": lambda d, s: checks.check_moran(checks.moran(d.counts, REPLICATES, UNIT, EDGES), simulated=s),
    "probability integral transform": pit,
    "leave one row out": lambda d, s: checks.check_loo(checks.loo(d.log_likelihood), simulated=s),
    "leave one unit out": lambda d, s: checks.check_groups(checks.leave_group_out(d.log_likelihood, UNIT), simulated=s),
    "leave the future out": future,
    "comparison of models": comparison,
    "influence of groups": influence,
}
JUDGED_BY_THE_READER = {"leave the future out", "comparison of models"}


def test_every_check_is_here() -> None:
    made = {name for name in checks.__all__ if name.startswith("check_")}
    assert len(made) == len(CHECKS)


def test_every_public_name_has_a_docstring() -> None:
    assert all(getattr(checks, name).__doc__ for name in checks.__all__)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("simulated", [True, False])
def test_table_sentence_and_figure(name: str, simulated: bool) -> None:
    result = CHECKS[name](SUITED, simulated)
    assert result.name == name
    assert set(result.table["source"]) == {SIMULATED_MARK if simulated else "real"}
    assert result.sentence.endswith(".")
    assert "nan" not in result.sentence
    figure = result.figure()
    texts = [t.get_text() for t in figure.texts]
    assert (SIMULATED_MARK in texts) is simulated
    figure.draw_without_rendering()


@pytest.mark.parametrize("name", CHECKS)
def test_the_verdict_is_that_of_the_data(name: str) -> None:
    suited, unsuited = (CHECKS[name](d, True) for d in (SUITED, UNSUITED))
    if name in JUDGED_BY_THE_READER:
        assert [suited.verdict, unsuited.verdict] == ["look", "look"]
    else:
        assert [suited.verdict, unsuited.verdict] == ["passed", "failed"], (suited.sentence, unsuited.sentence)
        # what failed says what to do, beside what it found
        assert len(unsuited.sentence.split(". ")) > len(suited.sentence.split(". "))
    assert not suited.table.equals(unsuited.table)
    assert suited.sentence != unsuited.sentence


def test_words_of_verdicts() -> None:
    made = CHECKS["rootogram"](SUITED, True)
    words = [CheckResult("a check", p, made.table, ".", made.figure).verdict for p in (True, False, None)]
    assert words == ["passed", "failed", "look"]
