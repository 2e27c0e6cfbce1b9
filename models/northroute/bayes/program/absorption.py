"""What the data know only together with a block's effects: a country's effect and a region's covariates with the region's.

Where a coefficient and its weight are functions of a group, the predictor holds the group's effect and that term as a sum.
The group's effect then absorbs the term (:mod:`northroute.bayes.kernel.effects`), which changes no posterior.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import tables
from northroute.bayes.kernel.tables import Filter, Kind
from northroute.bayes.program.folding import Use
from northroute.bayes.program.layout import COEFFICIENT, Block
from northroute.bayes.statement.codes import Rows

Array = NDArray[np.float64]
Ids = NDArray[np.int64]


Parent = tuple[Ids, Array]
"""By coefficient of the block, an identifier and the weight with which its value is absorbed, zero where none is."""


@dataclass(frozen=True)
class _Absorber:
    """A block that can absorb: its first coefficient, its groups' batches, its dimensions, and whether it is deviations."""

    first: int
    batch: Ids
    dims: int
    deviations: bool

    @property
    def size(self) -> int:
        return self.batch.size * self.dims


def parents_of(blocks: Sequence[Block], uses: Sequence[Use], swept: frozenset[int]) -> list[list[Parent]]:
    """Return, for every block, what it absorbs; paths, shares and places absorb nothing.

    A term is absorbed by the coarsest block that can, and by finer ones whose groups lie within that block's; by no others,
    or it would be taken in twice. Values that means of effects are ``swept`` into are left alone.
    """
    found: list[list[Parent]] = [[] for _ in blocks]
    absorbers = {i: _absorber(b) for i, b in enumerate(blocks) if _absorbs(b.record)}
    own = [(i, use) for i, b in absorbers.items() for use in uses if use[5] is None and _inside(use[3], b)]
    own.sort(key=lambda pair: np.unique(pair[1][3]).size)
    for term in uses:
        if term[5] is not None or not swept.isdisjoint(np.unique(term[3]).tolist()):
            continue
        takers: list[Ids] = []
        for i, use in own:
            parent = _parent(term, use, absorbers[i])
            if parent is not None and all(_function(taker, use[3]) for taker in takers):
                takers.append(use[3])
                found[i].append(parent)
    return found


def ordered(blocks: Sequence[Block], parents: Sequence[Sequence[Parent]]) -> list[int]:
    """Put blocks that absorb the effects of another after it."""
    waiting, found = list(range(len(blocks))), list[int]()
    while waiting:
        spans = [COEFFICIENT + np.asarray(blocks[i].span) for i in waiting]
        free = [
            i
            for i in waiting
            if not any(((ids >= a) & (ids < b) & (w != 0)).any() for ids, w in parents[i] for a, b in spans)
        ]
        found += free
        waiting = [i for i in waiting if i not in free]
    return found


def _absorbs(record: Ids) -> bool:
    plain = record[tables.B_FILTER] == Filter.NONE and not record[tables.B_ZERO_DIMS] and not record[tables.B_DEMEAN]
    return bool(record[tables.B_KIND] == Kind.EFFECTS and plain)


def _absorber(block: Block) -> _Absorber:
    return _Absorber(
        COEFFICIENT + int(block.record[tables.B_VALUE]),
        np.repeat(np.arange(block.pointer.size - 1), np.diff(block.pointer)),
        int(block.record[tables.B_DIMS]),
        bool(block.record[tables.B_ROWS] != Rows.GROUPS),
    )


def _parent(term: Use, use: Use, block: _Absorber) -> Parent | None:
    """Return a term by coefficient of a block's use, if it is a function of these and says something of deviations."""
    if term[:3] != use[:3] or np.unique(term[3]).size >= np.unique(use[3]).size or not _function(term[3], use[3]):
        return None
    weight = np.ones(term[3].size) if term[4] is None else term[4]
    if use[4] is not None:
        if not np.array_equal(weight, use[4]):
            return None
        weight = np.ones(weight.size)
    if not _function(weight, use[3]):
        return None
    coefficients, first = np.unique(use[3] - block.first, return_index=True)
    ids, weights = np.zeros(block.size, dtype=np.int64), np.zeros(block.size)
    ids[coefficients], weights[coefficients] = term[3][first], weight[first]
    batch = block.batch[coefficients // block.dims] if block.deviations else 0
    shared = batch * block.dims + coefficients % block.dims
    pairs = np.column_stack([shared, ids[coefficients], weights[coefficients]])
    return None if len(np.unique(pairs, axis=0)) == np.unique(shared).size else (ids, weights)


def _inside(ids: Ids, block: _Absorber) -> bool:
    return bool(ids.min() >= block.first and ids.max() < block.first + block.size)


def _function(coarse: NDArray[np.generic], fine: Ids) -> bool:
    """Tell whether the same ``fine`` identifier always comes with the same ``coarse`` number."""
    _, first, inverse = np.unique(fine, return_index=True, return_inverse=True)
    return bool((coarse == coarse[first][inverse]).all())
