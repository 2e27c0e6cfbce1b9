"""Poisson pseudo-maximum likelihood with any number of absorbed effects.

Consistent for the conditional mean whatever the dispersion (Gourieroux, Monfort and Trognon 1984, Econometrica 52:701); only
the errors have to be robust. Singletons and separated rows are left out first, as in ppmlhdfe, and counted.
"""

from typing import Literal

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist import irls
from northroute.frequentist.absorb import absorber
from northroute.frequentist.collinearity import collinear
from northroute.frequentist.design import Design, design
from northroute.frequentist.estimate import Estimate, pearson_spread, scaled_gradient
from northroute.frequentist.likelihood import check_level
from northroute.frequentist.scaling import inverse
from northroute.frequentist.separation import Separated, prune, require
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

FAMILY = "poisson"


def poisson(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_collinear: Literal["refuse", "drop"] = "refuse",
    on_separated: Separated = "drop",
) -> Estimate:
    """Fit by Poisson pseudo-maximum likelihood.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
        Such as ``"events ~ x + x:z | unit + month"``.
    exposure, offset, name : str, optional
        See :class:`Regression`.
    on_collinear : {"refuse", "drop"}
        What to do with a term that the others or the effects determine; dropped terms are named in ``collinear``.
    on_separated : {"drop", "refuse"}
        What to do with singletons and rows without a finite estimate, such as a unit with zeros only; dropped rows are
        counted.

    Raises
    ------
    ModelError
        For data that :func:`northroute.frequentist.design.design` refuses, collinear terms, nothing left after
        separation, or no convergence.
    """
    built = design(data, regression(spec, exposure=exposure, offset=offset, name=name))
    return fit_design(built, on_collinear=on_collinear, on_separated=on_separated)


def fit_design(
    built: Design,
    *,
    on_collinear: Literal["refuse", "drop"] = "refuse",
    on_separated: Separated = "drop",
    start: Array | None = None,
    separation: bool = True,
) -> Estimate:
    """Fit to a design; ``start`` gives means to start from, ``separation=False`` skips the search for combinations."""
    pruned = prune(built, rectifier=separation)
    require(built, pruned, on_separated)
    if not pruned.keep.all():
        start = start[pruned.keep] if start is not None else None
        built = built.keep(pruned.keep, pruned.counts)
    built = built.settled()
    within = absorber(built.effects)
    # the effects are cleared once at the start weights; the columns then differ from the covariates by effects only
    weights = start if start is not None else (built.y + built.y.mean()) / 2
    if not built.effects:
        check_level(built.x, built.terms, built.name)
    cleared = within.residual(built.x - built.x.mean(axis=0), weights, 1e-8) if built.effects else built.x
    out = collinear(built.x, cleared, weights)
    lost = tuple(t for t, o in zip(built.terms, out, strict=True) if o)
    if lost:
        if on_collinear == "refuse":
            raise ModelError(
                f"{built.name}: {list(lost)} is collinear with the other terms or absorbed by the effects. Leave it out."
            )
        built, cleared = built.without(out), cleared[:, ~out]
    if not built.x.shape[1]:
        raise ModelError(f"{built.name}: name at least one covariate that the effects do not absorb.")
    found = irls.solve(built.y, cleared, built.offset, within, start=start)
    if not found.converged:
        raise ModelError(
            f"{built.name}: no convergence in {found.iterations} iterations. Rescale the covariates, or look for separation."
        )
    _settled(built, found.mean)
    scores = found.x_within * (built.y - found.mean)[:, None]
    bread = inverse(found.x_within, found.mean)
    return Estimate(
        model=f"Poisson of {built.regression.describe()}",
        family=FAMILY,
        design=built,
        terms=built.terms,
        coef=found.coef,
        scores=scores,
        bread=bread,
        mean=found.mean,
        loglik=irls.log_likelihood(built.y, found.mean),
        likelihood=False,
        iterations=found.iterations,
        gradient=scaled_gradient(scores, bread) / pearson_spread(built.y, found.mean),
        collinear=lost,
        x_within=found.x_within,
        again=fit_design,
    ).checked()


def _settled(built: Design, mean: Array) -> None:
    """Refuse fitted totals that differ from observed ones at a level of an effect by a thousandth of their spread."""
    for effect in built.effects:
        total = np.bincount(effect.codes, mean, minlength=effect.levels)
        gap = np.abs(np.bincount(effect.codes, built.y, minlength=effect.levels) - total)
        # a quasi-likelihood's outcome may be in any unit: the spread is that of the residuals
        spread = np.sqrt(np.bincount(effect.codes, (built.y - mean) ** 2, minlength=effect.levels))
        if (gap > 1e-3 * spread + 1e-9 * total).any():
            raise ModelError(
                f"{built.name}: the effects of {effect.name} did not settle. Use fewer or coarser effects, or drop levels "
                "that few rows connect with the others."
            )
