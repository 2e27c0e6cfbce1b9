"""Where machine code is kept: a folder that nobody else can write, since numba keeps it as pickles, and reading one runs it.

numba keys a function's file by its own source only, not by that of the functions it calls, so a changed callee would leave
its callers stale. A folder is therefore named by a hash of every source that goes into it.
"""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba

_LOG = logging.getLogger(__name__)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def folder(name: str, source: str) -> str:
    """Return the folder of machine code compiled from sources with this hash; empty if there is no such place.

    Without one, every process compiles anew.
    """
    base = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return str(private_folder(Path(base), "northroute", f"{name}-{source[:16]}") or "")


@contextmanager
def kept_in(place: str) -> Iterator[bool]:
    """Let numba, which reads its setting when it decorates, keep what is decorated here; give whether it does."""
    config: Any = numba.config  # its settings are made when it is loaded
    before = config.CACHE_DIR
    config.CACHE_DIR = place or before
    try:
        yield bool(place)
    finally:
        config.CACHE_DIR = before


def private_folder(base: Path, *names: str) -> Path | None:
    """Make folders within one another for the user alone, and return the innermost; none, and say why, where that fails.

    Parameters
    ----------
    base : Path
        An existing place, or one to make; others may have rights there.
    *names : str
        Folders below: made with mode 0700. One that is there has to be the user's own, no link, and writable by nobody else.
    """
    path = base
    try:
        base.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = path / name
            path.mkdir(mode=0o700, exist_ok=True)
            problem = _shared(path)
            if problem:
                _LOG.warning("compiled code is not kept: '%s' %s. Remove it, or set NUMBA_CACHE_DIR.", path, problem)
                return None
            path.chmod(0o700)
    except OSError as failure:
        _LOG.warning(
            "compiled code is not kept: '%s' cannot be made (%s). Set NUMBA_CACHE_DIR.", path, failure.strerror
        )
        return None
    if not os.access(path, os.W_OK | os.X_OK):
        _LOG.warning("compiled code is not kept: '%s' cannot be written. Set NUMBA_CACHE_DIR.", path)
        return None
    return path


def _shared(path: Path) -> str:
    """Return why somebody else may have written a folder, or nothing."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "is no folder of its own"
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        return "belongs to another user"
    return "can be written by others" if found.st_mode & _OTHERS_WRITE and os.name == "posix" else ""
