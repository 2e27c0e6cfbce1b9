"""From what terms say to a compiled program: identifiers become places among the values, and all tables are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from northroute.bayes.kernel.tables import BLOCK, DENSE, FOLD, SCALAR, SEGMENT, SIZES, USE, Program, Record
from northroute.bayes.program import records
from northroute.bayes.program.absorption import ordered, parents_of
from northroute.bayes.program.folding import fold
from northroute.bayes.program.layout import Block, Combination, Layout
from northroute.bayes.program.records import table
from northroute.bayes.program.store import Store
from northroute.bayes.program.uses import Fold
from northroute.bayes.statement.codes import Rows, Transform
from northroute.bayes.statement.terms.writer import COEFFICIENT, Ids, Key, Parameter, Places, Scalar, Use, Writer


@dataclass
class Builder(Writer):
    """What terms and outcomes have said; :meth:`finish` writes the program.

    Attributes
    ----------
    segments : list of Record
    store : Store
        Index and numeric tables.
    """

    segments: list[Record] = field(default_factory=list)
    store: Store = field(default_factory=Store)

    def finish(self, rows: int) -> tuple[Program, Layout]:
        """Write the program, neither centred nor rotated, and what is needed to read its values."""
        derived = self._at_zero()
        n, resolve = len(self.scalars), _Resolve(len(self.scalars))
        position, linear = _positions(self.scalars)
        stated, raw, scratch = _stated(self, self.store)
        uses, folds, extra = fold(self.uses, COEFFICIENT + self.coefficients)
        use_records = [_use(self.store, resolve.of_use(use)) for use in uses]
        row_folds = [_fold(self.store, resolve, one) for one in folds]
        dense = [
            (c.predictor, c.start, c.stop, self.store.numbers(c.matrix.T), c.matrix.shape[1], len(c.matrix), c.value)
            for c in self.covariates
        ]
        waiting = _settled(stated, self.targets)
        parents = parents_of(waiting, self.uses, frozenset(self.targets[t] for b in waiting for t in b.targets))
        blocks: list[Block] = []
        block_folds: list[tuple[int, ...]] = []
        for i in ordered(waiting, parents):
            block, record = waiting[i], waiting[i].record.copy()
            record.theta += n
            record.value += n
            if block.targets:
                record.target = self.store.table(resolve(np.array([self.targets[t] for t in block.targets], np.int64)))
            record.folds, record.folds_stop = len(block_folds), len(block_folds) + len(parents[i])
            if parents[i]:
                first = COEFFICIENT + self.coefficients + extra
                block_folds += [_fold(self.store, resolve, Fold(first, p.ids, p.weights)) for p in parents[i]]
                record.parents = resolve.one(first)
                extra += parents[i][0].ids.size
            blocks.append(replace(block, record=record))
        sizes = (n + raw, n + self.coefficients + extra, rows, linear, scratch, len(block_folds))
        scalars = [(at, s.transform, *s.numbers, *s.interval) for at, s in zip(position, self.scalars, strict=True)]
        program = Program(
            sizes=table([sizes], SIZES),
            scalars=table(scalars, SCALAR),
            blocks=table([b.record for b in blocks], BLOCK),
            uses=table(use_records, USE),
            folds=table(block_folds + row_folds, FOLD),
            dense=table(dense, DENSE),
            segments=table(self.segments, SEGMENT),
            index=self.store.index(),
            data=self.store.data(),
        )
        layout = Layout(
            parameters={k: Parameter(resolve(v.ids), v.dims) for k, v in self.parameters.items()},
            coords=dict(self.coords),
            scalars=tuple(self.scalars),
            position=position,
            blocks=tuple(blocks),
            uses=tuple(resolve.of_use(use) for use in self.uses),
            derived=derived,
        )
        return program, layout

    def _at_zero(self) -> dict[str, Combination]:
        """Where means were taken off, report an average row's intercept beside that at zero, which has its name."""
        found = {}
        for average in self.averages:
            if not average.shifts:
                continue
            parameter = self.parameters.pop(average.name)
            self.report(f"{average.name}_average", parameter.ids, parameter.dims)
            base = average.ids[:, None]
            ids = [np.broadcast_to(s, (len(base), s.size)) for s, _ in average.shifts]
            weights = np.hstack([np.ones(base.shape), *(-m for _, m in average.shifts)])
            shape = (*parameter.ids.shape, -1)
            found[average.name] = Combination(
                np.hstack([base, *ids]).reshape(shape), weights.reshape(shape), average.dims
            )
        return found


@dataclass(frozen=True)
class _Resolve:
    """From identifiers to places among the values: scalars first, then coefficients and folds."""

    scalars: int

    def __call__(self, ids: Ids) -> Ids:
        return np.where(ids >= COEFFICIENT, ids - COEFFICIENT + self.scalars, ids)

    def one(self, identifier: int) -> int:
        return int(self(np.asarray(identifier)))

    def of_use(self, use: Use) -> Use:
        return replace(use, ids=self(use.ids), other=None if use.other is None else self(use.other))


def _positions(scalars: Sequence[Scalar]) -> tuple[Ids, int]:
    """Return each scalar's unconstrained coordinate, curved scalars first, and where the linear part begins."""
    straight = np.array([s.transform is Transform.IDENTITY for s in scalars], dtype=bool)
    position = np.empty(len(scalars), dtype=np.int64)
    position[np.argsort(straight, kind="stable")] = np.arange(len(scalars))
    return position, int((~straight).sum())


def _stated(found: Writer, store: Store) -> tuple[list[Block], int, int]:
    """Write the records of blocks; return these with how many raw coordinates and places of scratch they have."""
    blocks, raw, coefficients, scratch = list[Block](), 0, 0, 0
    for said in found.blocks:
        if isinstance(said, Places):
            scalars = np.asarray([[said.sigma, said.rho]], dtype=np.int64)
            block = Block(records.places(store, said), said.pointer, scalars)
        else:
            record = records.effects(store, said)
            block = Block(record, said.pointer, said.sd, said.basis, said.frequency, said.length, tuple(said.targets))
        block.record.theta, block.record.value, block.record.scratch = raw, coefficients, scratch
        raw += int(block.record.raw)
        coefficients += said.size
        scratch += said.size if isinstance(said, Places) else said.effects
        blocks.append(block)
    return blocks, raw, scratch


def _settled(blocks: Sequence[Block], targets: Mapping[Key, int]) -> list[Block]:
    """Leave a block's mean alone where what it would be swept into is not there."""
    found = []
    for block in blocks:
        record = block.record.copy()
        swept = record.rows == Rows.WITH_MEAN and all(t in targets for t in block.targets)
        if record.rows == Rows.WITH_MEAN and not swept:
            record.rows = Rows.GROUPS
        found.append(replace(block, record=record, targets=block.targets if swept else ()))
    return found


def _use(store: Store, use: Use) -> tuple[int, ...]:
    tables = store.table(use.ids), store.numbers(use.weight), store.table(use.other)
    return (use.predictor, use.start, use.stop, *tables)


def _fold(store: Store, resolve: _Resolve, fold: Fold) -> tuple[int, ...]:
    return resolve.one(fold.value), fold.ids.size, store.table(resolve(fold.ids)), store.numbers(fold.weight)
