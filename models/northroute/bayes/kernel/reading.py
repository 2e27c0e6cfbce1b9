"""How a unit reads a program: from the address of its table of addresses to the program's tables."""

import numpy as np

from northroute.bayes.kernel.memory import stored
from northroute.bayes.kernel.tables import BLOCK, DENSE, FOLD, SCALAR, SEGMENT, SIZES, USE, Coordinates, Program

FIELDS = len(Program._fields) - 1 + len(Coordinates._fields)
"""Tables of a program; rows of the table of addresses before those of units."""

sizes, scalars, blocks, uses = stored(0, SIZES), stored(1, SCALAR), stored(2, BLOCK), stored(3, USE)
folds, dense, segments = stored(4, FOLD), stored(5, DENSE), stored(6, SEGMENT)
index, data = stored(7, np.int32), stored(8, np.float64)
shift, order, begin = stored(9, np.float64), stored(10, np.int64), stored(11, np.int64)
factor = stored(12, np.float32)
