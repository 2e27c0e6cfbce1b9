"""Conditional fixed-effects Poisson (Hausman, Hall and Griliches 1984, Econometrica 52:909).

Given a group's total, its counts are multinomial with probabilities ``exp(x b) / sum exp(x b)``, so that the groups' effects
drop out. The slopes are those of Poisson with the groups' effects absorbed; the likelihood is not. Robust to any variance
and serial dependence with errors clustered by group (Wooldridge 1999, Journal of Econometrics 90:77).
"""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist.absorb import absorber
from northroute.frequentist.collinearity import collinear
from northroute.frequentist.design import Design, design
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import mean_block, of_maximum
from northroute.frequentist.maximise import maximise
from northroute.frequentist.separation import Separated, without_separated
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

FAMILY = "conditional poisson"


def conditional_poisson(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    group: str = "unit",
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "drop",
    on_collinear: Literal["refuse", "drop"] = "refuse",
) -> Estimate:
    """Fit given the groups' totals; further effects after the bar, such as months, enter as dummies.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
        Without the group's own effect.
    group : str
        Column whose effects are conditioned out.
    exposure, offset, name : str, optional
    on_separated : {"refuse", "drop"}
        Groups of one row or with zeros only say nothing; by default they are left out and counted.
    on_collinear : {"refuse", "drop"}
        What to do with terms that do not vary within groups or that others determine; dropped ones are named in
        ``collinear``.

    Raises
    ------
    ModelError
        For data that the design refuses, terms that do not vary within groups, or no maximum.
    """
    spec = regression(spec, exposure=exposure, offset=offset, name=name)
    if group in spec.effects:
        raise ModelError(f"{spec.label}: '{group}' is conditioned out; leave it out of the effects after the bar.")
    built = design(data, replace(spec, effects=(group, *spec.effects)), whole=True)
    return fit_design(without_separated(built, on_separated), on_collinear)


def fit_design(built: Design, on_collinear: Literal["refuse", "drop"] = "refuse") -> Estimate:
    """Fit to a design whose first effect is the group and whose separated rows are out."""
    lost: tuple[str, ...] = ()
    if on_collinear == "drop":
        means = absorber(built.effects[:1]).residual(built.x, np.ones(built.y.size))
        out = collinear(built.x, means, np.ones(built.y.size))
        lost = tuple(t for t, o in zip(built.terms, out, strict=True) if o)
        built = built.without(out)
    if not built.x.shape[1]:
        raise ModelError(f"{built.name}: name at least one covariate that varies within {built.effects[0].name}.")
    group, others = built.effects[0], built.effects[1:]
    block = mean_block(replace(built, effects=others)) if others else None
    x = np.delete(block.x, built.x.shape[1], axis=1) if block is not None else built.x
    order = np.argsort(group.codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group.codes[order]) > 0])
    y, x, offset = built.y[order], np.ascontiguousarray(x[order]), built.offset[order]
    sizes = np.diff(np.r_[starts, y.size])
    totals = np.add.reduceat(y, starts)
    centred = x - np.repeat(np.add.reduceat(x, starts) / sizes[:, None], sizes, axis=0)
    out = collinear(x, centred, np.ones(y.size))
    if out.any():
        names = [t for t, o in zip(built.terms, out, strict=False) if o] or ["a dummy of the effects"]
        raise ModelError(f"{built.name}: {names} does not vary within {group.name}, or is collinear. Leave it out.")
    # totals are given, so that a column's level says nothing; its unit is put back below
    unit = centred.std(axis=0)
    x = (x - x.mean(axis=0)) / unit

    def likelihood(coef: Array) -> tuple[float, Array, Array]:
        value, mean, within = shares(coef, y, x, offset, starts, sizes, totals)
        return value, within * (y - mean)[:, None], within.T @ (mean[:, None] * within)

    found = maximise(likelihood, np.zeros(x.shape[1]))
    _, mean, within = shares(found.coef, y, x, offset, starts, sizes, totals)
    back = np.argsort(order)
    whole = special.gammaln(totals + 1).sum() - special.gammaln(y + 1).sum()
    dummies = [f"dummy {k}" for k in range(x.shape[1] - built.x.shape[1])]
    made = of_maximum(
        built,
        replace(found, scores=found.scores[back], value=found.value + float(whole)),
        own=np.diag(1 / unit),
        x=(within * unit)[back],
        terms=(*built.terms, *dummies),
        mean=mean[back],
        family=FAMILY,
        model=f"conditional Poisson of {built.regression.describe()}, given totals by {group.name}",
        again=fit_design,
    )
    return replace(made, likelihood=False, collinear=lost).checked()


def shares(
    coef: Array,
    y: Array,
    x: Array,
    offset: Array,
    starts: Ints,
    sizes: Ints,
    totals: Array,
) -> tuple[float, Array, Array]:
    """Evaluate the multinomial likelihood on rows sorted by group.

    Parameters
    ----------
    coef : array, shape (term,)
    y, offset : array, shape (row,)
    x : array, shape (row, term)
    starts, sizes, totals : array, shape (group,)
        First row, number of rows and total count of each group.

    Returns
    -------
    value : float
    mean : array, shape (row,)
        Expected count given the group's total.
    x_within : array, shape (row, term)
        Change of the log mean with the coefficients.
    """
    eta = x @ coef + offset
    top = np.maximum.reduceat(eta, starts)
    weight = np.exp(eta - np.repeat(top, sizes))
    whole = np.add.reduceat(weight, starts)
    share = weight / np.repeat(whole, sizes)
    centre = np.add.reduceat(share[:, None] * x, starts)
    value = float(y @ eta - totals @ (top + np.log(whole)))
    return value, share * np.repeat(totals, sizes), x - np.repeat(centre, sizes, axis=0)
