"""Whether next month's covariate goes with this month's count; then it is not strictly exogenous."""

from dataclasses import replace
from functools import partial

import numpy as np

from northroute import shapes
from northroute.check import CheckResult
from northroute.errors import ModelError
from northroute.frequentist import ppml
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.dynamics import distributed_lags
from northroute.frequentist.estimate import Estimate


def strict_exogeneity(
    fit: Estimate, term: str, *, leads: int = 1, by: str = "country", unit: str = "unit", time: str = "month"
) -> CheckResult:
    """Add leads of a column and test each with errors clustered by ``by`` (Wooldridge 2010, section 18.7).

    Fixed effects need covariates that do not answer to past counts. A lead that matters says that they do, or that something
    moves both.

    Raises
    ------
    ModelError
        For a model other than Poisson, a term that is not a column, or leads that leave no row.
    """
    if fit.family != ppml.FAMILY:
        raise ModelError(f"{fit.name}: the test by leads is for Poisson fits, not {fit.family}.")
    fit.term(term)
    # leads come from the whole table: the next month counts even where the fit could not use its row
    whole, names = distributed_lags(fit.design.table, term, lags=0, leads=leads, unit=unit, time=time)
    added = names[:leads]
    values = whole[list(added)].to_numpy(float)[fit.design.at]
    here = np.isfinite(values).all(axis=1)
    x = np.column_stack([fit.design.x, values])
    again = ppml.fit_design(replace(fit.design, x=x, terms=(*fit.terms, *added)).keep(here), start=fit.mean[here])
    errors = cluster(again, by)
    table = errors.table(0.95).set_index("term").loc[[term, *added]].reset_index()
    table = table[["term", "coef", "se", "df", "p", "low", "high"]]
    smallest = float(table["p"].iloc[1:].min()) * leads
    sentence = (
        f"The {'lead' if leads == 1 else 'leads'} of {term}: smallest p x {leads} = {min(smallest, 1):.3f}, by {by}; "
        f"{again.rows:,} of {fit.rows:,} rows have one."
    )
    advice = "The covariate answers to past counts, or both to something else: the slope holds feedback, too."
    figure = partial(shapes.intervals, table, "term", "coefficient, 95 %")
    return result(fit, "strict exogeneity by leads", smallest > 0.05, table, sentence, figure, advice)
