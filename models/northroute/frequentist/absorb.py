"""Weighted removal of absorbed effects: the residual of columns after projection on the effects' dummies.

One effect: group means. Two effects of which one has few levels: the normal equations, solved exactly by eliminating the
larger one. Otherwise: alternating projections, sped up by Irons and Tuck's vector extrapolation (as fixest; Berge 2018,
CREA discussion paper 2018-13).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from northroute.frequentist.design import Effect

Array = NDArray[np.float64]
_DIRECT_LEVELS = 600
_DIRECT_CELLS = 4_000_000
_SWEEPS = 20_000


@dataclass(frozen=True)
class Within:
    """What removes the effects; made once for a set of rows by :func:`absorber`.

    Attributes
    ----------
    effects : tuple of Effect
    direct : bool
        True if two effects are removed exactly.
    pair : array, shape (row,)
        For the direct solution: the cell of each row in the table of the two effects.
    dummies : tuple of sparse matrix
        For the direct solution: dummies of the larger and of the smaller effect.
    codes : array, shape (effect, row)
        For the sweeps.
    """

    effects: tuple[Effect, ...]
    direct: bool
    pair: NDArray[np.int64]
    dummies: tuple[sparse.csr_array, ...]
    codes: NDArray[np.int64]

    def residual(self, columns: Array, weights: Array, tol: float = 1e-9) -> Array:
        """Return the weighted within-transformed columns.

        Parameters
        ----------
        columns : array, shape (row, column)
        weights : array, shape (row,)
            Positive.
        tol : float
            Largest change of an effect, relative to its column's scale, at which sweeps stop.
        """
        if not self.effects:
            return columns
        if len(self.effects) == 1 or self.direct:
            return self._exact(columns, weights)
        levels = np.array([e.levels for e in self.effects])
        inner = _sweep(np.ascontiguousarray(columns.T), weights, self.codes, levels, tol, _SWEEPS)
        return np.asarray(inner.T)

    def _exact(self, columns: Array, weights: Array) -> Array:
        big = self.dummies[0]
        total = np.asarray(big.T @ weights)
        moved = np.asarray(big.T @ (weights[:, None] * columns))
        if len(self.effects) == 1:
            return np.asarray(columns - (moved / total[:, None])[self.codes[0]])
        small = self.dummies[1]
        shape = (big.shape[1], small.shape[1])
        cross = np.bincount(self.pair, weights, minlength=shape[0] * shape[1]).reshape(shape)
        share = cross / total[:, None]
        schur = np.diag(small.T @ weights) - cross.T @ share
        right = np.asarray(small.T @ (weights[:, None] * columns)) - share.T @ moved
        second = _solve_singular(schur, right)
        first = (moved - cross @ second) / total[:, None]
        return np.asarray(columns - first[self.codes[0]] - second[self.codes[1]])


def absorber(effects: Sequence[Effect]) -> Within:
    """Prepare the removal of effects; the direct solution is chosen where its table of cells is small."""
    ordered = tuple(sorted(effects, key=lambda e: -e.levels))
    none = np.empty(0, dtype=np.int64)
    if not ordered:
        return Within((), False, none, (), np.empty((0, 0), dtype=np.int64))
    codes = np.stack([e.codes for e in ordered])
    direct = (
        len(ordered) == 2
        and ordered[1].levels <= _DIRECT_LEVELS
        and ordered[0].levels * ordered[1].levels <= _DIRECT_CELLS
    )
    kept = ordered if direct else ordered[:1] if len(ordered) == 1 else ()
    rows = np.arange(codes.shape[1] + 1)
    dummies = tuple(sparse.csr_array((np.ones(e.codes.size), e.codes, rows), (e.codes.size, e.levels)) for e in kept)
    pair = codes[0] * ordered[1].levels + codes[1] if direct else none
    return Within(ordered, direct, pair, dummies, codes)


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


@numba.njit(cache=True)
def _project(column: Array, weights: Array, codes: NDArray[np.int64], totals: Array, work: Array) -> None:
    for f in range(codes.shape[0]):
        work[:] = 0.0
        for i in range(column.size):
            work[codes[f, i]] += weights[i] * column[i]
        for g in range(work.size):
            if totals[f, g] > 0.0:
                work[g] /= totals[f, g]
        for i in range(column.size):
            column[i] -= work[codes[f, i]]


@numba.njit(cache=True)
def _sweep(
    columns: Array, weights: Array, codes: NDArray[np.int64], levels: NDArray[np.int64], tol: float, limit: int
) -> Array:
    n_effects, n = codes.shape
    widest = levels.max()
    totals = np.zeros((n_effects, widest))
    for f in range(n_effects):
        for i in range(n):
            totals[f, codes[f, i]] += weights[i]
    work = np.zeros(widest)
    done = np.empty_like(columns)
    for c in range(columns.shape[0]):
        x = columns[c].copy()
        enough = tol * np.sqrt(np.sum(weights * x * x) / np.sum(weights))
        # steps below rounding never end, as with weights of 1e14 in the search for separation
        enough = max(enough, 1e-13 * np.max(np.abs(x)))
        for _ in range(limit):
            once = x.copy()
            _project(once, weights, codes, totals, work)
            twice = once.copy()
            _project(twice, weights, codes, totals, work)
            top = 0.0
            bottom = 0.0
            change = 0.0
            for i in range(n):
                step = twice[i] - once[i]
                bend = step - (once[i] - x[i])
                top += step * bend
                bottom += bend * bend
                change = max(change, abs(step))
            if change <= enough or bottom == 0.0:
                x = twice
                break
            ratio = top / bottom
            for i in range(n):
                x[i] = twice[i] - ratio * (twice[i] - once[i])
        done[c] = x
    return done
