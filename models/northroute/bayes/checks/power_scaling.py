r"""Power-scaling by importance weights: what raising a prior or the likelihood to a power does to posterior draws.

Kallioinen, Paananen, Bürkner and Vehtari (2024, Statistics and Computing 34:57). The posterior with a component
:math:`c(\theta)` raised to :math:`\alpha` has importance ratios :math:`c(\theta)^{\alpha - 1}`; they are Pareto-smoothed
(Vehtari et al. 2024, JMLR 25:72). Nothing is fitted again.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.special import logsumexp, xlogy

Array = NDArray[np.float64]

ALPHAS: Final = (0.8, 1.25)
"""The paper's powers: one below and one above one, a reciprocal pair."""


@dataclass(frozen=True)
class PowerWeights:
    """Normalised importance weights of the draws under one power.

    Attributes
    ----------
    weights : numpy.ndarray, shape (draw,)
        Sum to one.
    pareto_k : float
        Shape of the fitted Pareto tail of the ratios; zero where the ratios do not vary at the top and nothing is smoothed.
    """

    weights: Array
    pareto_k: float


def power_weights(log_density: Array, alpha: float) -> PowerWeights:
    """Weights of draws, shape (draw,), once the component with these log densities is raised to ``alpha``."""
    ratio = (alpha - 1) * log_density
    tail = int(np.ceil(min(ratio.size / 5, 3 * np.sqrt(ratio.size))))
    if np.ptp(np.partition(ratio, -tail)[-tail:]) < 1e-12:
        return PowerWeights(np.exp(ratio - logsumexp(ratio)), 0.0)
    log_weights, k = array_stats.psislw(-ratio)
    return PowerWeights(np.exp(log_weights - logsumexp(log_weights)), float(k))


def largest_trusted_k(draws: int) -> float:
    """Largest Pareto k at which this many weighted draws can be trusted: ``min(1 - 1 / log10(draws), 0.7)``."""
    return float(min(1 - 1 / np.log10(draws), 0.7))


def cumulative_distance(x: Array, weights: Array) -> float:
    r"""Cumulative Jensen-Shannon distance between draws, shape (draw,), and the same draws weighted; 0 to 1.

    .. math::

       \mathrm{CJS}^2 = \frac{\int P\log_2\frac{2P}{P+Q} + Q\log_2\frac{2Q}{P+Q}\,dx}{\int P + Q\,dx}

    with P and Q the two distribution functions, over the range of the draws (the paper's linear terms cancel in the sum).
    It is not the same for x and -x: the larger is returned. Zero for draws that do not vary.
    """
    order = np.argsort(x, kind="stable")
    width = np.diff(x[order])
    p = np.arange(1, x.size) / x.size
    q = np.clip(np.cumsum(weights[order])[:-1], 0.0, 1.0)
    return max(_distance(width, p, q), _distance(width, 1 - p, 1 - q))


def sensitivity_value(x: Array, low: Array, high: Array, alphas: tuple[float, float] = ALPHAS) -> float:
    """Rate of change of the distance per doubling of alpha, the mean of below and above one.

    Parameters
    ----------
    x : array, shape (draw,)
    low, high : array, shape (draw,)
        Weights under the lower and the higher power.
    alphas : tuple of float
        The two powers.
    """
    below = cumulative_distance(x, low) / -np.log2(alphas[0])
    above = cumulative_distance(x, high) / np.log2(alphas[1])
    return float(below + above) / 2


def _distance(width: Array, p: Array, q: Array) -> float:
    middle, bound = (p + q) / 2, float(width @ (p + q))
    if bound == 0:
        return 0.0
    # x log(x / m) with 0 log 0 = 0; the middle is positive because p is
    divergence = float(width @ (xlogy(p, p / middle) + xlogy(q, q / middle))) / np.log(2)
    return float(np.sqrt(max(divergence, 0.0) / bound))
