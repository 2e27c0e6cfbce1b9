"""Maximum likelihood of models in which each row depends on a few linear indices, by :func:`climb`.

A model gives the value, gradient and Hessian of a row's log likelihood in its indices (mean, zero part, log dispersion); the
chain rule through the index's covariates does the rest, so gradients, information and scores are analytic.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from northroute.frequentist.climb import climb
from northroute.frequentist.design import Array


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
    """Climb from ``start``. The caller checks the result; see :meth:`Estimate.checked`."""

    def likelihood(coef: Array) -> tuple[float, Array, Array]:
        rows = density(y, indices(blocks, coef))
        return float(rows.value.sum()), _slopes(blocks, rows), _information(blocks, rows)

    coef, steps = climb(likelihood, start)
    rows = density(y, indices(blocks, coef))
    scores = np.column_stack([rows.gradient[:, [m]] * b.x for m, b in enumerate(blocks)])
    return Maximum(coef, scores, _information(blocks, rows), float(rows.value.sum()), steps)


def _slopes(blocks: Sequence[Block], rows: Rows) -> Array:
    return np.concatenate([b.x.T @ rows.gradient[:, m] for m, b in enumerate(blocks)])


def _information(blocks: Sequence[Block], rows: Rows) -> Array:
    parts = [
        [-(a.x.T @ (rows.hessian[:, m, n, None] * b.x)) for n, b in enumerate(blocks)] for m, a in enumerate(blocks)
    ]
    return np.block(parts)
