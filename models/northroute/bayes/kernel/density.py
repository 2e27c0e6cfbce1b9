"""The log posterior density and its gradient: from coordinates to values, rows, and back."""

import numpy as np
from numba import types

from northroute.arrays import Array
from northroute.bayes.kernel import coordinates, reading, rows, scalars, vector
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, call, doubles, entry, places
from northroute.bayes.kernel.tables import Program, Slot
from northroute.bayes.kernel.units import address_table

VALUES = reading.FIELDS + Slot.VALUES
BACKWARD = reading.FIELDS + Slot.EFFECTS_BACK, reading.FIELDS + Slot.BYM2_BACK
"""Units by kind of block."""


@compiled
def unfold(table, gradient_values, start, stop):
    """Send the gradient of folded values back to their coefficients."""
    folds, index, data = reading.folds(table), reading.index(table), reading.data(table)
    for f in range(stop - 1, start - 1, -1):
        record = folds[f]
        n, at = record.count, places(address_of(index) + 4 * record.index, record.count)
        slope = doubles(address_of(gradient_values) + 8 * record.value, n)
        if record.weight < 0:
            vector.add_at(gradient_values, at, slope, n)
            continue
        weight = doubles(address_of(data) + 8 * record.weight, n)
        for i in range(n):
            gradient_values[at[i]] += weight[i] * slope[i]


@unit(types.int64)
def c_log_density(dim, z, gradient, value, table):
    """Write log density and gradient, as the sampler asks; 0, or 1 where they are not finite (the point is refused)."""
    size, blocks = reading.sizes(table)[0], reading.blocks(table)
    z, gradient = doubles(z, dim), doubles(gradient, dim)
    theta, scratch = np.empty(size.dim), np.empty(size.scratch)
    values, g_values = np.empty(size.values), np.zeros(size.values)
    coordinates.unrotate(table, z, theta)
    total = call(entry(table, VALUES), (table, theta, values, scratch))
    for s in range(reading.segments(table).shape[0]):
        total += rows.segment_density(table, s, values, g_values)
    unfold(table, g_values, size.row_folds, reading.folds(table).shape[0])
    for i in range(dim):
        gradient[i] = 0.0
    scalars.log_prior_backward(theta, reading.scalars(table), values, g_values)
    for b in range(blocks.shape[0] - 1, -1, -1):
        backward = entry(table, BACKWARD[blocks[b].kind])
        call(backward, (table, b, theta, values, scratch, g_values, gradient))
        unfold(table, g_values, blocks[b].folds, blocks[b].folds_stop)
    scalars.backward(theta, reading.scalars(table), g_values, gradient)
    coordinates.rotate_gradient(table, gradient)
    doubles(value, 1)[0] = total
    finite = np.isfinite(total)
    for i in range(dim):
        finite = finite and np.isfinite(gradient[i])
    return 0 if finite else 1


class Density:
    """The log posterior density of a program, up to a constant; it reads the program's tables where they lie."""

    def __init__(self, program: Program) -> None:
        self._program, self._table, self._value = program, address_table(program), np.empty(1)
        self._dim = program.dim

    def __call__(self, z: Array, gradient: Array) -> float:
        """Return the log density at the sampler's coordinates z, shape (dim,), and write its contiguous gradient."""
        point = np.ascontiguousarray(z, dtype=float)
        fits = gradient.shape == point.shape and gradient.flags.c_contiguous and gradient.dtype == float
        if point.shape != (self._dim,) or not fits:
            raise ValueError(f"a point and its gradient have {self._dim} contiguous coordinates of double precision")
        where = (a.ctypes.data for a in (point, gradient, self._value, self._table))
        c_log_density.call(self._dim, *where)
        return float(self._value[0])
