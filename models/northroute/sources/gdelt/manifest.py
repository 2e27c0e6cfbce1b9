"""The record of every file fetched: where from, how large, which checksum, how many rows, how many kept."""

import csv
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from northroute.errors import DataError
from northroute.sheets import harmless
from northroute.sources.transfer import Outcome, in_the_way, storage_error

Status = Literal["complete", "absent", "corrupt", "failed", "unreadable"]
"""``absent``: the provider lists the file and does not have it; ``corrupt``: it never came as published; ``failed``: the
connection did not hold; ``unreadable``: it came as published, and cannot be read."""
LISTS: Final = "lists"
"""The ``table`` of the provider's own lists, which the manifest holds too: rows are its lines, kept those of use."""
_REMEDY: Final = "Delete the manifest and fetch again: files that are there are checked, not downloaded anew."
_FIRST: Final = 10
"""Columns of a manifest before it held reasons; such a one is read."""


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
    reason : str
        Why it is not complete; empty if it is.
    final : str
        The address that answered in the end; empty where that is ``address`` or none did.
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
    reason: str = ""
    final: str = ""

    @classmethod
    def of(cls, name: str, table: str, address: str, outcome: Outcome) -> "Entry":
        """Return the entry of a download that has just ended."""
        final = outcome.address if outcome.address != address else ""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        what = (outcome.status, outcome.size, outcome.digest)
        return cls(name, table, address, *what, time=now, reason=outcome.reason, final=final)


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
        return self.with_entries(
            replace(e, status="complete", reason="") if e.status == "unreadable" else e for e in known
        )

    def with_problems(self, problems: Mapping[str, str]) -> "Manifest":
        """Return a manifest that tells which files could not be read, and why: the next fetch looks at them again."""
        known = [
            replace(self.entries[n], status="unreadable", reason=r, rows=None, kept=None)
            for n, r in problems.items()
            if n in self.entries
        ]
        return self.with_entries(known)

    def save(self, path: Path) -> Path:
        """Write the manifest as CSV, sorted by name, atomically."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([f.name for f in fields(Entry)])
        for name in sorted(self.entries):
            entry = self.entries[name]
            writer.writerow(["" if (v := getattr(entry, f.name)) is None else harmless(v) for f in fields(Entry)])
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(path.suffix + ".partial")
        if blocked := in_the_way(path) or in_the_way(partial, link=False):
            raise DataError(blocked, file=path, remedy="Move it away.")
        try:
            partial.write_text(buffer.getvalue(), encoding="utf-8")
            partial.replace(path)
        except OSError as failure:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise storage_error(path.parent, failure) from failure
        return path


def load(path: Path) -> Manifest:
    """Read a manifest; one that is not there is empty.

    Raises
    ------
    DataError
        For a file that is not a manifest.
    """
    if blocked := in_the_way(path):
        raise DataError(blocked, file=path, remedy="Move it away.")
    if not path.exists():
        return Manifest()
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8", errors="replace"), newline=""))
    expected = [f.name for f in fields(Entry)]
    try:
        header = next(rows, [])
        if header not in (expected, expected[:_FIRST]):
            raise DataError("not a manifest of fetched files", file=path, row=1, remedy=_REMEDY)
        entries = [_entry(path, rows.line_num, row, header) for row in rows]
    except csv.Error as failure:
        raise DataError(f"not a table ({failure})", file=path, row=rows.line_num, remedy=_REMEDY) from failure
    return Manifest({e.name: e for e in entries})


def _entry(path: Path, line: int, row: list[str], header: list[str]) -> Entry:
    if len(row) != len(header):
        raise DataError(f"{len(row)} fields where {len(header)} are expected", file=path, row=line, remedy=_REMEDY)
    values: dict[str, Any] = dict(zip(header, row, strict=True))
    if values["status"] not in get_args(Status):
        raise DataError(f"'{values['status'][:20]}' is no status", file=path, row=line, remedy=_REMEDY)
    try:
        values["size"] = int(values["size"])
        values["rows"] = int(values["rows"]) if values["rows"] else None
        values["kept"] = int(values["kept"]) if values["kept"] else None
    except ValueError as failure:
        raise DataError(f"a count is no number ({failure})", file=path, row=line, remedy=_REMEDY) from failure
    values["simulated"] = values["simulated"] == "True"
    return Entry(**values)
