"""From the model's coordinates to every value: scalars, coefficients of blocks, folds."""

import numpy as np

from northroute.bayes.kernel import reading, scalars
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, call, doubles, entry, places
from northroute.bayes.kernel.tables import Slot

FORWARD = reading.FIELDS + Slot.EFFECTS, reading.FIELDS + Slot.BYM2
"""Units by kind of block."""


@compiled
def fold(table, values, start, stop):
    """Add coefficients to the values that rows gather, or that a block's effects are known together with."""
    folds, index, data = reading.folds(table), reading.index(table), reading.data(table)
    for f in range(start, stop):
        record = folds[f]
        n, at = record.count, places(address_of(index) + 4 * record.index, record.count)
        out = doubles(address_of(values) + 8 * record.value, n)
        weight = doubles(address_of(data) + 8 * record.weight, n)
        if record.weight < 0:
            for i in range(n):
                out[i] += values[at[i]]
        else:
            for i in range(n):
                out[i] += weight[i] * values[at[i]]


@unit()
def c_values(table, theta, values, scratch):
    """Write every value (scalars, coefficients, folds); return the log prior density of the coordinates."""
    size, blocks, scalar = reading.sizes(table)[0], reading.blocks(table), reading.scalars(table)
    theta, values, shift = doubles(theta, size.dim), doubles(values, size.values), np.zeros(size.values)
    for i in range(size.values):
        values[i] = 0.0
    total = scalars.write_values(theta, scalar, values)
    for b in range(blocks.shape[0]):
        fold(table, values, blocks[b].folds, blocks[b].folds_stop)
        forward = entry(table, FORWARD[blocks[b].kind])
        total += call(forward, (table, b, theta, values, scratch, shift))
    total += scalars.log_prior(theta, scalar, values, shift)
    fold(table, values, size.row_folds, reading.folds(table).shape[0])
    return total
