"""The bundled tables are pinned: each has the SHA-256 and the number of rows that the lock registers, or it is not read.

The lock (``analysis/claims.lock.json``) is the one place that holds them; ``northroute claims --lock`` registers a change
that is meant. Decisions that are made to be changed (the YAML of the code book) are read all the same: there
:mod:`northroute.claims.lock` names what differs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from northroute.documents import read_json
from northroute.errors import DataError, MissingDataError
from northroute.files import check_regular
from northroute.provenance import file_sha256

LOCK: Final = "analysis/claims.lock.json"
FOLDERS: Final = ("data/reference", "data/codebook")
SECTION: Final = "file"
"""Part of the lock that holds the pins."""
_DECISIONS: Final = (".yaml",)
_REMEDY: Final = (
    "Restore the file from the repository or reinstall northroute; where the change is meant, register it with "
    "'northroute claims --lock'."
)


@dataclass(frozen=True)
class Pin:
    """What a file is known by: its SHA-256, and its rows (of a table without the header, of other files the lines)."""

    sha256: str
    rows: int

    @classmethod
    def of(cls, path: Path) -> "Pin":
        """Return the pin of a file as it is."""
        with path.open("rb") as stream:
            lines = sum(1 for _ in stream)
        rows = max(lines - 1, 0) if path.suffix == ".csv" else lines
        return cls(file_sha256(path), rows)


def in_force(roots: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Return the pins of all files of some folders as they are, as plain values.

    Parameters
    ----------
    roots : mapping of str to Path
        A folder's name in the repository, such as those of :data:`FOLDERS`, and where it lies.
    """
    files = {f"{name}/{p.name}": p for name, folder in roots.items() for p in sorted(folder.iterdir()) if p.is_file()}
    return {name: asdict(Pin.of(path)) for name, path in files.items()}


def check(relative: str, path: Path, lock: Path) -> None:
    """Refuse a bundled table that is not the one registered.

    Parameters
    ----------
    relative : str
        Name in the repository; what lies in none of :data:`FOLDERS` is not pinned.
    path, lock : Path
        Where the file and the lock are.

    Raises
    ------
    DataError
        If the file is not registered, or differs in rows or content from what is.
    MissingDataError
        If there is no lock.
    """
    if relative.rpartition("/")[0] not in FOLDERS or path.suffix in _DECISIONS:
        return
    check_regular(path)
    if not lock.is_file():
        raise MissingDataError(f"The bundled file '{LOCK}' is missing; reinstall northroute or restore the file.")
    registered = _registered(read_json(lock), lock).get(relative)
    if registered is None:
        raise DataError("no such bundled table is registered", file=path, remedy=_REMEDY)
    if file_sha256(path) != registered.sha256:
        rows = Pin.of(path).rows
        counted = f"{rows} rows, where {registered.rows} are registered" if rows != registered.rows else "altered"
        raise DataError(f"not the bundled table of this version ({counted})", file=path, remedy=_REMEDY)


def _registered(raw: Any, lock: Path) -> dict[str, Pin]:
    section = raw.get(SECTION) if isinstance(raw, dict) else None
    try:
        return {name: Pin(**pin) for name, pin in section.items()}  # type: ignore[union-attr]
    except (AttributeError, TypeError) as failure:
        raise DataError("not a lock of this version", file=lock, remedy="Restore it from the repository.") from failure
