"""The table-form negative binomial is the plain one: densities, draws and row likelihoods."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from northroute.bayes.likelihood import log_density, negative_binomial


@pytest.fixture(scope="module")
def compiled() -> pytensor.compile.Function:
    value, eta, size = pt.lvector("value"), pt.dvector("eta"), pt.dscalar("size")
    density = log_density(value, eta, size)
    gradient = pt.grad(density.sum(), [eta, size])
    return pytensor.function([value, eta, size], [density, *gradient], mode="NUMBA")


def plain(counts: NDArray[np.int64], eta: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    return np.asarray(stats.nbinom.logpmf(counts, size, size / (size + np.exp(eta))))


@given(
    counts=st.lists(st.integers(0, 3000), min_size=1, max_size=20),
    log_size=st.floats(-3, 9),
    shift=st.floats(-6, 6),
)
def test_equals_scipy(compiled: pytensor.compile.Function, counts: list[int], log_size: float, shift: float) -> None:
    y = np.array(counts)
    eta = np.full(y.size, shift)
    size = float(np.exp(log_size))
    density, by_eta, by_size = compiled(y, eta, size)
    # scipy subtracts log gammas of up to 3e4, which keeps some ten digits
    np.testing.assert_allclose(density, plain(y, eta, size), rtol=1e-8, atol=1e-7)
    mean = np.exp(eta)
    np.testing.assert_allclose(by_eta, (y - mean) * size / (size + mean), rtol=1e-7, atol=1e-8)
    assert np.isfinite(by_size)


def test_all_zero_counts(compiled: pytensor.compile.Function) -> None:
    density, *_ = compiled(np.zeros(3, int), np.array([-2.0, 0.0, 4.0]), 2.0)
    np.testing.assert_allclose(density, plain(np.zeros(3, int), np.array([-2.0, 0.0, 4.0]), 2.0), rtol=1e-12)


def test_sums_to_one(compiled: pytensor.compile.Function) -> None:
    # mean 3, dispersion 0.5: the mass above 400 is below 1e-60
    density, *_ = compiled(np.arange(400), np.full(400, np.log(3.0)), 2.0)
    assert np.exp(density).sum() == pytest.approx(1, abs=1e-12)


def test_draws_have_the_mean_and_variance_of_the_density() -> None:
    with pm.Model(coords={"row": range(2)}):
        negative_binomial("y", pt.log(pt.as_tensor([4.0, 40.0])), 0.5, np.array([1, 1]), dims="row")
        drawn = pm.sample_prior_predictive(20_000, random_seed=1)["prior_predictive"]["y"].to_numpy()[0]
    mean, dispersion = np.array([4.0, 40.0]), 0.5
    variance = mean + dispersion * mean**2
    # five standard errors of a mean of 20,000, and ten per cent of the variance, whose own relative error is near 2 %
    np.testing.assert_array_less(abs(drawn.mean(0) - mean), 5 * np.sqrt(variance / 20_000))
    np.testing.assert_allclose(drawn.var(0), variance, rtol=0.1)
