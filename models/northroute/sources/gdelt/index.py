"""The provider's own lists of files: what there is, its size and MD5, what is missing and which days are too small."""

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from northroute.errors import DataError
from northroute.sources.connection import shown
from northroute.sources.gdelt.formats import FileKind, TableName, Version, describe

_MD5: Final = re.compile(r"^([0-9a-fA-F]{32})\s+(\S+)$")
_SIZE: Final = re.compile(r"^([0-9]+)\s+(\S+)$")
_MASTER: Final = re.compile(r"^([0-9]+)\s+([0-9a-fA-F]{32})\s+(\S+)$")
_LOST: Final = re.compile(r"[0-9]*\s*[0-9a-fA-F]{0,32}")
_DIGITS: Final = 18
"""Digits of a size; one that has more is 10^18 bytes, which no file has either."""
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
        return first.replace(day=monthrange(first.year, first.month)[1])
    return first


def read_daily(
    md5sums: Iterable[str], filesizes: Iterable[str], source: str = "md5sums", sizes: str = "filesizes"
) -> Index:
    """Read the lines of the two lists of version 1: ``<md5>  <file>`` and ``<bytes> <file>``.

    Raises
    ------
    DataError
        For a line that has another form.
    """
    sums = _pairs(md5sums, _MD5, source)
    lengths = _pairs(filesizes, _SIZE, sizes)
    names = dict.fromkeys([n for _, n in sums] + [n for _, n in lengths])
    md5, twice = _agreed(((n, m.lower()) for m, n in sums))
    size, again = _agreed(((n, s) for s, n in lengths))
    listed = [Listed(n, n, kind, _size(size.get(n)), md5.get(n)) for n in names if (kind := describe(n)) is not None]
    return _index(listed, twice | again, len(names) - len(listed))


def read_master(lines: Iterable[str], version: Version = 2, source: str = "masterfilelist.txt") -> Index:
    """Read the lines of the list of version 2: ``<bytes> <md5> <address>``.

    Lines that lack an address (seen where the provider lost a file) are counted as ignored.

    Raises
    ------
    DataError
        For a line that has another form.
    """
    rows: list[tuple[str, str, str]] = []
    ignored = 0
    for number, line in enumerate(lines, 1):
        if not (text := line.strip()):
            continue
        if match := _MASTER.match(text):
            rows.append((match[3], match[1], match[2].lower()))
        elif _LOST.fullmatch(text):
            ignored += 1
        else:
            raise _unlike("'<bytes> <md5> <address>'", text, source, number)
    size, twice = _agreed((a.rsplit("/", 1)[-1], s) for a, s, _ in rows)
    md5, again = _agreed((a.rsplit("/", 1)[-1], m) for a, _, m in rows)
    address = {a.rsplit("/", 1)[-1]: a for a, _, _ in rows}
    listed = [
        Listed(n, a, kind, _size(size[n]), md5[n])
        for n, a in address.items()
        if (kind := describe(n)) is not None and kind.layout.version == version
    ]
    return _index(listed, twice | again, ignored + len(address) - len(listed))


def coverage(kinds: Iterable[FileKind], start: date, end: date) -> dict[date, float]:
    """Return the share of each day, from ``start`` to ``end`` (both included), that files of one table cover: 0 to 1.

    Where there are translated files too, a day counts as the worse covered of the two streams.
    """
    quarters: dict[tuple[bool, date], int] = {}
    whole: set[date] = set()
    for kind in kinds:
        if kind.step == "quarter":
            key = (kind.translated, kind.day)
            quarters[key] = quarters.get(key, 0) + 1
        else:
            first, last = max(kind.day, start), min(last_day(kind), end)
            whole.update(first + timedelta(days=i) for i in range((last - first).days + 1))
    days = [start + timedelta(days=i) for i in range((end - start).days + 1)]
    streams = {stream for stream, _ in quarters} or {False}
    return {d: 1.0 if d in whole else min(1.0, *(quarters.get((s, d), 0) / QUARTERS for s in streams)) for d in days}


def gaps(files: Iterable[Listed], start: date, end: date, table: TableName) -> tuple[date, ...]:
    """Return the days that the list lacks, whole or in part; what happened then is *unobserved*, not nothing."""
    shares = coverage((f.kind for f in files if f.kind.layout.table == table), start, end)
    return tuple(day for day, share in shares.items() if share < 1)


def outages(files: Iterable[Listed], table: TableName) -> tuple[date, ...]:
    """Return days whose files are together smaller than those of the days around; see :func:`undersized`."""
    return undersized((f.kind, f.size) for f in files if f.kind.layout.table == table and f.size is not None)


def undersized(sizes: Iterable[tuple[FileKind, int]]) -> tuple[date, ...]:
    """Return the days that fall below :data:`OUTAGE_SHARE` of the median of the :data:`OUTAGE_WINDOW` days on each side.

    Sizes are summed over a day; files of a month or a year are left out.
    """
    totals: dict[date, int] = {}
    for kind, size in sizes:
        if kind.step in ("day", "quarter"):
            totals[kind.day] = totals.get(kind.day, 0) + size
    found = []
    for day, total in totals.items():
        around = [
            totals[other]
            for shift in range(-OUTAGE_WINDOW, OUTAGE_WINDOW + 1)
            if shift and (other := day + timedelta(days=shift)) in totals
        ]
        if around and total < OUTAGE_SHARE * median(around):
            found.append(day)
    return tuple(sorted(found))


def _pairs(lines: Iterable[str], pattern: re.Pattern[str], source: str) -> list[tuple[str, str]]:
    rows = []
    for number, line in enumerate(lines, 1):
        if not (text := line.strip()):
            continue
        match = pattern.match(text)
        if match is None:
            raise _unlike("'<md5>  <file>'" if pattern is _MD5 else "'<bytes> <file>'", text, source, number)
        rows.append((match[1], match[2]))
    return rows


def _unlike(form: str, text: str, source: str, number: int) -> DataError:
    return DataError(f"'{shown(text)}' is not {form}", file=source, row=number, remedy=_REMEDY)


def _size(text: str | None) -> int | None:
    return None if text is None else int(text) if len(text) <= _DIGITS else 10**_DIGITS


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
    """Put files in order; of two names for one table and time, such as in other case, the last counts, as for a name."""
    ordered: dict[tuple[TableName, datetime, str, bool], Listed] = {}
    for file in sorted(listed, key=lambda f: (f.kind.layout.table, f.kind.start, f.name)):
        key = (file.kind.layout.table, file.kind.start, file.kind.step, file.kind.translated)
        if key in ordered:
            repeated = repeated | {file.name, ordered[key].name}
        ordered[key] = file
    return Index(tuple(ordered.values()), tuple(sorted(repeated)), ignored)
