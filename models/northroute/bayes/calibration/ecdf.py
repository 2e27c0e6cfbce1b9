"""Uniformity of ranks by their ECDF: simultaneous envelopes and exact p values.

Säilynoja, Bürkner & Vehtari (2022, Statistics and Computing 32:32). The ECDF of ``N`` uniform values, times ``N``, is
Binomial(N, z) at a point z. ``gamma`` is the smallest two-sided binomial tail over the points; an envelope that holds the
whole ECDF with probability ``prob`` cuts at the ``1 - prob`` quantile of gamma, found as in their section 2.3. The
probability of staying inside, which the paper finds by a recursion over binomial steps, is found here by the same recursion
over Poisson steps, given their total (Moscovich & Nadler 2017, Statistics & Probability Letters 123:177): on an even grid
every step has the same law.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from northroute.arrays import Array, Ints
from northroute.errors import ModelError

_ROUNDING: Final = 1e-9
"""Tails this near to each other, relatively, are the same tail."""


@dataclass(frozen=True)
class Reference:
    """What uniform values do on an even grid.

    Attributes
    ----------
    size : int
        Values in the sample, ``N``.
    points : int
        Cells of the grid, ``K``; the ECDF is looked at in ``k / K`` for ``k = 1..K-1``.
    tails : numpy.ndarray
        ``2 min(P(X <= c), P(X >= c))``, at most 1, of X ~ Binomial(N, k / K); shape (K - 1, N + 1).
    """

    size: int
    points: int
    tails: Array

    @property
    def at(self) -> Array:
        """The points ``k / K``, shape (K - 1,)."""
        return np.arange(1, self.points) / self.points


@dataclass(frozen=True)
class Envelope:
    """Simultaneous bounds on the ECDF of uniform values.

    Attributes
    ----------
    at : numpy.ndarray
        Points, shape (K - 1,).
    low, high : numpy.ndarray
        Least and greatest value of the ECDF inside the envelope, same shape.
    gamma : float
        Two-sided tail at which every point is cut.
    prob : float
        Probability that the whole ECDF is inside is at least this.
    """

    at: Array
    low: Array
    high: Array
    gamma: float
    prob: float

    @property
    def reach(self) -> float:
        """Largest difference from uniformity that is still inside."""
        return float(max((self.high - self.at).max(), (self.at - self.low).max()))


@dataclass(frozen=True)
class Uniformity:
    """How far a sample is from uniform.

    Attributes
    ----------
    gamma : float
        Smallest two-sided tail over the points.
    p : float
        Probability of a gamma as small or smaller under uniformity: exact.
    difference : numpy.ndarray
        ECDF less the point, shape (K - 1,).
    deviation : float
        Largest absolute difference.
    """

    gamma: float
    p: float
    difference: Array
    deviation: float


def reference(size: int, points: int) -> Reference:
    """Lay out what uniform values do.

    Raises
    ------
    ModelError
        For no values or fewer than two cells.
    """
    if size < 1 or points < 2:
        raise ModelError(f"{size} values on {points} cells cannot be tested: take at least 1 and 2.")
    counts = np.arange(size + 1)
    z = np.arange(1, points)[:, None] / points
    tails = 2 * np.minimum(stats.binom.cdf(counts, size, z), stats.binom.sf(counts - 1, size, z))
    return Reference(size, points, np.minimum(tails, 1.0))


def counts(values: Array, points: int) -> Ints:
    """Values below each point ``k / K``, ``k = 1..K-1``, along the last axis: ``N`` times the ECDF."""
    edges = np.arange(1, points) / points
    return np.asarray(np.sum(np.asarray(values)[..., None, :] < edges[:, None], axis=-1), dtype=np.int64)


def smallest_tail(counted: Ints, null: Reference) -> Array:
    """Gamma of samples from their counts, shape (..., K - 1) to (...)."""
    return np.asarray(null.tails[np.arange(null.points - 1), counted].min(axis=-1))


def uniformity(values: Array, null: Reference) -> Uniformity:
    """Test one sample.

    Parameters
    ----------
    values : numpy.ndarray
        On [0, 1), shape (N,).
    null : Reference
        Of the same size.
    """
    counted = counts(values, null.points)
    gamma = float(smallest_tail(counted, null))
    difference = counted / null.size - null.at
    p = 1 - _inside(null, gamma * (1 + _ROUNDING))
    return Uniformity(gamma, float(np.clip(p, 0, 1)), difference, float(np.abs(difference).max()))


def envelope(null: Reference, prob: float) -> Envelope:
    """Simultaneous envelope of the ECDF.

    Parameters
    ----------
    null : Reference
    prob : float
        Probability that the ECDF of uniform values stays inside; at least this, as counts are whole numbers.

    Raises
    ------
    ModelError
        For a probability outside (0, 1).
    """
    if not 0 < prob < 1:
        raise ModelError(f"An envelope of probability {prob:g}: take one between 0 and 1.")
    gamma = _optimised(null, prob)
    low, high = _bounds(null, gamma * (1 - _ROUNDING))
    return Envelope(null.at, low / null.size, high / null.size, gamma, prob)


def stay_probability(size: int, low: Ints, high: Ints) -> float:
    """Probability that ``size`` uniform values have ``low[k] <= count below (k + 1) / K <= high[k]`` at every point.

    Parameters
    ----------
    size : int
    low, high : numpy.ndarray of int
        Shape (K - 1,).
    """
    if np.any(low > high):
        return 0.0
    cells = len(low) + 1
    step = stats.poisson.pmf(np.arange(size + 1), size / cells)
    state, first = np.ones(1), 0  # probability of counts first, first + 1, ...
    for bottom, top in zip([*low, size], [*high, size], strict=True):
        moved = np.convolve(state, step[: max(top - first, 0) + 1])
        begin = max(bottom - first, 0)
        state, first = moved[begin : top - first + 1], first + begin
        if len(state) == 0:
            return 0.0
    return float(state[0] / stats.poisson.pmf(size, size))


def _inside(null: Reference, gamma: float) -> float:
    return stay_probability(null.size, *_bounds(null, gamma))


def _bounds(null: Reference, gamma: float) -> tuple[Ints, Ints]:
    """Least and greatest counts whose tail is gamma or larger; the least exceeds the greatest where there is none."""
    kept = null.tails >= gamma
    low = np.where(kept.any(axis=1), kept.argmax(axis=1), null.size + 1)
    return low, null.size - kept[:, ::-1].argmax(axis=1)


def _optimised(null: Reference, prob: float) -> float:
    """Return the largest attainable tail that keeps the whole ECDF inside with probability ``prob``."""
    candidates = np.unique(null.tails)
    good, bad = 0, len(candidates)  # the smallest tail of all keeps everything inside
    while bad - good > 1:
        middle = (good + bad) // 2
        if _inside(null, candidates[middle] * (1 - _ROUNDING)) >= prob:
            good = middle
        else:
            bad = middle
    return float(candidates[good])
