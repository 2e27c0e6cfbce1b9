"""Files to checked rows: every line is kept, filtered out by country, or set aside with its number and the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from northroute.arrays import Ints
from northroute.errors import DataError
from northroute.sources.gdelt.formats import CENTRAL_ASIA, Layout
from northroute.sources.gdelt.inflate import BLOCK, blocks
from northroute.sources.gdelt.scan import country_codes, scan

LONGEST_LINE: Final = 64 << 20
"""Bytes without a newline after which a file is refused: GDELT's longest lines have well under one megabyte."""
TEXT_LIMIT: Final = 2000
"""Characters of a set-aside line that are kept for the reader."""
_HELD_BYTES: Final = 4 << 20
"""Bytes of kept lines that are parsed together; parsed, they take about ten times as much memory."""
_HEADERS: Final = (b"DATE\t", b"GLOBALEVENTID\t", b"GKGRECORDID\t", b"GlobalEventID\t")
_INTEGER: Final = r"^-?[0-9]{1,18}$"
_DECIMAL: Final = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?$"


@dataclass(frozen=True)
class Aside:
    """A line that was set aside: its number in the file (the first is 1), why, and how it begins."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Tally:
    """What became of a file's rows; ``rows == kept + filtered + short + long + value`` always.

    Attributes
    ----------
    rows : int
        Lines, a header apart.
    kept, filtered : int
        In and out of the wanted countries.
    short, long, value : int
        Set aside: too few or too many fields, or a number or date that is none.
    header : int
        Header lines, 0 or 1.
    recoded : int
        Kept rows that were not UTF-8 and were read as Latin-1.
    """

    rows: int = 0
    kept: int = 0
    filtered: int = 0
    short: int = 0
    long: int = 0
    value: int = 0
    header: int = 0
    recoded: int = 0

    @property
    def aside(self) -> int:
        """Rows set aside."""
        return self.short + self.long + self.value

    def __add__(self, other: "Tally") -> "Tally":
        """Sum of two tallies."""
        return Tally(*(getattr(self, f) + getattr(other, f) for f in self.__dataclass_fields__))


@dataclass(frozen=True)
class Batch:
    """Rows of one block of a file.

    Attributes
    ----------
    table : pyarrow.Table
        Kept rows: the layout's kept columns, then ``FileName`` and ``Line``.
    aside : tuple of Aside
    tally : Tally
    """

    table: pa.Table
    aside: tuple[Aside, ...] = field(repr=False)
    tally: Tally = Tally()


def schema(layout: Layout) -> pa.Schema:
    """Return the Parquet schema of a layout's kept rows."""
    kinds = dict.fromkeys(layout.integers, pa.int64()) | dict.fromkeys(layout.decimals, pa.float64())
    fields = [pa.field(c, kinds.get(c, pa.string())) for c in layout.kept]
    return pa.schema([*fields, pa.field("FileName", pa.string()), pa.field("Line", pa.int64())])


def read(path: Path, layout: Layout, countries: Sequence[str] = CENTRAL_ASIA, *, block: int = BLOCK) -> Iterator[Batch]:
    """Read a file block by block; memory does not depend on the file's size.

    Parameters
    ----------
    path : Path
        A ``.zip`` archive with one member, or the plain file.
    layout : Layout
        See :func:`northroute.sources.gdelt.formats.describe`.
    countries : sequence of str
        FIPS codes compared with the country *field*; a text that merely contains a code never matches.
    block : int
        Bytes read at a time.

    Yields
    ------
    Batch
        One a block, rows in the file's order.

    Raises
    ------
    DataError
        For an unreadable archive, or a line longer than :data:`LONGEST_LINE`.
    """
    codes = country_codes(tuple(countries))
    rest, line, held = b"", 1, _Held()
    for chunk in blocks(path, block):
        starting = line == 1 and not held.header
        rest += chunk
        if starting and b"\n" in rest:
            held.header, rest = _header(rest)
            line += held.header
        rows, consumed = held.take(rest, line, layout, codes)
        rest, line = rest[consumed:], line + rows
        if len(rest) > LONGEST_LINE:
            remedy = "This is no GDELT file, or a damaged one; fetch it again."
            raise DataError(f"no line end in {LONGEST_LINE} bytes", file=path, row=line, remedy=remedy)
        if held.full:
            yield held.release(path, layout)
            held = _Held()
    if rest:
        held.take(rest + b"\n", line, layout, codes)
    yield held.release(path, layout)


def _header(text: bytes) -> tuple[int, bytes]:
    if text.startswith(_HEADERS):
        _, _, rest = text.partition(b"\n")
        return 1, rest
    return 0, text


class _Held:
    """Lines of a file that wait to be parsed together."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.lines: list[int] = []
        self.aside: list[Aside] = []
        self.rows = self.short = self.header = self.bytes = 0

    @property
    def full(self) -> bool:
        return self.bytes + TEXT_LIMIT * len(self.aside) > _HELD_BYTES

    def take(self, text: bytes, line: int, layout: Layout, codes: Ints) -> tuple[int, int]:
        """Take the whole lines of a text; return how many they are, and how many bytes."""
        wanted = len(layout.columns)
        scanned = scan(text, wanted, layout.place_index, layout.packed, codes)
        self.rows += scanned.rows
        for start, end, number, fields in scanned.found.tolist():
            if fields == wanted:
                self.kept.append(text[start:end].removesuffix(b"\r"))
                self.lines.append(line + number)
                self.bytes += end - start
            else:
                reason = f"{fields} fields where {layout.name} has {wanted}"
                self.aside.append(Aside(line + number, reason, _shown(text[start:end])))
                self.short += fields < wanted
        return scanned.rows, scanned.consumed

    def release(self, path: Path, layout: Layout) -> Batch:
        """Parse what is held."""
        if not self.kept:
            filtered = self.rows - len(self.aside)
            tally = Tally(self.rows, 0, filtered, self.short, len(self.aside) - self.short, header=self.header)
            return Batch(schema(layout).empty_table(), tuple(self.aside), tally)
        table, recoded = _parse(self.kept, layout)
        table, bad = _convert(table, layout)
        value = [Aside(self.lines[i], reason, _shown(self.kept[i])) for i, reason in bad.items()]
        lines = [n for i, n in enumerate(self.lines) if i not in bad] if bad else self.lines
        table = table.append_column("FileName", pa.repeat(pa.scalar(path.name, pa.string()), len(table)))
        table = table.append_column("Line", pa.array(lines, pa.int64()))
        tally = Tally(
            rows=self.rows,
            kept=len(table),
            filtered=self.rows - len(self.kept) - len(self.aside),
            short=self.short,
            long=len(self.aside) - self.short,
            value=len(value),
            header=self.header,
            recoded=recoded,
        )
        return Batch(table, tuple(sorted((*self.aside, *value), key=lambda a: a.line)), tally)


def _shown(text: bytes) -> str:
    return text[:TEXT_LIMIT].decode("utf-8", errors="backslashreplace")


def _parse(kept: list[bytes], layout: Layout) -> tuple[pa.Table, int]:
    """Split good lines into text columns; a carriage return inside a field becomes a space, as it would split the row."""
    names = list(layout.columns)
    text = b"\n".join(kept) + b"\n"
    recoded = 0
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        kept, recoded = _recode(kept)
        text = b"\n".join(kept) + b"\n"
    if b"\r" in text:
        text = text.replace(b"\r", b" ")
    # Arrow drops a byte-order mark at the start of its input: put one before it, so that the row's own text stays.
    table = pv.read_csv(
        pa.BufferReader(b"\xef\xbb\xbf" + text),
        read_options=pv.ReadOptions(column_names=names, block_size=len(text) + 16, use_threads=False),
        parse_options=pv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False, ignore_empty_lines=False),
        convert_options=pv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), include_columns=list(layout.kept)
        ),
    )
    return table, recoded


def _recode(kept: list[bytes]) -> tuple[list[bytes], int]:
    recoded, lines = 0, []
    for text in kept:
        try:
            text.decode("utf-8")
            lines.append(text)
        except UnicodeDecodeError:
            lines.append(text.decode("latin-1").encode("utf-8"))
            recoded += 1
    return lines, recoded


def _convert(table: pa.Table, layout: Layout) -> tuple[pa.Table, dict[int, str]]:
    """Turn numeric text into numbers; return the rows that allow it and, by position, why the others do not."""
    bad: dict[int, str] = {}
    for name, pattern in (
        *((c, _INTEGER) for c in layout.integers),
        *((c, _DECIMAL) for c in layout.decimals),
    ):
        text = table[name]
        blank = pc.equal(text, "")
        fine = pc.match_substring_regex(text, pattern)
        if name not in layout.required:
            fine = pc.or_(fine, blank)
        _note(bad, fine, text, name, "is not a number")
        if name in layout.dates:
            digits = pc.utf8_slice_codeunits(text, 0, 8)
            day = pc.strptime(digits, format="%Y%m%d", unit="s", error_is_null=True)
            # strptime takes 31 February for 3 March: only a day that is written back the same is one
            written = pc.fill_null(pc.equal(pc.strftime(day, format="%Y%m%d"), digits), False)
            _note(bad, written, text, name, "is not a date")
    if bad:
        mask = np.ones(len(table), dtype=bool)
        mask[list(bad)] = False
        table = table.filter(pa.array(mask))
    for kind, columns in ((pa.int64(), layout.integers), (pa.float64(), layout.decimals)):
        for name in columns:
            text = table[name]
            filled = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
            table = table.set_column(table.schema.get_field_index(name), name, filled.cast(kind))
    return table, bad


def _note(bad: dict[int, str], fine: Any, text: Any, name: str, what: str) -> None:
    if pc.all(fine, min_count=0).as_py():
        return
    for i in np.flatnonzero(~fine.to_numpy().astype(bool)).tolist():
        bad.setdefault(i, f"{name} '{text[i].as_py()[:40]}' {what}")
