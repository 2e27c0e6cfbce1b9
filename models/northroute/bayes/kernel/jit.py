"""How the kernel's functions are compiled: to machine code, without the interpreter's lock, kept on disk."""

import hashlib
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numba

from northroute import machine_code
from northroute.bayes.statement import codes

SOURCE = hashlib.sha256(
    b"".join(p.read_bytes() for p in (*sorted(Path(__file__).parent.glob("*.py")), Path(codes.__file__)))
).hexdigest()
"""Hash of every source of the kernel, and of the codes that it compiles in."""


FOLDER = machine_code.folder("kernel", SOURCE)
"""Where machine code is kept, for the user alone."""


class NativeFunction:
    """A C function, compiled when it is first asked for, so that loading the package compiles nothing."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self._function, self._signature = function, signature
        self.__doc__ = function.__doc__

    @cached_property
    def _compiled(self) -> Any:
        with machine_code.kept_in(FOLDER) as kept:
            return numba.cfunc(self._signature, nopython=True, cache=kept, error_model="numpy")(self._function)

    @property
    def address(self) -> int:
        """Where it begins."""
        return int(self._compiled.address)

    @property
    def ctypes(self) -> Any:
        """It, as a function that Python can call."""
        return self._compiled.ctypes


def compiled(
    function: Callable[..., Any] | None = None,
    *,
    fastmath: set[str] | bool = False,
    signature: Any = None,
    inside: bool = False,
) -> Any:
    """Compile a function with numba; with ``signature``, to a C function that a sampler can call.

    A function that is called ``inside`` the kernel only gets no entry for Python, which costs a tenth of the compilation.
    """
    if function is None:
        return partial(compiled, fastmath=fastmath, signature=signature, inside=inside)
    if signature is not None:
        return NativeFunction(function, signature)
    with machine_code.kept_in(FOLDER) as kept:
        return numba.njit(  # type: ignore[call-overload]  # its hints do not know the wrappers
            cache=kept,
            nogil=True,
            fastmath=fastmath,
            error_model="numpy",
            no_cpython_wrapper=inside,
            no_cfunc_wrapper=inside,
        )(function)
