r"""Rows that know most of their own predictor, left out with that predictor integrated away.

A row with an effect of its own, one time of an autoregression or one place say, moves its predictor so much that draws made
with it cannot stand for draws made without it, however true the model: its Pareto k is large by design. Integrated
importance sampling (Vehtari, Mononen, Tolvanen, Sivula and Winther 2016, JMLR 17:103) takes the mean of the ratio
:math:`1/p(y_i\mid\theta)` over the row's predictor, given all else:

.. math:: r_i = \frac{\int p(\theta + s d_i, y_{-i})\,ds}{\int p(\theta + s d_i, y)\,ds} .

Any direction :math:`d_i` that does not depend on where along it a draw lies gives weights of the posterior without the row;
the best is that in which the posterior moves the row's predictor, the covariance of the linear coordinates with it. As the
integrals are of the model's own density, all terms, families and parts are served alike.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, linalg

from northroute.bayes.checks.psis import log_sum_exp
from northroute.bayes.coordinates import centring
from northroute.bayes.coordinates.adaptation import Mode, find_mode
from northroute.bayes.coordinates.curvature import log_densities
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import USE, Program
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.window import log_likelihood_rows, window
from northroute.bayes.samplers.draws import Draws

NODES: Final = 13
"""Points of a line at which the density without the row is evaluated; between them its log is a monotone cubic."""
DEPTH: Final = 60.0
"""Log densities that lie further below the largest do not matter."""
SIDE: Final = 5.0
"""Posterior standard deviations of a row's predictor on each side of its mean that the integrals reach to."""
CAVITY_SIDE: Final = 4.0
"""The same of the posterior without the row."""
STEP: Final = 0.5
"""Of the integrals' grid, in posterior standard deviations of the predictor."""
MOST_SHARE: Final = 0.98
"""The share that a row tells is cut here: beyond, the posterior without it is the prior."""
_COLUMNS: Final = 256
_FLAT: Final = 1e-12

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What a row tells of its own predictors.

    Attributes
    ----------
    weights : array, shape (2,)
        The combination of both predictors of which it tells most, with posterior standard deviation one.
    share : float
        Of what all rows and the prior tell of that combination, the row's part: its curvature times the posterior variance.
    slope : float
        Slope of its log likelihood in the combination, at the posterior mean.
    """

    weights: Array
    share: float
    slope: float


def known_by(eta: Array, log_likelihood: Array) -> Known:
    """Return what a row tells, from draws of its predictors, shape (draw, 2), and of its log likelihood, shape (draw,).

    The log likelihood's curvature is that of the quadratic function of the predictors that fits it best over the draws.
    """
    sd = eta.std(axis=0)
    moving = np.flatnonzero(sd > _FLAT)
    if not moving.size:
        return Known(np.zeros(2), 0.0, 0.0)
    z = (eta[:, moving] - eta[:, moving].mean(axis=0)) / sd[moving]
    lower = linalg.cholesky(np.cov(z.T, bias=True).reshape(moving.size, -1) + _FLAT * np.eye(moving.size), lower=True)
    white = linalg.solve_triangular(lower, z.T, lower=True).T
    pairs = [(i, j) for i in range(moving.size) for j in range(i + 1)]
    columns = np.column_stack([np.ones(len(z)), white, *(white[:, i] * white[:, j] for i, j in pairs)])
    found = np.linalg.lstsq(columns, log_likelihood, rcond=None)[0]
    curvature = np.zeros((moving.size, moving.size))
    for (i, j), c in zip(pairs, found[1 + moving.size :], strict=True):
        curvature[i, j] = curvature[j, i] = -(2 * c if i == j else c)
    shares, directions = np.linalg.eigh(curvature)
    weights = np.zeros(2)
    weights[moving] = linalg.solve_triangular(lower, directions[:, -1], lower=True, trans="T") / sd[moving]
    return Known(weights, float(shares[-1]), float(found[1 : 1 + moving.size] @ directions[:, -1]))


@dataclass(frozen=True)
class Lines:
    """Some draws of a fit, and how its predictors move with its linear coordinates.

    Attributes
    ----------
    program : Program
        Whose coordinates ``theta`` are.
    theta, values : array, shape (draw, coordinate), (draw, value)
    mode : Mode
        Of the linear coordinates at the posterior mean of the others.
    """

    program: Program
    theta: Array
    values: Array
    mode: Mode

    @property
    def first(self) -> int:
        """Where the linear coordinates begin."""
        return self.program.linear

    def predictors(self, row: int) -> Array:
        """Both predictors of a row, shape (draw, 2)."""
        return _predictors(self.program, self.values, row)

    def known(self, row: int) -> Known:
        """Return what a row tells of its own predictors."""
        return known_by(self.predictors(row), log_likelihood_rows(self.program, self.values, np.array([row]))[:, 0])

    def direction(self, row: int, weights: Array) -> Array:
        """Return how the linear coordinates move with a combination of the row's predictors, per unit of it."""
        point, first = self.mode.theta, self.first
        size = self.program.dim - first
        here = _predictors(self.program, batch.values_of(self.program, point[None])[0], row)
        slopes = np.empty(size)
        for start in range(0, size, _COLUMNS):
            part = np.arange(start, min(start + _COLUMNS, size))
            moved = np.repeat(point[None], part.size, axis=0)
            moved[np.arange(part.size), first + part] += 1.0
            slopes[part] = (_predictors(self.program, batch.values_of(self.program, moved)[0], row) - here) @ weights
        covariance = linalg.cho_solve((self.mode.lower, True), slopes)
        return np.asarray(covariance / (slopes @ covariance))

    def log_ratios(self, row: int, known: Known) -> Array:
        """Log ratios of the posterior without the row to that with it, its predictor integrated away; shape (draw,)."""
        step, first = self.direction(row, known.weights), self.first
        eta = self.predictors(row)
        ahead, behind = (self._moved(row, sign * step) for sign in (1.0, -1.0))
        speed, bend = (ahead - behind) / 2, (ahead + behind) / 2 - eta
        at, rate = eta @ known.weights, speed @ known.weights
        rate = np.where(np.abs(rate) > _FLAT, rate, 1.0)
        lowest, highest = _reach(float(at.mean()), known)
        places = np.linspace(lowest, highest, NODES)
        rest = np.empty((NODES, len(eta)))
        for node, place in zip(rest, places, strict=True):
            theta = self.theta.copy()
            theta[:, first:] += ((place - at) / rate)[:, None] * step
            whole = log_densities(self.program, theta)  # several times as fast as row by row
            values = batch.values_of(self.program, theta)[0]
            node[:] = whole - log_likelihood_rows(self.program, values, np.array([row]))[:, 0]
        grid = np.linspace(lowest, highest, int(np.ceil((highest - lowest) / STEP)) + 1)
        rest = np.where(np.isnan(rest), -np.inf, rest)
        without = interpolate.PchipInterpolator(places, np.maximum(rest, rest.max(axis=0) - DEPTH))(grid)
        s = (grid[:, None] - at) / rate
        path = [eta[:, p] + s * speed[:, p] + s * s * bend[:, p] for p in range(2)]
        own = _along(self.program, self.values, row, path[0].T, path[1].T).T
        return np.asarray(log_sum_exp(without) - log_sum_exp(without + own))

    def _moved(self, row: int, step: Array) -> Array:
        theta = self.theta.copy()
        theta[:, self.first :] += step
        return _predictors(self.program, batch.values_of(self.program, theta)[0], row)


def lines(assembled: Assembled, draws: Draws, size: int) -> Lines | None:
    """Return ``size`` draws, evenly spaced, ready to leave rows out; None if the sampler kept no coordinates."""
    if "theta" not in draws.coordinates or assembled.program.dim == assembled.program.linear:
        return None
    theta = draws.coordinates["theta"].to_numpy()
    flat = theta.reshape(-1, theta.shape[-1])
    program = centring.written(assembled, draws.coordinates["centring"].to_numpy())
    kept = np.ascontiguousarray(flat[:: -(-len(flat) // size)])
    mode = find_mode(program, np.ascontiguousarray(flat.mean(axis=0)))
    return Lines(program, kept, batch.values_of(program, kept)[0], mode)


def _reach(centre: float, known: Known) -> tuple[float, float]:
    """Return where the posterior of the combination with the row lies, and that without it, from end to end."""
    left = 1 - min(known.share, MOST_SHARE)
    sd = left**-0.5
    away = float(np.clip(centre - known.slope / left, centre - 2 * SIDE * sd, centre + 2 * SIDE * sd))
    return min(centre - SIDE, away - CAVITY_SIDE * sd), max(centre + SIDE, away + CAVITY_SIDE * sd)


def _predictors(program: Program, values: Array, row: int) -> Array:
    return np.asarray(batch.predictors(window(program, row, row + 1), values)[:, :, 0])


def _along(program: Program, values: Array, row: int, eta: Array, second: Array) -> Array:
    """Log likelihood of a row's count where its predictors are ``eta`` and ``second``, shape (draw, point) each."""
    points = eta.shape[1]
    one = window(program, row, row + 1)
    segments = one.segments.copy()
    record = segments[0]
    auxiliary, y = int(record.auxiliary), program.data[record.outcome]
    record.start, record.stop, record.offset, record.outcome = 0, points, -1, program.data.size
    record.auxiliary = 2 * points if auxiliary >= 0 else -1
    sizes = one.sizes.copy()
    sizes["rows"], sizes["values"] = points, 2 * points + 1
    many = one._replace(
        sizes=sizes,
        uses=np.array([(0, 0, points, 0, -1, -1), (1, 0, points, points, -1, -1)], dtype=USE),
        dense=program.dense[:0],
        segments=segments,
        index=np.arange(2 * points, dtype=np.int32),
        data=np.concatenate([program.data, np.full(points, y)]),
    )
    known = values[:, [auxiliary]] if auxiliary >= 0 else np.zeros((len(values), 1))
    return np.asarray(batch.log_likelihood(many, np.ascontiguousarray(np.concatenate([eta, second, known], axis=1))))
