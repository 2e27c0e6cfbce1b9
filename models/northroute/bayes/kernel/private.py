"""A folder for machine code that nobody else can write: numba keeps it as pickles, and reading one runs what it holds."""

import logging
import os
import stat
from pathlib import Path

_LOG = logging.getLogger(__name__)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


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
