"""Checks of a fit, one a module; each returns a table, a sentence and a figure. :func:`run` takes those that apply."""

from northroute.check import CheckResult
from northroute.frequentist.checks.autocorrelation import autocorrelation
from northroute.frequentist.checks.collinear_terms import collinear_terms
from northroute.frequentist.checks.convergence import converged, finite_covariance
from northroute.frequentist.checks.dispersion import overdispersion
from northroute.frequentist.checks.leads import strict_exogeneity
from northroute.frequentist.checks.leave_out import leave_one_country, leave_one_year
from northroute.frequentist.checks.leverage import leverage
from northroute.frequentist.checks.moran import morans_i
from northroute.frequentist.checks.placebo import placebo_outcomes, shared_source
from northroute.frequentist.checks.reset import reset
from northroute.frequentist.checks.run import run
from northroute.frequentist.checks.separation import separated, singletons
from northroute.frequentist.checks.zeros import zero_share

__all__ = [
    "CheckResult",
    "autocorrelation",
    "collinear_terms",
    "converged",
    "finite_covariance",
    "leave_one_country",
    "leave_one_year",
    "leverage",
    "morans_i",
    "overdispersion",
    "placebo_outcomes",
    "reset",
    "run",
    "separated",
    "shared_source",
    "singletons",
    "strict_exogeneity",
    "zero_share",
]
