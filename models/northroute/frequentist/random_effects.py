"""Random-effects Poisson with gamma heterogeneity by group (Hausman, Hall and Griliches 1984; Stata's ``xtpoisson, re``).

A group's counts are Poisson with means ``v lambda_t`` where v is gamma with mean 1 and variance ``dispersion``; v integrates
out in closed form. Unlike conditional Poisson it needs v to be independent of the covariates: compare the two.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import linalg, special

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist.design import Design, design
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import DISPERSION, mean_block, of_maximum, poisson_start
from northroute.frequentist.maximise import maximise
from northroute.frequentist.scaling import scaled
from northroute.frequentist.separation import Separated, without_separated
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

FAMILY = "random-effects poisson"


def random_effects(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    group: str = "unit",
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "refuse",
) -> Estimate:
    """Fit with gamma heterogeneity of groups; effects after the bar, such as months, enter as dummies.

    The last term is ``log_dispersion``, the log of the variance of the groups' multiplicative effect (Stata's alpha).

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
    group : str
    exposure, offset, name : str, optional
    on_separated : {"refuse", "drop"}

    Raises
    ------
    ModelError
        For data that the design refuses, one group only, no heterogeneity, or no maximum.
    """
    built = design(data, regression(spec, exposure=exposure, offset=offset, name=name), whole=True)
    return fit_design(without_separated(built, on_separated), group)


def fit_design(built: Design, group: str) -> Estimate:
    """Fit to a design whose separated rows are out."""
    codes = built.groups(group)
    block = mean_block(built)
    if codes.max() < 1:
        raise ModelError(f"{built.name}: one {group} only; heterogeneity between groups needs two or more.")
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])
    x, turn = scaled(block.x)
    rows = built.y[order], x[order], block.offset[order], starts, np.add.reduceat(built.y[order], starts)
    coef, mean = poisson_start(built.y, block)
    ratio = rows[-1] / np.add.reduceat(mean[order], starts)
    start = np.r_[np.linalg.solve(turn, coef), np.log(np.clip(np.var(ratio), 0.01, 10.0))]
    found = maximise(lambda theta: likelihood(theta, *rows), start)
    by_row = np.zeros((built.y.size, start.size))
    by_row[order[starts]] = found.scores
    found, own = replace(found, scores=by_row), linalg.block_diag(turn, np.ones((1, 1)))
    mean = np.exp(x @ found.coef[:-1] + block.offset)
    made = of_maximum(
        built,
        found,
        own=own,
        x=block.x,
        terms=(*block.names, DISPERSION),
        mean=mean,
        family=FAMILY,
        model=f"random-effects Poisson of {built.regression.describe()}, gamma by {group}",
        again=lambda other: fit_design(other, group),
    )
    if made.extra["dispersion"] < 1e-8:
        raise ModelError(f"{built.name}: groups do not differ beyond Poisson chance. Fit a pooled Poisson.")
    return replace(made, groups=(group,)).checked()


def likelihood(
    theta: Array, y: Array, x: Array, offset: Array, starts: Ints, totals: Array
) -> tuple[float, Array, Array]:
    """Log likelihood, scores by group (group, term) and information at ``theta``, the slopes and the log dispersion.

    With size ``s = 1 / dispersion``, total Y and mean total L of a group, the heterogeneity contributes
    ``lgamma(s + Y) - lgamma(s) + s log s - (s + Y) log(s + L)`` (Cameron and Trivedi 2013, section 9.5).
    """
    eta = x @ theta[:-1] + offset
    rate = np.exp(np.minimum(eta, 700))
    size = float(np.exp(np.clip(-theta[-1], -28, 28)))
    expected = np.add.reduceat(rate, starts)
    slope = np.add.reduceat(rate[:, None] * x, starts)
    both = size + expected
    posterior = (size + totals) / both
    part = special.gammaln(size + totals) - special.gammaln(size) + size * np.log(size)
    part -= (size + totals) * np.log(both)
    value = float(y @ eta - special.gammaln(y + 1).sum() + part.sum())
    by_size = special.digamma(size + totals) - special.digamma(size) + np.log(size) + 1 - np.log(both) - posterior
    curved = special.polygamma(1, size + totals) - special.polygamma(1, size) + 1 / size - 1 / both
    curved -= (expected - totals) / both**2
    scores = np.column_stack([np.add.reduceat(y[:, None] * x, starts) - posterior[:, None] * slope, -size * by_size])
    k = x.shape[1]
    information = np.empty((k + 1, k + 1))
    weight = np.repeat(posterior, np.diff(np.r_[starts, y.size])) * rate
    information[:k, :k] = x.T @ (weight[:, None] * x) - slope.T @ ((posterior / both)[:, None] * slope)
    information[:k, k] = information[k, :k] = -size * (slope.T @ ((expected - totals) / both**2))
    information[k, k] = -float(np.sum(size**2 * curved + size * by_size))
    return value, scores, information
