"""From terms to a compiled program: hands out coordinates and coefficients, and writes the kernel's tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import tables
from northroute.bayes.kernel.tables import Filter, Kind, Program
from northroute.bayes.program.absorption import ordered, parents_of
from northroute.bayes.program.derived import derived
from northroute.bayes.program.folding import Use, fold
from northroute.bayes.program.layout import COEFFICIENT, Array, Block, Layout, Scalar
from northroute.bayes.statement.codes import Family, Part, Rows, Spectrum, Transform
from northroute.bayes.statement.families import FAMILIES, Prior
from northroute.bayes.statement.terms.writer import Average, Ids, Key, Parameter
from northroute.errors import ModelError

TABLE_LIMIT: Final = 1024
"""Counts below this enter the negative binomial through one table of logarithms."""
_TRANSFORMS: Final = {
    "real": Transform.IDENTITY,
    "positive": Transform.EXP,
    "unit": Transform.INTERVAL,
    "interval": Transform.INTERVAL,
}


@dataclass
class Builder:
    """Collects scalars, blocks, uses and segments; :meth:`finish` writes the program."""

    scalars: list[Scalar] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    dense: list[tuple[int, int, int, Array, int]] = field(default_factory=list)
    segments: list[Ids] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    coords: dict[str, list[Any]] = field(default_factory=dict)
    targets: dict[Key, int] = field(default_factory=dict)
    averages: list[Average] = field(default_factory=list)
    _index: list[NDArray[np.int64]] = field(default_factory=list)
    _data: list[Array] = field(default_factory=list)
    _index_size: int = 0
    _data_size: int = 0
    _coefficients: int = 0
    _raw: int = 0
    _scratch: int = 0

    def scalar(
        self,
        name: str,
        prior: Prior | Sequence[Prior],
        dims: tuple[str, ...] = (),
        *,
        starts: Any = None,
        transform: Transform | None = None,
    ) -> Ids:
        """Create scalars with one prior, or one each in order, shaped as ``dims``; return identifiers.

        ``starts`` are values to start from.
        """
        shape, first = tuple(len(self.coords[d]) for d in dims), len(self.scalars)
        size = int(np.prod(shape))
        priors = [prior] * size if not isinstance(prior, Sequence) else list(prior)
        for one in priors:
            if not isinstance(one, Prior):
                raise ModelError(f"The prior of '{name}' is {one!r}. Give a Prior, Prior.normal(mean=0, sd=1) say.")
        middles = np.reshape([0.0 if p.family == "flat" else p.median for p in priors], shape)
        begin = np.broadcast_to(np.asarray(middles if starts is None else starts, dtype=float), shape)
        for one, at in zip(priors, begin.flat, strict=True):
            how = transform if transform is not None else _TRANSFORMS[one.support]
            self.scalars.append(Scalar(one, one.numbers, how, float(at)))
        ids = first + np.arange(size).reshape(shape)
        self.report(name, ids, dims)
        return ids

    def report(self, name: str, ids: Ids, dims: tuple[str, ...]) -> None:
        """Name values as a reported quantity."""
        if self.parameters.setdefault(name, Parameter(ids, dims)).ids is not ids:
            raise ModelError(
                f"Two terms report '{name}', or a term and the distribution do. Give one of the terms another 'name', or "
                "leave it out if it is there twice."
            )

    def extend(self, name: str, prior: Prior, dim: str, label: str, start: float) -> int:
        """Create one more scalar of a quantity that has one for each label of ``dim``; return its identifier."""
        known = self.parameters.get(name, Parameter(np.zeros(0, dtype=np.int64), (dim,)))
        self.coords.setdefault(dim, [])
        if label not in self.coords[dim]:
            self.coords[dim].append(label)
        self.scalars.append(Scalar(prior, prior.numbers, _TRANSFORMS[prior.support], start))
        self.parameters[name] = Parameter(np.append(known.ids, len(self.scalars) - 1), (dim,))
        return len(self.scalars) - 1

    def correlation(self, name: str, dim: str, shape: float) -> Ids:
        """Create the canonical partial correlations of an LKJ(shape) matrix over ``dim``; return their identifiers."""
        k = len(self.coords[dim])
        ids = []
        for i in range(1, k):
            for j in range(i):
                ids.append(len(self.scalars))
                numbers = (len(FAMILIES), 0.0, 1.0, shape + (k - 2 - j) / 2)
                self.scalars.append(Scalar(None, numbers, Transform.TANH, 0.0))
        self.coords.setdefault(f"{dim}_2", list(self.coords[dim]))
        self.parameters[name] = Parameter(np.asarray(ids), (dim, f"{dim}_2"))
        return np.asarray(ids)

    def table(self, values: Any) -> int:
        """Store an index table and return where it begins."""
        flat = np.asarray(values, dtype=np.int64).ravel()
        self._index.append(flat)
        self._index_size += flat.size
        return self._index_size - flat.size

    def numbers(self, values: Any) -> int:
        """Store a numeric table and return where it begins."""
        flat = np.asarray(values, dtype=float).ravel()
        self._data.append(flat)
        self._data_size += flat.size
        return self._data_size - flat.size

    def effects(
        self,
        pointer: Sequence[int] | Ids,
        sd: Ids,
        *,
        rows: Rows = Rows.GROUPS,
        targets: Sequence[Key] = (),
        zero_dims: bool = False,
        correlation: Ids | None = None,
        basis: Array | None = None,
        autoregression: Ids | None = None,
        spectrum: Spectrum = Spectrum.NONE,
        frequency: Array | None = None,
        length: Ids | None = None,
        space: int = 1,
        demean: bool = False,
    ) -> Ids:
        """Create a block of effects and return its coefficients' identifiers, shape (level over all batches, dim).

        Parameters
        ----------
        pointer : int array, shape (batch + 1,)
            Where each batch begins and ends among the groups; with a basis, among its functions.
        sd : int array, shape (batch, dim)
            Scalars that hold the standard deviations.
        rows : Rows
            Whether effects sum to zero over a batch's groups, or are written as deviations and a mean.
        targets : sequence of Key, shape (batch * dim,), optional
            What a batch's mean is swept into, or whose effect its groups absorb; without all of them, neither.
        zero_dims : bool
            Effects sum to zero over dimensions.
        correlation : int array, optional
            Canonical partial correlations over dimensions.
        basis : array, shape (level, function), optional
        autoregression : int array, shape (batch,), optional
            Scalars that hold the AR(1) coefficients.
        spectrum, frequency, length, space
            Spectral density, squared frequencies (function,), length scales (batch,) and the space's dimension.
        demean : bool
            Subtract each batch's mean from its coefficients.
        """
        ends = np.asarray(pointer, dtype=np.int64)
        batches, k = sd.shape
        groups = np.diff(ends)
        raw = int(((groups - (rows is Rows.ZERO_SUM)) * (k - zero_dims)).sum())
        levels = basis.shape[0] * batches if basis is not None else int(ends[-1])
        record = np.zeros(tables.BLOCK_COLUMNS, dtype=np.int64)
        record[tables.B_KIND] = Kind.EFFECTS
        record[[tables.B_TARGET, tables.B_PARENTS]] = -1
        record[tables.B_THETA] = self._raw
        record[tables.B_VALUE] = self._coefficients
        record[tables.B_BATCHES] = batches
        record[tables.B_POINTER] = self.table(ends)
        record[tables.B_DIMS] = k
        record[tables.B_ROWS] = rows
        record[tables.B_ZERO_DIMS] = zero_dims
        record[tables.B_SD] = self.table(sd)
        record[tables.B_CENTRING] = self.numbers(np.zeros(raw * (2 if correlation is None else k + 1)))
        record[tables.B_CORRELATION] = -1 if correlation is None else self.table(correlation)
        record[tables.B_FILTER] = Filter.NONE
        if basis is not None:
            record[tables.B_FILTER] = Filter.BASIS
            record[tables.B_BASIS] = self.numbers(basis)
            record[tables.B_LEVELS] = basis.shape[0]
        if autoregression is not None:
            record[tables.B_FILTER] = Filter.AR1
            record[tables.B_PARAMETER] = self.table(autoregression)
        record[tables.B_SPECTRUM] = spectrum
        if length is not None:
            record[tables.B_PARAMETER] = self.table(length)
            record[tables.B_FREQUENCY] = self.numbers(frequency)
        record[tables.B_DEMEAN] = demean
        record[tables.B_SPACE] = space
        record[tables.B_RAW] = raw
        record[tables.B_SCRATCH] = self._scratch
        return self._add(
            Block(record, ends, sd, basis, frequency, length, tuple(targets)), raw, levels * k, int(ends[-1]) * k
        ).reshape(-1, k)

    def bym2(self, parts: Sequence[int] | Ids, edges: Ids, factor: Array, sigma: int, rho: int) -> Ids:
        """Create a block of places, sorted by connected part, islands last; return its coefficients, shape (place,).

        Parameters
        ----------
        parts : int array, shape (part + 1,)
            Where each connected part begins and ends.
        edges : int array, shape (edge, 2)
        factor : array, shape (place,)
            One over the square root of the part's scaling.
        sigma, rho : int
            Scalars that hold the standard deviation and the structured share of the variance.
        """
        n = factor.size
        ends = np.asarray(parts, dtype=np.int64)
        raw = int((np.diff(ends) - 1).sum()) + n
        record = np.zeros(tables.BLOCK_COLUMNS, dtype=np.int64)
        record[tables.B_KIND] = Kind.BYM2
        record[tables.B_THETA] = self._raw
        record[tables.B_VALUE] = self._coefficients
        record[tables.B_BATCHES] = ends.size - 1
        record[tables.B_POINTER] = self.table(ends)
        record[tables.B_DIMS] = 1
        record[tables.B_SD] = self.table([sigma, rho])
        record[tables.B_CENTRING] = self.numbers(np.zeros(2 * n))
        record[tables.B_BASIS] = self.numbers(factor)
        record[tables.B_LEVELS] = n
        record[tables.B_EDGES] = self.table(edges)
        record[tables.B_EDGE_COUNT] = len(edges)
        record[tables.B_RAW] = raw
        record[tables.B_SCRATCH] = self._scratch
        return self._add(Block(record, ends, np.asarray([[sigma, rho]], dtype=np.int64)), raw, n, n)

    def _add(self, block: Block, raw: int, coefficients: int, scratch: int) -> Ids:
        self.blocks.append(block)
        ids = COEFFICIENT + self._coefficients + np.arange(coefficients)
        self._raw += raw
        self._coefficients += coefficients
        self._scratch += scratch
        return ids

    def use(self, predictor: int, rows: slice, ids: Ids, weight: Array | None = None, other: Ids | None = None) -> None:
        """Add values ``ids``, shape (row,), to a predictor of the rows, times weights and other values where given."""
        self.uses.append((predictor, rows.start, rows.stop, ids, weight, other))

    def columns(self, predictor: int, rows: slice, matrix: Array, first: int) -> None:
        """Add ``matrix @ scalars``, matrix (row, column), the scalars being consecutive from ``first``."""
        self.dense.append((predictor, rows.start, rows.stop, matrix, first))

    def segment(
        self,
        family: Family,
        rows: slice,
        outcome: Array,
        *,
        offset: Array | None = None,
        auxiliary: int = -1,
        part: Part = Part.NONE,
        cell: int = 1,
        known: Array | Ids | None = None,
        correlation: Ids | None = None,
        predictor: Array | None = None,
        shape: float | None = None,
    ) -> None:
        """Add rows with one distribution; ``known``: standard deviations by row, or scalars by dimension of a cell.

        ``predictor`` (row, 2): error-prone values and errors; ``correlation`` then holds its slope and spread. ``shape``: a
        Student t's degrees of freedom.
        """
        record = np.full(tables.SEGMENT_COLUMNS, -1, dtype=np.int64)
        record[tables.S_FAMILY] = family
        record[tables.S_START] = rows.start
        record[tables.S_STOP] = rows.stop
        record[tables.S_OFFSET] = -1 if offset is None else self.numbers(offset)
        record[tables.S_COUNT] = self.numbers(outcome)
        record[tables.S_AUXILIARY] = auxiliary
        record[tables.S_PART] = part
        record[tables.S_CELL] = cell
        if family is Family.NEGATIVE_BINOMIAL:
            length = int(min(outcome.max(), TABLE_LIMIT)) + 1
            record[tables.S_TABLE] = length
            record[tables.S_ABOVE] = self.numbers([(outcome > j).sum() for j in range(length - 1)])
            large, times = np.unique(outcome[outcome > length - 1], return_counts=True)
            record[tables.S_LARGE] = self.numbers(np.column_stack([large, times]))
            record[tables.S_LARGE_COUNT] = large.size
        if family is Family.MULTIVARIATE_NORMAL:
            record[tables.S_KNOWN] = self.table(known)
            record[tables.S_CORRELATION] = self.table(correlation)
        elif known is not None:
            record[tables.S_KNOWN] = self.numbers(known)
        if predictor is not None:
            record[tables.S_PREDICTOR] = self.numbers(predictor)
            record[tables.S_CORRELATION] = self.table(correlation)
        if shape is not None:
            record[tables.S_SHAPE] = self.numbers([shape])
        self.segments.append(record)

    def finish(self, rows: int) -> tuple[Program, "Layout"]:
        """Write the program, neither centred nor rotated, and what is needed to read its values."""
        n, sums = len(self.scalars), derived(self)
        curved = [i for i, s in enumerate(self.scalars) if s.transform is not Transform.IDENTITY]
        straight = [i for i, s in enumerate(self.scalars) if s.transform is Transform.IDENTITY]
        position = np.empty(n, dtype=np.int64)
        position[curved + straight] = np.arange(n)
        uses, folds, extra = fold(self.uses, COEFFICIENT + self._coefficients)

        def resolve(ids: Ids) -> Ids:
            return np.where(ids >= COEFFICIENT, ids - COEFFICIENT + n, ids)

        use_records = [
            (
                p,
                a,
                b,
                self.table(resolve(i)),
                -1 if w is None else self.numbers(w),
                -1 if o is None else self.table(resolve(o)),
            )
            for p, a, b, i, w, o in uses
        ]
        fold_records = [
            (
                0,
                a := int(resolve(np.asarray(at))),
                a + i.size,
                self.table(resolve(i)),
                -1 if w is None else self.numbers(w),
                -1,
            )
            for at, i, w in folds
        ]
        dense_records = [(p, a, b, self.numbers(m), m.shape[1], first) for p, a, b, m, first in self.dense]
        settled = [self._settled(b) for b in self.blocks]
        parents = parents_of(settled, self.uses, frozenset(self.targets[t] for b in settled for t in b.targets))
        blocks, records, before = [], [], list[Any]()
        for i in ordered(settled, parents):
            block, record = settled[i], settled[i].record.copy()
            record[tables.B_THETA] += n
            record[tables.B_VALUE] += n
            if block.targets:
                record[tables.B_TARGET] = self.table(
                    resolve(np.array([self.targets[t] for t in block.targets], np.int64))
                )
            record[[tables.B_FOLDS, tables.B_FOLDS_STOP]] = len(before), len(before) + len(parents[i])
            if parents[i]:
                at = n + self._coefficients + extra
                size = parents[i][0][0].size
                before += [(0, at, at + size, self.table(resolve(ids)), self.numbers(w), -1) for ids, w in parents[i]]
                record[tables.B_PARENTS] = at
                extra += size
            records.append(record)
            blocks.append(block)
        dim = n + self._raw
        values = n + self._coefficients + extra
        codes = [(position[i], int(s.transform), s.numbers[0]) for i, s in enumerate(self.scalars)]
        numbers = [(*s.numbers[1:], *_interval(s.prior)) for s in self.scalars]
        program = Program(
            sizes=np.asarray([dim, values, rows, len(curved), self._scratch, len(before)], dtype=np.int64),
            scalar_codes=_matrix(codes, 3, np.int64),
            scalar_numbers=_matrix(numbers, 5, float),
            blocks=_matrix(records, tables.BLOCK_COLUMNS, np.int64),
            uses=_matrix(use_records, tables.USE_COLUMNS, np.int64),
            folds=_matrix(before + fold_records, tables.USE_COLUMNS, np.int64),
            dense=_matrix(dense_records, tables.DENSE_COLUMNS, np.int64),
            segments=_matrix(self.segments, tables.SEGMENT_COLUMNS, np.int64),
            index=np.concatenate([*self._index, np.zeros(1, np.int64)]).astype(np.int32),
            data=np.concatenate([*self._data, np.zeros(1)]),
        )
        layout = Layout(
            parameters={k: Parameter(resolve(v.ids), v.dims) for k, v in self.parameters.items()},
            coords=dict(self.coords),
            scalars=tuple(self.scalars),
            position=position,
            blocks=tuple(replace(b, record=record) for record, b in zip(records, blocks, strict=True)),
            uses=tuple((p, a, b, resolve(i), w, None if o is None else resolve(o)) for p, a, b, i, w, o in self.uses),
            derived=sums,
        )
        return program, layout

    def _settled(self, block: Block) -> Block:
        """Leave a block's mean alone where what it would be swept into is not there."""
        if block.record[tables.B_ROWS] == Rows.WITH_MEAN and all(t in self.targets for t in block.targets):
            return block
        record = block.record.copy()
        if record[tables.B_ROWS] == Rows.WITH_MEAN:
            record[tables.B_ROWS] = Rows.GROUPS
        return replace(block, record=record, targets=())


def _interval(prior: Prior | None) -> tuple[float, float]:
    return (prior.location, prior.scale) if prior is not None and prior.support == "interval" else (0.0, 1.0)


def _matrix(rows: Sequence[Any], columns: int, kind: Any) -> NDArray[Any]:
    return np.ascontiguousarray(np.asarray(rows, dtype=kind).reshape(len(rows), columns))
