"""Gradients and Hessians of a program's log density."""

from typing import Final

import numpy as np
from scipy import linalg

from northroute.arrays import Array
from northroute.bayes.kernel import density
from northroute.bayes.kernel.tables import Program
from northroute.bayes.kernel.threads import shared_out

_STEP: Final = 1e-5
_NEAR: Final = 1e-4
"""Of the right side, what may be left over by a solution that only gives a direction."""


def gradient(program: Program, z: Array) -> tuple[float, Array]:
    """Return log density and gradient at one point."""
    out = np.empty_like(z)
    return density.Density(program)(z, out), out


def hessian(program: Program, theta: Array, first: int | None = None) -> Array:
    """Return minus the Hessian of the log density, by forward differences of the gradient, shape (dim - first, dim - first).

    Coordinates before ``first`` are held where they are; by default all but the linear part. Columns are shared out to
    all processors.
    """
    first = program.linear if first is None else first
    n = program.dim - first
    found = np.empty((n, n))

    def columns(part: tuple[int, int]) -> None:
        log_density, (a, b) = density.Density(program), part
        here, ahead, moved = np.empty(theta.size), np.empty(theta.size), theta.copy()
        log_density(theta, here)
        for j in range(a, b):
            moved[first + j] += _STEP
            log_density(moved, ahead)
            moved[first + j] = theta[first + j]
            found[j] = (here[first:] - ahead[first:]) / _STEP

    shared_out(columns, n)
    return np.asarray((found + found.T) / 2)


def solved(program: Program, theta: Array, right: Array) -> Array:
    """Return x of H x = ``right``, shape (dim - linear,), where H is minus the Hessian of the linear part at theta.

    By conjugate gradients, each step of which takes one gradient, to a residual of a ten-thousandth; H takes one a column.
    They end early where H is not positive definite (Steihaug 1983, SIAM Journal on Numerical Analysis 20:626).
    """
    first, here = program.linear, gradient(program, theta)[1]
    found, residual, step = np.zeros_like(right), right, right
    for _ in range(right.size):
        before = residual @ residual
        if before <= np.square(_NEAR) * (right @ right):
            break
        size = _STEP / float(np.abs(step).max())
        ahead = theta.copy()
        ahead[first:] += size * step
        image = (here - gradient(program, ahead)[1])[first:] / size
        curvature = step @ image
        if not curvature > 0:
            break
        found = found + before / curvature * step
        residual = residual - before / curvature * image
        step = residual + residual @ residual / before * step
    return found if found.any() else right


def log_densities(program: Program, points: Array) -> Array:
    """Return the log density, up to a constant, at points, shape (point, dim); shared out to all processors."""
    return log_densities_along(program, points, np.zeros(program.dim))[0]


def log_densities_along(program: Program, points: Array, direction: Array) -> tuple[Array, Array]:
    """Return log densities at points, shape (point, dim), and their slopes along a direction, shape (dim,).

    Far out neither need be finite.
    """
    points, found, slopes = np.ascontiguousarray(points), np.empty(len(points)), np.empty(len(points))

    def some(part: tuple[int, int]) -> None:
        log_density, out = density.Density(program), np.empty(program.dim)
        for i in range(*part):
            found[i] = log_density(points[i], out)
            with np.errstate(invalid="ignore", over="ignore"):
                slopes[i] = out @ direction

    shared_out(some, len(points))
    return found, slopes


def definite(matrix: Array) -> tuple[Array, Array]:
    """Return the matrix and its lower Cholesky factor.

    Where the log density is not concave, curvature is lifted to a thousandth of its mean.
    """
    try:
        return matrix, np.asarray(linalg.cholesky(matrix, lower=True))
    except linalg.LinAlgError:
        values, vectors = linalg.eigh(matrix)
        lifted = np.maximum(np.abs(values), 1e-3 * np.abs(values).mean())
        mended = np.asarray((vectors * lifted) @ vectors.T)
        return mended, np.asarray(linalg.cholesky(mended, lower=True))
