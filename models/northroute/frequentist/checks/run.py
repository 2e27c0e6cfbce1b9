"""The checks that apply to a Poisson fit of a panel, in the order in which they are read."""

from collections.abc import Callable, Sequence

import pandas as pd

from northroute.check import CheckResult
from northroute.errors import ModelError
from northroute.frequentist.checks.autocorrelation import autocorrelation
from northroute.frequentist.checks.collinear_terms import collinear_terms
from northroute.frequentist.checks.convergence import converged, finite_covariance
from northroute.frequentist.checks.dispersion import overdispersion
from northroute.frequentist.checks.leads import strict_exogeneity
from northroute.frequentist.checks.leave_out import leave_one_country, leave_one_year
from northroute.frequentist.checks.leverage import leverage
from northroute.frequentist.checks.moran import morans_i
from northroute.frequentist.checks.placebo import placebo_outcomes
from northroute.frequentist.checks.reset import reset
from northroute.frequentist.checks.separation import separated, singletons
from northroute.frequentist.checks.zeros import zero_share
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.design import table_of
from northroute.frequentist.estimate import Estimate
from northroute.panel import Panel


def run(
    data: Panel | pd.DataFrame,
    fit: Estimate,
    term: str,
    *,
    by: str = "country",
    unit: str = "unit",
    time: str = "month",
    lon: str = "lon",
    lat: str = "lat",
    placebos: Sequence[str] = (),
) -> tuple[tuple[CheckResult, ...], dict[str, str]]:
    """Run every check whose columns are there.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
        What the fit was made from, with the rows that it left out.
    fit : Estimate
        Poisson.
    term : str
        The covariate of interest.
    by, unit, time, lon, lat : str
        Columns of clusters, units, months and places.
    placebos : sequence of str
        Outcomes that the covariate should leave alone.

    Returns
    -------
    results : tuple of CheckResult
    skipped : dict of str to str
        Checks that could not be run, and why.
    """
    frame, spec = table_of(data), fit.design.regression
    jobs: dict[str, Callable[[], CheckResult]] = {
        "separation": lambda: separated(frame, spec),
        "singletons": lambda: singletons(frame, spec),
        "collinear terms": lambda: collinear_terms(fit),
        "convergence": lambda: converged(fit),
        "finite covariance": lambda: finite_covariance(fit, cluster(fit, by)),
        "overdispersion": lambda: overdispersion(fit),
        "zero share": lambda: zero_share(fit),
        "RESET": lambda: reset(fit, by),
        "residual autocorrelation": lambda: autocorrelation(fit, unit=unit, time=time),
        "Moran's I": lambda: morans_i(fit, unit=unit, time=time, lon=lon, lat=lat),
        "leverage": lambda: leverage(fit, term, by=by),
        "strict exogeneity by leads": lambda: strict_exogeneity(fit, term, by=by, unit=unit, time=time),
        "leave one country out": lambda: leave_one_country(fit, term, country=by),
        "leave one year out": lambda: leave_one_year(fit, term, time=time),
    }
    if placebos:
        jobs["placebo outcomes"] = lambda: placebo_outcomes(fit, term, placebos, by=by)
    results, skipped = [], {}
    for name, job in jobs.items():
        try:
            results.append(job())
        except ModelError as failure:
            skipped[name] = str(failure)
    return tuple(results), skipped
