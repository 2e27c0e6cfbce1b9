"""How far each coordinate of a program is centred, by coordinate: what draws of coordinates need to be read again."""

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import program as tables
from northroute.bayes.kernel.program import Program
from northroute.bayes.model import Assembled

Array = NDArray[np.float64]


def read(assembled: Assembled, program: Program) -> Array:
    """Return the centring of every coordinate of ``program``, shape (dim,); zero where none applies."""
    found = np.zeros(program.dim)
    for where, stored in _spans(assembled):
        found[where] = program.data[stored]
    return found


def written(assembled: Assembled, centring: Array) -> Program:
    """Return the model's program with the centring of every coordinate, shape (dim,)."""
    data = assembled.program.data.copy()
    for where, stored in _spans(assembled):
        data[stored] = centring[where]
    return assembled.program._replace(data=data)


def _spans(assembled: Assembled) -> list[tuple[slice, slice]]:
    """Where each block's centred coordinates are, and where the program's data hold their centring."""
    found = []
    for block in assembled.layout.blocks:
        stop = int(block.record[tables.B_THETA]) + int(block.record[tables.B_RAW])
        at = int(block.record[tables.B_CENTRING])
        found.append((slice(stop - block.centred, stop), slice(at, at + block.centred)))
    return found
