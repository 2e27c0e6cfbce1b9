"""Features of the counts against those of replicates: zeros, dispersion, maximum, persistence; overall and by group."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from northroute import shapes
from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import Groups
from northroute.check import CheckResult, result
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.errors import ModelError

STATISTICS: Final = ("share of zeros", "dispersion index", "maximum", "lag-1 autocorrelation")
OVERALL: Final = "all"
_BLOCK: Final = 50


@dataclass(frozen=True)
class Predictive:
    """Statistics of data and replicates.

    Attributes
    ----------
    groups : tuple of str
        ``all``, and the groups.
    observed : numpy.ndarray, shape (statistic, group)
        Not-a-number where a statistic does not exist, such as dispersion without events.
    mean, low, high : numpy.ndarray, shape (statistic, group)
        Of the replicates in which the statistic exists.
    p : numpy.ndarray, shape (statistic, group)
        Share of replicates above the observed value, and half of those equal to it.
    prob : float
        Of the equal-tailed interval.
    """

    groups: tuple[str, ...]
    observed: Array
    mean: Array
    low: Array
    high: Array
    p: Array
    prob: float


def predictive(
    counts: Ints,
    replicates: Ints,
    units: Groups,
    months: Ints,
    by: Groups,
    *,
    prob: float = INTERVAL_PROB,
) -> Predictive:
    """Compare :data:`STATISTICS` of counts with those of replicates, over all rows and by group.

    The dispersion index is variance over mean. The autocorrelation is between counts of a unit in consecutive months,
    less the unit's mean, pooled over units; months that were not observed make no pairs. P-values are posterior predictive:
    near 0 or 1 the model misses the feature, but they are not uniform under the true model, they crowd round one half
    (Gelman 2013, EJS 7:2595). Replicates are taken 50 at a time; they may be a memory map.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (row,)
    replicates : numpy.ndarray of int, shape (draw, row)
    units : Groups
    months : numpy.ndarray of int, shape (row,)
        Consecutive codes; a unit has a month at most once.
    by : Groups
        Countries, say.
    prob : float
        Of the equal-tailed interval.

    Raises
    ------
    ModelError
        If shapes differ, counts are negative, or a unit has a month twice.
    """
    same_rows(counts, replicates)
    if not len(counts) == len(units.codes) == len(months) == len(by.codes):
        raise ModelError("Counts, units, months and groups must have one entry a row.")
    pairs = consecutive(units, months)
    member = sparse.hstack([sparse.csr_array(np.ones((len(counts), 1))), by.indicator()], format="csr")
    ones = units.indicator()
    shares = (ones / ones.sum(axis=0)).tocsr()

    def of(rows: Ints) -> Array:
        return _statistics(rows.astype(np.float64), member, ones, shares, pairs, by)

    observed = of(counts[None])[0]
    parts = [of(replicates[start : start + _BLOCK]) for start in range(0, len(replicates), _BLOCK)]
    drawn = np.concatenate(parts)
    names = (OVERALL, *by.names)
    shape = (4, len(STATISTICS), len(names))
    summary = np.full(shape, np.nan)
    half = (1 - prob) / 2
    for s in range(shape[1]):
        for g in range(shape[2]):
            values = drawn[np.isfinite(drawn[:, s, g]), s, g]
            if values.size and np.isfinite(observed[s, g]):
                at = observed[s, g]
                p = (values > at).mean() + (values == at).mean() / 2
                summary[:, s, g] = values.mean(), *np.quantile(values, [half, 1 - half]), p
    return Predictive(names, observed, summary[0], summary[1], summary[2], summary[3], prob)


def check_predictive(found: Predictive, *, simulated: bool) -> CheckResult:
    """Say which features lie outside the interval of replicates.

    Passes if, over all rows, the smallest two-sided p-value times the number of statistics (Bonferroni) is above one less
    the interval's probability; groups are for reading.
    """
    index = pd.MultiIndex.from_product([STATISTICS, found.groups], names=["statistic", "group"])
    columns = {k: getattr(found, k).ravel() for k in ("observed", "mean", "low", "high", "p")}
    table = pd.DataFrame(columns, index).reset_index()
    table.insert(6, "interval", interval_label(found.prob))
    known = np.isfinite(table["p"])
    table["inside"] = ~known | ((table["observed"] >= table["low"]) & (table["observed"] <= table["high"]))
    overall = table["group"] == OVERALL
    sided = 2 * np.minimum(found.p[:, 0], 1 - found.p[:, 0])
    passed = bool(np.nanmin(sided) * len(STATISTICS) > 1 - found.prob)
    missed = [f"{r.statistic} (p = {r.p:.3f})" for r in table[overall & ~table["inside"]].itertuples()]
    part = table[~overall & ~table["inside"]]
    tested = int((known & ~overall).sum())
    sentence = (
        f"Outside the {interval_label(found.prob)} of replicates over all rows: {', '.join(missed) or 'nothing'}; "
        f"by group {len(part)} of {tested}"
    )
    if len(part):
        named = [f"{r.statistic} of {r.group}" for r in part.itertuples()]
        sentence += f": {', '.join(named[:4])}" + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    sentence += "."
    advice = "The model does not make data like these in that respect: look at dispersion, zeros and dynamics."
    shown, label = table[known], f"0 and 1: ends of the {interval_label(found.prob)} of replicates"
    names = [f"{r.statistic}, {r.group}" for r in shown.itertuples()]
    figure = partial(shapes.ranges, names, *_standardised(shown), label)
    return result("posterior predictive", passed, table, sentence, figure, simulated=simulated, advice=advice)


def same_rows(counts: Ints, replicates: Ints) -> None:
    """Refuse counts and replicates of different rows, and counts below zero.

    Raises
    ------
    ModelError
        Then.
    """
    if replicates.ndim != 2 or replicates.shape[1:] != counts.shape or len(replicates) < 2:
        raise ModelError(
            f"Counts have shape {counts.shape}, replicates {replicates.shape}; give (row,) and (draw, row), 2 draws or more."
        )
    if counts.size and counts.min() < 0:
        raise ModelError("A count is below zero. Leave rows out that were not observed.")


def consecutive(units: Groups, months: Ints) -> tuple[Ints, Ints]:
    """Positions of rows and of the same unit's rows one month later, each of shape (pair,).

    Raises
    ------
    ModelError
        If a unit has a month twice.
    """
    order = np.lexsort((months, units.codes))
    first, second = order[:-1], order[1:]
    same = units.codes[first] == units.codes[second]
    step = months[second] - months[first]
    if (same & (step == 0)).any():
        at = int(second[same & (step == 0)][0])
        raise ModelError(f"{units.kind} {units.names[units.codes[at]]} has month {months[at]} twice. Sum or drop one.")
    keep = same & (step == 1)
    return first[keep], second[keep]


def _statistics(
    y: Array,
    member: sparse.csr_array,
    ones: sparse.csr_array,
    shares: sparse.csr_array,
    pairs: tuple[Ints, Ints],
    by: Groups,
) -> Array:
    """Statistics of counts of shape (draw, row); shape (draw, statistic, group), the first group all rows."""
    size = np.asarray(member.sum(axis=0))
    mean = y @ member / size
    zeros = (y == 0).astype(np.float64) @ member / size
    spread = (y**2 @ member - size * mean**2) / np.maximum(size - 1, 1)
    top = np.column_stack([y.max(axis=1), *(y[:, by.rows(g)].max(axis=1) for g in range(len(by)))])
    centred = y - (y @ shares) @ ones.T
    first, second = pairs
    joint = (centred[:, first] * centred[:, second]) @ member[first]
    total = centred**2 @ member
    number = np.asarray(member[first].sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        dispersion = spread / mean
        persistence = (joint / number) / (total / size)
    return np.stack([zeros, dispersion, top, persistence], axis=1)


def _standardised(table: pd.DataFrame) -> tuple[Array, Array, Array]:
    low, high, observed = (table[c].to_numpy(float) for c in ("low", "high", "observed"))
    width = np.where(high > low, high - low, 1.0)
    return np.zeros(len(table)), np.ones(len(table)), (observed - low) / width
