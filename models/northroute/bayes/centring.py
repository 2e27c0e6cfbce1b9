r"""How far each effect is centred: decided by how much the data at hand say about it.

An effect :math:`e \sim N(m, \sigma^2)` is written as :math:`e = m + \sigma^{1-c}(z - c\,m)` with
:math:`z \sim N(c\,m, \sigma^{2c})`: the same distribution for every c, centred at c = 1 and not at c = 0. Sampling is
fastest when z is nearly independent of :math:`\sigma` in the posterior: centred where the data outweigh the prior, else not
(Papaspiliopoulos, Roberts and Skold 2007, Statistical Science 22:59). With Fisher information I on the effect and a typical
scale s, :math:`c = I s^2 / (1 + I s^2)`, the share of the data in the effect's posterior precision.

The c's are data of the model: another data set, or scales learnt in a first attempt, need no new compilation.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
MIN_DISPERSION = 0.05
FEWEST_PER_SCALE = 6
"""Groups below which a scale is so uncertain, zero included, that its effects are centred half way at most."""


def row_information(counts: NDArray[np.int64], exposure: Array, unit_of_row: NDArray[np.intp]) -> Array:
    """Return each row's expected Fisher information on its log mean, ``mean / (1 + dispersion * mean)``, shape (row,).

    The mean is the unit's rate times exposure, the dispersion its moment estimate, at least 0.05: rough, and rough is
    enough, since any c is right.
    """
    rate = np.bincount(unit_of_row, counts) / np.bincount(unit_of_row, exposure)
    mean = exposure * np.maximum(rate[unit_of_row], 1e-3)
    dispersion = max(MIN_DISPERSION, float((np.square(counts - mean) - mean).sum() / np.square(mean).sum()))
    return np.asarray(mean / (1 + dispersion * mean))


def centredness(information: ArrayLike, scale: ArrayLike, *, groups: int | None = None) -> Array:
    """Return c in [0, 1] for effects with this information and this typical scale.

    Parameters
    ----------
    information, scale : array-like
        Broadcast against each other.
    groups : int, optional
        Number of effects that share the scale; with fewer than six, c is at most one half.
    """
    ratio = np.asarray(information, dtype=float) * np.square(np.asarray(scale, dtype=float))
    c = ratio / (1 + ratio)
    return np.asarray(np.minimum(c, 0.5) if groups is not None and groups < FEWEST_PER_SCALE else c)


def typical_scales(prior_scales: Mapping[str, float], learnt: Mapping[str, Any] | None = None) -> dict[str, Array]:
    """Return the scale assumed for each standard deviation: half its prior's scale, or the median of a first attempt."""
    scales = {name: np.asarray(value / 2) for name, value in prior_scales.items()}
    return scales | {n: np.asarray(v, dtype=float) for n, v in (learnt or {}).items() if n in scales}
