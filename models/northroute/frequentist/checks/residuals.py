"""Pearson residuals on the grid of units and months."""

import numpy as np

from northroute.arrays import Array
from northroute.frequentist.covariance import groups
from northroute.frequentist.estimate import Estimate


def pearson_grid(fit: Estimate, unit: str, time: str) -> Array:
    """Pearson residuals ``(y - mean) / sqrt(mean)``, shape (unit, month); NaN where there is no row."""
    units, steps, shape = groups.grid(fit, unit, time)
    table = np.full(shape, np.nan)
    table[units, steps] = (fit.design.y - fit.mean) / np.sqrt(fit.mean)
    return table
