"""Negative binomial NB2 by maximum likelihood, pooled or with dummies for effects.

``Var = mu + dispersion * mu^2``. Errors clustered by :func:`northroute.frequentist.covariance.cluster`. Dummies of many
short units bias it (incidental parameters; Allison and Waterman 2002, Sociological Methodology 32:247); Poisson has no such
bias.
"""

import numpy as np
import pandas as pd

from northroute.frequentist import densities
from northroute.frequentist.design import Design, design
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import dispersion_block, dispersion_start, fit, mean_block, poisson_start
from northroute.frequentist.separation import Separated, without_separated
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

FAMILY = "negative binomial"


def negative_binomial(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "refuse",
) -> Estimate:
    """Fit NB2; effects after the bar enter as dummies.

    The last term is ``log_dispersion``; ``extra["dispersion"]`` is statsmodels' and Stata's alpha, and 1 over R's theta.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
        Fractional outcomes are refused.
    spec : str or Regression
    exposure, offset, name : str, optional
    on_separated : {"refuse", "drop"}
        What to do with rows without a finite estimate, such as a unit with zeros only under unit effects.

    Raises
    ------
    ModelError
        For data that the design refuses, separated rows, too many dummies, counts that do not vary more than Poisson's, or a
        maximum that is not one.
    """
    built = design(data, regression(spec, exposure=exposure, offset=offset, name=name), whole=True)
    return fit_design(without_separated(built, on_separated))


def fit_design(built: Design) -> Estimate:
    """Fit to a design whose separated rows are out."""
    block = mean_block(built)
    coef, mean = poisson_start(built.y, block)
    start = np.r_[coef, dispersion_start(built.y, mean)]
    blocks = (block, dispersion_block(built.y.size))
    return fit(
        built,
        blocks,
        densities.negative_binomial,
        start,
        family=FAMILY,
        model=f"NB2 of {built.regression.describe()}",
        mean=lambda index: np.exp(index[:, 0]),
        again=fit_design,
    )
