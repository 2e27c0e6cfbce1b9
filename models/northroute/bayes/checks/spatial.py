"""Whether neighbouring units are off in the same direction: Moran's I of residuals against that of replicates."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import Groups
from northroute.bayes.checks.predictive import same_rows
from northroute.check import CheckResult, result
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.errors import ModelError
from northroute.look import BOUND, QUIET, Figure, look, mark

_BLOCK: Final = 200


@dataclass(frozen=True)
class Moran:
    """Moran's I of units' mean residuals.

    Attributes
    ----------
    observed : float
    drawn : numpy.ndarray, shape (draw,)
        Of replicates.
    p : float
        Share of replicates with an I of the data's or more.
    islands : tuple of str
        Units without a neighbour, which are left out.
    low, high, prob : float
        Equal-tailed interval of replicates, and its probability.
    """

    observed: float
    drawn: Array
    p: float
    islands: tuple[str, ...]
    low: float
    high: float
    prob: float


def moran(
    counts: Ints,
    replicates: Ints,
    units: Groups,
    edges: Ints,
    *,
    prob: float = INTERVAL_PROB,
) -> Moran:
    """Compare Moran's I (1950, Biometrika 37:17) of the data's residuals with that of replicates' residuals.

    Residuals are counts less the replicates' mean, over the replicates' standard deviation, by row; then averaged by unit.
    Replicates' residuals use the same mean and standard deviation. Replicates are taken 200 at a time.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (row,)
    replicates : numpy.ndarray of int, shape (draw, row)
    units : Groups
    edges : numpy.ndarray of int, shape (edge, 2)
        Codes of neighbouring units, in either order; doubles count once.
    prob : float
        Of the equal-tailed interval.

    Raises
    ------
    ModelError
        If there are no edges, an edge joins a unit to itself or names no unit, or residuals do not vary.
    """
    same_rows(counts, replicates)
    pairs = neighbours(edges, len(units))
    linked = np.unique(pairs)
    mean = replicates.mean(axis=0)
    spread = np.sqrt(np.maximum(replicates.var(axis=0), 1 / len(replicates)))
    shares = (units.indicator() / units.sizes).tocsr()

    def of(y: Ints) -> Array:
        return moran_i(((y - mean) / spread) @ shares, pairs, linked)

    observed = float(of(counts[None])[0])
    drawn = np.concatenate([of(replicates[s : s + _BLOCK]) for s in range(0, len(replicates), _BLOCK)])
    if not np.isfinite(observed) or not np.isfinite(drawn).all():
        raise ModelError("Residuals of units with neighbours are all the same; Moran's I does not exist.")
    half = (1 - prob) / 2
    low, high = np.quantile(drawn, [half, 1 - half])
    islands = tuple(n for i, n in enumerate(units.names) if i not in set(linked.tolist()))
    return Moran(observed, drawn, float((drawn >= observed).mean()), islands, float(low), float(high), prob)


def neighbours(edges: Ints, units: int) -> Ints:
    """Each undirected edge once, shape (edge, 2).

    Raises
    ------
    ModelError
        If there are none, an edge joins a unit to itself or names a unit that is not there.
    """
    if edges.ndim != 2 or edges.shape[1:] != (2,) or not len(edges):
        raise ModelError(f"Edges have shape {edges.shape}; give (edge, 2), one edge or more.")
    if edges.min() < 0 or edges.max() >= units:
        raise ModelError(f"An edge names a unit beyond the {units} there are. Use the codes of the rows' units.")
    if (edges[:, 0] == edges[:, 1]).any():
        raise ModelError("An edge joins a unit to itself. Drop it.")
    return np.unique(np.sort(edges, axis=1), axis=0)


def moran_i(values: Array, pairs: Ints, linked: Ints) -> Array:
    """Moran's I with equal weights.

    Parameters
    ----------
    values : numpy.ndarray, shape (draw, unit)
    pairs : numpy.ndarray of int, shape (edge, 2)
    linked : numpy.ndarray of int, shape (linked unit,)
        Units with a neighbour; others are left out, of the mean too.
    """
    centred = values - values[:, linked].mean(axis=1, keepdims=True)
    cross = (centred[:, pairs[:, 0]] * centred[:, pairs[:, 1]]).mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(cross / (centred[:, linked] ** 2).mean(axis=1))


def check_moran(found: Moran, *, simulated: bool) -> CheckResult:
    """Say whether neighbours' residuals are more alike than replicates'."""
    passed = found.p > 1 - found.prob
    table = pd.DataFrame(
        {
            "moran_i": [found.observed],
            "mean": [found.drawn.mean()],
            "low": [found.low],
            "high": [found.high],
            "interval": [interval_label(found.prob)],
            "p": [found.p],
            "islands": [len(found.islands)],
        }
    )
    sentence = (
        f"Moran's I of units' residuals is {found.observed:.3f}; replicates' {interval_label(found.prob)} is "
        f"{found.low:.3f} to {found.high:.3f} (posterior predictive p = {found.p:.3f})."
    )
    if found.islands:
        sentence += f" {len(found.islands)} without neighbours are left out."
    advice = "Neighbours are off together: add a spatial term, or a covariate that neighbours share."
    return result("Moran's I", passed, table, sentence, partial(_figure, found), simulated=simulated, advice=advice)


@look()
def _figure(found: Moran, simulated: bool) -> Figure:
    figure, axes = shapes.canvas()
    axes.hist(found.drawn, bins=40, color=QUIET, alpha=0.7, label="replicates")
    axes.axvline(found.observed, color=BOUND, lw=2, label="data")
    axes.set_xlabel("Moran's I of units' mean residuals")
    axes.set_ylabel("draws")
    axes.legend(frameon=False)
    return mark(figure, simulated=simulated)
