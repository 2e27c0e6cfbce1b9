"""Iteratively reweighted least squares for a Poisson mean with absorbed effects, on arrays.

The partialling-out of Correia, Guimaraes and Zylkin (2020, Stata Journal 20:95, section 3): each step regresses the working
outcome on the covariates after both are cleared of the effects with the current means as weights, starting from the last
step's residuals, which differ from the columns by effects only.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from northroute.arrays import Array
from northroute.frequentist.absorb import Within
from northroute.frequentist.scaling import scaled

_LIMIT = 200
_FLOOR = 1e-300


@dataclass(frozen=True)
class Solution:
    """Coefficients, fitted means, within-transformed covariates at the final weights; ``converged`` if it ended well."""

    coef: Array
    mean: Array
    x_within: Array
    deviance: float
    iterations: int
    converged: bool


def solve(
    y: Array, x: Array, offset: Array, within: Within, *, start: Array | None = None, tol: float = 1e-10
) -> Solution:
    """Maximise the Poisson quasi-likelihood.

    Parameters
    ----------
    y : array, shape (row,)
    x : array, shape (row, term)
        May have no column: then only the effects are fitted.
    offset : array, shape (row,)
    within : Within
    start : array, shape (row,), optional
        Means to start from.
    tol : float
        Change of the deviance, relative to it and a tenth of the mean count, at which iterations stop.

    Returns
    -------
    Solution
        ``coef`` is NaN where the covariates are collinear.
    """
    given, unit = x, float(y.mean())
    x, back = scaled(x)
    mean = np.maximum(start, _FLOOR) if start is not None else (y + y.mean()) / 2
    eta = np.log(mean)
    old = deviance(y, mean)
    x_within, working, clear = x, np.zeros_like(y), np.zeros_like(y)
    coef = np.full(x.shape[1], np.nan)
    inner, settled = 1e-5, False
    k = 0
    for k in range(1, _LIMIT + 1):
        target = eta - offset + (y - mean) / mean
        both = within.residual(np.column_stack([clear + target - working, x_within]), mean, inner)
        clear, x_within, working = both[:, 0], both[:, 1:], target
        coef, residual = _regress(clear, x_within, mean)
        if not np.isfinite(residual).all():
            return Solution(coef, mean, given, np.inf, k, False)
        step = target - residual + offset - eta
        new, size = np.inf, 1.0
        for _ in range(12):
            trial = np.exp(np.clip(eta + size * step, -700, 700))
            new = deviance(y, trial)
            if new <= old * (1 + 1e-8) + 1e-8 * unit or k == 1:
                break
            size /= 2
        eta, mean = eta + size * step, np.maximum(trial, _FLOOR)
        change = abs(old - new) / (0.1 * unit + abs(new))
        old = new
        if change < tol and inner <= 1e-9 and settled:
            break
        settled = change < tol
        inner = max(1e-10, min(inner, 1e-2 * change))
        if change < tol:
            inner = 1e-10
    x_within = within.residual(x_within, mean, 1e-10) / np.diag(back) if within.effects else given
    coef = back @ coef
    return Solution(coef, mean, x_within, old, k, k < _LIMIT and bool(np.isfinite(coef).all()))


def deviance(y: Array, mean: Array) -> float:
    """Poisson deviance, ``2 sum(y log(y / mean) - y + mean)``."""
    return 2 * float(np.sum(special.xlogy(y, y / np.maximum(mean, _FLOOR)) - y + mean))


def log_likelihood(y: Array, mean: Array) -> float:
    """Poisson log likelihood; for an outcome with fractions, the gamma function stands for the factorial."""
    return float(np.sum(special.xlogy(y, mean) - mean - special.gammaln(y + 1)))


def _regress(target: Array, x: Array, weights: Array) -> tuple[Array, Array]:
    if not x.shape[1]:
        return np.empty(0), target
    weighted = weights[:, None] * x
    try:
        factor = linalg.cho_factor(x.T @ weighted)
    except (linalg.LinAlgError, ValueError):
        return np.full(x.shape[1], np.nan), np.full_like(target, np.nan)
    coef = linalg.cho_solve(factor, weighted.T @ target)
    return np.asarray(coef), target - x @ coef
