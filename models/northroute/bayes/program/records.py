"""Records of blocks and segments: what :mod:`northroute.bayes.kernel.tables` says of each field, written from arguments."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel.tables import BLOCK, SEGMENT, Filter, Kind, Record, blank
from northroute.bayes.program.store import Store
from northroute.bayes.statement.codes import Family, Part, Rows, Spectrum

Array = NDArray[np.float64]
Ids = NDArray[np.int64]
TABLE_LIMIT: Final = 1024
"""Counts below this enter the negative binomial through one table of logarithms."""


def effects(
    store: Store,
    ends: Ids,
    sd: Ids,
    *,
    rows: Rows,
    zero_dims: bool,
    correlation: Ids | None,
    basis: Array | None,
    autoregression: Ids | None,
    spectrum: Spectrum,
    frequency: Array | None,
    length: Ids | None,
    space: int,
    demean: bool,
) -> Record:
    """Return the record of a block of effects; the arguments are those of ``Builder.effects``."""
    record = blank(BLOCK)
    batches, k = sd.shape
    raw = int(((np.diff(ends) - (rows is Rows.ZERO_SUM)) * (k - zero_dims)).sum())
    record.kind = Kind.EFFECTS
    record.raw = raw
    record.batches = batches
    record.pointer = store.table(ends)
    record.dims = k
    record.centring = store.numbers(np.zeros(raw * (2 if correlation is None else k + 1)))
    record.rows = rows
    record.zero_dims = zero_dims
    record.sd = store.table(sd)
    record.correlation = store.table(correlation)
    record.filter = Filter.NONE
    if basis is not None:
        record.filter = Filter.BASIS
        record.basis = store.numbers(basis)
        record.levels = basis.shape[0]
    if autoregression is not None:
        record.filter = Filter.AR1
        record.coefficient = store.table(autoregression)
    record.spectrum = spectrum
    record.length = store.table(length)
    record.frequency = store.numbers(frequency)
    record.space = space
    record.demean = demean
    return record


def places(store: Store, ends: Ids, edges: Ids, scaling: Array, sigma: int, rho: int) -> Record:
    """Return the record of a block of places; the arguments are those of ``Builder.bym2``."""
    record = blank(BLOCK)
    record.kind = Kind.BYM2
    record.raw = int((np.diff(ends) - 1).sum()) + scaling.size
    record.batches = ends.size - 1
    record.pointer = store.table(ends)
    record.dims = 1
    record.centring = store.numbers(np.zeros(2 * scaling.size))
    record.places = scaling.size
    record.sigma = sigma
    record.rho = rho
    record.scaling = store.numbers(scaling)
    record.edges = store.table(edges)
    record.edge_count = len(edges)
    return record


def segment(
    store: Store,
    family: Family,
    rows: slice,
    outcome: Array,
    *,
    offset: Array | None = None,
    auxiliary: int = -1,
    part: Part = Part.NONE,
    cell: int = 1,
    known: Array | None = None,
    deviations: Ids | None = None,
    correlation: Ids | None = None,
    predictor: Array | None = None,
    slope: int = -1,
    omega: int = -1,
    df: float | None = None,
) -> Record:
    """Return the record of rows with one distribution.

    Parameters
    ----------
    store : Store
        Takes the numbers and tables of the rows.
    family : Family
    rows : slice
    outcome : array, shape (row,)
    offset : array, shape (row,), optional
    auxiliary : int
        Scalar that holds a dispersion, a standard deviation or a concentration.
    part : Part
    cell : int
        Rows that are one outcome.
    known : array, shape (row,), optional
        Standard deviations.
    deviations, correlation : int array, optional
        Of a cell's dimensions: scalars that hold standard deviations, and partial correlations.
    predictor : array, shape (row, 2), optional
        Error-prone values and their errors, with scalars that hold the ``slope`` and the true spread ``omega``.
    df : float, optional
        A Student t's degrees of freedom.
    """
    record = blank(SEGMENT)
    record.family = family
    record.part = part
    record.cell = cell
    record.start = rows.start
    record.stop = rows.stop
    record.offset = store.numbers(offset)
    record.outcome = store.numbers(outcome)
    record.auxiliary = auxiliary
    if family is Family.NEGATIVE_BINOMIAL:
        length = int(min(outcome.max(), TABLE_LIMIT)) + 1
        above, large = repeated(outcome, length)
        record.table = length
        record.above = store.numbers(above)
        record.large = store.numbers(large)
        record.large_count = len(large)
    record.known = store.numbers(known)
    record.deviations = store.table(deviations)
    record.correlation = store.table(correlation)
    record.predictor = store.numbers(predictor)
    record.slope = slope
    record.omega = omega
    record.df = store.numbers(None if df is None else [df])
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


def table(records: list[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return records, or tuples of their fields in order, as a table."""
    return np.array([tuple(r) for r in records], dtype=kind)
