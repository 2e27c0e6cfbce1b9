"""Pareto smoothed importance sampling, by ArviZ's array layer, with the cases that it leaves to the caller.

Vehtari, Simpson, Gelman, Yao and Gabry (2024, JMLR 25:72).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from arviz_stats.base import array_stats

from northroute.bayes.checks.arrays import Floats
from northroute.errors import ModelError

MIN_DRAWS: Final = 100
K_LIMIT: Final = 0.7


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
    draws, targets = log_ratios.shape
    if draws < MIN_DRAWS:
        raise ModelError(f"{draws} draws are too few to fit a tail. Draw at least {MIN_DRAWS}: --draws.")
    if not relative_ess > 0:
        raise ModelError(f"The relative effective size is {relative_ess:g}. Give effective over actual draws.")
    weights, k = np.ascontiguousarray(log_ratios.T), np.empty(targets)
    for j in range(targets):
        weights[j], k[j] = _one(weights[j], relative_ess)
    return Smoothed(weights.T, k)


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


def _one(raw: Floats, relative_ess: float) -> tuple[Floats, float]:
    ratios = np.where(np.isnan(raw), -np.inf, raw)
    top = ratios.max()
    if not np.isfinite(top):
        return np.full(ratios.size, -np.log(ratios.size)), np.inf
    if top - ratios.min() < 1e-12:
        return np.full(ratios.size, -np.log(ratios.size)), -np.inf
    if np.exp(_tail_start(ratios, relative_ess) - top) == 1.0:
        return ratios - log_sum_exp(ratios), np.inf  # a tail of equal weights has no shape
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        smoothed, k = array_stats.psislw(-ratios, r_eff=relative_ess)
    k = float(k)
    if not np.isfinite(k) or np.isnan(smoothed).any():
        return ratios - log_sum_exp(ratios), np.inf
    return np.asarray(smoothed), k


def _tail_start(ratios: Floats, relative_ess: float) -> float:
    draws = ratios.size
    size = int(3 * np.sqrt(draws / relative_ess)) if draws * relative_ess > 225 else draws // 5
    return float(np.partition(ratios, draws - size)[draws - size])
