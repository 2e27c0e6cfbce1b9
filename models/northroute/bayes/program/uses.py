"""What is made of uses: values that hold the sums of others, and which of them are functions of others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Program, Record
from northroute.bayes.statement.terms.writer import Ids


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
    row, column = np.arange(record.stop - record.start), np.arange(record.columns)
    return np.asarray(program.data[int(record.matrix) + row[:, None] + int(record.stride) * column])


def function_of(fine: Ids, *coarse: NDArray[np.generic] | None) -> bool:
    """Tell whether the same ``fine`` identifier always comes with the same ``coarse`` numbers, where these are given."""
    _, first, inverse = np.unique(fine, return_index=True, return_inverse=True)
    return all(c is None or bool((c == c[first][inverse]).all()) for c in coarse)
