"""Errors robust to any variance of independent rows (Eicker, Huber, White)."""

from northroute.frequentist.covariance.convention import sandwich
from northroute.frequentist.covariance.result import Errors, from_covariance
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.spec import Convention


def heteroskedastic(fit: Estimate, *, convention: Convention = "fixest") -> Errors:
    """Sandwich of the rows' scores, t(N - terms); rows are taken as independent, which region-months are not.

    Grouped models (conditional, random effects, GEE) have one score a group: their rows are the groups.

    Raises
    ------
    ModelError
        For an unknown convention or a covariance that is not positive.
    """
    scores = fit.scores[fit.scores.any(axis=1)] if fit.groups else fit.scores
    n = len(scores)
    covariance = sandwich(fit, scores.T @ scores, convention, None, rows=n)
    what = fit.groups[0] if fit.groups else "rows"
    return from_covariance(fit, covariance, n - len(fit.terms), "heteroskedastic", {what: n}, convention)
