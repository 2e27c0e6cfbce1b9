"""The units that are called by address, and which of them a program needs."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import (
    bym2,
    compositions,
    correlated,
    counts,
    effects,
    families,
    multivariate,
    normals,
    plain_counts,
    reading,
    rows,
    values,
)
from northroute.bayes.kernel.jit import Unit
from northroute.bayes.kernel.memory import ROW
from northroute.bayes.kernel.tables import Kind, Program, Slot

_HOMES: Final = (bym2, compositions, correlated, counts, effects, multivariate, normals, plain_counts, rows, values)
_NAMED: Final = {name: unit for home in _HOMES for name, unit in vars(home).items() if isinstance(unit, Unit)}
UNITS: Final[Mapping[Slot, Unit]] = {slot: _NAMED[f"c_{slot.name.lower()}"] for slot in Slot}
"""Of every slot the unit that has its name: ``c_effects_back`` of ``EFFECTS_BACK``."""
_BLOCKS: Final = {int(Kind.EFFECTS): {Slot.EFFECTS, Slot.EFFECTS_BACK}, int(Kind.BYM2): {Slot.BYM2, Slot.BYM2_BACK}}


def needed(program: Program) -> set[Slot]:
    """Return the units that a program's density and its log likelihood by row call."""
    found = {Slot.VALUES, Slot.PREDICT, Slot.SCATTER}
    for kind in set(program.blocks["kind"].tolist()):
        found |= _BLOCKS[kind]
    if any(at >= 0 for at in program.blocks["correlation"].tolist()):
        found |= {Slot.CORRELATED, Slot.CORRELATED_BACK}
    for family, part in set(zip(*(program.segments[name].tolist() for name in ("family", "part")), strict=True)):
        found |= {Slot(families.slot_of(family, part)), Slot(families.by_row(family))}
    return found


def address_table(program: Program) -> NDArray[Any]:
    """Return the words that a unit reads a program by, shape (table or unit, 2); asking compiles what is not yet.

    A table has its address and length (:mod:`northroute.bayes.kernel.reading`), a unit its address. The tables have to be
    kept as long as the result is used.
    """
    found = np.zeros((reading.FIELDS + len(Slot), ROW), dtype=np.int64)
    for row, table, kind in zip(found, program.tables, reading.TYPES, strict=False):
        if not table.flags.c_contiguous or table.dtype != kind:
            raise ValueError(f"a table of a program is contiguous and of {kind}, not of {table.dtype}")
        row[:] = table.ctypes.data, table.size
    for slot in needed(program):
        found[reading.FIELDS + slot, 0] = UNITS[slot].address
    return found
