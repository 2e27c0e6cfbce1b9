"""What the data know only together with a block's effects: a country's effect and a region's covariates with the region's.

Where a coefficient and its weight are functions of a group, the predictor holds the group's effect and that term as a sum.
The group's effect then absorbs the term (:mod:`northroute.bayes.kernel.effects`), which changes no posterior.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Filter, Kind, Record
from northroute.bayes.program.layout import Block
from northroute.bayes.program.uses import function_of
from northroute.bayes.statement.codes import Rows
from northroute.bayes.statement.terms.writer import COEFFICIENT, Ids, Use


@dataclass(frozen=True, eq=False)
class Parent:
    """What a block absorbs: by coefficient, an identifier and the weight of its value, zero where none is."""

    ids: Ids
    weights: Array


def parents_of(blocks: Sequence[Block], uses: Sequence[Use], swept: frozenset[int]) -> list[list[Parent]]:
    """Return, for every block, what it absorbs; paths, shares and places absorb nothing.

    A term is absorbed by the coarsest block that can, and by finer ones whose groups lie within that block's; by no others,
    or it would be taken in twice. Values that means of effects are ``swept`` into are left alone.
    """
    found: list[list[Parent]] = [[] for _ in blocks]
    absorbers = {i: b for i, b in enumerate(blocks) if _absorbs(b.record)}
    own = [(i, use) for i, b in absorbers.items() for use in uses if use.other is None and _inside(use.ids, b)]
    own.sort(key=lambda pair: np.unique(pair[1].ids).size)
    for term in uses:
        if term.other is not None or not swept.isdisjoint(np.unique(term.ids).tolist()):
            continue
        takers: list[Ids] = []
        for i, use in own:
            parent = _parent(term, use, absorbers[i])
            if parent is not None and function_of(use.ids, *takers):
                takers.append(use.ids)
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
            if not any(((p.ids >= a) & (p.ids < b) & (p.weights != 0)).any() for p in parents[i] for a, b in spans)
        ]
        found += free
        waiting = [i for i in waiting if i not in free]
    return found


def _absorbs(record: Record) -> bool:
    plain = record.filter == Filter.NONE and not record.zero_dims and not record.demean
    return bool(record.kind == Kind.EFFECTS and plain)


def _parent(term: Use, use: Use, block: Block) -> Parent | None:
    """Return a term by coefficient of a block's use, if it is a function of these and says something of deviations."""
    coarser = np.unique(term.ids).size < np.unique(use.ids).size
    if not term.meets(use) or not coarser or not function_of(use.ids, term.ids):
        return None
    weight = np.ones(term.ids.size) if term.weight is None else term.weight
    if use.weight is not None:
        if not np.array_equal(weight, use.weight):
            return None
        weight = np.ones(weight.size)
    if not function_of(use.ids, weight):
        return None
    (at, stop), k = block.span, int(block.record.dims)
    coefficients, first = np.unique(use.ids - COEFFICIENT - at, return_index=True)
    ids, weights = np.zeros(stop - at, dtype=np.int64), np.zeros(stop - at)
    ids[coefficients], weights[coefficients] = term.ids[first], weight[first]
    batch = np.searchsorted(block.pointer, coefficients // k, side="right") - 1
    shared = k * (0 if block.record.rows == Rows.GROUPS else batch) + coefficients % k
    pairs = np.column_stack([shared, ids[coefficients], weights[coefficients]])
    return None if len(np.unique(pairs, axis=0)) == np.unique(shared).size else Parent(ids, weights)


def _inside(ids: Ids, block: Block) -> bool:
    first, stop = block.span
    return bool(ids.min() >= COEFFICIENT + first and ids.max() < COEFFICIENT + stop)
