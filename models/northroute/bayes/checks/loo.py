"""Leave-one-row-out predictive density by importance sampling, and how far each row can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array, Bools, Ints
from northroute.bayes.checks.arrays import LogLikelihood, blocks
from northroute.bayes.checks.psis import log_mean_exp, log_sum_exp, pareto_limit, smooth
from northroute.check import CheckResult, result
from northroute.look import BOUND, MAIN, QUIET, Figure, look, mark


@dataclass(frozen=True)
class Loo:
    """Leave-one-out densities by row.

    Attributes
    ----------
    elpd : numpy.ndarray, shape (row,)
        Log predictive density of each row given the others, in nats.
    lpd : numpy.ndarray, shape (row,)
        The same given all rows, that row too.
    k : numpy.ndarray, shape (row,)
        Pareto k of the weights used.
    matched : numpy.ndarray of bool, shape (row,)
        Rows whose weights come from moment matching.
    draws : int
    """

    elpd: Array
    lpd: Array
    k: Array
    matched: Bools
    draws: int

    @property
    def limit(self) -> float:
        """Largest k that is trusted."""
        return pareto_limit(self.draws)

    @property
    def failed(self) -> Ints:
        """Positions of rows whose k is above the limit."""
        return np.flatnonzero(~(self.k <= self.limit))

    @property
    def total(self) -> float:
        """Sum over rows."""
        return float(self.elpd.sum())

    @property
    def se(self) -> float:
        """Standard error of the sum, were the rows independent: ``sqrt(rows * variance of elpd)``."""
        return float(np.sqrt(self.elpd.size * self.elpd.var(ddof=1)))

    @property
    def effective_parameters(self) -> float:
        """Optimism of the fit, ``sum(lpd - elpd)``."""
        return float((self.lpd - self.elpd).sum())


def loo(log_likelihood: LogLikelihood, *, relative_ess: float = 1.0) -> Loo:
    """Leave each row out by Pareto smoothed importance sampling (Vehtari, Gelman and Gabry 2017, Stat Comput 27:1413).

    Works in blocks of rows: with :class:`RowBlocks` no array of shape (draw, row) is made.

    Parameters
    ----------
    log_likelihood : numpy.ndarray, shape (draw, row), or RowBlocks
    relative_ess : float
        Effective over actual number of draws of the likelihoods; 1 for independent draws.

    Raises
    ------
    ModelError
        With fewer than 100 draws, or log likelihoods that are not finite.
    """
    source = blocks(log_likelihood)
    elpd, lpd, k = (np.empty(source.rows) for _ in range(3))
    for rows, values in source:
        weights = smooth(-values, relative_ess)
        elpd[rows] = log_sum_exp(weights.log_weights + values)
        lpd[rows] = log_mean_exp(values)
        k[rows] = weights.k
    return Loo(elpd, lpd, k, np.zeros(source.rows, bool), source.draws)


def check_loo(found: Loo, *, simulated: bool, labels: Sequence[str] | None = None) -> CheckResult:
    """Say how many rows' k is above the limit; the table holds the 20 rows with the largest k.

    Parameters
    ----------
    found : Loo
    simulated : bool
        Whether the data are; tables and figures say so.
    labels : sequence of str, optional
        What to call the rows; their positions where absent.
    """
    worst = np.argsort(-found.k, kind="stable")[:20]
    table = pd.DataFrame(
        {
            "row": [labels[i] if labels else str(i) for i in worst],
            "elpd": found.elpd[worst],
            "k": found.k[worst],
            "limit": found.limit,
            "matched": found.matched[worst],
        }
    )
    bad = found.failed.size
    sentence = (
        f"elpd {found.total:.1f} (SE {found.se:.1f}), {found.effective_parameters:.1f} effective parameters; "
        f"{bad} of {found.k.size} rows have k above {found.limit:.2f}"
    )
    if found.matched.any():
        sentence += f" after moment matching of {int(found.matched.sum())}"
    sentence += "."
    if bad:
        sentence += (
            " Their densities are not to be trusted: match moments, or leave their groups out by exact refits; "
            "a row that decides its own prediction is one that the model does not expect."
        )
    return result("leave one row out", bad == 0, table, sentence, partial(_figure, found), simulated=simulated)


@look()
def _figure(found: Loo, simulated: bool) -> Figure:
    figure, axes = shapes.canvas()
    shown = np.clip(np.where(np.isnan(found.k), np.inf, found.k), -0.5, 2.0)
    bad = ~(found.k <= found.limit)
    rows = np.arange(shown.size)
    axes.plot(rows[~bad], shown[~bad], ".", color=MAIN, ms=3, alpha=0.5)
    axes.plot(rows[bad], shown[bad], "x", color=BOUND, ms=5)
    axes.axhline(found.limit, color=QUIET, lw=1, ls="--")
    axes.set_xlabel("row")
    axes.set_ylabel("Pareto k, cut at -0.5 and 2")
    return mark(figure, simulated=simulated)
