"""Gaussian processes: the approximation's covariance, its size, its gradient, and what is refused."""

import numpy as np
import pytest
from numpy.typing import NDArray

from northroute.bayes.coordinates import adaptation, curvature
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.scales import log_spectrum
from northroute.bayes.statement.codes import Spectrum
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.process import GP, Kernel, resolution, sines
from northroute.errors import ModelError
from tests.bayes.statement.terms.examples import assembled, gradient_error, labelled, panel, predicted, prior_covariance

LENGTH = Prior("lognormal", 0.3, "between 1.2 and 3.3 units with 90 %", location=np.log(2.0))


def exact(kernel: Kernel, distance: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Correlation at a distance."""
    match kernel:
        case "squared_exponential":
            return np.asarray(np.exp(-0.5 * (distance / length) ** 2))
        case "matern52":
            a = np.sqrt(5) * distance / length
            return np.asarray((1 + a + a**2 / 3) * np.exp(-a))
        case "matern32":
            a = np.sqrt(3) * distance / length
            return np.asarray((1 + a) * np.exp(-a))


@pytest.mark.parametrize("length", [1.3, 2.0, 3.2])
@pytest.mark.parametrize(
    ("kernel", "tolerance"),
    # the paper's number of functions leaves 1.3 % of the rougher Matern's variance out at the shortest length
    [("squared_exponential", 0.01), ("matern52", 0.01), ("matern32", 0.013)],
)
def test_covariance_in_one_dimension(kernel: Kernel, length: float, tolerance: float) -> None:
    made = assembled(panel(), GP(("x",), LENGTH, kernel=kernel))
    found = prior_covariance(made, "x_effect", {"sd_x": 1.5, "length_x": length})
    points = np.asarray([float(p) for p in made.layout.coords["x_point"]])
    wanted = 1.5**2 * exact(kernel, np.abs(np.subtract.outer(points, points)), length)
    np.testing.assert_allclose(found, wanted, atol=tolerance * 1.5**2)


@pytest.mark.parametrize("length", [1.3, 3.2])
def test_covariance_in_two_dimensions(length: float) -> None:
    made = assembled(panel(), GP(("x", "z"), LENGTH, name="surface"))
    found = prior_covariance(made, "surface_effect", {"sd_surface": 1.0, "length_surface": length})
    points = np.asarray([[float(v) for v in p.split()] for p in made.layout.coords["surface_point"]])
    distance = np.sqrt(np.square(points[:, None] - points[None]).sum(axis=-1))
    np.testing.assert_allclose(found, exact("squared_exponential", distance, length), atol=0.015)


@pytest.mark.parametrize(
    "term",
    [
        GP(("x",), LENGTH),
        GP(("x",), LENGTH, group="unit", kernel="matern52", functions=6),
        GP(("x",), LENGTH, group="unit", varies=False, kernel="matern32", functions=6, demean=True),
        GP(("x", "z"), LENGTH, functions=4, boundary=1.5, only=("violence",), name="surface"),
        GP(("x", "z"), LENGTH, functions=4, kernel="matern52", name="surface"),
    ],
)
def test_gradient(term: GP) -> None:
    assert gradient_error(assembled(panel(), term)) < 1e-6


def test_each_group_has_a_function_a_standard_deviation_and_a_length_of_its_own() -> None:
    made = assembled(panel(units=2), GP(("x",), LENGTH, group="unit"))
    found = prior_covariance(made, "x_effect", {"sd_x": [1.0, 2.0], "length_x": [1.5, 3.0]})
    points = np.asarray([float(p) for p in made.layout.coords["x_point"]])
    distance, n = np.abs(np.subtract.outer(points, points)), points.size
    np.testing.assert_allclose(found[:n, :n], exact("squared_exponential", distance, 1.5), atol=0.01)
    np.testing.assert_allclose(found[n:, n:], 4 * exact("squared_exponential", distance, 3.0), atol=0.04)
    np.testing.assert_allclose(found[:n, n:], 0.0, atol=1e-12)
    values, eta = predicted(made)
    effect = labelled(made, values, "x_effect", made.frame["unit"], made.frame["x"].astype(str))
    np.testing.assert_allclose(eta, effect, atol=1e-12)


def test_equal_coordinates_share_one_point() -> None:
    frame = panel()
    made = assembled(frame, GP(("x",), LENGTH))
    assert made.layout.coords["x_point"] == [str(v) for v in np.unique(frame["x"])]
    assert len(made.layout.coords["x_point"]) < len(frame)


def test_functions_and_boundary_follow_the_paper() -> None:
    assert resolution("squared_exponential", 1.0, 1.0, 1.0) == (6, 3.2)  # 1.75 * 3.2 = 5.6
    assert resolution("matern52", 2.0, 1.0, 2.0) == (22, 4.1)  # 2.65 * 4.1 * 2 = 21.7
    assert resolution("matern32", 10.0, 1.0, 1.0) == (42, 1.2)  # 3.42 * 1.2 * 10 = 41.04
    assert resolution("matern32", 10.0, 1.0, 1.0, boundary=2.0) == (69, 2.0)


def test_a_wide_box_keeps_the_variance_at_the_ends() -> None:
    """With the paper's boundary alone, 1.2, this variance would be short by 41 %."""
    functions, boundary = resolution("squared_exponential", 1.0, 0.1, 0.3)
    assert boundary == pytest.approx(1 + 3.035 * 0.15)
    points = np.linspace(-1, 1, 5)[:, None]
    basis, frequency = sines(points, np.full(1, functions, dtype=np.int64), np.full(1, boundary))
    density = np.sqrt(2 * np.pi) * 0.3 * np.exp(-0.5 * 0.3**2 * frequency)
    np.testing.assert_allclose((basis**2) @ density, 1.0, atol=0.0101)


def test_demeaning_takes_the_mean_over_points() -> None:
    made = assembled(panel(), GP(("x",), LENGTH, demean=True))
    covariance = prior_covariance(made, "x_effect", {"sd_x": 1.0, "length_x": 2.0})
    np.testing.assert_allclose(covariance.sum(axis=0), 0.0, atol=1e-10)


def test_what_is_refused() -> None:
    frame = panel()
    with pytest.raises(ModelError, match="one or two covariates, not 3"):
        assembled(frame, GP(("x", "z", "month"), LENGTH))
    with pytest.raises(ModelError, match="no kernel 'cosine'"):
        assembled(frame, GP(("x",), LENGTH, kernel="cosine"))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="reaches below zero"):
        assembled(frame, GP(("x",), Prior("normal", 1.0, "any")))
    with pytest.raises(ModelError, match=r"need \d+ functions, more than 1000"):
        assembled(frame, GP(("x", "z"), Prior("half_normal", 1.0, "reaches down to zero")))
    with pytest.raises(ModelError, match="cuts the data off"):
        assembled(frame, GP(("x",), LENGTH, boundary=1.0))
    with pytest.raises(ModelError, match="'z' does not vary"):
        assembled(frame.assign(z=1.0), GP(("x", "z"), LENGTH))


def test_long_lengths_leave_a_finite_density() -> None:
    """Scales of fast functions fall like exp(-length^2), to zero; a centred function cannot be divided by that."""
    made = assembled(panel(), GP(("x",), LENGTH))
    data, block = made.program.data.copy(), made.layout.blocks[0]
    at = int(block.record.centring)
    data[at : at + block.centred] = 0.5
    theta = adaptation.start(made.layout, made.program.dim)
    theta[made.layout.position[int(made.layout.parameters["length_x"].ids)]] = np.log(200.0)
    value, slope = curvature.gradient(made.program._replace(data=data), theta)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    values, _ = batch.values_of(made.program, theta[None])
    assert (block.deviations(values[0]) > 0).all()


@pytest.mark.parametrize("length", [0.5, 2.0, 8.0, 80.0])
def test_derivative_of_the_spectrum(length: float) -> None:
    for kind in (Spectrum.SQUARED_EXPONENTIAL, Spectrum.MATERN52, Spectrum.MATERN32):
        ahead, behind = (log_spectrum(int(kind), 2, length + h, 0.7)[0] for h in (1e-6, -1e-6))
        assert log_spectrum(int(kind), 2, length, 0.7)[1] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-8)
