"""The prior predictive gate on priors whose tails are known in closed form."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from northroute.bayes.gate.prior_predictive import PriorPredictive, Rule, examine_prior, rank_drivers, spearman
from northroute.errors import ModelError

DRAWS, ROWS = 4000, 30
OBSERVED = np.full(ROWS, 2.0)


def replicate(sd: float, location: float = 0.7, slope: float = 0.1) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    rng = np.random.default_rng(11)
    intercept, beta = rng.normal(location, sd, DRAWS), rng.normal(0, slope, DRAWS)
    x = np.linspace(-1.5, 1.5, ROWS)
    rate = np.exp(np.minimum(intercept[:, None] + beta[:, None] * x, 30))
    return rng.poisson(rate), {"intercept": intercept, "slope": beta}


def examined(sd: float, location: float = 0.7, slope: float = 0.1) -> PriorPredictive:
    counts, draws = replicate(sd, location, slope)
    return examine_prior(counts, OBSERVED, draws, simulated=False)


def test_a_sound_prior_passes() -> None:
    result = examined(1.0)
    assert result.passed
    assert result.gate.failures == ()
    assert result.observed_total == 60


def test_the_share_too_large_is_the_lognormals_tail() -> None:
    result = examined(6.0, slope=0.0)
    # the total is near 30 exp(intercept); it passes 60,000 where the intercept passes log(2000)
    share = stats.norm(0.7, 6.0).sf(np.log(2000))
    # binomial standard error at 4,000 draws: 0.005
    assert result.gate.value("prior too large") == pytest.approx(share, abs=0.017)
    assert share > 0.10
    check = result.checks[0]
    assert not check.passed
    assert check.parameter == "intercept"
    assert "Tighten the prior of intercept" in check.advice


def test_one_impossible_month_is_too_large_whatever_the_total() -> None:
    counts, draws = replicate(1.0)
    counts = counts.astype(float)
    counts[:300, 4] = 2e5
    observed = np.full(ROWS, 900.0)
    assert examine_prior(counts, observed, draws, simulated=False).gate.value("prior too large") == 300 / DRAWS
    # counts of that size are ordinary where such counts are observed
    assert examine_prior(counts, observed + 1e5, draws, simulated=False).gate.value("prior too large") == 0


def test_counts_that_ran_over_are_too_large() -> None:
    counts, draws = replicate(1.0)
    counts = counts.astype(float)
    counts[: DRAWS // 10, 0] = np.inf
    result = examine_prior(counts, OBSERVED, draws, simulated=False)
    assert result.gate.value("prior too large") == 0.1
    # shown at ten times the limit of 60,000, not off the page
    assert result.figure().axes[0].get_xlim()[1] < np.log10(6e5) + 1


def test_the_share_of_empty_data_sets_is_the_poissons_zero() -> None:
    counts = np.random.default_rng(2).poisson(1 / ROWS, (DRAWS, ROWS))
    draws = {"intercept": np.random.default_rng(3).normal(size=DRAWS)}
    result = examine_prior(counts, OBSERVED / 60, draws, simulated=False)
    # total is Poisson(1): e^-1 of data sets are empty, standard error 0.008
    assert result.gate.value("prior empty") == pytest.approx(np.exp(-1), abs=0.03)
    assert not result.checks[1].passed
    nothing = examine_prior(counts, np.zeros(ROWS), draws, simulated=False)
    assert nothing.gate.value("prior empty") == 0


@pytest.mark.parametrize(("location", "side"), [(-4.0, "above"), (5.0, "below")])
def test_a_prior_that_does_not_reach_the_data_is_named(location: float, side: str) -> None:
    result = examined(0.3, location, slope=0.0)
    check = result.checks[2]
    assert not check.passed
    assert f"lies {side} nearly all" in check.advice
    assert "exposure unit" in check.advice


def test_a_fits_gate_holds_no_reach_since_data_outweigh_a_prior_that_they_are_far_from() -> None:
    result = examined(0.3, 5.0, slope=0.0)
    assert not result.passed
    assert all(c.passed for c in result.plausible)


def test_the_prior_that_drives_the_totals_is_found() -> None:
    assert examined(1.0, slope=0.1).drivers["parameter"].tolist() == ["intercept", "slope"]
    wide = examined(0.3, slope=4.0).drivers
    assert wide["parameter"].iloc[0] == "slope"
    # a slope of either sign makes large totals: only its distance from its median tells
    assert abs(wide["rho"].iloc[0]) < 0.1
    assert wide["rho_distance"].iloc[0] > 0.8


def test_rank_correlation_is_scipys_and_zero_for_a_constant() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.poisson(2, 500).astype(float), rng.poisson(2, 500).astype(float)
    assert spearman(x, x + y) == pytest.approx(stats.spearmanr(x, x + y).statistic, abs=1e-12)
    assert rank_drivers(x, {"fixed": np.ones(500), "x": x})["parameter"].tolist() == ["x", "fixed"]


def test_the_rule_is_stated_in_words_and_numbers() -> None:
    words = str(Rule(cap=500, factor=20, max_large=0.02))
    assert (
        "more than 500 events in a unit-month (where counts are small beside that) or a total beyond 20 times" in words
    )
    assert "at most 2 %" in words


def test_a_table_and_a_figure_say_where_the_data_are_from() -> None:
    counts, draws = replicate(1.0)
    result = examine_prior(counts, OBSERVED, draws, simulated=True)
    table = result.table()
    assert table["source"].eq("SIMULATED").all()
    assert table["check"].tolist() == ["prior too large", "prior empty", "prior reach"]
    assert [t.get_text() for t in result.figure().texts] == ["SIMULATED"]
    assert [t.get_text() for t in examined(1.0).figure().texts] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observed": np.zeros(3)}, r"shape \(4000, 30\) and observed ones \(3,\)"),
        ({"counts": np.zeros((50, ROWS))}, "50 prior draws.*at least 200"),
        ({"counts": np.full((DRAWS, ROWS), -1)}, "negative or missing"),
        ({"observed": np.full(ROWS, np.nan)}, "negative or missing.*Leave unobserved rows out"),
        ({"hyperparameters": {}}, "give at least one"),
        ({"hyperparameters": {"sd": np.zeros(3)}}, r"\['sd'\].*\(4000,\)"),
    ],
)
def test_bad_inputs_are_refused(change: dict[str, Any], message: str) -> None:
    counts, draws = replicate(1.0)
    given: dict[str, Any] = {"counts": counts, "observed": OBSERVED, "hyperparameters": draws} | change
    with pytest.raises(ModelError, match=message):
        examine_prior(given["counts"], given["observed"], given["hyperparameters"], simulated=False)
