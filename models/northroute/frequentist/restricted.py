"""The fit without one term: what score tests, the score bootstrap and randomisation start from."""

from dataclasses import dataclass

import numpy as np

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist import irls
from northroute.frequentist.absorb import absorber
from northroute.frequentist.estimate import Estimate


@dataclass(frozen=True)
class Restricted:
    """The restricted fit of a term.

    Attributes
    ----------
    residual : array, shape (row,)
        Observed minus expected counts.
    scores : array, shape (row,)
        The term's scores, cleared of the effects and of the other terms at the restricted weights.
    """

    residual: Array
    scores: Array


def restrict(fit: Estimate, term: str) -> Restricted:
    """Fit a Poisson model again with the term's coefficient at zero.

    Raises
    ------
    ModelError
        For a model other than Poisson, an unknown term, or no convergence.
    """
    if fit.family != "poisson":
        raise ModelError(
            f"{fit.name}: this method is for Poisson fits, not {fit.family}. Use errors from a covariance."
        )
    at = fit.design.term(term)
    built = fit.design
    within = absorber(built.effects)
    others = np.delete(np.arange(built.x.shape[1]), at)
    solution = irls.solve(built.y, built.x[:, others], built.offset, within, start=fit.mean)
    if not solution.converged:
        raise ModelError(
            f"{fit.name}: no convergence without '{term}'. Rescale the covariates, or look for separation."
        )
    column = within.residual(built.x[:, [at]], solution.mean, 1e-10)[:, 0]
    if others.size:
        weighted = solution.mean[:, None] * solution.x_within
        column = column - solution.x_within @ np.linalg.solve(weighted.T @ solution.x_within, weighted.T @ column)
    residual = built.y - solution.mean
    return Restricted(residual, column * residual)
