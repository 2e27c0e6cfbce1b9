"""Sparse factors: exact where they are small enough, a positive definite neighbour where not, and small on arrows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from northroute.bayes.coordinates.envelope import Factor, arrange, factorise
from northroute.bayes.kernel import skyline
from tests.bayes.kernel.oracle import for_python

Array = NDArray[np.float64]


def arrow(groups: int, size: int, common: int, seed: int = 3) -> Array:
    """A precision of groups' effects that share nothing but common terms, in no special order."""
    rng = np.random.default_rng(seed)
    n = groups * size + common
    root = np.zeros((n, n))
    for g in range(groups):
        own = slice(g * size, (g + 1) * size)
        root[own, own] = rng.normal(size=(size, size))
    root[groups * size :] = rng.normal(size=(common, n))
    mixed = rng.permutation(n)
    matrix = root.T @ root + np.eye(n)
    for g in range(
        groups
    ):  # what groups share through the common rows is taken out, so that they are independent given these
        for h in range(groups):
            if g != h:
                matrix[g * size : (g + 1) * size, h * size : (h + 1) * size] = 0.0
    matrix += 3 * n * np.eye(n)
    return np.asarray(matrix[np.ix_(mixed, mixed)])


def grid(side: int) -> Array:
    """The Laplacian of a square grid and a small identity."""
    line = 2 * np.eye(side) - np.eye(side, k=1) - np.eye(side, k=-1)
    return np.asarray(np.kron(line, np.eye(side)) + np.kron(np.eye(side), line) + 0.1 * np.eye(side * side))


def whole(factor: Factor) -> Array:
    """The matrix that a factor stands for, in its own order of coordinates."""
    n, at = factor.order.size, 0
    lower = np.zeros((n, n))
    for i, begin in enumerate(factor.begin):
        row = factor.rows[at : at + i - begin + 1].astype(float)
        lower[i, begin:i], lower[i, i] = row[:-1], 1 / row[-1]
        at += row.size
    found = np.zeros((n, n))
    found[np.ix_(factor.order, factor.order)] = lower @ lower.T
    return found


@pytest.mark.parametrize("matrix", [arrow(8, 5, 3), grid(9), np.eye(4), arrow(1, 1, 6)])
def test_factor_is_exact_to_single_precision(matrix: Array) -> None:
    factor = factorise(matrix)
    lower = np.linalg.cholesky(matrix[np.ix_(factor.order, factor.order)])
    lower[np.diag_indices_from(lower)] = 1 / np.diag(lower)
    rows = np.concatenate([lower[i, begin : i + 1] for i, begin in enumerate(factor.begin)])
    assert_allclose(factor.rows, rows, rtol=2.0**-23, atol=1e-14)  # the last bit of single precision
    assert not any(lower[i, :begin].any() for i, begin in enumerate(factor.begin))
    right = np.random.default_rng(1).normal(size=len(matrix))
    x = right[factor.order].copy()
    for_python(skyline.solve)(factor.rows, factor.begin, x)
    for_python(skyline.solve_transposed)(factor.rows, factor.begin, x)
    assert_allclose(x, np.linalg.solve(whole(factor), right)[factor.order], atol=1e-9)


def test_arrows_and_grids_have_small_factors() -> None:
    matrix = arrow(40, 4, 6)
    n = len(matrix)
    assert factorise(matrix).rows.size < 1.2 * (40 * 10 + 6 * n)  # blocks of four, and six full rows
    assert factorise(grid(30)).rows.size < 31 * 900
    order, begin = arrange(np.ones((5, 5), dtype=bool))
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert not begin.any()


def test_too_large_a_factor_leaves_small_entries_out_and_stays_positive_definite() -> None:
    rng = np.random.default_rng(5)
    weak = rng.normal(0, 0.02, (60, 60))
    matrix = np.eye(60) + weak @ weak.T + 0.4 * (np.eye(60, k=1) + np.eye(60, k=-1))
    factor = factorise(matrix, largest=400)
    assert factor.rows.size <= 400
    found = whole(factor)
    assert (np.linalg.eigvalsh(found) > 0).all()
    assert_allclose(np.diag(found, 1), np.diag(matrix, 1))
    values = np.linalg.eigvals(np.linalg.solve(found, matrix)).real
    assert 0.5 < values.min() < values.max() < 2
