"""The maximiser: the top of likelihoods that are hard to climb, whatever their units, and nothing where there is no top."""

import numpy as np
import pytest
from numpy.typing import NDArray

from northroute.frequentist.climb import climb

Array = NDArray[np.float64]


def curved(theta: Array) -> tuple[float, Array, Array]:
    """Rosenbrock's valley turned over, top at (1, 1): the Hessian is indefinite on the way."""
    a, b = theta
    gap = b - a**2
    value = -((1 - a) ** 2) - 100 * gap**2
    gradient = np.array([2 * (1 - a) + 400 * a * gap, -200 * gap])
    information = np.array([[2 - 400 * gap + 800 * a**2, -400 * a], [-400 * a, 200.0]])
    return value, gradient, information


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 5.0), (30.0, -40.0)])
def test_finds_the_top_of_a_curved_valley(start: tuple[float, float]) -> None:
    found, steps = climb(curved, np.array(start))
    np.testing.assert_allclose(found, 1, atol=1e-9)
    assert steps < 150


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e9])
@pytest.mark.parametrize("height", [1.0, 1e6, 1e12])
def test_units_of_coefficients_and_of_the_likelihood_do_not_matter(unit: float, height: float) -> None:
    turn = np.array([unit, 1.0])

    def other(theta: Array) -> tuple[float, Array, Array]:
        value, gradient, information = curved(theta / turn)
        return height * value, height * gradient / turn, height * information / np.outer(turn, turn)

    np.testing.assert_allclose(climb(other, np.array([-1.2, 1.0]) * turn)[0] / turn, 1, atol=1e-9)


def test_a_large_constant_does_not_hide_the_top() -> None:
    # values of 1e12 keep four digits after the point; the gradient tells the rest
    def high(theta: Array) -> tuple[float, Array, Array]:
        value, gradient, information = curved(theta)
        return value - 1e12, gradient, information

    np.testing.assert_allclose(climb(high, np.array([0.5, 0.5]))[0], 1, atol=1e-9)


def test_a_likelihood_without_a_value_at_the_start_is_left_to_the_caller() -> None:
    start = np.array([3.0])
    found, steps = climb(lambda theta: (np.nan, theta, np.eye(1)), start)
    assert steps == 0
    assert found is start


def test_points_without_a_value_are_stepped_back_from() -> None:
    # log x - x has no value below zero; the first Newton step from 5 lands there
    def half(theta: Array) -> tuple[float, Array, Array]:
        x = float(theta[0])
        if x <= 0:
            return np.nan, theta, np.eye(1)
        return np.log(x) - x, np.array([1 / x - 1]), np.array([[1 / x**2]])

    assert climb(half, np.array([5.0]))[0][0] == pytest.approx(1, abs=1e-9)
