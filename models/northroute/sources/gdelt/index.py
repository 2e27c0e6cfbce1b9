"""The provider's own lists of files: what there is, its size and MD5, what is missing and which days are too small."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from northroute.errors import DataError
from northroute.sources.gdelt.formats import FileKind, TableName, Version, describe

_MD5: Final = re.compile(r"^([0-9a-fA-F]{32})\s+(\S+)$")
_SIZE: Final = re.compile(r"^(\d+)\s+(\S+)$")
_MASTER: Final = re.compile(r"^(\d+)\s+([0-9a-fA-F]{32})\s+(\S+)$")
_REMEDY: Final = "Fetch the index again; if it stays so, the provider changed its format."
OUTAGE_SHARE: Final = 0.35
"""A file smaller than this share of the median of the days around it is an outage day: partly observed at best."""
OUTAGE_WINDOW: Final = 15
"""Days on each side for that median."""
QUARTERS: Final = 96
"""Files of a whole day in version 2."""


@dataclass(frozen=True)
class Listed:
    """One file of the provider's list.

    Attributes
    ----------
    name : str
    address : str
        Where it is; relative to the index for version 1.
    kind : FileKind
    size : int or None
        Published bytes, None where the list of sizes lacks the file.
    md5 : str or None
        Published MD5 in lower case, None where that list lacks it.
    """

    name: str
    address: str
    kind: FileKind
    size: int | None
    md5: str | None


@dataclass(frozen=True)
class Index:
    """Files that the provider lists, each once.

    Attributes
    ----------
    files : tuple of Listed
        Sorted by table and time.
    repeated : tuple of str
        Names listed more than once. The last line counts; a size that two lines dispute is not checked, nor is such an
        MD5 (None).
    ignored : int
        Lines of files that northroute does not read.
    """

    files: tuple[Listed, ...]
    repeated: tuple[str, ...] = ()
    ignored: int = 0

    def select(self, start: date, end: date, tables: Sequence[TableName]) -> tuple[Listed, ...]:
        """Files of these tables that cover a day from ``start`` to ``end``, both included."""
        return tuple(
            f for f in self.files if f.kind.layout.table in tables and f.kind.day <= end and last_day(f.kind) >= start
        )


def last_day(kind: FileKind) -> date:
    """Return the last day that a file covers."""
    first = kind.day
    if kind.step == "year":
        return date(first.year, 12, 31)
    if kind.step == "month":
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        return following - timedelta(days=1)
    return first


def read_daily(md5sums: str, filesizes: str, source: str = "md5sums") -> Index:
    """Read the two lists of version 1: ``<md5>  <file>`` and ``<bytes> <file>``.

    Raises
    ------
    DataError
        For a line that has another form.
    """
    sums = _pairs(md5sums, _MD5, source)
    sizes = _pairs(filesizes, _SIZE, "filesizes")
    names = dict.fromkeys([n for _, n in sums] + [n for _, n in sizes])
    md5, twice = _agreed(((n, m.lower()) for m, n in sums))
    size, again = _agreed(((n, s) for s, n in sizes))
    listed = [
        Listed(n, n, kind, int(found) if (found := size.get(n)) else None, md5.get(n))
        for n in names
        if (kind := describe(n)) is not None
    ]
    return _index(listed, twice | again, len(names) - len(listed))


def read_master(text: str, version: Version = 2, source: str = "masterfilelist.txt") -> Index:
    """Read the list of version 2: ``<bytes> <md5> <address>``.

    Lines that lack an address (seen where the provider lost a file) are counted as ignored.

    Raises
    ------
    DataError
        For a line that has another form.
    """
    rows: list[tuple[str, str, str]] = []
    ignored = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if match := _MASTER.match(line.strip()):
            rows.append((match[3], match[1], match[2].lower()))
        elif re.fullmatch(r"\d*\s*[0-9a-fA-F]{0,32}", line.strip()):
            ignored += 1
        else:
            raise DataError(f"'{line[:80]}' is not '<bytes> <md5> <address>'", file=source, row=number, remedy=_REMEDY)
    size, twice = _agreed((a.rsplit("/", 1)[-1], s) for a, s, _ in rows)
    md5, again = _agreed((a.rsplit("/", 1)[-1], m) for a, _, m in rows)
    address = {a.rsplit("/", 1)[-1]: a for a, _, _ in rows}
    listed = [
        Listed(n, a, kind, int(found) if (found := size[n]) else None, md5[n])
        for n, a in address.items()
        if (kind := describe(n)) is not None and kind.layout.version == version
    ]
    return _index(listed, twice | again, ignored + len(address) - len(listed))


def coverage(files: Iterable[Listed], start: date, end: date, table: TableName) -> dict[date, float]:
    """Return the share of each day's files, from ``start`` to ``end`` (both included), that the list has: 0 to 1.

    Where the list has translated files too, a day counts as the worse covered of the two streams.
    """
    quarters: dict[tuple[bool, date], int] = {}
    whole: set[date] = set()
    for listed in files:
        if listed.kind.layout.table != table:
            continue
        if listed.kind.step == "quarter":
            key = (listed.kind.translated, listed.kind.day)
            quarters[key] = quarters.get(key, 0) + 1
        else:
            first, last = max(listed.kind.day, start), min(last_day(listed.kind), end)
            whole.update(first + timedelta(days=i) for i in range((last - first).days + 1))
    days = [start + timedelta(days=i) for i in range((end - start).days + 1)]
    streams = {stream for stream, _ in quarters} or {False}
    return {d: 1.0 if d in whole else min(1.0, *(quarters.get((s, d), 0) / QUARTERS for s in streams)) for d in days}


def gaps(files: Iterable[Listed], start: date, end: date, table: TableName) -> tuple[date, ...]:
    """Return the days that the list lacks, whole or in part; what happened then is *unobserved*, not nothing."""
    return tuple(d for d, share in coverage(files, start, end, table).items() if share < 1)


def outages(files: Iterable[Listed], table: TableName) -> tuple[date, ...]:
    """Return days whose files are together smaller than :data:`OUTAGE_SHARE` of the median of the days around.

    Sizes are sums over a day; files of a month or a year are left out.
    """
    totals: dict[date, int] = {}
    for listed in files:
        if listed.kind.layout.table == table and listed.kind.step in ("day", "quarter") and listed.size is not None:
            totals[listed.kind.day] = totals.get(listed.kind.day, 0) + listed.size
    return undersized(totals)


def undersized(totals: Mapping[date, int]) -> tuple[date, ...]:
    """Return the days that fall below :data:`OUTAGE_SHARE` of the median of the :data:`OUTAGE_WINDOW` days on each side."""
    found = []
    for day, size in totals.items():
        around = [
            totals[other]
            for shift in range(-OUTAGE_WINDOW, OUTAGE_WINDOW + 1)
            if shift and (other := day + timedelta(days=shift)) in totals
        ]
        if around and size < OUTAGE_SHARE * median(around):
            found.append(day)
    return tuple(sorted(found))


def _pairs(text: str, pattern: re.Pattern[str], source: str) -> list[tuple[str, str]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = pattern.match(line.strip())
        if match is None:
            form = "'<md5>  <file>'" if pattern is _MD5 else "'<bytes> <file>'"
            raise DataError(f"'{line[:80]}' is not {form}", file=source, row=number, remedy=_REMEDY)
        rows.append((match[1], match[2]))
    return rows


def _agreed(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str | None], set[str]]:
    values: dict[str, str | None] = {}
    twice = set()
    for name, value in pairs:
        if name in values:
            twice.add(name)
            values[name] = value if values[name] == value else None
        else:
            values[name] = value
    return values, twice


def _index(listed: Iterable[Listed], repeated: set[str], ignored: int) -> Index:
    ordered = sorted(listed, key=lambda f: (f.kind.layout.table, f.kind.start, f.name))
    return Index(tuple(ordered), tuple(sorted(repeated)), ignored)
