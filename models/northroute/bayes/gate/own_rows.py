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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from northroute.arrays import Array
from northroute.bayes.checks.psis import log_sum_exp
from northroute.bayes.coordinates import centring
from northroute.bayes.coordinates.curvature import log_densities_along, solved
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import USE, Program
from northroute.bayes.kernel.threads import shared_out
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.window import log_likelihood_rows, window
from northroute.bayes.samplers.draws import Draws

NODES: Final = 6
"""Points of a line at which the density without the row is evaluated, with its slope; between them its log is a cubic."""
DEPTH: Final = 1000.0
"""Log densities that lie further below the largest do not matter."""
SIDE: Final = 5.0
"""Posterior standard deviations of a row's predictor on each side of its mean that the integrals reach to."""
CAVITY_SIDE: Final = 4.0
"""The same of the posterior without the row."""
STEP: Final = 0.5
"""Of the integrals' grid, in posterior standard deviations of the predictor."""
MOST_SHARE: Final = 0.98
"""The share that a row tells is cut here: beyond, the posterior without it is the prior."""
_CLOSE: Final = 1e-4
"""Steps that slopes of a row's log likelihood are taken over, in posterior standard deviations of its predictor."""
_COLUMNS: Final = 256
_FLAT: Final = 1e-12


@dataclass(frozen=True)
class Known:
    """What a row tells of its own predictors.

    Attributes
    ----------
    weights : array, shape (2,)
        The combination of both predictors of which it tells most, with posterior standard deviation one.
    centre : float
        Posterior mean of that combination.
    share : float
        Of what all rows and the prior tell of that combination, the row's part: its curvature times the posterior variance.
    slope : float
        Slope of its log likelihood in the combination, at the posterior mean.
    """

    weights: Array
    centre: float
    share: float
    slope: float


def known_by(eta: Array, log_likelihood: Array) -> Known:
    """Return what a row tells, from draws of its predictors, shape (draw, 2), and of its log likelihood, shape (draw,).

    The log likelihood's curvature is that of the quadratic function of the predictors that fits it best over the draws.
    """
    mean, sd = eta.mean(axis=0), eta.std(axis=0)
    moving = np.flatnonzero(sd > _FLAT)
    if not moving.size:
        return Known(np.zeros(2), 0.0, 0.0, 0.0)
    z = (eta - mean)[:, moving] / sd[moving]
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
    slope = found[1 : 1 + moving.size] @ directions[:, -1]
    return Known(weights, float(mean @ weights), float(shares[-1]), float(slope))


@dataclass(frozen=True)
class Lines:
    """Some draws of a fit, and how its predictors move with its linear coordinates.

    Attributes
    ----------
    program : Program
        Whose coordinates ``theta`` are.
    theta, values : array, shape (draw, coordinate), (draw, value)
    mean : array, shape (coordinate,)
        Posterior mean of the coordinates.
    """

    program: Program
    theta: Array
    values: Array
    mean: Array

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

    def some(self, at: NDArray[Any]) -> "Lines":
        """Return the draws at some places."""
        return replace(self, theta=self.theta[at], values=self.values[at])

    def directions(self, rows: Sequence[int], told: Sequence[Known]) -> Array:
        """Return how the linear coordinates move with what rows tell of, per unit of it, shape (row, coordinate).

        That is by their covariance with it, which the Hessian at the posterior mean gives; zero where none of them moves it.
        """
        point, first = self.mean, self.first
        size = self.program.dim - first
        if not rows:
            return np.empty((0, size))
        here = batch.values_of(self.program, point[None])[0]
        slopes = np.empty((len(rows), size))
        for start in range(0, size, _COLUMNS):
            part = np.arange(start, min(start + _COLUMNS, size))
            moved = np.repeat(point[None], part.size, axis=0)
            moved[np.arange(part.size), first + part] += 1.0
            values = batch.values_of(self.program, moved)[0]
            for own, row, known in zip(slopes, rows, told, strict=True):
                change = _predictors(self.program, values, row) - _predictors(self.program, here, row)
                own[part] = change @ known.weights
        found = np.empty_like(slopes)

        def some(part: tuple[int, int]) -> None:
            for i in range(*part):
                covariance = solved(self.program, point, slopes[i])
                found[i] = covariance / (slopes[i] @ covariance or 1.0)

        shared_out(some, len(rows))
        return found

    def log_ratios(self, row: int, known: Known, step: Array) -> Array:
        """Log ratios of the posterior without a row to that with it, its predictor integrated away; shape (draw,).

        ``step`` is the row's of :meth:`directions`.
        """
        direction = np.concatenate([np.zeros(self.first), step])
        eta = self.predictors(row)
        ahead, behind = (self._moved(row, sign * direction) for sign in (1.0, -1.0))
        speed, bend = (ahead - behind) / 2, (ahead + behind) / 2 - eta
        at, rate = eta @ known.weights, speed @ known.weights
        rate = np.where(np.abs(rate) > _FLAT, rate, 1.0)
        lowest, highest = _reach(known)
        places = np.linspace(lowest, highest, NODES)
        grid = np.linspace(lowest, highest, int(np.ceil((highest - lowest) / STEP)) + 1)
        s = (np.concatenate([places, places + _CLOSE, places - _CLOSE, grid])[:, None] - at) / rate
        path = [eta[:, p] + s * speed[:, p] + s * s * bend[:, p] for p in range(2)]
        own = _along(self.program, self.values, row, path[0].T, path[1].T).T
        here, above, below = own[: 3 * NODES].reshape(3, NODES, -1)
        whole, slopes = np.empty_like(here), np.empty_like(here)
        for node in range(NODES):
            theta = self.theta + s[node][:, None] * direction
            whole[node], slopes[node] = log_densities_along(self.program, theta, direction)
        with np.errstate(invalid="ignore", over="ignore"):
            rest, slopes = whole - here, slopes / rate - (above - below) / (2 * _CLOSE)
        without = cubics(places, rest, slopes, grid)
        return np.asarray(log_sum_exp(without) - log_sum_exp(without + own[3 * NODES :]))

    def _moved(self, row: int, step: Array) -> Array:
        return _predictors(self.program, batch.values_of(self.program, self.theta + step)[0], row)


def lines(assembled: Assembled, draws: Draws, size: int) -> Lines | None:
    """Return ``size`` draws, evenly spaced, ready to leave rows out; None if the sampler kept no coordinates."""
    if "theta" not in draws.coordinates or assembled.program.dim == assembled.program.linear:
        return None
    theta = draws.coordinates["theta"].to_numpy()
    flat = theta.reshape(-1, theta.shape[-1])
    program = centring.written(assembled, draws.coordinates["centring"].to_numpy())
    kept = np.ascontiguousarray(flat[:: -(-len(flat) // size)])
    return Lines(program, kept, batch.values_of(program, kept)[0], flat.mean(axis=0))


def cubics(places: Array, heights: Array, slopes: Array, grid: Array) -> Array:
    r"""Return log densities at the points of a grid, by a cubic between each two places where value and slope are known.

    With u from 0 to 1 between two places at distance h, chord :math:`\delta`, and slopes :math:`\delta + a` and
    :math:`\delta - b` at its ends, the cubic lies :math:`h u (1 - u) (a (1 - u) + b u)` above the chord. It is concave where
    the density is, and overshoots nowhere, if neither of a and b is more than twice the other; the larger is cut to that
    (Fritsch and Carlson 1980, SIAM Journal on Numerical Analysis 17:238, ask the like of monotone cubics). Where the density
    is not finite, or :data:`DEPTH` below the largest, its slope is taken as unknown, and the curve is a parabola.

    Parameters
    ----------
    places : array, shape (place,)
        Increasing.
    heights, slopes : array, shape (place, draw)
        Log densities and their slopes; what is not finite is as good as zero density.
    grid : array, shape (point,)
        Between the first and the last of the places.

    Returns
    -------
    array, shape (point, draw)
    """
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    floor = heights.max(axis=0) - DEPTH
    slopes = np.where((heights > floor) & np.isfinite(slopes), slopes, np.nan)
    heights = np.maximum(heights, floor)
    width, rise = np.diff(places)[:, None], np.diff(heights, axis=0)
    a, b = slopes[:-1] - rise / width, rise / width - slopes[1:]
    a, b = (np.nan_to_num(np.where(np.isnan(own), other, own)) for own, other in ((a, b), (b, a)))
    a, b = (np.clip(own, -2 * np.abs(other), 2 * np.abs(other)) for own, other in ((a, b), (b, a)))
    at = np.clip(np.searchsorted(places, grid, side="right") - 1, 0, len(width) - 1)
    u = (grid[:, None] - places[at][:, None]) / width[at]
    return np.asarray(heights[at] + u * rise[at] + width[at] * u * (1 - u) * (a[at] * (1 - u) + b[at] * u))


def _reach(known: Known) -> tuple[float, float]:
    """Return where the posterior of the combination with the row lies, and that without it, from end to end."""
    left, centre = 1 - min(known.share, MOST_SHARE), known.centre
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
