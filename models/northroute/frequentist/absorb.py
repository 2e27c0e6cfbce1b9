"""Weighted removal of absorbed effects: the residual of columns after projection on the effects' dummies.

Two effects of which one has few levels: the normal equations, solved exactly by eliminating the larger one, so that the
search for separation sees combinations of effects. Otherwise pyfixest's alternating projections, which are exact for one
effect; where few rows connect the levels, so that these would go on for long, pyfixest's preconditioned LSMR.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyfixest.core.demean import demean, demean_within
from scipy import linalg, sparse

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist.design import Effect

_DIRECT_LEVELS = 600
_DIRECT_CELLS = 4_000_000
_SHORT, _LONG = 500, 10_000
_EXACT = 1e-13


@dataclass(frozen=True)
class Within:
    """What removes the effects; made once for a set of rows by :func:`absorber`.

    Attributes
    ----------
    effects : tuple of Effect
        The one with most levels first.
    codes : array, shape (row, effect)
    dummies : tuple of sparse matrix
        Dummies of the larger and of the smaller effect, where two effects are removed exactly; else empty.
    """

    effects: tuple[Effect, ...]
    codes: NDArray[np.uint64]
    dummies: tuple[sparse.csr_array, ...]

    def residual(self, columns: Array, weights: Array, tol: float = 1e-9) -> Array:
        """Return the weighted within-transformed columns.

        Parameters
        ----------
        columns : array, shape (row, column)
        weights : array, shape (row,)
            Positive.
        tol : float
            Largest change of an effect, relative to its column's scale, at which projections stop.

        Raises
        ------
        ModelError
            If the effects cannot be told apart by so few rows that connect their levels.
        """
        if not self.effects or not columns.size:
            return columns
        weights = weights / weights.mean()
        if self.dummies:
            return self._exact(columns, weights)
        size = np.sqrt(weights @ columns**2 / weights.size)
        size = np.where(size > 0, size, 1.0)
        found, settled = demean(columns / size, self.codes, weights, tol, _SHORT)
        if not settled:
            found = self._slow(found, weights, tol)
        return np.asarray(found * size)

    def _slow(self, columns: Array, weights: Array, tol: float) -> Array:
        found, settled, _ = demean_within(columns, self.codes.astype(np.uint32, order="F"), weights, _EXACT, _LONG)
        # LSMR calls itself settled where weights of 1e14 have cost it its digits
        if not settled or self._left(found, weights) > tol:
            found, settled = demean(columns, self.codes, weights, tol, _LONG)
        if not settled:
            names = " and ".join(e.name for e in self.effects)
            raise ModelError(
                f"The effects {names} did not settle: few rows connect their levels. Use fewer or coarser effects, or drop "
                "the levels that hardly any row connects with the others."
            )
        return np.asarray(found)

    def _left(self, columns: Array, weights: Array) -> float:
        """Largest weighted mean of a column in a level."""
        means = [
            np.bincount(codes, weights * column) / np.bincount(codes, weights)
            for codes in self.codes.astype(np.int64).T
            for column in columns.T
        ]
        return float(np.abs(np.concatenate(means)).max())

    def _exact(self, columns: Array, weights: Array) -> Array:
        big, small = self.dummies
        total = np.asarray(big.T @ weights)
        moved = np.asarray(big.T @ (weights[:, None] * columns))
        cross = (big.T @ (small * weights[:, None])).toarray()
        share = cross / total[:, None]
        schur = np.diag(small.T @ weights) - cross.T @ share
        right = np.asarray(small.T @ (weights[:, None] * columns)) - share.T @ moved
        second = _solve_singular(schur, right)
        first = (moved - cross @ second) / total[:, None]
        return np.asarray(columns - big @ first - small @ second)


def absorber(effects: Sequence[Effect]) -> Within:
    """Prepare the removal of effects; the direct solution is chosen where its table of cells is small."""
    ordered = tuple(sorted(effects, key=lambda e: -e.levels))
    if not ordered:
        return Within((), np.empty((0, 0), dtype=np.uint64), ())
    codes = np.stack([e.codes for e in ordered], axis=1).astype(np.uint64)
    direct = (
        len(ordered) == 2
        and ordered[1].levels <= _DIRECT_LEVELS
        and ordered[0].levels * ordered[1].levels <= _DIRECT_CELLS
    )
    rows = np.arange(len(codes) + 1)
    dummies = [
        sparse.csr_array((np.ones(len(codes)), e.codes, rows), (len(codes), e.levels)) for e in ordered if direct
    ]
    return Within(ordered, codes, tuple(dummies))


def _solve_singular(matrix: Array, right: Array) -> Array:
    """Solve with one level as base; by pseudo-inverse where the levels fall into several unconnected sets."""
    if len(matrix) == 1:
        return np.zeros_like(right)
    scale = np.sqrt(np.maximum(np.diag(matrix)[1:], np.finfo(float).tiny))
    try:
        factor = linalg.cho_factor(matrix[1:, 1:] / np.outer(scale, scale), check_finite=False)
        if np.abs(np.diag(factor[0])).min() < 1e-6:
            raise linalg.LinAlgError
        inner = linalg.cho_solve(factor, right[1:] / scale[:, None], check_finite=False) / scale[:, None]
    except linalg.LinAlgError:
        return np.asarray(linalg.pinvh(matrix) @ right)
    return np.vstack([np.zeros((1, right.shape[1])), inner])
