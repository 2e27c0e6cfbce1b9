"""Pareto smoothed importance sampling of many targets at once.

Vehtari, Simpson, Gelman, Yao and Gabry (2024, JMLR 25:72). ArviZ has the same numbers a target at a time, 5 to 11 times
slower, and raises where the tail is of equal weights or there is no weight at all; here such targets have a k of their own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from northroute.arrays import Array
from northroute.errors import ModelError

MIN_DRAWS: Final = 100
K_LIMIT: Final = 0.7
EQUAL: Final = 1e-12
"""Log ratios that differ by less are equal weights."""
PRIOR_DRAWS, PRIOR_K = 10, 0.5
"""How many draws the prior on k is worth, and its mean."""


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

    log_weights: Array
    k: Array


def pareto_limit(draws: int) -> float:
    """Largest Pareto k at which smoothed weights of so many draws can be trusted: ``min(1 - 1 / log10(draws), 0.7)``."""
    return float(min(1 - 1 / np.log10(draws), K_LIMIT))


def smooth(log_ratios: Array, relative_ess: float = 1.0) -> Smoothed:
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
    ratios = np.ascontiguousarray(np.where(np.isnan(log_ratios), -np.inf, log_ratios).T)
    top, k = ratios.max(axis=1, keepdims=True), np.full(targets, np.inf)
    weightless = np.isneginf(top[:, 0])
    with np.errstate(invalid="ignore"):
        ratios = np.where(weightless[:, None], 0.0, ratios - top)
    k[~weightless & (ratios.min(axis=1) > -EQUAL)] = -np.inf
    size = _tail_size(draws, relative_ess)
    places = np.argpartition(ratios, draws - size - 1, axis=1)[:, draws - size - 1 :]
    logs = np.take_along_axis(ratios, places, axis=1)
    order = np.argsort(logs, axis=1)
    places, weights = np.take_along_axis(places, order, axis=1), np.exp(np.take_along_axis(logs, order, axis=1))
    cutoff, tails = weights[:, :1], weights[:, 1:] - weights[:, :1]
    fitted = np.flatnonzero(np.isposinf(k) & (tails[:, int(size / 4 + 0.5) - 1] > tails[:, 0]) & (weights[:, 1] < 1))
    shape, scale = _generalised_pareto(tails[fitted])
    k[fitted] = np.where(np.isfinite(shape), shape, np.inf)
    sound = np.isfinite(shape)
    fitted, shape, scale = fitted[sound], shape[sound, None], scale[sound, None]
    quantiles = cutoff[fitted] + _quantiles((np.arange(size) + 0.5) / size, shape, scale)
    ratios[fitted[:, None], places[fitted, 1:]] = np.log(np.minimum(quantiles, 1.0))
    return Smoothed(ratios.T - log_sum_exp(ratios.T), k)


def log_mean_exp(values: Array) -> Array:
    """Log of the mean over draws (the first axis) of exponentials."""
    return np.asarray(log_sum_exp(values) - np.log(values.shape[0]))


def log_sum_exp(values: Array) -> Array:
    """Log of the sum over draws (the first axis) of exponentials; scipy's does the same with more passes over memory."""
    top = values.max(axis=0)
    base = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - base).sum(axis=0)) + base)


def effective(log_weights: Array) -> Array:
    """Effective number of draws of normalised weights, ``1 / sum(w^2)``; shape (target,)."""
    return np.asarray(np.exp(-log_sum_exp(2 * log_weights)))


def _tail_size(draws: int, relative_ess: float) -> int:
    """Draws in the tail: section 6 of the paper, fewer of a short chain."""
    return int(3 * np.sqrt(draws / relative_ess)) if draws * relative_ess > 225 else draws // 5


def _generalised_pareto(tails: Array) -> tuple[Array, Array]:
    """Fit generalised Pareto distributions to excesses, shape (target, draw), ascending; return shapes k and scales.

    Zhang and Stephens (2009, Technometrics 51:316), with the weak prior on k of the paper's appendix C.
    """
    size = tails.shape[1]
    points = 30 + int(np.sqrt(size))
    grid = 1 - np.sqrt(points / (np.arange(points) + 0.5))
    b = grid / (3 * tails[:, int(size / 4 + 0.5) - 1, None]) + 1 / tails[:, -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.stack([np.log1p(-b[:, [j]] * tails).mean(axis=1) for j in range(points)], axis=1)
        profile = size * (np.log(-b / means) - means - 1)
        weights = np.exp(profile - profile.max(axis=1, keepdims=True))
        best = (b * weights).sum(axis=1) / weights.sum(axis=1)
        shape = np.log1p(-best[:, None] * tails).mean(axis=1)
        scale = -shape / best
    return (size * shape + PRIOR_DRAWS * PRIOR_K) / (size + PRIOR_DRAWS), scale


def _quantiles(shares: Array, shape: Array, scale: Array) -> Array:
    """Quantiles of generalised Pareto distributions."""
    logs = np.log1p(-shares)
    return np.where(shape == 0, -scale * logs, scale * np.expm1(-shape * logs) / np.where(shape == 0, 1.0, shape))
