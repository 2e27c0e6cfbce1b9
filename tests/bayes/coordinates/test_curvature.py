"""Slopes along a line and solutions without a Hessian, against differences and the Hessian."""

import numpy as np
import pytest
from scipy import linalg

from northroute import seeds
from northroute.bayes.calibration.gate_rates import cases
from northroute.bayes.coordinates import adaptation
from northroute.bayes.coordinates.curvature import hessian, log_densities, log_densities_along, solved
from northroute.bayes.program.assemble import Assembled, assemble


def made(name: str) -> Assembled:
    case = cases()[name]
    return assemble(case.model, case.simulate(seeds.generator(f"curvature {name}", 1)))


def test_slopes_along_a_line_are_those_of_its_densities() -> None:
    program, rng = made("slopes").program, np.random.default_rng(2)
    points, direction = 0.3 * rng.standard_normal((5, program.dim)), rng.standard_normal(program.dim)
    values, slopes = log_densities_along(program, points, direction)
    np.testing.assert_array_equal(values, log_densities(program, points))
    ahead, behind = (log_densities(program, points + step * direction) for step in (1e-5, -1e-5))
    np.testing.assert_allclose(slopes, (ahead - behind) / 2e-5, rtol=1e-5)
    # no warning far out, where exponentials overflow
    assert not np.isfinite(log_densities_along(program, 1e4 * points, direction)).all()


@pytest.mark.parametrize("name", ["slopes", "ar1_0.6_0.7_150", "bym2"])
def test_a_solution_is_the_hessians(name: str) -> None:
    own = made(name)
    theta = adaptation.start(own.layout, own.program.dim)
    right = np.random.default_rng(3).standard_normal(own.program.dim - own.program.linear)
    curvature = hessian(own.program, theta)
    exact, found = linalg.solve(curvature, right, assume_a="pos"), solved(own.program, theta, right)
    # in posterior standard deviations
    left, size = ((x @ curvature @ x) ** 0.5 for x in (found - exact, exact))
    assert left < 2e-3 * size


def test_where_the_hessian_is_not_definite_a_solution_goes_uphill() -> None:
    own = made("two_signs")
    theta = adaptation.start(own.layout, own.program.dim)
    right = np.random.default_rng(4).standard_normal(own.program.dim - own.program.linear)
    assert linalg.eigvalsh(hessian(own.program, theta)).min() < 0
    assert solved(own.program, theta, right) @ right > 0
    np.testing.assert_array_equal(solved(own.program, theta, np.zeros_like(right)), 0.0)
