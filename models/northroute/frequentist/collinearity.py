"""Which terms the other terms, or the absorbed effects, determine."""

import numpy as np
from scipy import linalg

from northroute.frequentist.design import Array, Mask

_ABSORBED = 1e-9
_COLLINEAR = 1e-9


def collinear(x: Array, cleared: Array, weights: Array) -> Mask:
    """Return True for columns that are redundant, later ones first to go.

    A column is redundant if the effects leave less than 1e-9 of its weighted sum of squares (about its mean, where effects
    are absorbed), or if that little of what they leave is left by the columns before it.

    Parameters
    ----------
    x, cleared : array, shape (row, term)
        Covariates, and the same after the effects were removed.
    weights : array, shape (row,)
    """
    if not x.shape[1]:
        return np.zeros(0, bool)
    total = weights @ x**2
    left = weights @ cleared**2
    out = left <= _ABSORBED * np.maximum(total, np.finfo(float).tiny)
    kept = np.flatnonzero(~out)
    scaled = np.sqrt(weights)[:, None] * cleared[:, kept] / np.sqrt(left[kept])
    # without pivoting the diagonal of R is the norm of what the earlier columns leave of each column
    diagonal = np.abs(np.diag(linalg.qr(scaled, mode="r")[0])) if kept.size else np.empty(0)
    out[kept[: diagonal.size][diagonal**2 <= _COLLINEAR]] = True
    out[kept[diagonal.size :]] = True
    return np.asarray(out, dtype=bool)
