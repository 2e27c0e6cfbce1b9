r"""One path of Pathfinder: normal approximations along a run of L-BFGS, the best by its evidence lower bound.

Zhang, Carpenter, Gelman and Vehtari (2022, JMLR 23:306), algorithms 1 to 4. At every point the inverse Hessian is estimated
as :math:`\Sigma = diag(\alpha) + \beta\gamma\beta'` from the last :data:`HISTORY` steps s and changes of gradient y, with
the diagonal of Gilbert and Lemarechal (1989, Mathematical Programming 45:407).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from northroute.bayes.coordinates import curvature
from northroute.bayes.kernel.tables import Program

Array = NDArray[np.float64]
HISTORY: Final = 6
STEPS: Final = 1000
ELBO_DRAWS: Final = 10
_CURVED: Final = 1e-12
_REFUSED: Final = 1e100


@dataclass(frozen=True)
class Normal:
    """A normal distribution with covariance ``D (I + Q (T T' - I) Q') D``, where D is diagonal and Q has few columns.

    Attributes
    ----------
    mean : array, shape (dim,)
    root : array, shape (dim,)
        Diagonal of D.
    directions : array, shape (dim, rank)
        Q: orthonormal columns.
    factor : array, shape (rank, rank)
        T: lower triangular.
    """

    mean: Array
    root: Array
    directions: Array
    factor: Array

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return draws, shape (count, dim), and their log densities without the constant, shape (count,)."""
        u = rng.standard_normal((count, self.mean.size))
        along = u @ self.directions
        draws = self.mean + (u + (along @ self.factor.T - along) @ self.directions.T) * self.root
        log_determinant = np.log(self.root).sum() + np.log(np.diag(self.factor)).sum()
        return draws, -log_determinant - 0.5 * np.square(u).sum(axis=1)


def path(program: Program, start: Array, rng: np.random.Generator) -> Normal | None:
    """Return the best normal approximation on the way from ``start``, shape (dim,), to a mode; none if there is none."""
    points = [start]
    optimize.minimize(
        negative,
        start,
        args=(program,),
        jac=True,
        method="L-BFGS-B",
        callback=lambda x: points.append(x.copy()),
        options={"maxiter": STEPS, "maxcor": HISTORY, "ftol": 1e-12},
    )
    best, highest = None, -np.inf
    alpha, steps, changes = np.ones(start.size), list[Array](), list[Array]()
    slope = curvature.gradient(program, start)[1]
    for before, point in pairwise(points):
        last, slope = slope, curvature.gradient(program, point)[1]
        s, y = point - before, last - slope
        if y @ s > _CURVED * (y @ y):
            alpha = diagonal(alpha, s, y)
            steps, changes = [*steps, s][-HISTORY:], [*changes, y][-HISTORY:]
        if not steps:
            continue
        normal = approximation(point, slope, alpha, np.column_stack(steps), np.column_stack(changes))
        if normal is None:
            continue
        draws, log_normal = normal.draw(ELBO_DRAWS, rng)
        bound = float(np.mean(log_densities(program, draws) - log_normal))
        if bound > highest:
            best, highest = normal, bound
    return best


def diagonal(alpha: Array, s: Array, y: Array) -> Array:
    """Update the diagonal of the inverse Hessian, shape (dim,), by a step and its change of gradient (algorithm 3)."""
    a, b, c = y @ (alpha * y), y @ s, s @ (s / alpha)
    return np.asarray(b / (a / alpha + np.square(y) - a / c * np.square(s / alpha)))


def approximation(point: Array, slope: Array, alpha: Array, steps: Array, changes: Array) -> Normal | None:
    """Return the normal at a point of a path (algorithms 3 and 4); none if its covariance is not positive definite.

    Parameters
    ----------
    point, slope : array, shape (dim,)
        Where, and the gradient of the log density there.
    alpha : array, shape (dim,)
    steps, changes : array, shape (dim, history)
    """
    beta, gamma = low_rank(alpha, steps, changes)
    root = np.sqrt(alpha)
    directions, r = linalg.qr(beta / root[:, None], mode="economic")
    try:
        factor = linalg.cholesky(np.eye(len(r)) + r @ gamma @ r.T, lower=True)
    except (linalg.LinAlgError, ValueError):  # indefinite, or not finite
        return None
    return Normal(point + alpha * slope + beta @ (gamma @ (beta.T @ slope)), root, directions, factor)


def low_rank(alpha: Array, steps: Array, changes: Array) -> tuple[Array, Array]:
    """Return beta, shape (dim, 2 history), and gamma: the inverse Hessian is ``diag(alpha) + beta gamma beta'``."""
    scaled = alpha[:, None] * changes
    upper = np.triu(steps.T @ changes)
    size = len(upper)
    inverse = linalg.solve_triangular(upper, np.eye(size))
    inner = inverse.T @ (np.diag(np.diag(upper)) + changes.T @ scaled) @ inverse
    gamma = np.block([[np.zeros((size, size)), -inverse], [-inverse.T, inner]])
    return np.hstack([scaled, steps]), gamma


def negative(z: Array, program: Program) -> tuple[float, Array]:
    """Return minus the log density and its gradient, for a minimiser; a very large value where it is not finite."""
    value, slope = curvature.gradient(program, z)
    if not (np.isfinite(value) and np.isfinite(slope).all()):
        return _REFUSED, np.zeros_like(z)
    return -value, -slope


def log_densities(program: Program, z: Array) -> Array:
    """Return the log density of points, shape (draw, dim), in the sampler's coordinates; minus infinity where undefined."""
    found = np.asarray([curvature.gradient(program, point)[0] for point in np.ascontiguousarray(z)])
    return np.where(np.isfinite(found), found, -np.inf)
