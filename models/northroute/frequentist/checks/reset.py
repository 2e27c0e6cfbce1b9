"""Is the mean right in form? Ramsey's RESET for a log mean, as in Santos Silva and Tenreyro (2006, REStat 88:641)."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from northroute.check import CheckResult, sourced
from northroute.errors import ModelError
from northroute.frequentist import ppml
from northroute.frequentist.checks import draw
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
    half = float(stats.t.ppf(0.975, errors.df) * errors.se[-1])
    p = float(errors.p[-1])
    table = pd.DataFrame(
        {"term": [SQUARE], "coef": [again.coef[-1]], "se": [errors.se[-1]], "df": [errors.df], "p": [p]}
    ).assign(low=again.coef[-1] - half, high=again.coef[-1] + half)
    passed = p > 0.05
    sentence = f"The squared index has p = {p:.3f}, clustered by {by}, t({errors.df:g}), {again.rows:,} rows."
    if not passed:
        sentence += " The mean is not log-linear in these terms: add curvature or interactions."
    return CheckResult(
        "RESET",
        passed,
        sourced(table, simulated=fit.simulated),
        sentence,
        lambda: draw.intervals(table, "term", "coefficient, 95 %", simulated=fit.simulated),
    )
