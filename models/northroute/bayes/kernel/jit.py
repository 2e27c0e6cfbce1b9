"""How the kernel's functions are compiled: to machine code, without the interpreter's lock, kept on disk."""

import hashlib
from collections.abc import Callable
from functools import partial
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
    with machine_code.kept_in(FOLDER) as kept:
        if signature is not None:
            return numba.cfunc(signature, nopython=True, cache=kept, error_model="numpy")(function)
        return numba.njit(  # type: ignore[call-overload]  # its hints do not know the wrappers
            cache=kept,
            nogil=True,
            fastmath=fastmath,
            error_model="numpy",
            no_cpython_wrapper=inside,
            no_cfunc_wrapper=inside,
        )(function)
