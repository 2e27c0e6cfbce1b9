"""What enters rows: values by identifier, covariates times slopes, and values that hold the sums of others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel.tables import Program, Record

Array = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Use:
    """Values that enter consecutive rows.

    Attributes
    ----------
    predictor : int
        0 or 1.
    start, stop : int
        First row, and the row behind the last.
    ids : int array, shape (row,)
        A value's identifier by row.
    weight : array, shape (row,), optional
    other : int array, shape (row,), optional
        By row, the identifier of a value that it is multiplied by.
    """

    predictor: int
    start: int
    stop: int
    ids: Ids
    weight: Array | None = None
    other: Ids | None = None

    def meets(self, other: "Use") -> bool:
        """Tell whether another use enters the same rows of the same predictor."""
        return (self.predictor, self.start, self.stop) == (other.predictor, other.start, other.stop)


@dataclass(frozen=True, eq=False)
class Covariates:
    """Covariates times slopes, in consecutive rows.

    Attributes
    ----------
    predictor : int
        0 or 1.
    start, stop : int
        First row, and the row behind the last.
    matrix : array, shape (row, column)
    value : int
        The first column's slope; the others' follow.
    """

    predictor: int
    start: int
    stop: int
    matrix: Array
    value: int


@dataclass(frozen=True, eq=False)
class Fold:
    """Values that hold the sum of others.

    Attributes
    ----------
    value : int
        The first of them; the others follow.
    ids : int array
        What is added to each of them.
    weight : array, optional
    """

    value: int
    ids: Ids
    weight: Array | None = None


def covariates_of(program: Program, record: Record) -> Array:
    """Return the covariates of a record of ``Program.dense``, shape (row, column)."""
    at, columns = int(record.matrix), int(record.columns)
    return program.data[at : at + (int(record.stop) - int(record.start)) * columns].reshape(-1, columns)


def function_of(fine: Ids, *coarse: NDArray[np.generic] | None) -> bool:
    """Tell whether the same ``fine`` identifier always comes with the same ``coarse`` numbers, where these are given."""
    _, first, inverse = np.unique(fine, return_index=True, return_inverse=True)
    return all(c is None or bool((c == c[first][inverse]).all()) for c in coarse)
