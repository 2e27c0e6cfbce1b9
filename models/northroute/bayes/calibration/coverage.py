"""Coverage of central intervals, from ranks."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from northroute.arrays import Array


@dataclass(frozen=True)
class Coverage:
    """How often central (equal-tailed) intervals hold the truth.

    Attributes
    ----------
    prob : float
        Probability of the interval.
    share : numpy.ndarray
        Share of replications in which the interval holds the truth, shape (scalar,).
    low, high : float
        Binomial bounds on a share.
    """

    prob: float
    share: Array
    low: float
    high: float


def coverage(values: Array, prob: float, error: float) -> Coverage:
    """Count how often the central interval of probability ``prob`` holds the truth.

    Parameters
    ----------
    values : numpy.ndarray
        Spread ranks, shape (replication, scalar): the truth is inside where ``|value - 1/2| < prob / 2``, which has
        probability ``prob`` exactly if ranks are uniform.
    prob : float
    error : float
        Probability that a share lies outside the bounds although ranks are uniform, at most; for bounds that hold for many
        shares jointly, divide by their number (Bonferroni).
    """
    size = len(values)
    inside = np.abs(values - 0.5) < prob / 2
    law = stats.binom(size, prob)
    return Coverage(prob, inside.mean(axis=0), float(law.ppf(error / 2)) / size, float(law.isf(error / 2)) / size)
