"""Schemas of every table that is read, made from the code book's ranges (``data/codebook/columns.csv``).

The code book has a line for each column of each bundled table and of each provider's file: what kind of cell it holds, the
least and most that make sense, the form of a code, whether it may be empty, and whether it is part of the key. A value
outside is refused with its line. What two columns or two rows owe each other is checked by the table's own module.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import pandas as pd
import pandera.pandas as pa

from northroute.errors import DataError
from northroute.files import read_text
from northroute.resources import resource

FILE: Final = "data/codebook/columns.csv"
Kind = Literal["word", "text", "whole", "number", "flag", "month", "day", "date"]
Among = Mapping[str, tuple[Collection[str | int], str]]
"""By column: the values that it may have, and what they are, in words."""
_HEADER: Final = ("table", "column", "kind", "least", "most", "form", "empty", "key")
_FORMAT: Final[Mapping[str, str]] = {"month": "%Y-%m", "day": "%Y-%m-%d"}
_WORD: Final = r"^[^\s\x00-\x1f\x7f]+( [^\s\x00-\x1f\x7f]+)*$"
_TEXT: Final = r"^[^\x00-\x1f\x7f]*$"


def schema(table: str, among: Among | None = None, *, without: Sequence[str] = ()) -> pa.DataFrameSchema:
    """Return the schema of a table.

    Parameters
    ----------
    table : str
        A bundled table such as ``seizures``, or a provider's file such as ``governance/vdem_v15_country_year``.
    among : mapping, optional
        Columns whose values are known to the code, such as regions and groups of drugs.
    without : sequence of str
        Columns that this file lacks.

    Raises
    ------
    DataError
        If the code book has no such table, or is not as it should be.
    """
    lines = [line for line in book() if line["table"] == table]
    if not lines:
        remedy = f"Add its columns there; it has {', '.join(sorted({line['table'] for line in book()}))}."
        raise DataError(f"no table '{table}'", file=FILE, remedy=remedy)
    known = among or {}
    columns = {line["column"]: _column(line, known.get(line["column"])) for line in lines}
    key = [line["column"] for line in lines if line["key"] == "1"]
    return pa.DataFrameSchema({n: c for n, c in columns.items() if n not in without}, unique=key or None)


def book() -> tuple[Mapping[str, str], ...]:
    """Return the lines of the code book, each by the names of its header.

    Raises
    ------
    DataError
        If the file is not as it should be.
    """
    path = resource(FILE)
    header, *lines = csv.reader(io.StringIO(read_text(path)))
    found = tuple(dict(zip(header, line, strict=False)) for line in lines)
    if tuple(header) != _HEADER or any(len(line) != len(_HEADER) or line[2] not in get_args(Kind) for line in lines):
        remedy = "Restore the file from the repository."
        raise DataError(f"not lines of {', '.join(_HEADER)}", file=path, remedy=remedy)
    return found


def range_of(line: Mapping[str, str]) -> str:
    """Return what a line of the code book allows, in words: as in ``data/README.md`` and in messages."""
    if line["least"]:
        return f"{line['least']} to {line['most']}"
    return {"flag": "0 or 1, true or false", "text": "a text"}.get(line["kind"], "a word")


def _column(line: Mapping[str, str], among: tuple[Collection[str | int], str] | None) -> pa.Column:
    kind, nullable = line["kind"], line["empty"] == "1"
    words = f"{range_of(line)}, see {FILE}"
    checks = []
    dtype: Any = str
    if kind in ("whole", "number"):
        dtype = float if kind == "number" else "Int64" if nullable else int
        checks.append(pa.Check.in_range(float(line["least"]), float(line["most"]), error=words))
    elif kind == "flag":
        dtype = bool
    elif kind == "date":
        dtype = "datetime64[us]"
        checks.append(pa.Check.in_range(pd.Timestamp(line["least"]), pd.Timestamp(line["most"]), error=words))
    elif kind in _FORMAT:
        checks.append(pa.Check(lambda column: _dated(column, line), error=f"a {kind} of {words}"))
    else:
        what = "a text without control characters" if kind == "text" else "a word without blanks around it"
        checks.append(pa.Check.str_matches(_TEXT if kind == "text" else _WORD, error=what))
        if line["form"]:
            checks.append(pa.Check.str_matches(line["form"], error=f"of the form {line['form']}"))
    if among is not None:
        checks.append(pa.Check.isin(list(among[0]), error=among[1]))
    return pa.Column(dtype, checks, nullable=nullable)


def _dated(column: "pd.Series[str]", line: Mapping[str, str]) -> "pd.Series[bool]":
    """Tell of texts whether each is a month or day that the calendar has, in its usual form and within the range."""
    form = _FORMAT[line["kind"]]
    dates = pd.to_datetime(column, format=form, errors="coerce")
    written = dates.dt.strftime(form) == column
    return written & (dates >= pd.Timestamp(line["least"])) & (dates <= pd.Timestamp(line["most"]))
