"""Is the mean right in form? Ramsey's RESET for a log mean, as in Santos Silva and Tenreyro (2006, REStat 88:641)."""

from dataclasses import replace
from functools import partial

import numpy as np

from northroute import shapes
from northroute.check import CheckResult
from northroute.errors import ModelError
from northroute.frequentist import ppml
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.estimate import Estimate

SQUARE = "squared index"


def reset(fit: Estimate, by: str) -> CheckResult:
    """Add the square of the fitted log mean (without exposure) and test its coefficient with errors clustered by ``by``.

    Raises
    ------
    ModelError
        For a model other than Poisson, or if the square is collinear.
    """
    if fit.family != ppml.FAMILY:
        raise ModelError(f"{fit.name}: RESET is for Poisson fits, not {fit.family}.")
    index = np.log(fit.mean) - fit.design.offset
    square = (index - index.mean()) ** 2
    wider = replace(fit.design, x=np.column_stack([fit.design.x, square]), terms=(*fit.terms, SQUARE))
    again = ppml.fit_design(wider, start=fit.mean, separation=False)
    errors = cluster(again, by)
    p = float(errors.p[-1])
    table = errors.table(0.95).iloc[[-1]][["term", "coef", "se", "df", "p", "low", "high"]]
    sentence = f"The squared index has p = {p:.3f}, clustered by {by}, t({errors.df:g}), {again.rows:,} rows."
    advice = "The mean is not log-linear in these terms: add curvature or interactions."
    figure = partial(shapes.intervals, table, "term", "coefficient, 95 %")
    return result(fit, "RESET", p > 0.05, table, sentence, figure, advice)
