"""Whether the estimation ended at a maximum, with a covariance that is finite."""

from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.estimate import GRADIENT, Estimate


def converged(fit: Estimate) -> CheckResult:
    """Compare what is left of the gradient with a thousandth of a standard error."""
    table = pd.DataFrame({"iterations": [fit.iterations], "gradient": [fit.gradient], "allowed": [GRADIENT]})
    sentence = f"{fit.iterations} iterations; the gradient that is left is {fit.gradient:.1g} standard errors."
    figure = partial(shapes.bars, ["gradient"], [fit.gradient], "standard errors", bound=GRADIENT)
    advice = "Rescale the covariates or simplify the model."
    return result(fit, "convergence", fit.gradient <= GRADIENT, table, sentence, figure, advice)


def finite_covariance(fit: Estimate, errors: Errors) -> CheckResult:
    """Look for coefficients without a finite standard error, and for a covariance of lower rank than its terms."""
    covariance = errors.covariance if errors.covariance is not None else fit.bread
    scale = np.sqrt(np.abs(np.diag(covariance)))
    values = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    rank = int((values > 1e-10 * values.max()).sum())
    finite = bool(np.isfinite(covariance).all() and (np.diag(covariance) > 0).all())
    table = pd.DataFrame({"term": fit.terms, "se": scale})
    sentence = (
        f"Standard errors ({errors.kind}) are {'all' if finite else 'not all'} finite; rank {rank} of {len(scale)}."
    )
    if rank < len(scale):
        sentence += " Joint tests of all terms are not possible with so few clusters."
    figure = partial(shapes.bars, fit.terms, scale, "standard error")
    return result(fit, "finite covariance", finite, table, sentence, figure)
