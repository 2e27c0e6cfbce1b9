"""Probability integral transform of counts: whether predictions are as wide as the data."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import LogLikelihood, blocks
from northroute.bayes.checks.psis import effective, smooth
from northroute.check import CheckResult, result
from northroute.conventions import DEFAULT_SEED, INTERVAL_PROB
from northroute.errors import ModelError
from northroute.look import BOUND, MAIN, QUIET, Figure, look, mark
from northroute.seeds import generator

LIMIT: Final = 0.05
"""A smaller p fails the check. Under uniformity p is below 0.05 with probability 0.06, below 0.11 with 0.14: Cauchy's
combination is exact in the far tail only."""


@dataclass(frozen=True)
class PitBounds:
    """Predictive probability below each count, and up to it.

    Attributes
    ----------
    below, upto : numpy.ndarray, shape (row,)
        ``P(Y < y)`` and ``P(Y <= y)``.
    left_out : bool
        Whether each row was predicted without itself.
    """

    below: Array
    upto: Array
    left_out: bool

    def __post_init__(self) -> None:
        if not ((self.below >= 0) & (self.below <= self.upto) & (self.upto <= 1 + 1e-9)).all():
            raise ModelError("Probabilities below a count must lie between 0 and those up to it, and these below 1.")


def pit_bounds(
    counts: Ints,
    replicates: Ints,
    *,
    log_likelihood: LogLikelihood | None = None,
    relative_ess: float = 1.0,
) -> PitBounds:
    """Predictive distribution functions at the counts, from replicates.

    Each count is ranked among its replicates as one of them, which is exactly uniform where replicates and count come from
    one distribution; one beyond all replicates is not impossible. With a log likelihood the replicates are weighted to
    predict each row from the others, and the count is one beside as many as these are worth.
    Rows are taken in the blocks of the log likelihood, or of 2,000; ``replicates`` may be a memory map.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (row,)
    replicates : numpy.ndarray of int, shape (draw, row)
    log_likelihood : numpy.ndarray, shape (draw, row), or RowBlocks, optional
        For leave-one-out weights, of the draws that made the replicates.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        If shapes differ.
    """
    draws, rows = replicates.shape
    if counts.shape != (rows,):
        raise ModelError(f"{counts.size} counts and replicates of {rows} rows. Give both for the same rows.")
    below, upto = np.empty(rows), np.empty(rows)
    if log_likelihood is None:
        for start in range(0, rows, 2000):
            part = slice(start, start + 2000)
            below[part] = (replicates[:, part] < counts[part]).sum(axis=0) / (draws + 1)
            upto[part] = ((replicates[:, part] <= counts[part]).sum(axis=0) + 1) / (draws + 1)
        return PitBounds(below, upto, False)
    source = blocks(log_likelihood)
    if (source.draws, source.rows) != (draws, rows):
        raise ModelError(
            f"Replicates of shape {replicates.shape}, log likelihood of {(source.draws, source.rows)}. Use the same draws."
        )
    for at, values in source:
        logs = smooth(-values, relative_ess).log_weights
        weights, worth, drawn = np.exp(logs), effective(logs), replicates[:, at]
        below[at] = (weights * (drawn < counts[at])).sum(axis=0) * worth / (worth + 1)
        upto[at] = np.minimum(((weights * (drawn <= counts[at])).sum(axis=0) * worth + 1) / (worth + 1), 1.0)
    return PitBounds(np.minimum(below, upto), upto, True)


def randomised(bounds: PitBounds, *, seed: int = DEFAULT_SEED) -> Array:
    """One uniform draw between the bounds of each row; uniform on (0, 1) under the true model. Shape (row,)."""
    u = generator("randomised PIT", seed).uniform(size=bounds.below.size)
    return np.asarray(np.clip(bounds.below + u * (bounds.upto - bounds.below), 0.0, 1.0))


def mean_pit(bounds: PitBounds, at: Array) -> Array:
    """Distribution function of the PIT without randomisation, averaged over rows (Czado, Gneiting and Held 2009, eq. 2).

    Parameters
    ----------
    bounds : PitBounds
    at : numpy.ndarray, shape (point,)
        Between 0 and 1.
    """
    width = bounds.upto - bounds.below
    some = width > 0
    inside = (at[:, None] - bounds.below) / np.where(some, width, 1.0)
    steps = np.where(some, np.clip(inside, 0.0, 1.0), at[:, None] >= bounds.upto)
    return np.asarray(steps.mean(axis=1))


@dataclass(frozen=True)
class PitUniformity:
    """How uniform the PIT is.

    Attributes
    ----------
    values : numpy.ndarray, shape (row,)
        Randomised PIT, ascending.
    contributions : numpy.ndarray, shape (row,)
        Of each value to the test, Shapley's: positive where it speaks against uniformity.
    heights : numpy.ndarray, shape (bin,)
        Histogram without randomisation; its mean is 1.
    distance : float
        Largest distance of the distribution function without randomisation from the uniform one (Kolmogorov-Smirnov type).
    p : float
        Of the randomised PIT.
    """

    values: Array
    contributions: Array
    heights: Array
    distance: float
    p: float


def uniformity(bounds: PitBounds, *, bins: int = 10, points: int = 100, seed: int = DEFAULT_SEED) -> PitUniformity:
    """Compare the PIT with the uniform distribution by ArviZ's test of its order statistics, ``pot_c``.

    Every ordered value is held against its Beta distribution, and their p values are combined by Cauchy's truncated rule
    (Tesso and Vehtari 2026, arXiv:2603.02928). Values from in-sample draws are too central, as each row helped to predict
    itself: the test then misses small faults.

    Parameters
    ----------
    bounds : PitBounds
    bins : int
        Bars of the histogram without randomisation.
    points : int
        Where the distribution function without randomisation is compared.
    seed : int
    """
    from arviz_stats.base import array_stats

    values = np.sort(randomised(bounds, seed=seed))
    # exactly 0 or 1 has no tangent in Cauchy's combination
    p, contributions, _ = array_stats.uniformity_test(np.clip(values, 1e-12, 1 - 1e-12))
    at = np.arange(1, points) / points
    edges = mean_pit(bounds, np.arange(bins + 1) / bins)
    distance = float(np.abs(mean_pit(bounds, at) - at).max())
    return PitUniformity(values, np.asarray(contributions), np.diff(edges) * bins, distance, float(p))


def check_pit(bounds: PitBounds, found: PitUniformity, *, simulated: bool) -> CheckResult:
    """Say whether the PIT is uniform, and if not, which way: too many ends are predictions that are too narrow."""
    bins = found.heights.size
    edges = np.arange(bins + 1) / bins
    table = pd.DataFrame(
        {"from": edges[:-1], "to": edges[1:], "height": found.heights, "rows": bounds.below.size, "p": found.p}
    )
    passed = found.p > LIMIT
    what = "Leave-one-out PIT" if bounds.left_out else "PIT of in-sample draws (which flatters)"
    sentence = f"{what}: p = {found.p:.3f} for uniformity, largest distance {found.distance:.3f}."
    if not passed:
        location, spread = _moments(bounds)
        if abs(location) > abs(spread):
            sentence += f" Counts are {'lower' if location < 0 else 'higher'} than predicted: look at the mean."
        elif spread > 0:
            sentence += " Counts lie too often at the ends: predictions are too narrow, allow more dispersion."
        else:
            sentence += " Counts lie too often in the middle: predictions are too wide, allow less dispersion."
    figure = partial(_figure, found)
    return result("probability integral transform", bool(passed), table, sentence, figure, simulated=simulated)


def _moments(bounds: PitBounds) -> tuple[float, float]:
    """Mean and mean squared distance from one half of the PIT, less a uniform's, in standard deviations of a uniform's."""
    low, high = bounds.below - 0.5, bounds.upto - 0.5
    mean = ((low + high) / 2).mean()
    square = ((low**2 + low * high + high**2) / 3).mean()
    return float(mean * np.sqrt(12)), float((square - 1 / 12) * np.sqrt(180))


@look()
def _figure(found: PitUniformity, simulated: bool) -> Figure:
    from scipy.stats import binom

    figure, axes = shapes.canvas()
    bins, rows = found.heights.size, found.values.size
    half = (1 - INTERVAL_PROB) / 2
    low, high = (binom.ppf(q, rows, 1 / bins) * bins / rows for q in (half, 1 - half))
    axes.bar((np.arange(bins) + 0.5) / bins, found.heights, width=0.94 / bins, color=MAIN, alpha=0.35)
    axes.axhspan(low, high, color=QUIET, alpha=0.25, lw=0)
    axes.axhline(1, color=QUIET, lw=1)
    axes.set_xlabel("probability integral transform")
    axes.set_ylabel(f"density; grey: {INTERVAL_PROB * 100:g} % of a uniform bar")
    other = axes.twinx()
    gap = np.arange(1, rows + 1) / rows - found.values
    other.plot(found.values, gap, color=BOUND, lw=1.2)
    if found.p <= LIMIT:
        against = found.contributions > 0
        other.plot(found.values[against], gap[against], ".", color=BOUND, ms=4)
    other.set_ylabel(f"ECDF less uniform, p = {found.p:.3f}; dots speak against", color=BOUND)
    other.spines["right"].set_visible(True)
    return mark(figure, simulated=simulated)
