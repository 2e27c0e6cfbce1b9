"""Pareto smoothed importance sampling of many targets at once: ArviZ's, with what it does not take set apart.

Vehtari, Simpson, Gelman, Yao and Gabry (2024, JMLR 25:72). ArviZ raises where the tail is of equal weights or there is no
weight at all; here such targets have a k of their own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from northroute.bayes.checks.arrays import Floats
from northroute.errors import ModelError

MIN_DRAWS: Final = 100
K_LIMIT: Final = 0.7
EQUAL: Final = 1e-12
"""Log ratios that differ by less are equal weights."""


@dataclass(frozen=True)
class Smoothed:
    """Importance weights of some targets.

    Attributes
    ----------
    log_weights : numpy.ndarray, shape (draw, target)
        Their exponentials sum to one over draws.
    k : numpy.ndarray, shape (target,)
        Pareto shape of the tail of the weights; minus infinity where all weights are equal, infinity where no tail can be
        fitted.
    """

    log_weights: Floats
    k: Floats


def pareto_limit(draws: int) -> float:
    """Largest Pareto k at which smoothed weights of so many draws can be trusted: ``min(1 - 1 / log10(draws), 0.7)``."""
    return float(min(1 - 1 / np.log10(draws), K_LIMIT))


def smooth(log_ratios: Floats, relative_ess: float = 1.0) -> Smoothed:
    """Smooth importance ratios.

    Parameters
    ----------
    log_ratios : numpy.ndarray, shape (draw, target)
        Log of target over proposal, up to a constant. Minus infinity and not-a-number are no weight.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        With fewer than 100 draws, or a relative effective size that is not above 0.
    """
    draws = log_ratios.shape[0]
    if draws < MIN_DRAWS:
        raise ModelError(f"{draws} draws are too few to fit a tail. Draw at least {MIN_DRAWS}: --draws.")
    if not relative_ess > 0:
        raise ModelError(f"The relative effective size is {relative_ess:g}. Give effective over actual draws.")
    ratios = np.where(np.isnan(log_ratios), -np.inf, log_ratios).T
    top, k = ratios.max(axis=1, keepdims=True), np.full(len(ratios), np.inf)
    weightless = np.isneginf(top[:, 0])
    with np.errstate(invalid="ignore"):
        ratios = np.where(weightless[:, None], 0.0, ratios - top)
    equal = ~weightless & (ratios.min(axis=1) > -EQUAL)
    k[equal] = -np.inf
    for i in np.flatnonzero(~weightless & ~equal):
        smoothed, shape = _smoothed(ratios[i], relative_ess)
        if np.isfinite(shape):
            ratios[i], k[i] = smoothed, shape
    return Smoothed(ratios.T - log_sum_exp(ratios.T), k)


def _smoothed(ratios: Floats, relative_ess: float) -> tuple[Floats, float]:
    """Return ArviZ's smoothed ratios of one target and their k; not-a-number where the tail is of equal weights."""
    from arviz_stats.base import array_stats

    try:
        with np.errstate(all="ignore"):
            smoothed, shape = array_stats.psislw(-ratios, r_eff=relative_ess)
    except ValueError:
        return ratios, np.nan
    return smoothed, float(shape)


def log_mean_exp(values: Floats) -> Floats:
    """Log of the mean over draws (the first axis) of exponentials."""
    return np.asarray(log_sum_exp(values) - np.log(values.shape[0]))


def log_sum_exp(values: Floats) -> Floats:
    """Log of the sum over draws (the first axis) of exponentials; scipy's does the same with more passes over memory."""
    top = values.max(axis=0)
    base = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - base).sum(axis=0)) + base)


def effective(log_weights: Floats) -> Floats:
    """Effective number of draws of normalised weights, ``1 / sum(w^2)``; shape (target,)."""
    return np.asarray(np.exp(-log_sum_exp(2 * log_weights)))
