"""Records of blocks and segments: what :mod:`northroute.bayes.kernel.tables` says of each field, written from arguments."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from northroute.arrays import Array
from northroute.bayes.kernel.tables import BLOCK, SEGMENT, Filter, Kind, Record, blank
from northroute.bayes.program.store import Store
from northroute.bayes.statement.codes import Family, Part, Rows
from northroute.bayes.statement.terms.writer import Batches, Places

TABLE_LIMIT: Final = 1024
"""Counts below this enter the negative binomial through one table of logarithms."""
_NUMBERS: Final = frozenset({"offset", "known", "predictor", "df"})
_TABLES: Final = frozenset({"deviations", "correlation"})
"""Fields of a segment that say where numbers and tables begin."""


def effects(store: Store, block: Batches) -> Record:
    """Return the record of a block of effects."""
    record, ends = blank(BLOCK), block.pointer
    batches, k = block.sd.shape
    raw = int(((np.diff(ends) - (block.rows is Rows.ZERO_SUM)) * (k - block.zero_dims)).sum())
    record.kind = Kind.EFFECTS
    record.raw = raw
    record.batches = batches
    record.pointer = store.table(ends)
    record.dims = k
    record.centring = store.numbers(np.zeros(raw * (2 if block.correlation is None else k + 1)))
    record.rows = block.rows
    record.zero_dims = block.zero_dims
    record.sd = store.table(block.sd)
    record.correlation = store.table(block.correlation)
    record.filter = Filter.NONE
    if block.basis is not None:
        record.filter = Filter.BASIS
        record.basis = store.numbers(block.basis)
        record.levels = len(block.basis)
    if block.autoregression is not None:
        record.filter = Filter.AR1
        record.coefficient = store.table(block.autoregression)
    record.spectrum = block.spectrum
    record.length = store.table(block.length)
    record.frequency = store.numbers(block.frequency)
    record.space = block.space
    record.demean = block.demean
    return record


def places(store: Store, block: Places) -> Record:
    """Return the record of a block of places."""
    record, ends = blank(BLOCK), block.pointer
    record.kind = Kind.BYM2
    record.raw = int((np.diff(ends) - 1).sum()) + block.size
    record.batches = ends.size - 1
    record.pointer = store.table(ends)
    record.dims = 1
    record.centring = store.numbers(np.zeros(2 * block.size))
    record.places = block.size
    record.sigma = block.sigma
    record.rho = block.rho
    record.scaling = store.numbers(block.factor)
    record.edges = store.table(block.edges)
    record.edge_count = len(block.edges)
    return record


def segment(store: Store, family: Family, rows: slice, outcome: Array, **fields: Any) -> Record:
    """Return the record of rows with one distribution, whose numbers and tables ``store`` takes.

    Other fields are those of :data:`northroute.bayes.kernel.tables.SEGMENT`, by name: arrays by row of the segment
    (``predictor`` of shape (row, 2)), identifiers of a cell's scalars, a scalar's identifier, or a number.
    """
    record = blank(SEGMENT)
    record.family, record.part, record.cell = family, Part.NONE, 1
    record.start, record.stop = rows.start, rows.stop
    record.outcome = store.numbers(outcome)
    if family is Family.NEGATIVE_BINOMIAL:
        record.table = int(min(outcome.max(), TABLE_LIMIT)) + 1
        above, large = repeated(outcome, int(record.table))
        record.above, record.large, record.large_count = store.numbers(above), store.numbers(large), len(large)
    for name, value in fields.items():
        put = store.numbers if name in _NUMBERS else store.table if name in _TABLES else int
        setattr(record, name, put(value))  # refuses a name that is no field's
    return record


def repeated(counts: Array, length: int) -> tuple[Array, Array]:
    """Return what a negative binomial needs of counts besides their sum with predictors.

    Returns
    -------
    above : array, shape (length - 1,)
        How many counts are above each whole number from zero.
    large : array, shape (distinct, 2)
        Counts beyond these, each with how often it comes.
    """
    above = np.asarray([(counts > j).sum() for j in range(length - 1)], dtype=float)
    values, times = np.unique(counts[counts > length - 1], return_counts=True)
    return above, np.column_stack([values, times]).astype(float)


def table(records: Sequence[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return records, or tuples of their fields in order, as a table."""
    return np.array([tuple(r) for r in records], dtype=kind)
