"""CRV3: leave one cluster out, fit again.

``(G - 1) / G * sum_g (b[-g] - b)(b[-g] - b)'`` (Bell and McCaffrey 2002; MacKinnon, Nielsen and Webb 2023, Journal of
Applied Econometrics 38:671), here by full refits, so that it is exact for a model that is not linear. With five clusters of
unequal size it is the method to believe first.
"""

import numpy as np

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.result import Errors, from_covariance
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.refit import refit


def jackknife(fit: Estimate, by: str) -> Errors:
    """Leave-one-cluster-out errors, t(G - 1).

    Raises
    ------
    ModelError
        For one cluster only, or a model that cannot be fitted without one of the clusters, which is named.
    """
    left = leave_one_out(fit, by)
    count = len(left)
    moves = left - fit.coef
    covariance = (count - 1) / count * moves.T @ moves
    return from_covariance(fit, covariance, count - 1, f"CRV3, leave one {by} out", {by: count}, "none")


def leave_one_out(fit: Estimate, by: str) -> Array:
    """Coefficients without each cluster, shape (cluster, term), in the order of :func:`groups.labels`."""
    codes, count = groups.clusters(fit, by)
    names = groups.labels(fit, by)
    rows = []
    for g in range(count):
        try:
            again = refit(fit, codes != g)
            lost = [t for t in fit.terms if t not in again.terms]
            if lost or again.terms != fit.terms:
                raise ModelError(
                    f"{lost or list(again.terms)} have no row without it; put the category behind the bar, as an effect, "
                    "which leaves the other coefficients as they are."
                )
            rows.append(again.coef)
        except ModelError as failure:
            raise ModelError(
                f"{fit.name}: cannot be fitted without {by} {names[g]}, so what it says rests on that one. ({failure})"
            ) from failure
    return np.stack(rows)
