"""How a unit reads a program: from the address of its table of addresses to the program's tables."""

import numpy as np

from northroute.bayes.kernel.memory import stored
from northroute.bayes.kernel.tables import BLOCK, DENSE, FOLD, SCALAR, SEGMENT, SIZES, USE, Coordinates, Program

FIELDS = len(Program._fields) - 1 + len(Coordinates._fields)
"""Tables of a program; rows of the table of addresses before those of units."""

RECORDS = SIZES, SCALAR, BLOCK, USE, FOLD, DENSE, SEGMENT
TYPES = *RECORDS, *(np.dtype(t) for t in (np.int32, np.float64, np.float64, np.int64, np.int64, np.float32))
"""Of the tables, in the order of :attr:`northroute.bayes.kernel.tables.Program.tables`."""

sizes, scalars, blocks, uses, folds, dense, segments = (stored(row, kind) for row, kind in enumerate(RECORDS))
index, data, shift, order, begin, factor = (stored(row, TYPES[row]) for row in range(len(RECORDS), FIELDS))
