"""Ranks, their ties, their thinning; and coverage from them."""

import numpy as np
import pytest
from scipy import stats

from northroute.bayes.calibration.coverage import coverage
from northroute.bayes.calibration.departure import departure
from northroute.bayes.calibration.pooled import pooled
from northroute.bayes.calibration.ranks import rank, spread, thinned
from northroute.errors import ModelError


def test_ranks_count_the_draws_below() -> None:
    draws = np.column_stack([np.arange(10.0), -np.arange(10.0)])
    found = rank(np.array([3.5, 0.5]), draws, np.random.default_rng(0))
    assert found.rank.tolist() == [4, 10]
    assert found.draws.tolist() == [10, 10]


def test_ties_are_broken_evenly() -> None:
    rng = np.random.default_rng(1)
    draws = np.tile(np.array([0.0, 1, 1, 1, 2])[:, None], (1, 8000))
    found = rank(np.ones(8000), draws, rng).rank
    # one draw is below, three are equal: ranks 1..4 with a quarter each
    assert np.unique(found).tolist() == [1, 2, 3, 4]
    assert stats.chisquare(np.bincount(found)[1:]).pvalue > 0.001


def test_thinning_keeps_what_is_independent() -> None:
    assert thinned(1000, 115.9).tolist() == [int((i + 0.5) * 1000 / 57) for i in range(57)]
    assert len(thinned(1000, 5000.0)) == 99
    assert len(thinned(40, np.inf)) == 40
    assert len(thinned(40, 0.3)) == 1
    assert np.unique(np.diff(thinned(990, np.inf))).tolist() == [10]


def test_spread_ranks_of_uneven_lengths_are_uniform() -> None:
    rng = np.random.default_rng(2)
    draws = rng.integers(1, 30, 20_000)
    values = spread(rng.integers(0, draws + 1), draws, rng.random(20_000))
    assert stats.kstest(values, "uniform").pvalue > 0.001


@pytest.mark.parametrize(
    ("truth", "draws", "ess", "words"),
    [
        (np.zeros(2), np.zeros((5, 3)), None, r"truth has shape \(2,\), the draws \(5, 3\)"),
        (np.zeros(2), np.zeros((0, 2)), None, "truth has shape"),
        (np.array([np.nan]), np.zeros((5, 1)), None, "not finite"),
        (np.zeros(1), np.full((5, 1), np.inf), None, "not finite"),
        (np.zeros(1), np.zeros((5, 1)), np.array([np.nan]), "Leave constants"),
    ],
)
def test_refusals(truth: np.ndarray, draws: np.ndarray, ess: np.ndarray | None, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        rank(truth, draws, np.random.default_rng(0), ess=ess, name="slope")


def test_coverage_of_known_shares_with_binomial_bounds() -> None:
    values = (np.arange(100) + 0.5)[:, None] / 100
    found = coverage(values, 0.5, 0.05)
    assert found.share.tolist() == [0.5]
    # Binomial(100, 0.5): the central 95 % run from 40 to 60
    assert (found.low, found.high) == (0.4, 0.6)


def test_departures_in_words() -> None:
    rng = np.random.default_rng(3)
    assert departure(rng.beta(2, 1, 300)) == "the draws are too low"
    assert departure(rng.beta(1, 2, 300)) == "the draws are too high"
    assert departure(rng.beta(0.5, 0.5, 300)) == "the draws are too narrow"
    assert departure(rng.beta(2, 2, 300)) == "the draws are too wide"


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_pooled_tests_hold_their_size_whatever_the_dependence(shared: float) -> None:
    rng = np.random.default_rng(4)
    tests = 1500
    common, own = rng.normal(size=(tests, 60, 1)), rng.normal(size=(tests, 60, 20))
    values = stats.norm.cdf(np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    found = [pooled(v) for v in values]
    # 3.5 standard errors of a share of 5 %
    for p in ([f.p_shift for f in found], [f.p_width for f in found]):
        assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / tests))
    assert np.mean([f.p <= 0.05 for f in found]) < 0.07
