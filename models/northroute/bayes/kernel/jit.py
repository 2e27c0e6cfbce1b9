"""How the kernel's functions are compiled: to machine code, without the interpreter's lock, kept on disk."""

import hashlib
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numba
from llvmlite.binding import get_host_cpu_name
from numba import types
from numba.extending import register_jitable

from northroute import machine_code
from northroute.bayes.kernel.memory import WORD
from northroute.bayes.statement import codes

_HERE = Path(__file__).parent
SOURCE = hashlib.sha256(
    b"".join(p.read_bytes() for p in (*sorted(_HERE.glob("*.py")), Path(codes.__file__)))
    + f"{_HERE} {numba.__version__} {get_host_cpu_name()}".encode()
).hexdigest()
"""Hash of every source of the kernel, of the codes that it compiles in, and of what else numba's files are made for."""
FOLDER = machine_code.folder("kernel", SOURCE)
"""Where machine code is kept, for the user alone."""


class Unit:
    """A C function of words (:data:`northroute.bayes.kernel.memory.WORD`), compiled when it is first asked for."""

    def __init__(self, function: Callable[..., Any], result: Any) -> None:
        self._function, self._result = function, result
        self.__doc__ = function.__doc__

    @cached_property
    def _compiled(self) -> Any:
        signature = self._result(*[WORD] * self._function.__code__.co_argcount)
        with machine_code.kept_in(FOLDER) as kept:
            return numba.cfunc(signature, nopython=True, cache=kept, error_model="numpy")(self._function)

    @property
    def address(self) -> int:
        """Where it begins; asking for it compiles it."""
        return int(self._compiled.address)

    @cached_property
    def call(self) -> Any:
        """It, as a function of Python."""
        return self._compiled.ctypes


def unit(result: Any = types.float64) -> Callable[[Callable[..., Any]], Unit]:
    """Make a function of words a unit of the kernel, compiled apart from all others."""
    return partial(Unit, result=result)


def compiled(function: Callable[..., Any] | None = None, *, fastmath: set[str] | bool = False) -> Any:
    """Compile a function with numba as part of each unit that calls it.

    It has no entry for Python, which would cost a tenth of the compilation.
    """
    if function is None:
        return partial(compiled, fastmath=fastmath)
    with machine_code.kept_in(FOLDER) as kept:
        return numba.njit(  # type: ignore[call-overload]  # its hints do not know the wrappers
            cache=kept,
            nogil=True,
            fastmath=fastmath,
            error_model="numpy",
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
        )(function)


def both(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of numbers be called as it is by Python, and compiled by the kernel."""
    decorated: Callable[..., Any] = register_jitable(error_model="numpy")(function)
    return decorated
