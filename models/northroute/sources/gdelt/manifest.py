"""The record of every file fetched: where from, how large, which checksum, how many rows, how many kept."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

from northroute.errors import DataError

Status = Literal["complete", "absent", "corrupt", "failed", "unreadable"]
"""``absent``: the provider lists the file and does not have it; ``corrupt``: it never came as published; ``failed``: the
connection did not hold; ``unreadable``: it came as published, and cannot be read."""
_REMEDY: Final = "Delete the manifest and fetch again: files that are there are checked, not downloaded anew."


@dataclass(frozen=True)
class Entry:
    """One file.

    Attributes
    ----------
    name, table, address : str
    status : Status
    size : int
        Bytes on disk, 0 where there is no file.
    md5 : str
        Of the bytes on disk, empty where there is no file.
    rows, kept : int or None
        Rows read and rows kept, None before the file was read.
    simulated : bool
        Whether the file carries a simulator's mark.
    time : str
        When the file was completed or given up, ISO 8601, UTC.
    """

    name: str
    table: str
    address: str
    status: Status
    size: int
    md5: str
    rows: int | None = None
    kept: int | None = None
    simulated: bool = False
    time: str = ""


@dataclass(frozen=True)
class Manifest:
    """Entries by file name."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def with_entries(self, entries: Iterable[Entry]) -> "Manifest":
        """Return a manifest in which these entries replace those of the same names."""
        return Manifest({**self.entries, **{e.name: e for e in entries}})

    def with_rows(self, counts: Mapping[str, tuple[int, int]]) -> "Manifest":
        """Return a manifest with the rows read and kept of the files that were read."""
        known = [replace(self.entries[n], rows=r, kept=k) for n, (r, k) in counts.items() if n in self.entries]
        return self.with_entries(known)

    def save(self, path: Path) -> Path:
        """Write the manifest as CSV, sorted by name, atomically."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([f.name for f in fields(Entry)])
        for name in sorted(self.entries):
            entry = self.entries[name]
            writer.writerow(["" if (v := getattr(entry, f.name)) is None else v for f in fields(Entry)])
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(path.suffix + ".partial")
        partial.write_text(buffer.getvalue(), encoding="utf-8")
        partial.replace(path)
        return path


def load(path: Path) -> Manifest:
    """Read a manifest; one that is not there is empty.

    Raises
    ------
    DataError
        For a file that is not a manifest.
    """
    if not path.exists():
        return Manifest()
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows, [])
        expected = [f.name for f in fields(Entry)]
        if header != expected:
            raise DataError("not a manifest of fetched files", file=path, row=1, remedy=_REMEDY)
        entries = [_entry(path, rows.line_num, row, len(expected)) for row in rows]
    return Manifest({e.name: e for e in entries})


def _entry(path: Path, line: int, row: list[str], width: int) -> Entry:
    if len(row) != width:
        raise DataError(f"{len(row)} fields where {width} are expected", file=path, row=line, remedy=_REMEDY)
    values: dict[str, Any] = dict(zip((f.name for f in fields(Entry)), row, strict=True))
    try:
        values["size"] = int(values["size"])
        values["rows"] = int(values["rows"]) if values["rows"] else None
        values["kept"] = int(values["kept"]) if values["kept"] else None
    except ValueError as failure:
        raise DataError(f"a count is no number ({failure})", file=path, row=line, remedy=_REMEDY) from failure
    values["simulated"] = values["simulated"] == "True"
    return Entry(**values)
