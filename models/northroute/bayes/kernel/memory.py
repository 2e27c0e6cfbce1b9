"""Arrays at addresses, and calls of C functions at addresses: what lets the kernel's units be compiled apart.

numba optimises a function together with all that it calls, and once more in each of its callers. A call by address ends
that: each unit is compiled once, and only what a model needs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import numpy_support
from numba.np.arrayobj import make_array, populate_array

WORD = types.int64
"""Every argument of a unit: a number, or an address (below 2^63 wherever programs run)."""
ROW = 2
"""Words in a row of a table of addresses."""


def _array(
    context: Any, builder: Any, kind: types.Array, address: Any, shape: Sequence[Any], strides: Sequence[Any] = ()
) -> Any:
    """Write the code of an array at an address, contiguous unless its strides are given."""
    array = make_array(kind)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    populate_array(
        array,
        data=builder.inttoptr(address, context.get_value_type(types.CPointer(kind.dtype))),
        shape=shape,
        strides=strides or ([size] if kind.ndim == 1 else [builder.mul(size, shape[1]), size]),
        itemsize=size,
        meminfo=None,
    )
    return array._getvalue()


def _word(builder: Any, table: Any, place: Any) -> Any:
    """Write the code that reads one word of a table of words."""
    start = builder.inttoptr(table, ir.IntType(64).as_pointer())
    return builder.load(builder.gep(start, [place]))


def stored(row: int, dtype: Any) -> Any:
    """Return the kernel's function from the address of a table of addresses to the array that a row of it tells of.

    A row holds an address and a length.
    """
    kind = types.Array(numpy_support.from_dtype(np.dtype(dtype)), 1, "C")

    @intrinsic
    def at(typing_context, table):
        def codegen(context, builder, signature, arguments):
            address, length = (
                _word(builder, arguments[0], ir.Constant(ir.IntType(64), ROW * row + i)) for i in range(ROW)
            )
            return _array(context, builder, kind, address, [length])

        return kind(WORD), codegen

    return at


@intrinsic
def entry(typing_context, table, row):
    """Return the address that a row of a table of addresses holds."""

    def codegen(context, builder, signature, arguments):
        return _word(builder, arguments[0], builder.mul(arguments[1], ir.Constant(ir.IntType(64), ROW)))

    return WORD(WORD, types.intp), codegen


def _line(element: types.Type, meaning: str) -> Any:
    """Return the kernel's function from an address and a length to the array that lies there."""
    kind = types.Array(element, 1, "C")

    @intrinsic
    def at(typing_context, address, n):
        def codegen(context, builder, signature, arguments):
            return _array(context, builder, kind, arguments[0], arguments[1:])

        return kind(WORD, types.intp), codegen

    at.__doc__ = meaning
    return at


doubles = _line(types.float64, "Return the ``n`` doubles at an address.")
singles = _line(types.float32, "Return the ``n`` numbers of single precision at an address.")
places = _line(
    types.uint32, "Return the ``n`` places at an address; none is below zero, so none is counted from an array's end."
)


@intrinsic
def strided(typing_context, address, n, step):
    """Return ``n`` doubles, the first at an address, each ``step`` doubles behind the one before."""
    kind = types.Array(types.float64, 1, "A")

    def codegen(context, builder, signature, arguments):
        address, n, step = arguments
        return _array(context, builder, kind, address, [n], [builder.mul(step, ir.Constant(ir.IntType(64), 8))])

    return kind(WORD, types.intp, types.intp), codegen


@intrinsic
def matrix(typing_context, address, n, k):
    """Return the doubles at an address, shape (n, k)."""
    kind = types.Array(types.float64, 2, "C")

    def codegen(context, builder, signature, arguments):
        return _array(context, builder, kind, arguments[0], arguments[1:])

    return kind(WORD, types.intp, types.intp), codegen


@intrinsic
def address_of(typing_context, array):
    """Return where an array begins, for one that stays: see :func:`call`."""

    def codegen(context, builder, signature, arguments):
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, context.get_value_type(WORD))

    return WORD(array), codegen


@intrinsic
def call(typing_context, address, words):
    """Call the unit at an address with a tuple of numbers, and of arrays for their addresses; return its double.

    An array whose address alone were given could be freed before the unit returns: numba takes what is used no more.
    """

    def codegen(context, builder, signature, arguments):
        parts = []
        for kind, part in zip(words.types, cgutils.unpack_tuple(builder, arguments[1]), strict=True):
            if isinstance(kind, types.Array):
                data = make_array(kind)(context, builder, part).data
                parts.append(builder.ptrtoint(data, context.get_value_type(WORD)))
            else:
                parts.append(context.cast(builder, part, kind, WORD))
        unit = ir.FunctionType(ir.DoubleType(), [ir.IntType(64)] * len(parts))
        return builder.call(builder.inttoptr(arguments[0], unit.as_pointer()), parts)

    return types.float64(WORD, words), codegen
