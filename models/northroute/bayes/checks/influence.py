"""How far named quantities move when a unit or a country is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.arrays import Array
from northroute.bayes.checks.arrays import Groups, LogLikelihood, group_sums
from northroute.bayes.checks.psis import effective, pareto_limit, smooth
from northroute.check import CheckResult, result
from northroute.errors import ModelError


@dataclass(frozen=True)
class Influence:
    """Change of posterior means without each group.

    Attributes
    ----------
    kind : str
        What the groups are.
    names, quantities : tuple of str
    shift : numpy.ndarray, shape (group, quantity)
        Mean without the group less mean with all, in posterior standard deviations of the quantity.
    k, effective_draws : numpy.ndarray, shape (group,)
        Pareto k and effective number of the weights.
    limit : float
        Largest k that is trusted.
    """

    kind: str
    names: tuple[str, ...]
    quantities: tuple[str, ...]
    shift: Array
    k: Array
    effective_draws: Array
    limit: float


def influence(
    log_likelihood: LogLikelihood,
    groups: Groups,
    quantities: dict[str, Array],
    *,
    relative_ess: float = 1.0,
) -> Influence:
    """Leave each group out by smoothed importance weights and compare posterior means. Works in blocks of rows.

    Parameters
    ----------
    log_likelihood : numpy.ndarray, shape (draw, row), or RowBlocks
    groups : Groups
        Units, or countries.
    quantities : dict of str to numpy.ndarray, shape (draw,)
        Draws of what is reported, in the order of the log likelihood's draws.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        If a quantity is constant, or its draws are not those of the log likelihood.
    """
    sums = group_sums(log_likelihood, groups)
    for name, values in quantities.items():
        if values.shape != (sums.shape[0],):
            raise ModelError(f"'{name}' has shape {values.shape}; give one value for each of {sums.shape[0]} draws.")
        if not values.std() > 0:
            raise ModelError(f"'{name}' does not vary over draws; its shift has no scale. Leave it out.")
    drawn = np.column_stack(list(quantities.values()))
    weights = smooth(-sums, relative_ess)
    shift = (np.exp(weights.log_weights).T @ drawn - drawn.mean(axis=0)) / drawn.std(axis=0, ddof=1)
    return Influence(
        groups.kind,
        groups.names,
        tuple(quantities),
        shift,
        weights.k,
        effective(weights.log_weights),
        pareto_limit(sums.shape[0]),
    )


def check_influence(found: Sequence[Influence], *, simulated: bool, largest: float = 1.0) -> CheckResult:
    """List groups and quantities by the size of the shift, the worst first.

    Passes if no group moves a quantity by ``largest`` posterior standard deviations or more, and no k is above its limit. A
    group whose k fails moves the posterior so much that weights cannot follow: its shift is then a lower bound at best.
    """
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "kind": one.kind,
                    "without": np.repeat(one.names, len(one.quantities)),
                    "quantity": np.tile(one.quantities, len(one.names)),
                    "shift_sd": one.shift.ravel(),
                    "k": np.repeat(one.k, len(one.quantities)),
                    "effective_draws": np.repeat(one.effective_draws, len(one.quantities)),
                    "trusted": np.repeat(one.k <= one.limit, len(one.quantities)),
                }
            )
            for one in found
        ]
    ).sort_values("shift_sd", key=np.abs, ascending=False, kind="stable", ignore_index=True)
    first = table.iloc[0]
    doubtful = table.loc[~table["trusted"], ["kind", "without"]].drop_duplicates()
    passed = bool(abs(first["shift_sd"]) < largest and doubtful.empty)
    sentence = (
        f"Without {first['kind']} {first['without']} the mean of {first['quantity']} moves by {first['shift_sd']:+.2f} "
        "posterior sd, the most of all."
    )
    if not doubtful.empty:
        named = ", ".join(doubtful["without"].astype(str).head(5)) + (
            f" and {len(doubtful) - 5} more" if len(doubtful) > 5 else ""
        )
        sentence += f" Weights fail for {named}: refit without each before its shift is believed."
    elif not passed:
        sentence += " Report the estimate without it, too."
    shown = table.head(20)
    labels = [f"{r.kind} {r.without}: {r.quantity}" for r in shown.itertuples()]
    values, label = shown["shift_sd"].to_numpy(float), "shift of the mean without it, posterior sd"
    figure = partial(shapes.bars, labels, values, label)
    return result("influence of groups", passed, table, sentence, figure, simulated=simulated)
