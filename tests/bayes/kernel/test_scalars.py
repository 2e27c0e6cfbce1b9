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
    found = np.array([scalars.prior_density(code, *numbers, v) for v in at])
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
    # a slope of 1 - tanh(x)^2 has lost digits by x = 3; the log Jacobian has not
    assert_allclose(gaps, gaps[0], atol=1e-6)
