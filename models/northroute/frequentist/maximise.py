"""Maximum likelihood of models in which each row depends on a few linear indices, by damped Newton steps.

A model gives the value, gradient and Hessian of a row's log likelihood in its indices (mean, zero part, log dispersion); the
chain rule through the index's covariates does the rest, so gradients, information and scores are analytic.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from northroute.frequentist.design import Array

_LIMIT = 200
_ENOUGH = 1e-9


@dataclass(frozen=True)
class Block:
    """An index: covariates, their names, and an offset.

    Attributes
    ----------
    prefix : str
        Put before the terms' names, such as ``zero:``; empty for the mean.
    x : array, shape (row, term)
    terms : tuple of str
    offset : array, shape (row,)
    right : str
        Right-hand side that the columns were made from, where it is not the regression's.
    """

    prefix: str
    x: Array
    terms: tuple[str, ...]
    offset: Array
    right: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Terms with the prefix."""
        return tuple(self.prefix + t for t in self.terms)


@dataclass(frozen=True)
class Rows:
    """Log likelihood of each row and its derivatives in the indices.

    Attributes
    ----------
    value : array, shape (row,)
    gradient : array, shape (row, index)
    hessian : array, shape (row, index, index)
    """

    value: Array
    gradient: Array
    hessian: Array


Density = Callable[[Array, Array], Rows]
"""Outcome and indices, shapes (row,) and (row, index), to :class:`Rows`."""


@dataclass(frozen=True)
class Maximum:
    """Where the search ended: coefficients of all blocks in order, scores (row, term), information, value, steps."""

    coef: Array
    scores: Array
    information: Array
    value: float
    iterations: int


def indices(blocks: Sequence[Block], coef: Array) -> Array:
    """Linear indices, shape (row, block)."""
    ends = np.cumsum([b.x.shape[1] for b in blocks])[:-1]
    parts = np.split(coef, ends)
    return np.column_stack([b.x @ c + b.offset for b, c in zip(blocks, parts, strict=True)])


def maximise(y: Array, blocks: Sequence[Block], density: Density, start: Array) -> Maximum:
    """Climb from ``start`` until a further Newton step would gain less than 1e-9.

    Where the information is not positive definite, and where a step does not gain, its diagonal is raised (Levenberg and
    Marquardt). The caller checks the result; see :meth:`Estimate.checked`.
    """
    coef, damping = start.astype(float), 0.0
    rows = density(y, indices(blocks, coef))
    value = float(rows.value.sum())
    steps = 0
    while steps < _LIMIT:
        steps += 1
        gradient, information = _slopes(blocks, rows), _information(blocks, rows)
        gain = 0.0
        for _ in range(60):
            step = _step(information, gradient, damping)
            if step is not None:
                gain = float(gradient @ step)
                if gain < _ENOUGH * 1e-3:
                    break
                with np.errstate(over="ignore", invalid="ignore"):
                    trial = density(y, indices(blocks, coef + step))
                new = float(trial.value.sum())
                if np.isfinite(new) and new >= value - 1e-12 * abs(value) and np.isfinite(trial.hessian).all():
                    coef, rows, value, damping = coef + step, trial, max(new, value), damping / 10
                    break
            damping = max(4 * damping, 1e-6)
        damping = 0.0 if damping < 1e-7 else damping
        if gain < _ENOUGH:
            break
    scores = np.column_stack([rows.gradient[:, [m]] * b.x for m, b in enumerate(blocks)])
    return Maximum(coef, scores, _information(blocks, rows), float(rows.value.sum()), steps)


def _slopes(blocks: Sequence[Block], rows: Rows) -> Array:
    return np.concatenate([b.x.T @ rows.gradient[:, m] for m, b in enumerate(blocks)])


def _information(blocks: Sequence[Block], rows: Rows) -> Array:
    parts = [
        [-(a.x.T @ (rows.hessian[:, m, n, None] * b.x)) for n, b in enumerate(blocks)] for m, a in enumerate(blocks)
    ]
    return np.block(parts)


def _step(information: Array, gradient: Array, damping: float) -> Array | None:
    diagonal = np.maximum(np.abs(np.diag(information)), 1e-12)
    scale = np.sqrt(diagonal)
    matrix = information / np.outer(scale, scale) + damping * np.eye(scale.size)
    try:
        factor = linalg.cho_factor(matrix, check_finite=False)
    except linalg.LinAlgError:
        return None
    return np.asarray(linalg.cho_solve(factor, gradient / scale) / scale)
