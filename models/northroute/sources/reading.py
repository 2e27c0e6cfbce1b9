"""Strict reading of CSV files: what is wrong is refused with file, line, column and remedy."""

import csv
import difflib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from northroute.errors import DataError
from northroute.files import read_text

RESTORE: Final = "Restore the file from its source, or mend the line."
_NUMBER: Final = r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?"
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LONGEST: Final = 60


def read_csv(path: Path, schema: pa.DataFrameSchema, *, extra: bool = False, repeats: bool = False) -> pd.DataFrame:
    """Read a comma-separated file and check it against a schema.

    Parameters
    ----------
    path : Path
    schema : pandera.DataFrameSchema
        Columns with types, ranges and nullability; ``unique`` names the key. Text is converted to the schema's types.
    extra : bool
        Whether columns that the schema does not know are allowed (and dropped).
    repeats : bool
        Whether a whole line may be there twice in a table without a key. A file that was doubled is else refused.

    Returns
    -------
    pandas.DataFrame
        The schema's columns in its order, one row a line.

    Raises
    ------
    DataError
        For a file that is absent, no regular file, empty, not UTF-8 or truncated, for missing or unknown columns, values
        of the wrong type or out of range, and repeated keys or lines. Lines are the file's own, the header is line 1.
    """
    header, rows, lines = _rows(path)
    wanted = list(schema.columns)
    _check_header(path, header, wanted, extra=extra)
    if not repeats and not schema.unique:
        _check_repeats(path, rows, lines)
    frame = pd.DataFrame(rows, columns=header, index=lines, dtype="str")[wanted]
    frame = frame.mask(frame == "")
    frame = _convert(path, frame, schema)
    try:
        checked: pd.DataFrame = schema.validate(frame, lazy=True)
    except SchemaErrors as failure:
        raise _explain(path, failure, frame, schema) from failure
    return checked.reset_index(drop=True)


def read_cells(path: Path) -> pd.DataFrame:
    """Read a comma-separated file of any columns as text, letter by letter; an empty cell is missing.

    Raises
    ------
    DataError
        For a file that is absent, no regular file, empty, not UTF-8 or truncated, for two columns of one name, and for
        fields that something else than commas separates.
    """
    header, rows, _ = _rows(path)
    _check_header(path, header, (), extra=True)
    frame = pd.DataFrame(rows, columns=header, dtype="str")
    return frame.mask(frame == "")


def first_true(mask: "pd.Series[bool]") -> int:
    """Return the position of the first true value."""
    return int(mask.to_numpy(dtype=bool).argmax())


def line_of(path: Path, position: int) -> int:
    """Return the line on which a row of a sound file begins: the header is line 1, and a cell may hold line ends.

    Parameters
    ----------
    path : Path
    position : int
        Of the row as :func:`read_csv` gives it, from 0.
    """
    return _rows(path)[2][position]


def _rows(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the header, the rows, and the line on which each row begins."""
    text = read_text(path)
    if not text.strip():
        raise DataError("the file is empty", file=path, remedy=RESTORE)
    if "\0" in text:
        what = "a zero byte, which no text has"
        raise DataError(what, file=path, row=text[: text.index("\0")].count("\n") + 1, remedy=RESTORE)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = next(reader)
        other = next((sign for sign in (";", "\t") if len(header) == 1 and sign in header[0]), None)
        if other:
            what = f"its fields are separated by {other!r}, not by commas"
            raise DataError(what, file=path, row=1, remedy="Save it with commas between fields and points in decimals.")
        begins = reader.line_num + 1
        for row in reader:
            if not row:
                raise DataError("the line is blank", file=path, row=begins, remedy="Delete the line.")
            if len(row) != len(header):
                raise DataError(
                    f"{len(row)} fields where the header has {len(header)}; the line is cut off or has a stray comma",
                    file=path,
                    row=begins,
                    remedy=RESTORE,
                )
            rows.append(row)
            lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as failure:
        raise DataError(f"not valid CSV ({failure})", file=path, row=reader.line_num, remedy=RESTORE) from failure
    if not rows:
        raise DataError("a header and no rows", file=path, remedy=RESTORE)
    return header, rows, lines


def _check_repeats(path: Path, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    again = [line for row, line in zip(rows, lines, strict=True) if seen.setdefault(tuple(row), line) != line]
    if again:
        first = seen[tuple(rows[lines.index(again[0])])]
        what = f"the whole line was already on line {first}{and_more(len(again), 'line')}"
        raise DataError(what, file=path, row=again[0], remedy="Keep one of the two lines: the file may be doubled.")


def _check_header(path: Path, header: Sequence[str], wanted: Sequence[str], *, extra: bool) -> None:
    repeated = sorted({c for c in header if header.count(c) > 1})
    if repeated:
        raise DataError(f"column(s) {repeated} occur twice", file=path, row=1, remedy=RESTORE)
    for column in wanted:
        if column not in header:
            near = difflib.get_close_matches(column, header, n=1)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            raise DataError("the column is missing", file=path, row=1, column=column, remedy=f"{hint}{RESTORE}")
    unknown = [c for c in header if c not in wanted]
    if unknown and not extra:
        raise DataError(
            "the column is not known", file=path, row=1, column=unknown[0], remedy=f"Expected {list(wanted)}."
        )


def _convert(path: Path, frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    converted: dict[str, pd.Series[Any]] = {}
    for name, column in schema.columns.items():
        text, kind = frame[name], str(column.dtype)
        if kind.lower().startswith(("int", "float")):
            values: pd.Series[Any] = pd.to_numeric(_of_form(text, _NUMBER), errors="coerce")
            _refuse(path, text, (values.isna() | np.isinf(values)) & text.notna(), name, "is not a number")
            if kind.lower().startswith("int"):
                _refuse(path, text, values.notna() & (values % 1 != 0), name, "is not a whole number")
            values = values.astype("Float64")
            converted[name] = values.astype("Int64") if kind == "Int64" else values
        elif kind.startswith("datetime"):
            dates: pd.Series[Any] = pd.to_datetime(_of_form(text, _DATE), format="%Y-%m-%d", errors="coerce")
            _refuse(path, text, dates.isna() & text.notna(), name, "is not a date like 2015-01-31")
            converted[name] = dates
        elif kind == "bool":
            known = text.str.lower().map({"1": True, "0": False, "true": True, "false": False})
            _refuse(path, text, known.isna(), name, "is not one of 1, 0, true, false")
            converted[name] = known.astype(bool)
        else:
            converted[name] = text
        if not column.nullable and converted[name].isna().any():
            line = int(frame.index[first_true(converted[name].isna())])
            raise DataError("the cell is empty", file=path, row=line, column=name, remedy=RESTORE)
        if kind.startswith(("float", "int")):
            converted[name] = converted[name].astype(kind)  # type: ignore[call-overload]
    return pd.DataFrame(converted, index=frame.index)


def _refuse(path: Path, text: "pd.Series[str]", bad: "pd.Series[bool]", column: str, what: str) -> None:
    if bad.any():
        line = int(text.index[first_true(bad)])
        raise DataError(
            f"'{shown(text[line])}' {what}{and_more(int(bad.sum()))}",
            file=path,
            row=line,
            column=column,
            remedy=RESTORE,
        )


def _explain(path: Path, failure: SchemaErrors, frame: pd.DataFrame, schema: pa.DataFrameSchema) -> DataError:
    key = list(schema.unique or [])
    if key and frame.duplicated(key).any():
        line = int(frame.index[first_true(frame.duplicated(key))])
        value = ", ".join(shown(frame.at[line, k]) for k in key)
        first = int(frame.index[first_true((frame[key] == frame.loc[line, key]).all(axis=1))])
        remedy = "Keep one of the two lines."
        return DataError(
            f"the key ({value}) was already on line {first}", file=path, row=line, column=", ".join(key), remedy=remedy
        )
    cases = failure.failure_cases
    case = cases.iloc[0]
    what = f"value '{shown(case['failure_case'])}' breaks the rule '{case['check']}'{and_more(len(cases))}"
    where = int(case["index"]) if pd.notna(case["index"]) else None
    return DataError(what, file=path, row=where, column=str(case["column"]), remedy=RESTORE)


def _of_form(text: "pd.Series[Any]", form: str) -> "pd.Series[Any]":
    return text.where(text.str.fullmatch(form).fillna(False).astype(bool))


def shown(value: object) -> str:
    """Return a cell as a message shows it: on one line, and no longer than a line."""
    text = " ".join(str(value).split()) if str(value).strip() == str(value) else repr(value)[1:-1]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def and_more(count: int, what: str = "cell") -> str:
    """Return how many more faults of a kind there are, for the end of a message; nothing if there is one."""
    return f", and {count - 1} more such {what}(s)" if count > 1 else ""
