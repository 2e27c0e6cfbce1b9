"""Smoothed weights where the answer is known, and the cases without a tail."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from northroute.bayes.checks.psis import effective, pareto_limit, smooth
from northroute.errors import ModelError


@pytest.mark.parametrize(("draws", "limit"), [(100, 0.5), (1000, 2 / 3), (4000, 0.7)])
def test_the_limit_of_k_depends_on_the_number_of_draws(draws: int, limit: float) -> None:
    assert pareto_limit(draws) == pytest.approx(limit)


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_k_of_pareto_ratios_is_their_shape(k: float) -> None:
    ratios = -k * np.log(np.random.default_rng(3).uniform(size=(20_000, 8)))
    # the tail has 424 draws: the standard error of one k is (1 + k) / sqrt(424) < 0.093, of the mean of eight < 0.033; the
    # prior on k draws it to 0.5 by 10 / 434 of the distance
    assert smooth(ratios).k.mean() == pytest.approx(k, abs=0.08)


@pytest.mark.parametrize(("draws", "relative_ess"), [(100, 1.0), (225, 1.0), (1000, 0.6), (4000, 1.0)])
def test_weights_and_k_are_arviz_s(draws: int, relative_ess: float) -> None:
    rng = np.random.default_rng(draws)
    ratios = rng.standard_t(4, size=(draws, 30)) * rng.uniform(0.01, 2.0, 30)
    ratios[:, 0] = -np.abs(ratios[:, 0])
    ratios[: draws // 2, 1] = -np.inf
    found = smooth(ratios, relative_ess)
    for i, (log_weights, k) in enumerate(zip(found.log_weights.T, found.k, strict=True)):
        with np.errstate(divide="ignore"):
            theirs, their_k = array_stats.psislw(-ratios[:, i], r_eff=relative_ess)
        assert k == pytest.approx(float(their_k), abs=1e-11)
        np.testing.assert_allclose(log_weights, theirs, rtol=1e-11, atol=1e-11)


def test_equal_weights_need_no_smoothing() -> None:
    found = smooth(np.full((200, 1), 3.0))
    assert found.k[0] == -np.inf
    np.testing.assert_allclose(np.exp(found.log_weights), 1 / 200)
    assert effective(found.log_weights)[0] == pytest.approx(200)


def test_no_weight_at_all_fails_rather_than_passes() -> None:
    assert smooth(np.full((200, 1), -np.inf)).k[0] == np.inf
    tied = np.where(np.arange(200) < 100, 0.0, -5.0)[:, None]
    assert smooth(tied).k[0] == np.inf


def test_draws_without_weight_are_kept_out() -> None:
    ratios = np.random.default_rng(4).normal(size=(1000, 1))
    ratios[::4] = np.nan
    found = smooth(ratios)
    assert np.isfinite(found.k[0])
    assert np.exp(found.log_weights).sum() == pytest.approx(1)
    assert (found.log_weights[::4] == -np.inf).all()


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(ModelError, match="Draw at least 100"):
        smooth(np.zeros((99, 1)))
    with pytest.raises(ModelError, match="relative effective size"):
        smooth(np.zeros((100, 1)), 0.0)
