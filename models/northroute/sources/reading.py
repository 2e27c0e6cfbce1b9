"""Strict reading of CSV files: what is wrong is refused with file, line, column and remedy."""

import csv
import difflib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from northroute.errors import DataError

RESTORE: Final = "Restore the file from its source, or mend the line."
FIRST_LINE: Final = 2
"""Line of the first row: the header is line 1."""


def read_csv(path: Path, schema: pa.DataFrameSchema, *, extra: bool = False) -> pd.DataFrame:
    """Read a comma-separated file and check it against a schema.

    Parameters
    ----------
    path : Path
    schema : pandera.DataFrameSchema
        Columns with types, ranges and nullability; ``unique`` names the key. Text is converted to the schema's types.
    extra : bool
        Whether columns that the schema does not know are allowed (and dropped).

    Returns
    -------
    pandas.DataFrame
        The schema's columns in its order, one row a line.

    Raises
    ------
    DataError
        For a file that is absent, empty, not UTF-8 or truncated, for missing or unknown columns, values of the wrong
        type or out of range, and repeated keys. Lines are counted with the header as line 1.
    """
    header, rows = _rows(path)
    wanted = list(schema.columns)
    _check_header(path, header, wanted, extra=extra)
    frame = pd.DataFrame(rows, columns=header, dtype="str")[wanted]
    frame = frame.mask(frame == "")
    frame.index = pd.RangeIndex(FIRST_LINE, len(frame) + FIRST_LINE)
    frame = _convert(path, frame, schema)
    try:
        checked: pd.DataFrame = schema.validate(frame, lazy=True)
    except SchemaErrors as failure:
        raise _explain(path, failure, frame, schema) from failure
    return checked.reset_index(drop=True)


def first_true(mask: "pd.Series[bool]") -> int:
    """Return the position of the first true value."""
    return int(mask.to_numpy(dtype=bool).argmax())


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    if not path.exists():
        raise DataError("there is no such file", file=path, remedy="Check the folder, or fetch the data first.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as failure:
        raise DataError(
            f"not UTF-8 text ({failure.reason} at byte {failure.start})", file=path, remedy=RESTORE
        ) from failure
    if not text.strip():
        raise DataError("the file is empty", file=path, remedy=RESTORE)
    reader = csv.reader(io.StringIO(text), strict=True)
    rows: list[list[str]] = []
    try:
        header = next(reader)
        for row in reader:
            if not row:
                raise DataError("the line is blank", file=path, row=reader.line_num, remedy="Delete the line.")
            if len(row) != len(header):
                raise DataError(
                    f"{len(row)} fields where the header has {len(header)}; the line is cut off or has a stray comma",
                    file=path,
                    row=reader.line_num,
                    remedy=RESTORE,
                )
            rows.append(row)
    except csv.Error as failure:
        raise DataError(f"not valid CSV ({failure})", file=path, row=reader.line_num, remedy=RESTORE) from failure
    if not rows:
        raise DataError("a header and no rows", file=path, remedy=RESTORE)
    return header, rows


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
    converted = {}
    for name, column in schema.columns.items():
        text, kind = frame[name], str(column.dtype)
        if kind.lower().startswith(("int", "float")):
            values = pd.to_numeric(text, errors="coerce")
            _refuse(path, text, (values.isna() | np.isinf(values)) & text.notna(), name, "is not a number")
            if kind.lower().startswith("int"):
                _refuse(path, text, values.notna() & (values % 1 != 0), name, "is not a whole number")
            values = values.astype("Float64")
            converted[name] = values.astype("Int64") if kind == "Int64" else values
        elif kind.startswith("datetime"):
            dates = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
            _refuse(path, text, dates.isna() & text.notna(), name, "is not a date like 2015-01-31")
            converted[name] = dates
        elif kind == "bool":
            known = text.str.lower().map({"1": True, "0": False, "true": True, "false": False})
            _refuse(path, text, known.isna(), name, "is not one of 1, 0, true, false")
            converted[name] = known.astype(bool)
        else:
            converted[name] = text
        if not column.nullable and converted[name].isna().any():
            line = first_true(converted[name].isna()) + FIRST_LINE
            raise DataError("the cell is empty", file=path, row=line, column=name, remedy=RESTORE)
        if kind.startswith(("float", "int")):
            converted[name] = converted[name].astype(kind)
    return pd.DataFrame(converted, index=frame.index)


def _refuse(path: Path, text: "pd.Series[str]", bad: "pd.Series[bool]", column: str, what: str) -> None:
    if bad.any():
        line = first_true(bad) + FIRST_LINE
        raise DataError(
            f"'{text[line]}' {what}{_and_more(int(bad.sum()))}", file=path, row=line, column=column, remedy=RESTORE
        )


def _explain(path: Path, failure: SchemaErrors, frame: pd.DataFrame, schema: pa.DataFrameSchema) -> DataError:
    key = list(schema.unique or [])
    if key and frame.duplicated(key).any():
        line = first_true(frame.duplicated(key)) + FIRST_LINE
        value = ", ".join(str(frame.at[line, k]) for k in key)
        first = first_true((frame[key] == frame.loc[line, key]).all(axis=1)) + FIRST_LINE
        remedy = "Keep one of the two lines."
        return DataError(
            f"the key ({value}) was already on line {first}", file=path, row=line, column=", ".join(key), remedy=remedy
        )
    cases = failure.failure_cases
    case = cases.iloc[0]
    what = f"value '{case['failure_case']}' breaks the rule '{case['check']}'{_and_more(len(cases))}"
    where = int(case["index"]) if pd.notna(case["index"]) else None
    return DataError(what, file=path, row=where, column=str(case["column"]), remedy=RESTORE)


def _and_more(count: int) -> str:
    return f", and {count - 1} more such cell(s)" if count > 1 else ""
