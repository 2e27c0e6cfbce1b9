"""R-hat and effective sample sizes of many quantities at once.

Rank-normalised split R-hat and effective sample sizes of bulk and tail after Vehtari et al. (2021, Bayesian Analysis
16:667), with Geyer's (1992, Statistical Science 7:473) initial monotone sequence. Equal to ArviZ's, which takes quantities
one by one.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import fft, special

from northroute.arrays import Array

TAIL: Final = (0.05, 0.95)
FEWEST: Final = 4
"""Draws of a chain below which nothing is computed."""
_BLOCK: Final = 128


@dataclass(frozen=True)
class Convergence:
    """Diagnostics by quantity, arrays of shape (quantity,); not-a-number where draws are not finite."""

    rhat: Array
    bulk: Array
    tail: Array


def diagnose(draws: Array) -> Convergence:
    """Return the diagnostics of draws, shape (chain, draw, quantity). Blocks of quantities are shared out to all processors.

    A quantity that never moves has no R-hat, and as many effective draws as there are draws.
    """
    quantities = draws.shape[2]
    found = np.full((3, quantities), np.nan)
    blocks = [slice(i, min(i + _BLOCK, quantities)) for i in range(0, quantities, _BLOCK)]

    def block(own: slice) -> None:
        found[:, own] = _block(np.ascontiguousarray(draws[:, :, own].transpose(2, 0, 1), dtype=np.float64))

    if draws.shape[1] >= FEWEST:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(block, blocks))
    return Convergence(*found)


def _block(draws: Array) -> Array:
    """Return R-hat, bulk and tail sizes, shape (3, quantity), of draws of shape (quantity, chain, draw)."""
    found = np.full((3, len(draws)), np.nan)
    finite = np.isfinite(draws).all(axis=(1, 2))
    draws = draws[finite]
    if not len(draws):
        return found
    half = split(draws)
    scores = normal_scores(half)
    middle = np.median(half, axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # what never moves
        rhat = np.maximum(_rhat(scores), _rhat(normal_scores(np.abs(half - middle))))
    ends = np.quantile(draws, TAIL, axis=(1, 2))
    tail = [effective(split((draws <= end[:, None, None]).astype(np.float64))) for end in ends]
    found[:, finite] = rhat, effective(scores), np.minimum(*tail)
    return found


def split(draws: Array) -> Array:
    """Return halves of chains as chains of their own, shape (quantity, 2 chain, draw // 2), without an odd draw's middle."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def normal_scores(draws: Array) -> Array:
    """Return normal quantiles of the draws' ranks over all chains."""
    from scipy.stats import rankdata

    flat = draws.reshape(len(draws), -1)
    ranks = rankdata(flat, axis=1)
    return np.asarray(special.ndtri((ranks - 0.375) / (flat.shape[1] + 0.25)).reshape(draws.shape))


def _rhat(chains: Array) -> Array:
    n = chains.shape[2]
    between, within = chains.mean(axis=2).var(axis=1, ddof=1), chains.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((n - 1) / n + between / within))


def effective(chains: Array) -> Array:
    """Return the effective sample size of the mean, shape (quantity,), of chains of shape (quantity, chain, draw)."""
    _, m, n = chains.shape
    means = chains.mean(axis=2, keepdims=True)
    length = fft.next_fast_len(2 * n, real=True)
    power = np.square(np.abs(fft.rfft(chains - means, length))).mean(axis=1)
    covariance = fft.irfft(power, length)[:, :n] / n
    within = covariance[:, :1] * n / (n - 1)
    total = within * (n - 1) / n
    if m > 1:
        total = total + means.var(axis=1, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = 1 - (within - covariance) / total
    rho[:, 0] = 1.0
    even, odd = rho[:, 0 : n - 1 : 2], rho[:, 1:n:2]
    last = max((n - 3) // 2, 0)
    pairs = (even[:, : odd.shape[1]] + odd)[:, : last + 1]
    ended = pairs <= 0
    ended[:, -1] = True
    stop = ended.argmax(axis=1)
    sums = np.minimum.accumulate(pairs, axis=1)
    kept = np.arange(sums.shape[1]) < stop[:, None]
    at = np.arange(len(even)), stop
    left = np.where(pairs[at] > 0, even[at], np.maximum(even[at], 0.0))  # the last pair of all counts by half
    tau = np.maximum(2 * (sums * kept).sum(axis=1) - 1 + left, 1 / np.log10(m * n))
    moved = np.ptp(chains, axis=(1, 2)) >= np.finfo(float).resolution
    return np.asarray(np.where(moved, m * n / tau, m * n))
