"""The gate on draws whose diagnostics are known, and the refusal to summarise what failed."""

import numpy as np
import pytest
import xarray as xr

from northroute.bayes import BayesFit, Check, Gate
from northroute.bayes.gate.gate import energy_fraction, examine, not_computed
from northroute.bayes.ladder.imputation import pooled_gate
from northroute.errors import GateError
from northroute.provenance import Provenance

SHAPE = (4, 1000)


def posterior(shift: float = 0.0, correlation: float = 0.0) -> xr.Dataset:
    rng = np.random.default_rng(1)
    good, bad = rng.normal(size=SHAPE), rng.normal(size=SHAPE)
    for t in range(1, SHAPE[1]):
        bad[:, t] = correlation * bad[:, t - 1] + np.sqrt(1 - correlation**2) * bad[:, t]
    bad[0] += shift
    stacked = np.stack([good, bad], axis=-1)
    return xr.Dataset({"slope": (("chain", "draw", "country"), stacked)}, {"country": ["KAZ", "KGZ"]})


def statistics(divergences: int = 0, deep: int = 0, slow: bool = False) -> xr.Dataset:
    rng = np.random.default_rng(2)
    energy = rng.normal(size=SHAPE)
    diverging, depth = np.zeros(SHAPE, bool), np.full(SHAPE, 4)
    diverging[0, :divergences] = True
    depth[0, :deep] = 10
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "energy": (dims, np.cumsum(energy, axis=1) if slow else energy),
            "diverging": (dims, diverging),
            "depth": (dims, depth),
        }
    )


def test_independent_draws_pass() -> None:
    report = examine(posterior(), statistics(), 10)
    assert report.passed, report.failures


@pytest.mark.parametrize(
    ("draws", "stats", "failed", "where"),
    [
        (posterior(shift=1.0), statistics(), "R-hat", "slope[KGZ]"),
        (posterior(correlation=0.97), statistics(), "bulk ESS", "slope[KGZ]"),
        (posterior(), statistics(divergences=1), "divergences", ""),
        (posterior(), statistics(deep=60), "share at largest tree depth", ""),
        (posterior(), statistics(slow=True), "E-BFMI", ""),
    ],
)
def test_each_fault_is_named_with_its_parameter_and_a_next_step(
    draws: xr.Dataset, stats: xr.Dataset, failed: str, where: str
) -> None:
    report = examine(draws, stats, 10)
    check = next(c for c in report.checks if c.name == failed)
    assert not check.passed
    assert check.parameter == where
    assert check.advice
    assert any(f.startswith(failed) for f in report.failures)


LIMITS = {
    "R-hat": 1.01,
    "bulk ESS": 400.0,
    "tail ESS": 400.0,
    "divergences": 0.0,
    "share at largest tree depth": 0.01,
    "E-BFMI": 0.3,
}
"""Vehtari et al. (2021), section 4, of R-hat and effective sizes; Betancourt (2016) of the energy."""


def test_limits_are_the_literatures() -> None:
    assert {c.name: c.limit for c in examine(posterior(), statistics(), 10).checks} == LIMITS


@pytest.mark.parametrize("shift", [0.1, 0.2, 0.3, 0.5])
@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize("deep", [0, 39, 40, 41, 60])
def test_each_check_passes_on_its_side_of_its_limit(shift: float, correlation: float, deep: int) -> None:
    report = examine(posterior(shift=shift, correlation=correlation), statistics(deep=deep), 10)
    above = {"bulk ESS", "tail ESS", "E-BFMI"}
    for check in report.checks:
        assert check.value is not None
        good = check.value >= LIMITS[check.name] if check.name in above else check.value <= LIMITS[check.name]
        assert check.passed is good, check
    assert report.passed == all(c.passed for c in report.checks)


def test_a_constant_parameter_fails() -> None:
    flat = posterior()
    flat["slope"][:] = 1.0
    report = examine(flat, statistics(), 10)
    assert not report.passed
    # no number is no agreement
    assert report.value("R-hat") == np.inf
    assert "R-hat" in {c.name for c in report.checks if c.passed is False}


def test_energy_fraction_of_independent_energies_is_two() -> None:
    energy = np.random.default_rng(3).normal(size=(1, 200_000))
    # E(step^2) = 2 Var; the relative error at this length is below 1 %
    assert energy_fraction(energy)[0] == pytest.approx(2, rel=0.01)


def test_what_was_not_computed_is_said_and_neither_passes_nor_fails() -> None:
    unknown = not_computed("prior predictive", "a prior is flat.")
    report = Gate((*examine(posterior(), statistics(), 10).checks, unknown))
    assert report.passed and report.failures == ()
    assert report.not_computed == ("prior predictive not computed: a prior is flat.",)
    assert np.isnan(report.value("prior predictive"))


def test_a_pooled_gate_holds_every_check_of_any_fit() -> None:
    sound, broken = (examine(posterior(shift=s), statistics(), 10).checks for s in (0.0, 1.0))
    unknown, rows = not_computed("rows", "too few draws."), Check("rows", 0.2, 0.05, False, "AAA 2015-01")
    fits = [
        BayesFit(name, xr.DataTree(), Gate(checks), Provenance("0", 1, False))
        for name, checks in (("a", (*sound, unknown)), ("b", (*broken, rows)))
    ]
    pooled = pooled_gate(fits)
    assert [c.name for c in pooled.checks] == [c.name for c in fits[0].gate.checks]
    assert pooled.checks[-1].parameter == "b: AAA 2015-01; 1 of 2 fits failed"
    assert pooled.checks[0].parameter == "b: slope[KGZ]; 1 of 2 fits failed"
    assert pooled_gate(fits[:1]).not_computed == ("rows not computed: too few draws.",)


@pytest.fixture
def failed_fit() -> BayesFit:
    draws = posterior(shift=1.0)
    tree = xr.DataTree.from_dict({"posterior": draws, "prior": draws})
    return BayesFit("broken", tree, examine(draws, statistics(), 10), Provenance("0", 1, False))


def test_a_failed_fit_is_not_summarised(failed_fit: BayesFit) -> None:
    with pytest.raises(GateError, match=r"'broken' failed.*R-hat.*slope\[KGZ\].*--allow-failed"):
        failed_fit.draws("slope")
    with pytest.raises(GateError):
        failed_fit.parameter("slope", "prior")


def test_a_failed_fit_that_is_allowed_is_stamped(failed_fit: BayesFit) -> None:
    allowed = failed_fit.allow_failed()
    assert allowed.draws("slope", country="KAZ").shape == SHAPE
    assert allowed.stamp.startswith("FAILED DIAGNOSTICS")
    assert BayesFit("sound", failed_fit.tree, Gate(()), failed_fit.provenance).stamp == ""
