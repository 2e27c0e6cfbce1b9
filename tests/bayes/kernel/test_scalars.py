"""Priors and transforms of scalars against scipy's densities and numeric derivatives."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from northroute.bayes.kernel import scalars
from northroute.bayes.statement.codes import Transform
from northroute.bayes.statement.families import FAMILIES, LOCATED, SHAPED
from tests.bayes.kernel.examples import prior


@pytest.mark.parametrize("family", FAMILIES)
def test_priors_are_scipys_up_to_a_constant(family: str) -> None:
    one = prior(family, 1.7, 0.3 if family in LOCATED else 0.0, 2.6 if family in SHAPED else 1.0)
    at = np.linspace(0.35, 0.95, 7)
    code, *numbers = one.numbers
    rest = 1 - at**2 if family == "partial_correlation" else 1 - at
    found = np.array([scalars.prior_density(code, *numbers, v, r) for v, r in zip(at, rest, strict=True)])
    gaps = found[:, 0] - one.log_density(at)
    assert_allclose(gaps, gaps[0], atol=1e-10)
    step = 1e-6
    slopes = (one.log_density(at + step) - one.log_density(at - step)) / (2 * step)
    assert_allclose(found[:, 1], slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("transform", Transform)
def test_jacobians_are_the_transforms_slopes(transform: Transform) -> None:
    gaps = []
    for x in (-30.0, -3.0, -0.4, 0.0, 0.7, 2.5, 15.0):
        value, slope = scalars.value_of(int(transform), x, -1.0, 3.0)
        log_jacobian, derivative = scalars.log_jacobian(int(transform), x)
        step = 1e-6
        ahead, behind = (scalars.log_jacobian(int(transform), x + d)[0] for d in (step, -step))
        assert derivative == pytest.approx((ahead - behind) / (2 * step), abs=1e-7)
        if slope > 1e-9:
            gaps.append(log_jacobian - np.log(slope))
        assert np.isfinite(value)
    assert_allclose(gaps, gaps[0], atol=1e-10)


@pytest.mark.parametrize(
    ("transform", "family", "numbers", "slope"),
    [
        (Transform.INTERVAL, scalars.BETA, (0.0, 0.5, 0.5), -0.5),
        (Transform.INTERVAL, scalars.BETA, (0.0, 3.0, 0.5), -3.0),
        (Transform.TANH, scalars.PARTIAL_CORRELATION, (0.0, 1.0, 0.5), -1.0),
        (Transform.TANH, scalars.PARTIAL_CORRELATION, (0.0, 1.0, 4.0), -8.0),
    ],
)
def test_tails_go_on_where_a_value_has_run_out_of_digits(
    transform: Transform, family: int, numbers: tuple[float, float, float], slope: float
) -> None:
    """A share of 1 - 1e-20 is one in floating point: a density of the share alone would rise there, and hold a chain."""

    def density(x: float) -> tuple[float, float]:
        value, derivative = scalars.value_of(int(transform), x, 0.0, 1.0)
        prior, up = scalars.prior_density(family, *numbers, value, scalars.rest_of(int(transform), x))
        jacobian, more = scalars.log_jacobian(int(transform), x)
        return prior + jacobian, up * derivative + more

    far = [density(x) for x in (12.0, 25.0, 40.0, 80.0)]
    assert_allclose([gradient for _, gradient in far], slope, rtol=1e-4)
    assert_allclose(np.diff([height for height, _ in far]) / np.diff([12.0, 25.0, 40.0, 80.0]), slope, rtol=1e-5)
