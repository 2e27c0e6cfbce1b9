"""How the kernel's functions are compiled: to machine code, without the interpreter's lock, kept on disk.

numba keys a function's file by its own source only, not by that of the functions it calls, so a changed callee would leave
its callers stale. The folder is therefore named by a hash of every source of the kernel.
"""

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numba

from northroute.bayes.kernel.private import private_folder
from northroute.bayes.statement import codes

SOURCE = hashlib.sha256(
    b"".join(p.read_bytes() for p in (*sorted(Path(__file__).parent.glob("*.py")), Path(codes.__file__)))
).hexdigest()
"""Hash of every source of the kernel, and of the codes that it compiles in."""


def _folder() -> str:
    base = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return str(private_folder(Path(base), "northroute", f"kernel-{SOURCE[:16]}") or "")


FOLDER = _folder()
"""Where machine code is kept, for the user alone; empty if there is no such place, then every process compiles anew."""


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
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = FOLDER or before  # numba reads it when it decorates
    try:
        if signature is not None:
            return numba.cfunc(signature, nopython=True, cache=bool(FOLDER), error_model="numpy")(function)
        return numba.njit(  # type: ignore[call-overload]  # its hints do not know the wrappers
            cache=bool(FOLDER),
            nogil=True,
            fastmath=fastmath,
            error_model="numpy",
            no_cpython_wrapper=inside,
            no_cfunc_wrapper=inside,
        )(function)
    finally:
        numba.config.CACHE_DIR = before
