"""The provider's own lists, brought, kept and read: what there is, and which list could not be had, and why."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from northroute.errors import DataError
from northroute.sources.connection import Client
from northroute.sources.gdelt import index
from northroute.sources.gdelt.formats import TableName, Version
from northroute.sources.gdelt.index import Index
from northroute.sources.gdelt.manifest import LISTS, Entry
from northroute.sources.transfer import Expected, download

FOLDERS: Final = {"events": "events/", "gkg": "gkg/", "counts": "gkg/"}
FOLDER_2: Final = "gdeltv2/"
MASTER: Final = "masterfilelist.txt"
TRANSLATED: Final = "masterfilelist-translation.txt"
_MOST: Final = {1: 16 << 20, 2: 512 << 20}
"""Bytes of a list: some twenty times the daily files' (version 1), four times those of the quarter hours (version 2)."""


@dataclass(frozen=True)
class Lists:
    """What the provider lists, and the lists themselves.

    Attributes
    ----------
    index : Index
        Files of all lists that could be read.
    entries : tuple of Entry
        The lists, for the manifest.
    """

    index: Index
    entries: tuple[Entry, ...]

    @property
    def lacking(self) -> tuple[Entry, ...]:
        """Lists that could not be had or read, each with its reason."""
        return tuple(e for e in self.entries if e.status != "complete")


def read(
    client: Client, base: str, version: Version, tables: Sequence[TableName], keep: Path, *, translated: bool = False
) -> Lists:
    """Bring the lists of these tables to the folder ``keep`` and read them; one that is no good does not stop the others."""
    if version == 2:
        groups: list[tuple[str, ...]] = [
            (f"{FOLDER_2}{name}",) for name in ((MASTER, TRANSLATED) if translated else (MASTER,))
        ]
    else:
        groups = [(f"{f}md5sums", f"{f}filesizes") for f in sorted({FOLDERS[t] for t in tables})]
    parts, entries = [], []
    for names in groups:
        outcomes = [(n, keep / n.replace("/", "."), Expected(most=_MOST[version])) for n in names]
        mine = [Entry.of(n, LISTS, f"{base}{n}", download(client, f"{base}{n}", p, e)) for n, p, e in outcomes]
        if all(e.status == "complete" for e in mine):
            part, mine = _read(mine, [p for _, p, _ in outcomes])
            parts.append(part)
        entries += mine
    whole = Index(
        tuple(f for p in parts for f in p.files),
        tuple(n for p in parts for n in p.repeated),
        sum(p.ignored for p in parts),
    )
    return Lists(whole, tuple(entries))


def _read(entries: list[Entry], paths: list[Path]) -> tuple[Index, list[Entry]]:
    """Read lists that belong together; those that cannot be read are marked, and give nothing."""
    try:
        with ExitStack() as open_files:
            lines = [open_files.enter_context(p.open(encoding="utf-8", errors="replace")) for p in paths]
            found = (
                index.read_master(lines[0], 2, entries[0].name)
                if len(lines) == 1
                else index.read_daily(lines[0], lines[1], entries[0].name, entries[1].name)
            )
    except DataError as failure:
        place = f"line {failure.row}: {failure.problem}"
        return Index(()), [_unreadable(e, place) if e.name == failure.file else e for e in entries]
    if not found.files:
        return found, [_unreadable(e, "no line names a file that northroute reads") for e in entries]
    rows = len(found.files) + found.ignored
    return found, [replace(e, rows=rows, kept=len(found.files)) for e in entries]


def _unreadable(entry: Entry, reason: str) -> Entry:
    return replace(entry, status="unreadable", reason=reason)
