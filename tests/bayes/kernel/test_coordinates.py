"""Centring and straightening choose coordinates: densities change by their Jacobian, values not at all."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from northroute.bayes import adaptation
from northroute.bayes.kernel import batch
from northroute.bayes.kernel import program as tables
from northroute.bayes.kernel.program import Kind, Program
from northroute.bayes.kernel.scalars import cholesky_of
from northroute.bayes.layout import Block
from tests.bayes.kernel.examples import Example, everything, point
from tests.bayes.kernel.oracle import assert_gradient, density, values_at, zero_sum_map

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def example() -> Example:
    return everything()


def structured(program: Program, block: Block, theta: Array, values: Array) -> Array:
    """What the unstructured effects of places are centred at; zero for other blocks."""
    out = np.zeros(block.centred)
    if block.record[tables.B_KIND] != Kind.BYM2:
        return out
    at, factor = int(block.record[tables.B_THETA]), int(block.record[tables.B_BASIS])
    for first, stop in zip(block.pointer[:-1], block.pointer[1:], strict=True):
        out[first:stop] = zero_sum_map(stop - first) @ theta[at : at + stop - first - 1]
        at += stop - first - 1
    sigma, rho = values[block.sd[0]]
    return np.asarray(sigma * np.sqrt(rho) * out * program.data[factor : factor + out.size])


def test_centring_changes_the_density_by_its_jacobian_and_no_value(example: Example) -> None:
    plain, rng = example.program, np.random.default_rng(8)
    for seed in (1, 2):
        theta = point(plain, seed)
        values = values_at(plain, theta)
        data, moved, log_scale = plain.data.copy(), theta.copy(), 0.0
        for block in example.layout.blocks:
            n, at = block.centred, int(block.record[tables.B_CENTRING])
            raw = slice(*(int(block.record[tables.B_THETA] + block.record[tables.B_RAW]) - np.array([n, 0])))
            q, b = rng.choice([0.0, 0.3, 8.0, 400.0], n), rng.normal(0, 5, n)
            data[at : at + n], data[at + n : at + 2 * n] = q, b
            s = block.deviations(values)
            kappa = s / np.sqrt(1 + q * s**2)
            mean = kappa**2 * (b - q * structured(plain, block, theta, values))
            moved[raw] = (s * theta[raw] - mean) / kappa
            log_scale += np.log(s / kappa).sum()
        centred = plain._replace(data=data)
        assert_allclose(values_at(centred, moved), values, atol=1e-11)
        gap = density(plain, theta)[0] - density(centred, moved)[0]
        assert gap == pytest.approx(log_scale, abs=1e-8)
        assert_gradient(centred, moved)


def test_whitening_takes_correlations_out_of_the_coordinates(example: Example) -> None:
    plain = example.program
    theta = point(plain, 4)
    values = values_at(plain, theta)
    data, moved, log_scale = plain.data.copy(), theta.copy(), 0.0
    whitened = [
        b for b in example.layout.blocks if b.record[tables.B_KIND] == 0 and b.record[tables.B_CORRELATION] >= 0
    ]
    assert whitened
    for block in whitened:
        k, at, n = int(block.record[tables.B_DIMS]), int(block.record[tables.B_CENTRING]), block.centred
        factor = np.zeros((k, k))
        cholesky_of(values, plain.index, int(block.record[tables.B_CORRELATION]), k, factor)
        raw = slice(int(block.record[tables.B_THETA]), int(block.record[tables.B_THETA]) + n)
        moved[raw] = np.linalg.solve(factor, theta[raw].reshape(-1, k).T).T.ravel()
        log_scale += n / k * np.log(np.diag(factor)).sum()
        data[at : at + n] = -1.0
    white = plain._replace(data=data)
    assert_allclose(values_at(white, moved), values, atol=1e-11)
    assert density(white, moved)[0] - density(plain, theta)[0] == pytest.approx(log_scale, abs=1e-8)
    assert_gradient(white, moved)


def test_straightening_changes_coordinates_and_nothing_else(example: Example) -> None:
    plain = example.program
    straight, z = adaptation.straighten(plain, point(plain, 3))
    assert straight.rotation.size and (np.tril(straight.rotation, -1) == 0).all()
    z = z + np.random.default_rng(9).normal(0, 0.3, z.size)
    theta = batch.coordinates(straight, z[None])[0]
    value, gradient = density(straight, z)
    assert value == pytest.approx(density(plain, theta)[0], rel=1e-12)
    first = int(plain.sizes[tables.Z_LINEAR])
    assert_allclose(theta[:first], z[:first])
    assert_allclose(theta[first:], straight.shift + straight.rotation @ z[first:], atol=1e-12)
    own = density(plain, theta)[1]
    assert_allclose(gradient[:first], own[:first], atol=1e-9)
    assert_allclose(gradient[first:], straight.rotation.T @ own[first:], atol=1e-9)


def test_straightened_posterior_is_standard_normal_at_its_mode(example: Example) -> None:
    straight, z = adaptation.straighten(example.program, point(example.program, 3))
    first = int(straight.sizes[tables.Z_LINEAR])
    assert np.abs(density(straight, z)[1][first:]).max() < 0.02  # Newton's method stops short of that
    curvature = adaptation.hessian(straight, z)
    assert_allclose(curvature, np.eye(len(curvature)), atol=0.02)
