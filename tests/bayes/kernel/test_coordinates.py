"""Centring and straightening choose coordinates: densities change by their Jacobian, values not at all."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from northroute.bayes.coordinates import adaptation, curvature
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.scalars import cholesky_of
from northroute.bayes.kernel.tables import Kind, Program
from northroute.bayes.program.layout import Block
from northroute.bayes.statement.codes import Rows
from tests.bayes.kernel.examples import Example, everything, point
from tests.bayes.kernel.oracle import assert_gradient, density, values_at, zero_sum_map

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def example() -> Example:
    return everything()


def structured(program: Program, block: Block, theta: Array, values: Array) -> Array:
    """What the unstructured effects of places are centred at; zero for other blocks."""
    out = np.zeros(block.centred)
    if block.record.kind != Kind.BYM2:
        return out
    at, factor = int(block.record.theta), int(block.record.scaling)
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
            n = block.centred
            raw = slice(*(int(block.record.theta + block.record.raw) - np.array([n, 0])))
            if block.correlated:
                data[block.stored], moved[raw], scale = jointly(block, plain, values, theta[raw], rng)
                log_scale += scale
                continue
            q, b = rng.choice([0.0, 0.3, 8.0, 400.0], n), rng.normal(0, 5, n)
            data[block.stored] = np.concatenate([q, b])
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


def jointly(
    block: Block, program: Program, values: Array, v: Array, rng: np.random.Generator
) -> tuple[Array, Array, float]:
    """Random precisions and natural means of a block's groups, their coordinates, and the log of the change in volume."""
    k, rows = int(block.record.dims), []
    factor = np.zeros((k, k))
    cholesky_of(values, program.index, int(block.record.correlation), k, factor)
    sizes = np.diff(block.pointer) - int(block.record.rows == Rows.ZERO_SUM)
    precisions, means, log_scale = [], [], 0.0
    for sd, own in zip(np.repeat(block.sd, sizes, axis=0), v.reshape(-1, k), strict=True):
        scaled = values[sd][:, None] * factor
        a = rng.normal(0, rng.choice([0.0, 1.0, 5.0]), (k, k))
        b = rng.normal(0, 5, k)
        root = np.linalg.cholesky(np.eye(k) + scaled.T @ a @ a.T @ scaled)
        rows.append(root.T @ own - np.linalg.solve(root, scaled.T @ b))
        log_scale += np.log(np.diag(root)).sum()
        precisions.append(a @ a.T)
        means.append(b)
    return np.concatenate([np.ravel(precisions), np.ravel(means)]), np.ravel(rows), log_scale


def test_adaptation_standardises_effects_by_what_the_data_say(example: Example) -> None:
    """At the mode coordinates of effects are zero; given coarser blocks, each group's covariance is near the identity.

    Where the normal approximation of the data's part is not a likelihood (the prior is narrower than what it would be
    combined with), no precision is taken, and the coordinate keeps a larger variance.
    """
    mode = adaptation.find_mode(example.program, point(example.program, 3))
    program, theta = adaptation.centre(example.layout, example.program, mode)
    assert_allclose(values_at(program, theta), values_at(example.program, mode.theta), atol=1e-9)
    first, blocks = program.linear, example.layout.blocks
    spans = []
    for block in blocks:
        stop = int(block.record.theta + block.record.raw) - first
        spans.append(slice(stop - block.centred, stop))
        assert_allclose(theta[first:][spans[-1]], 0.0)
    exact = []
    for block, covariance in zip(blocks, adaptation.informed(curvature.hessian(program, theta), spans), strict=True):
        k = int(block.record.dims) if block.correlated else 1
        for row in range(0, block.centred, k):
            own = np.linalg.eigvalsh(covariance[row : row + k, row : row + k])
            assert (own > 0.9).all()
            exact.append(bool((np.abs(own - 1) < 0.02).all()))
    assert np.mean(exact) > 0.6


def test_straightening_changes_coordinates_and_nothing_else(example: Example) -> None:
    plain = example.program
    straight = adaptation.straighten(plain, adaptation.find_mode(plain, point(plain, 3))).program
    z = point(plain, 3) + np.random.default_rng(9).normal(0, 0.3, plain.dim)
    theta = batch.coordinates(straight, z[None])[0]
    value, gradient = density(straight, z)
    assert value == pytest.approx(density(plain, theta)[0], rel=1e-12)
    first = plain.linear
    assert_allclose(theta[:first], z[:first])
    lower = dense(straight)
    x = np.linalg.solve(lower.T, z[first:])
    assert_allclose((theta[first:] - straight.coordinates.shift)[straight.coordinates.order], x, atol=1e-11)
    own = density(plain, theta)[1]
    assert_allclose(gradient[:first], own[:first], atol=1e-9)
    assert_allclose(gradient[first:], np.linalg.solve(lower, own[first:][straight.coordinates.order]), atol=1e-8)


def dense(program: Program) -> Array:
    """The Cholesky factor of a straightened program as a matrix."""
    straight = program.coordinates
    n, at = straight.order.size, 0
    lower = np.zeros((n, n))
    for i, begin in enumerate(straight.begin):
        row = straight.factor[at : at + i - begin + 1].astype(float)
        lower[i, begin:i], lower[i, i] = row[:-1], 1 / row[-1]
        at += row.size
    assert at == straight.factor.size
    return lower


def test_straightened_posterior_is_standard_normal_at_its_mode(example: Example) -> None:
    found = adaptation.straighten(example.program, adaptation.find_mode(example.program, point(example.program, 3)))
    straight, z = found.program, found.z
    first = straight.linear
    assert np.abs(density(straight, z)[1][first:]).max() < 0.02  # Newton's method stops short of that
    found_there = curvature.hessian(straight, z)
    assert_allclose(found_there, np.eye(len(found_there)), atol=0.02)
