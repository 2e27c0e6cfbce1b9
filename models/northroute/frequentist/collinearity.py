"""Which terms the other terms, or the absorbed effects, determine."""

import numpy as np
from scipy import linalg

from northroute.arrays import Array
from northroute.frequentist.design import Mask

_ABSORBED = 1e-9
_COLLINEAR = 1e-9
_ROUNDING = 1e-24
"""Of a column's sum of squares: what rounding leaves of a constant."""


def collinear(x: Array, cleared: Array, weights: Array) -> Mask:
    """Return True for columns that are redundant, later ones first to go.

    A column is redundant if the effects leave less than 1e-9 of its weighted sum of squares (about its mean, where effects
    or a constant column take the mean up), or if that little of what they leave is left by the columns before it.

    Parameters
    ----------
    x, cleared : array, shape (row, term)
        Covariates, and the same after the effects were removed.
    weights : array, shape (row,)
    """
    if not x.shape[1]:
        return np.zeros(0, bool)
    constant = np.ptp(x, axis=0) == 0
    level = weights @ x**2
    if cleared is not x or constant.any():
        centred = np.where(constant, x, x - weights @ x / weights.sum())
        cleared = centred if cleared is x else cleared
        total = np.where(constant, level, weights @ centred**2)
    else:
        total = level
    left = weights @ cleared**2
    out = left <= np.maximum(_ABSORBED * total, _ROUNDING * level)
    kept = np.flatnonzero(~out)
    scaled = np.sqrt(weights)[:, None] * cleared[:, kept] / np.sqrt(left[kept])
    # without pivoting the diagonal of R is the norm of what the earlier columns leave of each column
    diagonal = np.abs(np.diag(linalg.qr(scaled, mode="r")[0])) if kept.size else np.empty(0)
    out[kept[: diagonal.size][diagonal**2 <= _COLLINEAR]] = True
    out[kept[diagonal.size :]] = True
    return np.asarray(out, dtype=bool)
