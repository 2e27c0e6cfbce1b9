"""One published file brought to its place: resumed where it broke off, tried again, checked, put there whole or not at all.

Why this is not left to pooch, which checks a hash and puts a file in place as well: it has no limit on bytes or on time,
does not resume, follows every redirect and inflates whatever is announced as compressed. See ``analysis/docs/events.md``.
"""

import errno
import hashlib
import shutil
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from northroute.errors import FetchError
from northroute.sources.connection import GONE, Client, shown
from northroute.sources.wire import ExchangeError

LARGEST: Final = 1 << 30
"""Bytes of one file beyond which nothing is downloaded: ten times the provider's largest."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_UNSATISFIABLE: Final = 416

Status = Literal["complete", "absent", "corrupt", "failed"]


@dataclass(frozen=True)
class Expected:
    """What is published of a file.

    Attributes
    ----------
    size : int or None
        Bytes; None is not checked.
    digest : str or None
        Hexadecimal, in lower case; None is not checked, and nothing is resumed: a file of two halves would pass.
    algorithm : {"md5", "sha256"}
    most : int
        Bytes that are taken where no size is published.
    """

    size: int | None = None
    digest: str | None = None
    algorithm: Literal["md5", "sha256"] = "md5"
    most: int = LARGEST


@dataclass(frozen=True)
class Outcome:
    """How a download ended.

    Attributes
    ----------
    status : {"complete", "absent", "corrupt", "failed"}
        ``absent``: the server does not have it; ``corrupt``: it never came as published; ``failed``: anything else.
    reason : str
        Why it is not complete, in words.
    size, digest : int and str
        Of the file in place; 0 and empty if there is none.
    address : str
        Where the last answer came from, after redirects.
    """

    status: Status
    reason: str = ""
    size: int = 0
    digest: str = ""
    address: str = ""


def file_digest(path: Path, algorithm: Literal["md5", "sha256"] = "md5") -> str:
    """Digest of a file's bytes, as hexadecimal; MD5 is what the provider publishes, and no proof against forgery."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def storage_error(folder: Path, failure: OSError, needed: int | None = None) -> FetchError:
    """Return what to say of a folder that cannot be written; ``needed`` bytes were still to come."""
    what = failure.strerror or str(failure)
    if failure.errno not in _FULL:
        place = failure.filename or folder
        return FetchError(f"'{place}' cannot be written ({what}). Give a folder of your own. Whole files are kept.")
    size = f"{in_words(needed)} are still to come, " if needed else ""
    free = f"{in_words(room(folder))} are free. Make room there, or give another folder"
    return FetchError(f"'{folder}' is full ({what}): {size}{free}. Whole files are kept; the same command goes on.")


def in_words(size: int) -> str:
    """Return a number of bytes as one reads it."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def room(folder: Path) -> int:
    """Return the bytes that are free where a folder is, or will be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def in_the_way(path: Path, *, link: bool = True) -> str:
    """Return what is in a file's place that is no file, such as a pipe, which would block for ever, or nothing.

    A link to a file, or to nothing, is in the way only where ``link`` is false: of what is written through, not replaced.
    """
    try:
        mode = (path.stat() if link else path.lstat()).st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFLNK: "link", stat.S_IFSOCK: "socket"}
    return f"a {kinds.get(stat.S_IFMT(mode), 'device')} is in the place of {path.name}"


def download(client: Client, address: str, target: Path, expected: Expected) -> Outcome:
    """Bring one file to ``target``.

    What has arrived waits beside it as ``.partial`` and is gone on with, in this call or a later one. The file is in
    place, whole and as published, or not at all.

    Parameters
    ----------
    client : Client
        When it is told to stop, the download ends as ``failed`` and its partial file is kept.
    address : str
    target : Path
    expected : Expected

    Raises
    ------
    OSError
        If the folder cannot be written: :func:`storage_error` says what to do. What the network raises is in the outcome.
    """
    partial = target.with_name(target.name + ".partial")
    most = expected.most if expected.size is None else expected.size
    if most > expected.most:
        return Outcome("corrupt", f"listed with {most} bytes, where {expected.most} are the most that make sense")
    if blocked := in_the_way(target) or in_the_way(partial, link=False):
        return Outcome("failed", f"{blocked}: move it away")
    outcome = Outcome("failed", "stopped")
    wait = 0.0
    for attempt in range(client.policy.attempts):
        pause = max(client.policy.pause * 2 ** (attempt - 1), wait) if attempt else 0.0
        if client.stop.wait(min(pause, client.policy.longest_pause)):
            return Outcome("failed", "stopped")
        try:
            outcome, resumed = _attempt(client, address, partial, expected, most)
            if resumed and outcome.status == "corrupt":  # what an earlier run left may be the fault
                outcome, _ = _attempt(client, address, partial, expected, most)
            if outcome.status == "complete":
                partial.replace(target)
                return outcome
            wait = 0.0
        except ExchangeError as failure:
            if client.stop.is_set():
                return Outcome("failed", "stopped")
            if failure.status in (*GONE, _UNSATISFIABLE):
                partial.unlink(missing_ok=True)
            wait = failure.wait
            outcome = Outcome("absent" if failure.status in GONE else "failed", str(failure))
            if not failure.again:
                return outcome
    tried = client.policy.attempts
    return replace(outcome, reason=f"{outcome.reason}, {tried} times") if tried > 1 else outcome


def _attempt(client: Client, address: str, partial: Path, expected: Expected, most: int) -> tuple[Outcome, bool]:
    """Append to the partial file what is missing and check it; tell too whether there was something to go on with."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    have = partial.stat().st_size if partial.exists() else 0
    if have > most or expected.size is None or expected.digest is None:
        have = 0
    final = address
    if not have or have != expected.size:
        with client.answer(address, have, expected.size, most) as answer:
            final, have = answer.address, have if answer.resumed else 0
            with partial.open("ab" if answer.resumed else "wb") as stream:
                for block in answer.blocks:
                    stream.write(block)
    return _checked(partial, expected, most, final), have > 0


def _checked(partial: Path, expected: Expected, most: int, final: str) -> Outcome:
    """Compare what has arrived with what is published; what cannot be gone on with is removed."""
    arrived = partial.stat().st_size
    if expected.size is not None and arrived < expected.size:
        return Outcome("failed", f"{arrived} of {expected.size} bytes came", address=final)
    if arrived > most:
        partial.unlink()
        return Outcome("corrupt", f"more than the {most} bytes came that it may have", address=final)
    found = file_digest(partial, expected.algorithm)
    if expected.digest is not None and found != expected.digest:
        with partial.open("rb") as stream:
            head = shown(stream.read(24).decode("ascii", errors="replace"))
        partial.unlink()
        kind = expected.algorithm.upper()
        return Outcome(
            "corrupt",
            f"{kind} {found[:12]}... of what came, {expected.digest[:12]}... published; it begins '{head}'",
            address=final,
        )
    return Outcome("complete", "", arrived, found, final)
