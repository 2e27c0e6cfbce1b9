"""What the package writes to read it back: put in place whole, with its SHA-256 beside it, and checked before it is used.

The record of ``fit.nc`` is ``fit.nc.sha256``, which ``sha256sum --check`` reads too. It also says of which key the file is:
the hash of everything that decides the content. What is not what was written is never used: it is discarded, one line says
so, and the caller makes it anew.
"""

import glob
import hashlib
import itertools
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from northroute.errors import DataError
from northroute.provenance import file_sha256

RECORD: Final = ".sha256"
"""What a record's name adds to its file's."""
PARTIAL: Final = ".partial"
"""Ending of a file that is being written, and of one that a kill left."""
_KEY: Final = "# key "
_CHECK: Final = "# record "
_LOG: Final = logging.getLogger(__name__)


class _Unsound(Exception):
    """Why a file is not used."""


@dataclass(frozen=True)
class _Record:
    key: str
    sha256: str
    name: str

    def text(self) -> str:
        """Lines of the record; the last lets a damaged record be told from one of another key."""
        body = f"{_KEY}{self.key}\n{self.sha256}  {self.name}\n"
        return f"{body}{_CHECK}{hashlib.sha256(body.encode()).hexdigest()}\n"


def beside(path: Path) -> Path:
    """Return where the record of a file lies."""
    return path.with_name(path.name + RECORD)


@contextmanager
def writing(path: Path, key: str = "") -> Iterator[Path]:
    """Give a path to write to; what is there when the block ends takes its place with its record, or nothing does.

    Parameters
    ----------
    path : Path
        Folders that lack are made. A folder in the file's place is moved aside.
    key : str
        Hash of everything that decides the content, or a name that says it.

    Raises
    ------
    DataError
        If a file is in the place of a folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as failure:
        remedy = "Move it away, or choose another folder."
        raise DataError("a file is where this folder has to be", file=path.parent, remedy=remedy) from failure
    _sweep(path)
    partial, waiting = (p.with_name(f"{p.name}.{os.getpid()}{PARTIAL}") for p in (path, beside(path)))
    try:
        yield partial
        record = _Record(key, file_sha256(partial), path.name)
        waiting.write_text(record.text(), encoding="utf-8")
        for written in (partial, waiting):  # first, so that the two take their places at once
            with written.open("rb") as stream:
                os.fsync(stream.fileno())
        for written, place in ((partial, path), (waiting, beside(path))):
            if place.is_dir():
                tell(place, f"a folder was in its place, which is now {_discard(place)}")
            written.replace(place)
    finally:
        partial.unlink(missing_ok=True)
        waiting.unlink(missing_ok=True)


def write(path: Path, content: bytes, key: str = "") -> Path:
    """Write a file with its record and return its path; see :func:`writing`."""
    with writing(path, key) as partial:
        partial.write_bytes(content)
    return path


def read[T](path: Path, key: str, decode: Callable[[bytes], T]) -> T | None:
    """Return what was written under a key, or None where it has to be made: it is not there, of another key, or unsound.

    Parameters
    ----------
    path : Path
    key : str
        As it was written.
    decode : callable
        From the file's bytes to what they say.
    """
    try:
        record = _recorded(path)
        if record is None or record.key != key:
            return None
        content = _bytes(path)
        if hashlib.sha256(content).hexdigest() != record.sha256:
            raise _Unsound("it is not what was written")
        try:
            return decode(content)
        except (ValueError, LookupError, TypeError, OSError, DataError) as failure:
            raise _Unsound(f"it cannot be read ({failure})") from failure
    except _Unsound as unsound:
        discard(path, str(unsound))
        return None


def sound(path: Path, key: str) -> str | None:
    """Return a file's SHA-256 if it is what was written under a key, else None, as :func:`read`; for files of any size."""
    try:
        record = _recorded(path)
        if record is None or record.key != key:
            return None
        if _sha256(path) != record.sha256:
            raise _Unsound("it is not what was written")
    except _Unsound as unsound:
        discard(path, str(unsound))
        return None
    return record.sha256


def verified(path: Path, remedy: str) -> bytes:
    """Return the content of a file that a user names, whatever its key.

    One without a record, such as one that was sent, is read as it is, and a line says so.

    Raises
    ------
    DataError
        If it cannot be read, or is not what was written.
    """
    try:
        content = _bytes(path)
        if not os.path.lexists(beside(path)):
            tell(path, f"there is no {beside(path).name} beside it: it is read unchecked")
            return content
        record = _recorded(path)
    except _Unsound as unsound:
        raise DataError(str(unsound), file=path, remedy=remedy) from unsound
    if record and hashlib.sha256(content).hexdigest() != record.sha256:
        raise DataError(f"it is not what was written ({beside(path).name} says so)", file=path, remedy=remedy)
    return content


def remove(path: Path) -> None:
    """Remove a file that is not needed any more, and its record."""
    for place in (path, beside(path)):
        place.unlink(missing_ok=True)


def tell(path: Path, what: str) -> None:
    """Say a line about a file, on the standard error unless the caller has other plans for the package's log."""
    _LOG.warning("%s: %s.", path, what)


def discard(path: Path, why: str) -> None:
    """Remove a file and its record, and say in one line why it is made anew; a folder in its place is moved aside.

    Raises
    ------
    DataError
        If it cannot be removed.
    """
    moved = ""
    try:
        for place in (path, beside(path)):
            moved = _discard(place) or moved
    except OSError as failure:
        remedy = "Remove it, or choose another folder."
        raise DataError(f"{why}, and it cannot be removed ({failure.strerror})", file=path, remedy=remedy) from failure
    tell(path, f"{why}: it is made anew" + (f". What was there is now {moved}" if moved else ""))


def _discard(place: Path) -> str:
    """Remove what is there; return the new name of a folder, which is moved."""
    if not place.is_dir() or place.is_symlink():
        place.unlink(missing_ok=True)
        return ""
    for number in itertools.count(1):
        aside = place.with_name(f"{place.name}.aside{number}")
        if not os.path.lexists(aside):
            break
    place.rename(aside)
    return aside.name


def _recorded(path: Path) -> _Record | None:
    """Return the record of a file; None if neither is there."""
    place = beside(path)
    if not os.path.lexists(place):
        if os.path.lexists(path):
            raise _Unsound(f"there is no {place.name} beside it")
        return None
    try:
        text = _bytes(place).decode()
    except UnicodeDecodeError as failure:
        raise _Unsound(f"{place.name} is damaged") from failure
    lines = text.split("\n")
    sha, _, name = lines[1].partition("  ") if len(lines) > 1 else ("", "", "")
    record = _Record(lines[0].removeprefix(_KEY), sha, name)
    if record.text() != text:
        raise _Unsound(f"{place.name} is damaged")
    if name != path.name:
        raise _Unsound(f"{place.name} is of '{name}'")
    return record


def _bytes(path: Path) -> bytes:
    return _taken(path, Path.read_bytes)


def _sha256(path: Path) -> str:
    return _taken(path, file_sha256)


def _taken[T](path: Path, take: Callable[[Path], T]) -> T:
    try:
        if path.is_file():
            return take(path)
    except OSError as failure:
        raise _Unsound(f"{path.name} cannot be read ({failure.strerror})") from failure
    # a pipe would be waited for
    raise _Unsound(f"{path.name} is no file" if os.path.lexists(path) else "it is not there")


def _sweep(path: Path) -> None:
    """Remove what killed processes left half-written of a file."""
    for name in (path.name, beside(path).name):
        for old in path.parent.glob(f"{glob.escape(name)}.*{PARTIAL}"):
            number = old.name.removeprefix(f"{name}.").removesuffix(PARTIAL)
            if number.isdecimal() and not _runs(int(number)):
                old.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
