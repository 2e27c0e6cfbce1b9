r"""Power-scaling by importance weights: what raising a prior or the likelihood to a power does to posterior draws.

Kallioinen, Paananen, Bürkner and Vehtari (2024, Statistics and Computing 34:57). The posterior with a component
:math:`c(\theta)` raised to :math:`\alpha` has importance ratios :math:`c(\theta)^{\alpha - 1}`; they are Pareto-smoothed.
Nothing is fitted again. The sensitivity is ArviZ's.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from northroute.bayes.checks.psis import smooth

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
        return PowerWeights(softmax(ratio), 0.0)
    found = smooth(ratio[:, None])
    return PowerWeights(np.exp(found.log_weights[:, 0]), float(found.k[0]))


def sensitivity_value(x: Array, low: Array, high: Array, alphas: tuple[float, float] = ALPHAS) -> float:
    """Rate of change of the cumulative Jensen-Shannon distance per doubling of alpha, the mean of below and above one.

    The distance is not the same for x and -x: the larger is taken. Zero for draws that do not vary.

    Parameters
    ----------
    x : array, shape (draw,)
    low, high : array, shape (draw,)
        Weights under the lower and the higher power.
    alphas : tuple of float
        The two powers.
    """
    from arviz_stats.base import array_stats

    if np.ptp(x) == 0:
        return 0.0
    return float(array_stats.power_scale_sense(x[None], low[None], high[None], *alphas))
