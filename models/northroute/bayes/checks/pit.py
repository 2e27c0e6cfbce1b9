"""Probability integral transform of counts: whether predictions are as wide as the data."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from northroute.bayes.checks import draw
from northroute.bayes.checks.arrays import Floats, Integers, LogLikelihood, blocks
from northroute.bayes.checks.psis import smooth
from northroute.check import CheckResult, sourced
from northroute.conventions import DEFAULT_SEED, INTERVAL_PROB
from northroute.errors import ModelError
from northroute.look import BOUND, MAIN, QUIET, look, mark
from northroute.seeds import generator


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

    below: Floats
    upto: Floats
    left_out: bool

    def __post_init__(self) -> None:
        if not ((self.below >= 0) & (self.below <= self.upto) & (self.upto <= 1 + 1e-9)).all():
            raise ModelError("Probabilities below a count must lie between 0 and those up to it, and these below 1.")


def pit_bounds(
    counts: Integers,
    replicates: Integers,
    *,
    log_likelihood: LogLikelihood | None = None,
    relative_ess: float = 1.0,
) -> PitBounds:
    """Predictive distribution functions at the counts, from replicates.

    With a log likelihood the replicates are weighted to predict each row from the others; without, each count is ranked
    among its replicates as one of them, which is exactly uniform where replicates and count come from one distribution.
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
        weights = np.exp(smooth(-values, relative_ess).log_weights)
        drawn = replicates[:, at]
        below[at] = (weights * (drawn < counts[at])).sum(axis=0)
        upto[at] = np.minimum((weights * (drawn <= counts[at])).sum(axis=0), 1.0)
    return PitBounds(np.minimum(below, upto), upto, True)


def randomised(bounds: PitBounds, *, seed: int = DEFAULT_SEED) -> Floats:
    """One uniform draw between the bounds of each row; uniform on (0, 1) under the true model. Shape (row,)."""
    u = generator("randomised PIT", seed).uniform(size=bounds.below.size)
    return np.asarray(np.clip(bounds.below + u * (bounds.upto - bounds.below), 0.0, 1.0))


def mean_pit(bounds: PitBounds, at: Floats) -> Floats:
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
    points : numpy.ndarray, shape (point,)
        Where the distribution function is compared.
    ecdf, low, high : numpy.ndarray, shape (point,)
        Of the randomised PIT, and the simultaneous band.
    heights : numpy.ndarray, shape (bin,)
        Histogram without randomisation; its mean is 1.
    distance : float
        Largest distance of the distribution function without randomisation from the uniform one (Kolmogorov-Smirnov type).
    p : float
        Of the randomised PIT, by simulation: share of uniform samples that come as near to the edge of their band.
    prob : float
        Simultaneous probability of the band.
    """

    points: Floats
    ecdf: Floats
    low: Floats
    high: Floats
    heights: Floats
    distance: float
    p: float
    prob: float


def uniformity(
    bounds: PitBounds,
    *,
    bins: int = 10,
    points: int = 100,
    simulations: int = 2000,
    prob: float = INTERVAL_PROB,
    seed: int = DEFAULT_SEED,
) -> PitUniformity:
    """Compare the PIT with the uniform distribution, by a simultaneous band around its distribution function.

    The band's pointwise binomial probability is set by simulation so that uniform samples stay inside at all points with
    probability ``prob`` (Sailynoja, Burkner and Vehtari 2022, Statistics and Computing 32:32, section 2.3). Values from
    in-sample draws are too central, as each row helped to predict itself: the test then misses small faults.

    Parameters
    ----------
    bounds : PitBounds
    bins : int
        Bars of the histogram without randomisation.
    points : int
        Where distribution functions are compared.
    simulations : int
        Uniform samples.
    prob : float
        Simultaneous probability of the band.
    seed : int
    """
    at = np.arange(1, points) / points
    rows = bounds.below.size
    rng = generator(f"PIT band {rows} {points}", seed)
    drawn = rng.multinomial(rows, np.full(points, 1 / points), size=simulations)[:, :-1].cumsum(axis=1)
    nulls = _nearness(drawn, rows, at).min(axis=1)
    gamma = float(np.quantile(nulls, 1 - prob))
    values = randomised(bounds, seed=seed)
    inside = np.searchsorted(np.sort(values), at, side="right")
    observed = float(_nearness(inside[None], rows, at).min())
    edges = mean_pit(bounds, np.arange(bins + 1) / bins)
    return PitUniformity(
        at,
        inside / rows,
        np.asarray(stats.binom.ppf(gamma / 2, rows, at)) / rows,
        np.asarray(stats.binom.isf(gamma / 2, rows, at)) / rows,
        np.diff(edges) * bins,
        float(np.abs(mean_pit(bounds, at) - at).max()),
        float((1 + (nulls <= observed).sum()) / (1 + simulations)),
        prob,
    )


def check_pit(bounds: PitBounds, found: PitUniformity, *, simulated: bool) -> CheckResult:
    """Say whether the PIT leaves the band, and which way: too many ends is a predictive distribution that is too narrow."""
    bins = found.heights.size
    edges = np.arange(bins + 1) / bins
    table = pd.DataFrame(
        {"from": edges[:-1], "to": edges[1:], "height": found.heights, "rows": bounds.below.size, "p": found.p}
    )
    passed = found.p > 1 - found.prob
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
    return CheckResult(
        "probability integral transform",
        bool(passed),
        sourced(table, simulated=simulated),
        sentence,
        partial(_figure, bounds.below.size, found, simulated),
    )


def _moments(bounds: PitBounds) -> tuple[float, float]:
    """Mean and mean squared distance from one half of the PIT, less a uniform's, in standard deviations of a uniform's."""
    low, high = bounds.below - 0.5, bounds.upto - 0.5
    mean = ((low + high) / 2).mean()
    square = ((low**2 + low * high + high**2) / 3).mean()
    return float(mean * np.sqrt(12)), float((square - 1 / 12) * np.sqrt(180))


def _nearness(inside: Integers, rows: int, at: Floats) -> Floats:
    """Twice the smaller binomial tail of the counts up to each point; shape (sample, point)."""
    up = stats.binom.cdf(inside, rows, at)
    down = stats.binom.sf(inside - 1, rows, at)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(up, down)))


@look()
def _figure(rows: int, found: PitUniformity, simulated: bool) -> Figure:
    figure, axes = draw.canvas()
    bins = found.heights.size
    half = (1 - found.prob) / 2
    low, high = (stats.binom.ppf(q, rows, 1 / bins) * bins / rows for q in (half, 1 - half))
    axes.bar((np.arange(bins) + 0.5) / bins, found.heights, width=0.94 / bins, color=MAIN, alpha=0.35)
    axes.axhspan(low, high, color=QUIET, alpha=0.25, lw=0)
    axes.axhline(1, color=QUIET, lw=1)
    axes.set_xlabel("probability integral transform")
    axes.set_ylabel(f"density; grey: {found.prob * 100:g} % of a uniform bar")
    other = axes.twinx()
    for line, style in ((found.ecdf, "-"), (found.low, "--"), (found.high, "--")):
        other.plot(found.points, line - found.points, style, color=BOUND, lw=1.2 if style == "-" else 0.8)
    other.set_ylabel(f"ECDF less uniform, {found.prob * 100:g} % simultaneous band", color=BOUND)
    other.spines["right"].set_visible(True)
    return mark(figure, simulated=simulated)
