"""Errors from a model's own information matrix; for models of the whole distribution only."""

from northroute.errors import ModelError
from northroute.frequentist.covariance.result import Errors, from_covariance
from northroute.frequentist.estimate import Estimate


def information(fit: Estimate) -> Errors:
    """Inverse of the observed information, t(N - terms): right only if the whole distribution and independence are.

    Raises
    ------
    ModelError
        For a Poisson quasi-likelihood, whose variance is never taken at its word here.
    """
    if not fit.likelihood:
        raise ModelError(
            f"{fit.name}: independent Poisson errors are refused, for counts vary more than a Poisson's and depend on each "
            "other. Cluster the errors, for instance by country. (To compare with a table of another program: the inverse "
            "information stands in the fit's 'bread'.)"
        )
    n = fit.rows
    return from_covariance(fit, fit.bread, n - len(fit.terms), "model's own (independent rows)", {"rows": n}, "none")
