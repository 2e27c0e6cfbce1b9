"""Predictive density of later months given earlier ones, with few refits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array, Bools, Ints
from northroute.bayes.checks.arrays import Groups, LogLikelihood, blocks, group_sums
from northroute.bayes.checks.psis import log_sum_exp, pareto_limit, smooth
from northroute.check import CheckResult, result
from northroute.errors import ModelError
from northroute.look import COLOURS, Figure, look, mark


@dataclass(frozen=True)
class FutureElpd:
    """Leave-future-out densities by cut and step.

    Attributes
    ----------
    cuts : numpy.ndarray of int, shape (cut,)
        Codes of the last month that is known.
    elpd : numpy.ndarray, shape (cut, step)
        Sum over the rows of month ``cut + step`` of each row's log predictive density; NaN where the data end before.
    joint : numpy.ndarray, shape (cut, step)
        Joint log predictive density of all rows of months ``cut + 1`` to ``cut + step``; NaN where the data end before.
    rows : numpy.ndarray of int, shape (cut, step)
        Rows in each month predicted.
    k : numpy.ndarray, shape (cut,)
        Pareto k of the weights from the last refit to the cut; minus infinity at a cut that was not reached by weights.
    refitted : numpy.ndarray of bool, shape (cut,)
        Whether the model was fitted again to the months up to the cut.
    limits : numpy.ndarray, shape (cut,)
        Largest k that is trusted with the draws in use.
    """

    cuts: Ints
    elpd: Array
    joint: Array
    rows: Ints
    k: Array
    refitted: Bools
    limits: Array


def leave_future_out(
    months: Ints,
    cuts: Sequence[int],
    refit: Callable[[int], LogLikelihood],
    *,
    steps: int = 1,
    relative_ess: float = 1.0,
) -> FutureElpd:
    """Predict one to ``steps`` months ahead of each cut (Burkner, Gabry and Vehtari 2020, J Stat Comput Simul 90:2499).

    The model is refitted at the first cut. At each later cut the draws of the last refit are weighted by the likelihood of
    the rows that came in between, and the model is refitted only where the Pareto k of these weights is above its limit.

    Parameters
    ----------
    months : numpy.ndarray of int, shape (row,)
        Month of each row, as consecutive codes.
    cuts : sequence of int
        Last months known, ascending.
    refit : callable
        From a cut to the log likelihood of rows of later months, in the rows' order, an array of shape (draw, later row)
        or :class:`RowBlocks`, under the posterior of rows up to and including the cut. Effects of later months must be
        drawn from the model's own dynamics. One refit is held at a time, and of blocks only sums by month.
    steps : int
        Months ahead.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        If cuts are not ascending or leave no month before or after, steps are below 1, or a refit returns other rows.
    """
    last = np.asarray(cuts, dtype=np.int64)
    if last.size == 0 or (np.diff(last) <= 0).any() or steps < 1:
        raise ModelError("Leave-future-out needs ascending cuts and one step or more.")
    if last[0] < months.min() or last[-1] >= months.max():
        raise ModelError(
            f"Cuts run from {last[0]} to {last[-1]}, months from {months.min()} to {months.max()}: "
            "leave a month before the first cut and one after the last."
        )
    shape = (last.size, steps)
    elpd, joint, rows = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int64)
    k, limits, refitted = np.full(last.size, -np.inf), np.zeros(last.size), np.zeros(last.size, bool)
    held, later, known, sums = blocks(np.empty((0, 0))), np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 0))
    for c, cut in enumerate(last):
        log_weights: Array | None = None
        if c > 0:
            weights = smooth(sums[:, known <= cut].sum(axis=1, keepdims=True), relative_ess)
            k[c], limits[c] = weights.k[0], pareto_limit(held.draws)
            if k[c] <= limits[c]:
                log_weights = weights.log_weights[:, 0]
        if log_weights is None:
            held, later, refitted[c] = blocks(refit(int(cut))), months[months > cut], True
            if held.rows != later.size:
                raise ModelError(
                    f"The refit at cut {cut} returned {held.rows} rows of {later.size}. Return a column a later row."
                )
            known, codes = np.unique(later, return_inverse=True)
            sums = group_sums(held, Groups("month", codes.astype(np.int64), tuple(map(str, known))))
            limits[c] = pareto_limit(held.draws)
            log_weights = np.full(held.draws, -np.log(held.draws))
        for h in range(1, min(steps, int(months.max() - cut)) + 1):
            month = np.flatnonzero(later == cut + h)
            ahead = (known > cut) & (known <= cut + h)
            rows[c, h - 1] = month.size
            elpd[c, h - 1] = log_sum_exp(log_weights[:, None] + held.of(month)).sum() if month.size else 0.0
            joint[c, h - 1] = log_sum_exp(log_weights + sums[:, ahead].sum(axis=1))
    return FutureElpd(last, elpd, joint, rows, k, refitted, limits)


def check_future(found: FutureElpd, *, simulated: bool, month_names: Sequence[str]) -> CheckResult:
    """One line a cut and step; there is nothing to pass, the reader compares models by these densities.

    Parameters
    ----------
    found : FutureElpd
    simulated : bool
    month_names : sequence of str
        Name of each month's code.
    """
    cuts, steps = found.elpd.shape
    table = pd.DataFrame(
        {
            "known_to": np.repeat([month_names[c] for c in found.cuts], steps),
            "step": np.tile(np.arange(1, steps + 1), cuts),
            "rows": found.rows.ravel(),
            "elpd": found.elpd.ravel(),
            "elpd_joint": found.joint.ravel(),
            "k": np.repeat(found.k, steps),
            "refitted": np.repeat(found.refitted, steps),
        }
    ).dropna(subset="elpd")
    one = found.elpd[:, 0].sum() / found.rows[:, 0].sum()
    fits = int(found.refitted.sum())
    sentence = f"{cuts} cuts, {fits} {'fit' if fits == 1 else 'fits'}; one month ahead a row's log density is {one:.3f}"
    if steps > 1:
        there = np.isfinite(found.elpd[:, -1])
        if there.any():
            far = found.elpd[there, -1].sum() / found.rows[there, -1].sum()
            sentence += f", {steps} months ahead {far:.3f}"
    figure = partial(_figure, found, [month_names[c] for c in found.cuts])
    return result("leave the future out", None, table, sentence + ".", figure, simulated=simulated)


@look()
def _figure(found: FutureElpd, names: list[str], simulated: bool) -> Figure:
    figure, axes = shapes.canvas()
    at = np.arange(found.cuts.size)
    shown = min(found.elpd.shape[1], len(COLOURS))
    for h in range(shown):
        each = found.elpd[:, h] / np.where(found.rows[:, h] > 0, found.rows[:, h], 1)
        axes.plot(at, each, "-", color=COLOURS[h], lw=1.2, label=f"{h + 1} ahead")
        axes.plot(at[found.refitted], each[found.refitted], "o", color=COLOURS[h], ms=4)
    every = max(1, at.size // 8)
    axes.set_xticks(at[::every], names[::every])
    axes.set_xlabel("last month known; dots are fits")
    axes.set_ylabel("log predictive density a row")
    axes.legend(frameon=False)
    return mark(figure, simulated=simulated)
