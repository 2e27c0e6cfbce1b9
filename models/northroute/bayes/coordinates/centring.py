"""What each effect is standardised by, coordinate by coordinate: what draws of coordinates need to be read again."""

import numpy as np

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program.assemble import Assembled


def read(assembled: Assembled, program: Program) -> Array:
    """Return precisions and natural means of what the data say of effects, block after block, shape (number,)."""
    return np.concatenate([np.zeros(0), *(program.data[block.stored] for block in assembled.layout.blocks)])


def removed(assembled: Assembled) -> Program:
    """Return the model's program with every effect standardised by its prior alone."""
    return written(assembled, np.zeros_like(read(assembled, assembled.program)))


def written(assembled: Assembled, centring: Array) -> Program:
    """Return the model's program with the numbers of :func:`read`."""
    data, at = assembled.program.data.copy(), 0
    for block in assembled.layout.blocks:
        size = block.stored.stop - block.stored.start
        data[block.stored] = centring[at : at + size]
        at += size
    return assembled.program._replace(data=data)
