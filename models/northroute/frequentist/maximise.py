"""Maximum likelihood by :func:`climb`, and of models in which each row depends on a few linear indices.

Such a model gives value, gradient and Hessian of a row's log likelihood in its indices (mean, zero part, log dispersion);
the chain rule through the index's covariates does the rest, so gradients, information and scores are analytic.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from northroute.arrays import Array
from northroute.frequentist.climb import climb


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


Likelihood = Callable[[Array], tuple[float, Array, Array]]
"""Coefficients to value, scores (row or group, term) and information (term, term)."""
Density = Callable[[Array, Array], Rows]
"""Outcome and indices, shapes (row,) and (row, index), to :class:`Rows`."""


@dataclass(frozen=True)
class Maximum:
    """Where the search ended: coefficients, scores (row or group, term), information (term, term), value, steps."""

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


def maximise(likelihood: Likelihood, start: Array) -> Maximum:
    """Climb from ``start``. The caller checks the result; see :meth:`Estimate.checked`."""

    def summed(coef: Array) -> tuple[float, Array, Array]:
        value, scores, information = likelihood(coef)
        return value, scores.sum(axis=0), information

    coef, steps = climb(summed, start)
    value, scores, information = likelihood(coef)
    return Maximum(coef, scores, information, value, steps)


def of_rows(y: Array, blocks: Sequence[Block], density: Density) -> Likelihood:
    """Return the likelihood of independent rows in the coefficients of all blocks, in order."""

    def likelihood(coef: Array) -> tuple[float, Array, Array]:
        rows = density(y, indices(blocks, coef))
        scores = np.column_stack([rows.gradient[:, [m]] * b.x for m, b in enumerate(blocks)])
        information = [
            [-(a.x.T @ (rows.hessian[:, m, n, None] * b.x)) for n, b in enumerate(blocks)] for m, a in enumerate(blocks)
        ]
        return float(rows.value.sum()), scores, np.block(information)

    return likelihood
