"""The log posterior density and its gradient: from coordinates to values, rows, and back."""

import ctypes
from typing import Any

import numpy as np
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from northroute.bayes.kernel import bym2, coordinates, effects, rows, scalars
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.tables import (
    BLOCK,
    DENSE,
    FOLD,
    SCALAR,
    SEGMENT,
    SIZES,
    USE,
    Coordinates,
    Kind,
    Program,
    address_table,
)

Array = NDArray[np.float64]
EFFECTS = int(Kind.EFFECTS)


@compiled
def fold(program, values, start, stop):
    """Add coefficients to the values that rows gather, or that a block's effects are known together with."""
    for f in range(start, stop):
        record = program.folds[f]
        for i in range(record.count):
            w = program.data[record.weight + i] if record.weight >= 0 else 1.0
            values[record.value + i] += w * values[program.index[record.index + i]]


@compiled(inside=True)
def unfold(program, gradient_values, start, stop):
    """Send the gradient of folded values back to their coefficients."""
    for f in range(stop - 1, start - 1, -1):
        record = program.folds[f]
        for i in range(record.count):
            w = program.data[record.weight + i] if record.weight >= 0 else 1.0
            gradient_values[program.index[record.index + i]] += w * gradient_values[record.value + i]


@compiled(inside=True)
def evaluate_values(program, theta, values, scratch):
    """Write every value (scalars, coefficients, folds); return the log prior density of the coordinates."""
    for i in range(values.shape[0]):
        values[i] = 0.0
    shift = np.zeros(values.shape[0])
    total = scalars.write_values(theta, program.scalars, values)
    for b in range(program.blocks.shape[0]):
        block = program.blocks[b]
        if block.kind == EFFECTS:
            fold(program, values, block.folds, block.folds_stop)
            total += effects.forward(block, theta, program.index, program.data, values, scratch, shift)
        else:
            total += bym2.forward(block, theta, program.index, program.data, values, scratch)
    total += scalars.log_prior(program.scalars, values, shift)
    fold(program, values, program.sizes[0].row_folds, program.folds.shape[0])
    return total


@intrinsic
def _pointer(typing_context, address):
    """Return a void pointer from an integer address."""

    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), codegen


@compiled(inside=True)
def program_at(table):
    """Return the program whose tables lie at the addresses of ``table`` (see :func:`program.address_table`)."""
    i8, f8 = np.int64, np.float64
    return Program(
        carray(_pointer(table[0, 0]), (table[0, 1],), SIZES),
        carray(_pointer(table[1, 0]), (table[1, 1],), SCALAR),
        carray(_pointer(table[2, 0]), (table[2, 1],), BLOCK),
        carray(_pointer(table[3, 0]), (table[3, 1],), USE),
        carray(_pointer(table[4, 0]), (table[4, 1],), FOLD),
        carray(_pointer(table[5, 0]), (table[5, 1],), DENSE),
        carray(_pointer(table[6, 0]), (table[6, 1],), SEGMENT),
        carray(_pointer(table[7, 0]), (table[7, 1],), np.int32),
        carray(_pointer(table[8, 0]), (table[8, 1],), f8),
        Coordinates(
            carray(_pointer(table[9, 0]), (table[9, 1],), f8),
            carray(_pointer(table[10, 0]), (table[10, 1],), i8),
            carray(_pointer(table[11, 0]), (table[11, 1],), i8),
            carray(_pointer(table[12, 0]), (table[12, 1],), f8),
            carray(_pointer(table[13, 0]), (table[13, 1],), i8),
            carray(_pointer(table[14, 0]), (table[14, 1], table[14, 2]), f8),
            carray(_pointer(table[15, 0]), (table[15, 1], table[15, 2]), f8),
            carray(_pointer(table[16, 0]), (table[16, 1], table[16, 2]), f8),
        ),
    )


FIELDS = len(Program._fields) - 1 + len(Coordinates._fields)
_DOUBLES = types.CPointer(types.double)


@compiled(signature=types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr))
def c_log_density(dim, z_, gradient_, value_, table_):
    """C function of the sampler: log density and gradient; 0, or 1 where it is not finite (the point is refused).

    All of the kernel is linked into this one function, which is compiled once: see :func:`log_density` for Python.
    """
    program = program_at(carray(table_, (FIELDS, 3), np.uint64))
    z, gradient = carray(z_, (dim,)), carray(gradient_, (dim,))
    size, straight = program.sizes[0], program.coordinates
    theta, u, scale = np.empty(size.dim), np.empty(straight.tilted.shape[0]), np.empty(straight.order.shape[0])
    total = coordinates.follow(straight, z, u, scale)
    coordinates.unrotate(straight, size.linear, z, u, scale, theta)
    values, g_values, scratch = np.empty(size.values), np.zeros(size.values), np.empty(size.scratch)
    total += evaluate_values(program, theta, values, scratch)
    for s in range(program.segments.shape[0]):
        total += rows.segment_density(program, values, program.segments[s], g_values)
    unfold(program, g_values, size.row_folds, program.folds.shape[0])
    for i in range(gradient.shape[0]):
        gradient[i] = 0.0
    scalars.log_prior_backward(program.scalars, values, g_values)
    for b in range(program.blocks.shape[0] - 1, -1, -1):
        block = program.blocks[b]
        if block.kind == EFFECTS:
            effects.backward(block, theta, program.index, program.data, values, scratch, g_values, gradient)
            unfold(program, g_values, block.folds, block.folds_stop)
        else:
            bym2.backward(block, theta, program.index, program.data, values, scratch, g_values, gradient)
    scalars.backward(theta, program.scalars, g_values, gradient)
    coordinates.rotate_gradient(straight, size.linear, z, u, scale, gradient)
    value_[0] = total
    finite = np.isfinite(total)
    for i in range(dim):
        finite = finite and np.isfinite(gradient[i])
    return 0 if finite else 1


@compiled(signature=types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr))
def c_coordinates(dim, expanded, z_, out_, table_):
    """C function of the sampler: the model's coordinates of a draw."""
    program = program_at(carray(table_, (FIELDS, 3), np.uint64))
    coordinates.of_model(program, carray(z_, (dim,)), carray(out_, (expanded,)))
    return 0


def log_density(program: Program, z: Array, gradient: Array) -> float:
    """Return the log posterior density (up to a constant) at the sampler's coordinates z, and write its gradient.

    Parameters
    ----------
    program : Program
    z, gradient : array, shape (dim,)
        Contiguous.
    """
    return Density(program)(z, gradient)


class Density:
    """The log density of a program as a function of Python; it reads the program's tables where they lie."""

    def __init__(self, program: Program) -> None:
        self._program, self._table, self._value = program, address_table(program), np.empty(1)
        self._dim = program.dim
        self._native = c_log_density.ctypes

    def __call__(self, z: Array, gradient: Array) -> float:
        """Return the log density at z, shape (dim,), and write its gradient."""
        point = np.ascontiguousarray(z, dtype=float)
        if point.shape != (self._dim,) or gradient.shape != point.shape or not gradient.flags.c_contiguous:
            raise ValueError(f"a point and its gradient have {self._dim} contiguous coordinates")
        self._native(point.size, _doubles(point), _doubles(gradient), _doubles(self._value), self._table.ctypes.data)
        return float(self._value[0])


def _doubles(array: Array) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
