"""Checks: each finds what was put into the data, and passes where nothing was; its result has table, sentence and figure."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from northroute.errors import ModelError
from northroute.frequentist import Estimate, checks, negative_binomial, poisson
from northroute.frequentist.covariance import cluster, jackknife

FORMULA = "drug_incident ~ interdiction | unit + month"


@pytest.fixture(scope="module")
def every(regions_frame: pd.DataFrame, fit: Estimate) -> dict[str, checks.CheckResult]:
    """Results of all checks that apply to the simulated fit."""
    results, skipped = checks.run(regions_frame, fit, "interdiction", placebos=("general_crime", "state_violence"))
    assert not skipped
    return {r.name: r for r in results}


def test_every_check_runs_and_says_something(every: dict[str, checks.CheckResult]) -> None:
    assert len(every) == 15
    for result in every.values():
        assert result.verdict in ("passed", "failed", "look")
        assert result.sentence.endswith(".")
        assert result.table.empty or set(result.table["source"]) == {"SIMULATED"}
        figure = result.figure()
        assert isinstance(figure, Figure)
        assert any(t.get_text() == "SIMULATED" for t in figure.texts), result.name


@pytest.mark.parametrize(
    "name",
    [
        *("separation", "singletons", "collinear terms", "convergence", "finite covariance", "leave one country out"),
        *("strict exogeneity by leads", "residual autocorrelation", "leave one year out"),
    ],
)
def test_what_the_simulation_does_not_have_passes(every: dict[str, checks.CheckResult], name: str) -> None:
    assert every[name].passed, every[name].sentence


def test_overdispersion_is_found_and_sized(every: dict[str, checks.CheckResult], fit: Estimate) -> None:
    row = every["overdispersion"].table.iloc[0]
    assert every["overdispersion"].passed is False
    # the simulated dispersion is 0.35; effects take up a little of it
    assert row["dispersion"] == pytest.approx(0.35, abs=0.12)


def test_poisson_counts_are_not_overdispersed() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=3000)
    table = pd.DataFrame({"x": x, "y": rng.poisson(np.exp(0.5 + 0.4 * x)), "g": np.arange(3000) % 60})
    found = poisson(table, "y ~ x")
    assert checks.overdispersion(found).passed
    assert checks.zero_share(found).passed
    assert checks.reset(found, "g").passed


def test_reset_finds_curvature() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=3000)
    table = pd.DataFrame({"x": x, "y": rng.poisson(np.exp(0.2 + 0.4 * x + 0.25 * x**2)), "g": np.arange(3000) % 60})
    result = checks.reset(poisson(table, "y ~ x"), "g")
    assert result.passed is False
    assert "add curvature" in result.sentence
    assert checks.reset(poisson(table, "y ~ x + I(x ** 2)"), "g").passed


def test_excess_zeros_are_found() -> None:
    rng = np.random.default_rng(4)
    y = rng.poisson(6.0, 3000) * (rng.random(3000) < 0.6)
    result = checks.zero_share(poisson(pd.DataFrame({"y": y, "x": rng.normal(size=3000)}), "y ~ x"))
    assert result.passed is False
    assert "zero-inflated or hurdle" in result.sentence


def _with_shocks(frame: pd.DataFrame, shock: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> pd.DataFrame:
    rng = np.random.default_rng(6)
    return frame.assign(y=rng.poisson(np.exp(1.0 + 0.2 * frame["interdiction"].to_numpy() + shock.ravel())))


def test_serial_dependence_is_found(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    shock = rng.normal(size=(51, 48)) * 0.5
    for t in range(1, 48):
        shock[:, t] += 0.7 * shock[:, t - 1]
    found = poisson(_with_shocks(regions_frame, shock), "y ~ interdiction | unit + month")
    result = checks.autocorrelation(found)
    assert result.passed is False
    assert result.table["coef"].iloc[0] > result.table["coef"].iloc[5]


def test_spatial_dependence_is_found(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    place = regions_frame.drop_duplicates("unit")
    near = np.hypot(*(np.subtract.outer(place[c].to_numpy(), place[c].to_numpy()) for c in ("lon", "lat")))
    smooth = np.exp(-near / 3)
    shock = smooth @ rng.normal(size=(51, 48)) * 0.3
    found = poisson(_with_shocks(regions_frame, shock), "y ~ interdiction | unit + month")
    assert checks.morans_i(found).passed is False
    assert checks.morans_i(
        poisson(_with_shocks(regions_frame, np.zeros((51, 48))), "y ~ interdiction | unit + month")
    ).passed


def test_feedback_is_found_by_leads(regions_frame: pd.DataFrame) -> None:
    # next month's interdiction answers to this month's residual count
    rng = np.random.default_rng(8)
    y = rng.poisson(5, size=(51, 48)).astype(float)
    x = rng.normal(size=(51, 48))
    x[:, 1:] += 0.5 * (y[:, :-1] - 5) / np.sqrt(5)
    table = regions_frame.assign(y=y.ravel(), x=x.ravel())
    result = checks.strict_exogeneity(poisson(table, "y ~ x | unit + month"), "x", by="unit")
    assert result.passed is False
    assert result.table["coef"].iloc[1] > 0


def test_leverage_names_the_country_that_decides(regions_frame: pd.DataFrame) -> None:
    big = regions_frame.assign(x=regions_frame["interdiction"] * np.where(regions_frame["country"] == "UZB", 5.0, 0.3))
    result = checks.leverage(poisson(big, "general_crime ~ x | unit + month", exposure="all_events"), "x")
    assert result.passed is False
    assert result.table["cluster"].iloc[0] == "UZB"
    assert result.table["share"].sum() == pytest.approx(1.0)
    assert "UZB" in result.sentence


def test_leave_one_out_is_what_crv3_uses(every: dict[str, checks.CheckResult], fit: Estimate) -> None:
    left = every["leave one country out"].table["coef"].to_numpy(float)
    se = np.sqrt(4 / 5 * np.sum((left - fit.coef[0]) ** 2))
    assert jackknife(fit, "country").se[0] == pytest.approx(se, rel=1e-9)


def test_placebo_outcomes(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(9)
    table = regions_frame.assign(nothing=rng.poisson(3, len(regions_frame)))
    found = poisson(table, FORMULA, exposure="all_events")
    assert checks.placebo_outcomes(found, "interdiction", ("nothing",), by="unit").passed
    assert checks.placebo_outcomes(found, "interdiction", ("nothing", "state_violence"), by="unit").passed is False


def test_shared_sources(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(10)
    shared = rng.random(len(regions_frame)) < 0.2
    x = rng.normal(size=len(regions_frame))
    table = regions_frame.assign(shared=shared, x=x, y=rng.poisson(np.exp(1 + np.where(shared, 0.8, 0.0) * x)))
    result = checks.shared_source(poisson(table, "y ~ x | unit + month"), "x", "shared", by="unit")
    assert result.passed is False
    assert abs(result.table["coef"].iloc[1]) < 0.1
    with pytest.raises(ModelError, match="same in every row"):
        checks.shared_source(poisson(table.assign(shared=False), "y ~ x | unit + month"), "x", "shared")


def test_finite_covariance_counts_the_rank(regions_frame: pd.DataFrame) -> None:
    found = poisson(regions_frame, "drug_incident ~ interdiction * C(country) | unit + month", on_collinear="drop")
    assert "rank 4 of 5" in checks.finite_covariance(found, cluster(found, "country")).sentence
    assert checks.collinear_terms(found).passed is False


def test_checks_for_poisson_refuse_others(groups: pd.DataFrame) -> None:
    found = negative_binomial(groups, "y ~ x")
    with pytest.raises(ModelError, match=r"RESET is for Poisson fits"):
        checks.reset(found, "g")
    with pytest.raises(ModelError, match=r"by leads is for Poisson fits"):
        checks.strict_exogeneity(found, "x", unit="g", time="t")
    with pytest.raises(ModelError, match=r"name outcomes for a Poisson fit"):
        checks.placebo_outcomes(found, "x", ("z",))
