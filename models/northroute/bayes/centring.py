"""What each effect is standardised by, coordinate by coordinate: what draws of coordinates need to be read again."""

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import program as tables
from northroute.bayes.kernel.program import Program
from northroute.bayes.model import Assembled

Array = NDArray[np.float64]


def read(assembled: Assembled, program: Program) -> Array:
    """Return precision and natural mean of what the data say of every coordinate, shape (2, dim), zero where none is."""
    found = np.zeros((2, program.dim))
    for where, stored in _spans(assembled):
        found[:, where] = program.data[stored].reshape(2, -1)
    return found


def written(assembled: Assembled, centring: Array) -> Program:
    """Return the model's program with the numbers of :func:`read`, shape (2, dim)."""
    data = assembled.program.data.copy()
    for where, stored in _spans(assembled):
        data[stored] = centring[:, where].ravel()
    return assembled.program._replace(data=data)


def _spans(assembled: Assembled) -> list[tuple[slice, slice]]:
    """Where each block's standardised coordinates are, and where the program's data hold their numbers."""
    found = []
    for block in assembled.layout.blocks:
        stop = int(block.record[tables.B_THETA]) + int(block.record[tables.B_RAW])
        at = int(block.record[tables.B_CENTRING])
        found.append((slice(stop - block.centred, stop), slice(at, at + 2 * block.centred)))
    return found
