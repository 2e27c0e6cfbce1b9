"""Draws of outcomes against the density that they are fitted with."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.special import softmax

from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Part
from northroute.errors import ModelError
from tests.bayes.kernel.test_rows import with_part

DRAWS = 100_000
COUNTS = (dist.Poisson(), dist.NegativeBinomial(), dist.GeneralisedPoisson())
SIGMAS = 5.0
"""Standard errors allowed: some three hundred comparisons of fixed seeds."""


@pytest.mark.parametrize("distribution", COUNTS)
@pytest.mark.parametrize("part", Part)
@pytest.mark.parametrize(("mu", "aux"), [(3.0, 0.5), (0.05, 0.8), (40.0, 0.1)])
def test_counts_are_drawn_from_their_density(distribution: dist.Counts, part: Part, mu: float, aux: float) -> None:
    rng, logit = np.random.default_rng(11), -0.5
    eta = np.full(DRAWS, np.log(mu))
    drawn = dist.draw_counts(distribution, part, rng, eta, np.full(DRAWS, logit), np.full(DRAWS, aux))
    y = np.arange(2000.0)
    p = np.exp(with_part(distribution.code, part, y, mu, aux, logit))
    assert (drawn == np.floor(drawn)).all()
    for k in range(8):
        expected = p[k]
        error = np.sqrt(max(expected * (1 - expected), 1 / DRAWS) / DRAWS)
        assert abs((drawn == k).mean() - expected) < SIGMAS * error, k
    mean, variance = p @ y, p @ np.square(y) - (p @ y) ** 2
    assert abs(drawn.mean() - mean) < SIGMAS * np.sqrt(variance / DRAWS)
    kurtosis = p @ (y - mean) ** 4
    assert abs(drawn.var() - variance) < SIGMAS * np.sqrt(kurtosis / DRAWS)


@pytest.mark.parametrize("distribution", COUNTS)
def test_positive_draws_are_positive_even_where_zeros_are_nearly_sure(distribution: dist.Counts) -> None:
    eta = np.array([-800.0, -30.0, -5.0, 0.0, 20.0])
    drawn = distribution.draw_positive(np.random.default_rng(1), eta, np.full(5, 0.3))
    assert (drawn >= 1).all() and np.isfinite(drawn).all()
    assert drawn[0] >= 1 and drawn[-1] > 1e6


def test_draws_survive_rates_beyond_any_count() -> None:
    eta = np.array([500.0])
    for distribution in COUNTS:
        assert np.isfinite(distribution.draw(np.random.default_rng(1), eta, np.array([0.2]))).all()


def test_student_t_outcomes_are_drawn_from_their_density() -> None:
    eta, scale = np.tile([1.0, -3.0], (DRAWS, 1)), np.tile([0.5, 4.0], (DRAWS, 1))
    drawn = dist.StudentT(df=3.0).draw(np.random.default_rng(12), eta, scale)
    for column, (at, width) in enumerate(((1.0, 0.5), (-3.0, 4.0))):
        assert stats.kstest(drawn[:, column], stats.t(3.0, at, width).cdf).pvalue > 1e-3


@pytest.mark.parametrize("df", [0.0, -1.0, np.inf, np.nan])
def test_degrees_of_freedom_are_positive_and_finite(df: float) -> None:
    with pytest.raises(ModelError, match="degrees of freedom"):
        dist.StudentT(df=df)


def test_multivariate_cells_have_their_covariance() -> None:
    factor = np.linalg.cholesky([[1.0, 0.5], [0.5, 2.0]])
    eta = np.tile([3.0, -1.0], (1, DRAWS, 1))
    cells = dist.MultivariateNormal().draw(np.random.default_rng(2), eta, factor[None])[0]
    assert_allclose(cells.mean(axis=0), [3, -1], atol=0.03)
    assert_allclose(np.cov(cells.T), factor @ factor.T, atol=0.05)


def test_compositions_keep_totals_and_have_their_moments() -> None:
    eta = np.tile([0.2, -1.0, 0.7], (1, DRAWS, 1))
    p, n, concentration = softmax([0.2, -1.0, 0.7]), 20, 4.0
    totals = np.full(DRAWS, n)
    plain = dist.Multinomial().draw(np.random.default_rng(3), eta, totals)[0]
    spread = dist.DirichletMultinomial().draw(np.random.default_rng(4), eta, totals, np.full((1, 1, 1), concentration))[
        0
    ]
    inflation = (n + concentration) / (1 + concentration)  # of the variance, by the shares' own
    for cells, factor in ((plain, 1.0), (spread, inflation)):
        assert (cells.sum(axis=1) == n).all()
        variance = n * (np.diag(p) - np.outer(p, p)) * factor
        assert_allclose(cells.mean(axis=0), n * p, atol=SIGMAS * np.sqrt(variance.max() / DRAWS))
        assert_allclose(np.cov(cells.T), variance, rtol=0.05, atol=0.1)


def test_a_tiny_concentration_puts_a_cell_in_one_category() -> None:
    eta = np.zeros((1, 1000, 3))
    cells = dist.DirichletMultinomial().draw(np.random.default_rng(5), eta, np.full(1000, 9), np.full((1, 1, 1), 1e-8))[
        0
    ]
    assert (cells.max(axis=1) == 9).all()
    assert_allclose((cells == 9).mean(axis=0), 1 / 3, atol=0.08)
