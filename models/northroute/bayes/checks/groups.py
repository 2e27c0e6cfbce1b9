"""Predictive density of whole groups, each left out: a region, or a country."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array, Bools, Ints
from northroute.bayes.checks.arrays import Groups, LogLikelihood, group_sums
from northroute.bayes.checks.psis import log_mean_exp, log_sum_exp, pareto_limit, smooth
from northroute.check import CheckResult, result
from northroute.errors import ModelError


@dataclass(frozen=True)
class GroupElpd:
    """Joint log predictive density of each group's rows given all other groups.

    Attributes
    ----------
    kind : str
        What the groups are.
    names : tuple of str
    elpd : numpy.ndarray, shape (group,)
        In nats.
    k : numpy.ndarray, shape (group,)
        Pareto k of importance sampling, kept also where a refit replaced it.
    refitted : numpy.ndarray of bool, shape (group,)
    rows : numpy.ndarray of int, shape (group,)
    limit : float
        Largest k that is trusted.
    """

    kind: str
    names: tuple[str, ...]
    elpd: Array
    k: Array
    refitted: Bools
    rows: Ints
    limit: float

    @property
    def failed(self) -> Ints:
        """Groups whose k is above the limit and that were not refitted."""
        return np.flatnonzero(~(self.k <= self.limit) & ~self.refitted)


def leave_group_out(
    log_likelihood: LogLikelihood,
    groups: Groups,
    *,
    refit: Callable[[int], Array] | None = None,
    relative_ess: float = 1.0,
) -> GroupElpd:
    """Leave each group out by importance sampling over the sum of its rows' log likelihood, and by refits where that fails.

    A group with parameters of its own, such as a region's intercept, usually fails: without its rows those parameters go
    back to their population, far from the posterior that was sampled. Only an exact refit answers then. Works in blocks of
    rows.

    Parameters
    ----------
    log_likelihood : numpy.ndarray, shape (draw, row), or RowBlocks
    groups : Groups
    refit : callable, optional
        From a group's code to the log likelihood of its rows, shape (draw, k), under a fit to all other rows, with the
        group's own parameters drawn from their population. Called only for groups whose k is above the limit.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        If there is one group only, or a refit returns other than the group's rows.
    """
    if len(groups) < 2:
        raise ModelError(f"There is one {groups.kind} only; nothing is left to predict it from.")
    sums = group_sums(log_likelihood, groups)
    weights = smooth(-sums, relative_ess)
    limit = pareto_limit(sums.shape[0])
    elpd = log_sum_exp(weights.log_weights + sums)
    refitted = np.zeros(len(groups), bool)
    sizes = groups.sizes
    if refit is not None:
        for g in np.flatnonzero(~(weights.k <= limit)):
            held = refit(int(g))
            if held.ndim != 2 or held.shape[1] != sizes[g]:
                raise ModelError(
                    f"The refit without {groups.kind} {groups.names[g]} returned shape {held.shape}; "
                    f"return (draw, {sizes[g]}), one column a held-out row."
                )
            elpd[g], refitted[g] = log_mean_exp(held.sum(axis=1)), True
    return GroupElpd(groups.kind, groups.names, elpd, weights.k, refitted, sizes, limit)


def check_groups(found: GroupElpd, *, simulated: bool) -> CheckResult:
    """List groups by density a row, the worst predicted first, and say which need an exact refit."""
    table = pd.DataFrame(
        {
            found.kind: found.names,
            "rows": found.rows,
            "elpd": found.elpd,
            "elpd_row": found.elpd / found.rows,
            "k": found.k,
            "how": np.where(found.refitted, "exact refit", "importance sampling"),
            "trusted": found.refitted | (found.k <= found.limit),
        }
    ).sort_values("elpd_row", kind="stable")
    bad = found.failed
    sentence = (
        f"Leaving one {found.kind} out: elpd {found.elpd.sum():.1f} over {len(found.names)}, "
        f"{int(found.refitted.sum())} by exact refit; {table.iloc[0][found.kind]} is predicted worst."
    )
    if bad.size:
        named = ", ".join(found.names[g] for g in bad[:5]) + (f" and {bad.size - 5} more" if bad.size > 5 else "")
        sentence += (
            f" Importance sampling fails (k above {found.limit:.2f}) for {named}: "
            "their densities, and the sum, need an exact refit without each."
        )
    values, label = table["elpd_row"].to_numpy(float), f"log predictive density a row, {found.kind} left out"
    figure = partial(shapes.bars, [str(n) for n in table[found.kind]], values, label)
    return result(f"leave one {found.kind} out", bad.size == 0, table, sentence, figure, simulated=simulated)
