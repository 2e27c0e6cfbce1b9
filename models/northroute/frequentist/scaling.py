"""Covariates in units of their own spread, about their mean: what is solved then depends on neither units nor origin."""

import numpy as np

from northroute.arrays import Array, Bools

_FAR = 1e5


def scaled(x: Array) -> tuple[Array, Array]:
    """Return ``(b, a)`` with ``b = x @ a``: columns of spread one, about their mean where a constant column is among them.

    Parameters
    ----------
    x : array, shape (row, term)

    Returns
    -------
    b : array, shape (row, term)
    a : array, shape (term, term)
        Regular. Coefficients on ``x`` are ``a`` times those on ``b``; their covariance is ``a V a'``.
    """
    a = np.eye(x.shape[1])
    if not x.size:
        return x, a
    constant = np.flatnonzero((np.ptp(x, axis=0) == 0) & (x[0] != 0))
    centre = x.mean(axis=0) if constant.size else np.zeros(x.shape[1])
    b = x - centre
    spread = np.sqrt(np.mean(b**2, axis=0))
    spread = np.where((spread > 0) & np.isfinite(spread), spread, 1.0)
    for j in range(x.shape[1]):
        if j not in constant:
            a[j, j] = 1 / spread[j]
            if constant.size:
                a[constant[0], j] = -centre[j] / spread[j] / x[0, constant[0]]
    b = b / spread
    b[:, constant] = x[:, constant]
    return np.ascontiguousarray(b), a


def far_off(x: Array) -> Bools:
    """Return True for columns whose mean is more than 1e5 times their spread, where a constant column takes the mean up.

    Their coefficient is found all the same, but the intercept's share in rounding would show in their standard errors.
    """
    constant = np.ptp(x, axis=0) == 0
    if not constant.any():
        return np.zeros(x.shape[1], bool)
    return np.asarray(~constant & (np.abs(x.mean(axis=0)) > _FAR * x.std(axis=0)))


def inverse(x: Array, weights: Array) -> Array:
    """Return the inverse of ``x' diag(weights) x`` by way of the scaled columns, shape (term, term)."""
    b, a = scaled(x)
    found = a @ inverted(b.T @ (weights[:, None] * b)) @ a.T
    return np.asarray((found + found.T) / 2)


def inverted(matrix: Array) -> Array:
    """Return the inverse, or NaN for a singular matrix, which :meth:`Estimate.checked` then refuses."""
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
