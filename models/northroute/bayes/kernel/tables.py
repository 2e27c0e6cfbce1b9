"""The compiled form of a model: flat tables that the numba kernel walks through, the same code for every model.

A model is a list of *scalars* (intercepts, slopes, standard deviations, correlations), a list of *blocks* (effects of
groups, months, places) and a list of *uses* that say which scalar or block coefficient enters which row. All of it is data:
another model, or another data set, needs no compilation. :mod:`northroute.bayes.program.builder` writes these
tables; nothing else should.
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Array = NDArray[np.float64]


class Kind(IntEnum):
    """What a block is."""

    EFFECTS = 0
    BYM2 = 1


class Filter(IntEnum):
    """The linear map from a batch of effects to its coefficients."""

    NONE = 0
    BASIS = 1
    AR1 = 2


# Columns of the integer tables. A block's columns that only one kind uses carry that kind's name.
B_KIND: Final = 0
B_THETA: Final = 1
B_VALUE: Final = 2
B_BATCHES: Final = 3
B_POINTER: Final = 4
B_DIMS: Final = 5
B_ROWS: Final = 6
B_ZERO_DIMS: Final = 7
B_SD: Final = 8
B_CENTRING: Final = 9
B_CORRELATION: Final = 10
B_FILTER: Final = 11
B_BASIS: Final = 12
B_LEVELS: Final = 13
B_SPECTRUM: Final = 14
B_FREQUENCY: Final = 15
B_PARAMETER: Final = 16
B_DEMEAN: Final = 17
B_SPACE: Final = 18
B_RAW: Final = 19
B_SCRATCH: Final = 20
B_TARGET: Final = 21
B_PARENTS: Final = 22
B_FOLDS: Final = 23
B_FOLDS_STOP: Final = 24
B_EDGES: Final = 14
B_EDGE_COUNT: Final = 15
BLOCK_COLUMNS: Final = 25

U_PREDICTOR: Final = 0
U_START: Final = 1
U_STOP: Final = 2
U_INDEX: Final = 3
U_WEIGHT: Final = 4
U_OTHER: Final = 5
USE_COLUMNS: Final = 6

D_PREDICTOR: Final = 0
D_START: Final = 1
D_STOP: Final = 2
D_MATRIX: Final = 3
D_COLUMNS: Final = 4
D_VALUE: Final = 5
DENSE_COLUMNS: Final = 6

S_FAMILY: Final = 0
S_START: Final = 1
S_STOP: Final = 2
S_OFFSET: Final = 3
S_COUNT: Final = 4
S_AUXILIARY: Final = 5
S_ABOVE: Final = 6
S_TABLE: Final = 7
S_LARGE: Final = 8
S_LARGE_COUNT: Final = 9
S_PART: Final = 10
S_CELL: Final = 11
S_KNOWN: Final = 12
S_CORRELATION: Final = 13
S_PREDICTOR: Final = 14
S_SHAPE: Final = 15
SEGMENT_COLUMNS: Final = 16

Z_DIM: Final = 0
Z_VALUES: Final = 1
Z_ROWS: Final = 2
Z_LINEAR: Final = 3
Z_SCRATCH: Final = 4
Z_FOLDS: Final = 5


class Program(NamedTuple):
    """Tables of a model; shapes in brackets.

    Attributes
    ----------
    sizes : int array (6,)
        Unconstrained dimension, number of values, rows, first coordinate of the linear part, scratch length, and the first
        fold that is for rows.
    scalar_codes : int array (scalar, 3)
        Position among the unconstrained coordinates, transform, prior family.
    scalar_numbers : float array (scalar, 5)
        Prior's location, scale, shape; lower end and width of an interval.
    blocks, uses, folds, dense, segments : int array
        One record a row; columns above. A fold is a use whose rows are values: it adds coefficients before rows gather them,
        or before a block whose effects the data know only together with these.
    index : int32 array
        All index tables.
    data : float array
        All numeric tables: weights, bases, covariates, counts, offsets.
    shift : float array (linear,)
    order, begin : int array (linear,)
    factor : float array
        The linear part is ``shift + P' L'^-1 x``: row i of the lower triangular L holds columns ``begin[i]`` to i
        (:mod:`northroute.bayes.kernel.skyline`) and stands for the linear coordinate ``order[i]``. Empty: the part is z's.
    tilted : int array (tilt,)
    pivot : float array (tilt, 2)
    tilt, stretch : float array (tilt, linear)
        ``x = exp(u @ stretch) * z + u @ tilt``, where ``u[k]`` is ``r tanh((z[tilted[k]] - m) / r)`` with m and r in
        ``pivot[k]``: mean and scale of the linear part follow hyperparameters. Empty: ``x = z``.
    """

    sizes: Ints
    scalar_codes: Ints
    scalar_numbers: Array
    blocks: Ints
    uses: Ints
    folds: Ints
    dense: Ints
    segments: Ints
    index: NDArray[np.int32]  # type: ignore[assignment]
    data: Array
    shift: Array = np.zeros(0)
    order: Ints = np.zeros(0, dtype=np.int64)
    begin: Ints = np.zeros(0, dtype=np.int64)
    factor: Array = np.zeros(0)
    tilted: Ints = np.zeros(0, dtype=np.int64)
    pivot: Array = np.zeros((0, 2))
    tilt: Array = np.zeros((0, 0))
    stretch: Array = np.zeros((0, 0))

    def unrotated(self) -> "Program":
        """Return the program in the model's own coordinates."""
        return self._replace(**self._field_defaults)

    @property
    def dim(self) -> int:
        """Number of unconstrained coordinates."""
        return int(self.sizes[Z_DIM])


def address_table(program: Program) -> NDArray[Any]:
    """Return (field, 3): address and shape of every table, for a C function that is given one pointer."""
    rows = []
    for table in program:
        if not table.flags.c_contiguous:
            raise ValueError("every table of a program is contiguous")
        shape = (*table.shape, 1) if table.ndim == 1 else table.shape
        rows.append((table.ctypes.data, *shape))
    return np.asarray(rows, dtype=np.uint64)
