r"""Whose prior makes the log mean vary: each prior's share of the variance over draws from the prior, and what mends it.

With :math:`\eta_i = \sum_k w_{ik}\theta_k`, a prior's share is the mean over rows of :math:`\mathrm{Var}(w_{ik}\theta_k)`,
summed over what it governs, out of all of these: a slope's rests on the size of its covariate, so that a slope on metres is
told from the intercept. Effects count for the prior of their standard deviation, loadings times effects for the loading's.
"""

from dataclasses import dataclass

import numpy as np

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Kind
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.names import of_scalars
from northroute.bayes.program.uses import covariates_of

FAR = 3.0
"""A covariate whose mean lies this many standard deviations from zero is told to be centred."""


@dataclass(frozen=True)
class Shares:
    """Shares of the variance of the log mean by the prior that governs them, and what would mend each."""

    share: dict[str, float]
    remedy: dict[str, str]


def shares(assembled: Assembled, values: Array) -> Shares:
    """Return the shares of every prior that the first predictor rests on.

    Parameters
    ----------
    assembled : Assembled
    values : array, shape (draw, value)
        Drawn from the prior.
    """
    layout, program = assembled.layout, assembled.program
    names = of_scalars(layout)
    governed = _governed(assembled, names)
    moved: dict[str, float] = {}
    remedy: dict[str, str] = {}
    for record in (r for r in program.dense if r.predictor == 0):
        for j, column in enumerate(covariates_of(program, record).T):
            name = names[record.value + j]
            variance = float(np.var(values[:, record.value + j])) * float(np.square(column).sum())
            moved[name] = moved.get(name, 0.0) + variance
            remedy[name] = _of_slope(name, column)
    for use in (u for u in layout.uses if u.predictor == 0):
        ids, weight, other = use.ids, use.weight, use.other
        pairs = np.column_stack([ids, ids if other is None else other])
        distinct, place = np.unique(pairs, axis=0, return_inverse=True)
        sizes = np.bincount(place.ravel(), np.ones(ids.size) if weight is None else np.square(weight))
        for (one, two), size in zip(distinct, sizes, strict=True):
            drawn = values[:, one] if other is None else values[:, one] * values[:, two]
            name = governed.get(int(one), "")
            moved[name] = moved.get(name, 0.0) + float(np.var(drawn)) * float(size)
            if weight is not None:
                remedy.setdefault(name, _of_slope(name, weight))
    total = sum(moved.values()) or 1.0
    return Shares({name: moved[name] / total for name in moved if name}, remedy)


def _governed(assembled: Assembled, names: list[str]) -> dict[int, str]:
    """Return the name of the prior behind every value: a scalar's own, an effect's standard deviation's."""
    found = dict(enumerate(names))
    for block in assembled.layout.blocks:
        first, stop = block.span
        level, dim = np.divmod(np.arange(stop - first), int(block.record.dims))
        if block.record.kind == Kind.BYM2:
            batch = np.zeros_like(level)
        elif block.basis is not None:
            batch = level // block.basis.shape[0]
        else:
            batch = np.searchsorted(block.pointer, level, side="right") - 1
        found |= {first + i: names[j] for i, j in enumerate(block.sd[batch, dim])}
    return found


def _of_slope(name: str, column: Array) -> str:
    """Say what would mend the prior of a slope on a covariate."""
    mean, sd = float(column.mean()), float(column.std())
    if abs(mean) > FAR * sd > 0:
        return (
            f"The covariate of {name} is {mean:.4g} on average with a standard deviation of {sd:.3g}: centre it, or leave "
            "the priors of intercept and slope out, whose defaults suit its units."
        )
    return f"The covariate of {name} has a standard deviation of {sd:.3g}: leave the prior out; its default suits that."
