"""One process at a time in a folder: the second waits, and says for whom.

The lock is the operating system's, on a file in the folder, so that a crash leaves nothing locked; beside it lies who
holds it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from northroute.progress import Progress, quiet

LOCK: Final = ".northroute.lock"
HOLDER: Final = ".northroute.holder.json"
OWN: Final = frozenset({LOCK, HOLDER})
"""Names in a folder that are no output of a run."""
_POLL: Final = 0.5


@contextmanager
def folder(path: Path, what: str, progress: Progress = quiet) -> Iterator[None]:
    """Hold a folder, made if it is not there, while the block runs; who holds it already holds it on.

    Parameters
    ----------
    path : Path
    what : str
        What is done in it (the verb), which a process that waits tells its user.
    progress : callable
        Told once, with who holds the folder, if it has to wait. Ctrl-C ends the waiting.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.resolve() / LOCK, is_singleton=True)
    if lock.is_locked:
        yield
        return
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(f"'{path}' is in use by {holder(path)}; waiting until it is free (Ctrl-C to stop)", 0.0)
        lock.acquire(poll_interval=_POLL)
    beside = path / HOLDER
    try:
        found = {"process": os.getpid(), "what": what, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        beside.write_text(json.dumps(found) + "\n", encoding="utf-8")
        yield
    finally:
        beside.unlink(missing_ok=True)
        lock.release()


def holder(path: Path) -> str:
    """Return in words who holds a folder, as far as is known."""
    try:
        found = json.loads((path / HOLDER).read_text(encoding="utf-8"))
        return f"process {found['process']} ({found['what']}, since {found['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
