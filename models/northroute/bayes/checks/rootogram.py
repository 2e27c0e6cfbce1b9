"""How often each count comes, and how often the model says that it would."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array, Ints
from northroute.bayes.checks.predictive import same_rows
from northroute.check import CheckResult, result
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.look import BOUND, INK, MAIN, QUIET, Figure, look, mark


@dataclass(frozen=True)
class Rootogram:
    """Frequencies of counts.

    Attributes
    ----------
    values : numpy.ndarray of int, shape (value,)
        Counts; the last stands for itself and all above.
    observed : numpy.ndarray of int, shape (value,)
        Rows with that count.
    expected, low, high : numpy.ndarray, shape (value,)
        Mean and interval of the rows with that count in replicates.
    p : float
        Share of replicates whose largest standardised distance from the expected square roots is the data's or more.
    prob : float
        Of the interval, equal-tailed.
    """

    values: Ints
    observed: Ints
    expected: Array
    low: Array
    high: Array
    p: float
    prob: float


def rootogram(counts: Ints, replicates: Ints, *, largest: int | None = None, prob: float = INTERVAL_PROB) -> Rootogram:
    """Compare frequencies of counts with those of replicates (Kleiber and Zeileis 2016, The American Statistician 70:296).

    One replicate is counted at a time; ``replicates`` may be a memory map.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (row,)
    replicates : numpy.ndarray of int, shape (draw, row)
    largest : int, optional
        From this count on all share one bar; where absent the largest count observed, at most 40.
    prob : float
        Of the equal-tailed interval.

    Raises
    ------
    ModelError
        If shapes differ, or counts are negative.
    """
    same_rows(counts, replicates)
    top = min(int(counts.max()), 40) if largest is None else largest
    drawn = np.stack([np.bincount(np.minimum(r, top), minlength=top + 1) for r in replicates]).astype(np.float64)
    observed = np.bincount(np.minimum(counts, top), minlength=top + 1).astype(np.int64)
    half = (1 - prob) / 2
    low, high = np.quantile(drawn, [half, 1 - half], axis=0)
    expected = drawn.mean(axis=0)
    roots = np.sqrt(drawn)
    spread = np.maximum(roots.std(axis=0), 0.5 / np.sqrt(len(drawn)))  # a value that never varies has no scale
    far = np.abs((roots - np.sqrt(expected)) / spread).max(axis=1)
    seen = float(np.abs((np.sqrt(observed) - np.sqrt(expected)) / spread).max())
    return Rootogram(
        np.arange(top + 1, dtype=np.int64), observed, expected, low, high, float((far >= seen).mean()), prob
    )


def check_rootogram(found: Rootogram, *, simulated: bool) -> CheckResult:
    """Name the counts that come more or less often than replicates say; passes by the largest distance of all."""
    labels = [str(v) for v in found.values[:-1]] + [f"{found.values[-1]}+"]
    table = pd.DataFrame(
        {
            "count": labels,
            "observed": found.observed,
            "expected": found.expected,
            "low": found.low,
            "high": found.high,
            "interval": interval_label(found.prob),
            "inside": (found.observed >= found.low) & (found.observed <= found.high),
        }
    )
    out = table.loc[~table["inside"], "count"].tolist()
    passed = found.p > 1 - found.prob
    sentence = f"Largest distance of frequencies from those expected: posterior predictive p = {found.p:.3f}."
    if out:
        sentence += f" Outside the {interval_label(found.prob)} of replicates: counts of {', '.join(out[:8])}."
    advice = "The family of counts does not fit: look at zeros and dispersion."
    return result("rootogram", passed, table, sentence, partial(_figure, found), simulated=simulated, advice=advice)


@look()
def _figure(found: Rootogram, simulated: bool) -> Figure:
    figure, axes = shapes.canvas()
    x, roof = found.values, np.sqrt(found.expected)
    axes.bar(x, -np.sqrt(found.observed), bottom=roof, width=0.85, color=MAIN, alpha=0.55)
    axes.plot(x, roof, "o-", color=BOUND, lw=1.2, ms=3, label="expected")
    half = roof - np.sqrt(found.low), roof - np.sqrt(found.high)
    axes.vlines(x, *half, color=INK, lw=1.6, label=f"{interval_label(found.prob)} of the bars' lower ends")
    axes.axhline(0, color=QUIET, lw=1)
    axes.set_xlabel(f"count; the last bar holds {x[-1]} and above")
    axes.set_ylabel("square root of rows, hanging from the expected")
    axes.legend(frameon=False, loc="upper right")
    return mark(figure, simulated=simulated)
