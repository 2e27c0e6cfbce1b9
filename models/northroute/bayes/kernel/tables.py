"""The compiled form of a model: flat tables that the numba kernel walks through, the same code for every model.

A model is a list of *scalars* (intercepts, slopes, standard deviations, correlations), a list of *blocks* (effects of
groups, months, places) and a list of *uses* that say which scalar or block coefficient enters which row. All of it is data:
another model, or another data set, needs no compilation. :mod:`northroute.bayes.program.builder` writes these
tables; nothing else should.

Every table is an array of records whose fields are named here, each with one meaning. Whole numbers are 64 bits wide. A
field that says where something begins is minus one where there is no such thing, as is a field of another kind of block.
*In index* and *in data* are places in :attr:`Program.index` and :attr:`Program.data`.
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from northroute.arrays import Array, Ints

type Record = Any
"""One record of a table: a ``numpy.record``, or what numba makes of it; fields are attributes."""
Records = NDArray[Any]
"""A table: an array of records; a field's name gives a column."""


class Kind(IntEnum):
    """What a block is."""

    EFFECTS = 0
    BYM2 = 1


class Filter(IntEnum):
    """The linear map from a batch of effects to its coefficients."""

    NONE = 0
    BASIS = 1
    AR1 = 2


class Slot(IntEnum):
    """Units that are called by address; where each stands in the table of addresses, behind a program's tables."""

    VALUES = 0
    PREDICT = 1
    SCATTER = 2
    EFFECTS = 3
    EFFECTS_BACK = 4
    CORRELATED = 5
    CORRELATED_BACK = 6
    BYM2 = 7
    BYM2_BACK = 8
    PLAIN_COUNTS = 9
    COUNTS = 10
    NORMALS = 11
    COMPOSITIONS = 12
    MULTIVARIATE = 13


def _record(whole: str, real: str = "") -> np.dtype[Any]:
    """Return the type of a record from the names of its fields, whole numbers first."""
    fields = [*((name, np.int64) for name in whole.split()), *((name, np.float64) for name in real.split())]
    return np.dtype((np.record, fields))


SIZES: Final = _record("dim values rows linear scratch row_folds")
"""A program's sizes, one record.

dim : unconstrained coordinates.
values : scalars, coefficients, folds.
rows : rows of data.
linear : first coordinate of the linear part.
scratch : length of the blocks' scratch.
row_folds : first fold that is for rows; those before belong to blocks.
"""

SCALAR: Final = _record("position transform family", "prior_location prior_scale prior_shape lower width")
"""A scalar.

position : its unconstrained coordinate.
transform : :class:`northroute.bayes.statement.codes.Transform`.
family : of its prior, by place in ``families.FAMILIES``; one more is a canonical partial correlation.
prior_location, prior_scale, prior_shape : the prior's numbers.
lower, width : of the interval, where the transform is to one.
"""

BLOCK: Final = _record(
    "kind theta value raw batches pointer dims centring scratch folds folds_stop "
    "rows zero_dims sd correlation filter basis levels coefficient spectrum length frequency space demean target parents "
    "places sigma rho scaling edges edge_count"
)
"""A block of effects.

Every block:

kind : :class:`Kind`.
theta, raw : first unconstrained coordinate, and how many.
value : first of the coefficients among the values.
batches : number of batches; of places, of connected parts.
pointer : in index, where each batch begins and ends among the groups (batch + 1); among a basis's functions.
dims : dimensions of a group's effects.
centring : in data, precisions and natural means that coordinates are standardised by.
scratch : first place in the scratch.
folds, folds_stop : folds that write what the block absorbs.

Effects alone:

rows : :class:`northroute.bayes.statement.codes.Rows`.
zero_dims : one where effects sum to zero over dimensions, else zero.
sd : in index, scalars that hold the standard deviations (batch, dim).
correlation : in index, canonical partial correlations over dimensions.
filter : :class:`Filter`.
basis, levels : in data, a matrix (level, function), and its rows.
coefficient : in index, scalars that hold each batch's autoregressive coefficient.
spectrum : :class:`northroute.bayes.statement.codes.Spectrum`.
length : in index, scalars that hold each batch's length scale.
frequency : in data, squared frequencies (function).
space : the dimension of a Gaussian process's space.
demean : one where each batch's mean is taken off its coefficients, else zero.
target : in index, values into which means are swept (batch * dim).
parents : first of the values that the block's effects are known together with.

Places (BYM2) alone:

places : how many.
sigma, rho : scalars that hold the standard deviation and the structured share of the variance.
scaling : in data, one over the root of the scaling of each place's part.
edges, edge_count : in index, pairs of neighbours, and how many pairs.
"""

USE: Final = _record("predictor start stop index weight other")
"""Values that enter rows.

predictor : 0 or 1.
start, stop : rows.
index : in index, a value by row.
weight : in data, by row.
other : in index, by row, a value that it is multiplied by.
"""

FOLD: Final = _record("value count index weight")
"""Values added to others, before rows gather these or a block's effects are known together with them.

value, count : first of the values that are added to, and how many.
index : in index, what is added to each.
weight : in data, by value.
"""

DENSE: Final = _record("predictor start stop matrix columns stride value")
"""Covariates that enter rows.

predictor : 0 or 1.
start, stop : rows.
matrix, columns, stride : in data, covariates column by column, how many columns, and from one to the next.
value : first of the consecutive scalars that are the slopes.
"""

SEGMENT: Final = _record(
    "family part cell start stop outcome offset auxiliary "
    "table above large large_count known df predictor slope omega deviations correlation"
)
"""Rows of one distribution.

family, part : :class:`northroute.bayes.statement.codes.Family` and ``Part``.
cell : rows that are one outcome.
start, stop : rows.
outcome, offset : in data, by row.
auxiliary : scalar that holds a dispersion, a standard deviation or a concentration.

Negative binomial:

table : length of the table of logarithms; above : in data, rows with counts above each of its places but the last.
large, large_count : in data, larger counts and how often each comes, and how many pairs.

Normal, Student t, errors in a predictor:

known : in data, known standard deviations by row.
df : in data, degrees of freedom.
predictor : in data, error-prone values and their errors (row, 2); slope, omega : scalars, its slope and the true spread.

Multivariate normal:

deviations, correlation : in index, scalars that hold the standard deviations of a cell, and its partial correlations.
"""


class Coordinates(NamedTuple):
    """The sampler's coordinates of a program; the model's own unless something is said. Shapes in brackets.

    Attributes
    ----------
    shift : float array (linear,)
    order, begin : int array (linear,)
    factor : float32 array
        The linear part is ``shift + P' L'^-1 z``: row i of the lower triangular L holds columns ``begin[i]`` to i
        (:mod:`northroute.bayes.kernel.skyline`) and stands for the linear coordinate ``order[i]``. Empty: the part is z's.
    """

    shift: Array = np.zeros(0)
    order: Ints = np.zeros(0, dtype=np.int64)
    begin: Ints = np.zeros(0, dtype=np.int64)
    factor: NDArray[np.float32] = np.zeros(0, dtype=np.float32)


class Program(NamedTuple):
    """Tables of a model.

    Attributes
    ----------
    sizes : array (1,) of SIZES
    scalars, blocks, uses, folds, dense, segments : array of SCALAR, BLOCK, USE, FOLD, DENSE, SEGMENT
        A fold is for rows, or for a block whose effects the data know only together with what it adds up.
    index : int32 array
        All index tables.
    data : float array
        All numeric tables: weights, bases, covariates, outcomes, offsets.
    coordinates : Coordinates
    """

    sizes: Records
    scalars: Records
    blocks: Records
    uses: Records
    folds: Records
    dense: Records
    segments: Records
    index: NDArray[np.int32]  # type: ignore[assignment]
    data: Array
    coordinates: Coordinates = Coordinates()

    def unrotated(self) -> "Program":
        """Return the program in the model's own coordinates."""
        return self._replace(coordinates=Coordinates())

    @property
    def dim(self) -> int:
        """Number of unconstrained coordinates."""
        return int(self.sizes["dim"][0])

    @property
    def linear(self) -> int:
        """First coordinate of the linear part."""
        return int(self.sizes["linear"][0])

    @property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """Every array of the program, those of its coordinates last."""
        return (*self[:-1], *self.coordinates)


def blank(kind: np.dtype[Any]) -> Record:
    """Return a record of which every field is minus one: nothing is there yet."""
    return np.full(1, -1, dtype=[(name, np.int64) for name in kind.names or ()]).view(kind)[0]
