"""Columns of a table by type: what may enter a formula as a number, as a category, or not at all."""

import decimal
import numbers
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.errors import ModelError

NUMBER: Final = "number"
CATEGORY: Final = "category"
_MARKS: Final = re.compile(r"[\s%]|(?<=\d)[,'\u2019](?=\d)")
"""What people write into numbers: blanks, per cent, commas of thousands or decimals."""
_MANY, _MOST = 20, 0.8
"""Different texts, and the share of numbers among them, from which on the others are gaps and slips, not categories."""


def kind_of(values: "pd.Series[Any]", name: str, label: str) -> str:
    """Return ``number``, ``category``, or what else a column holds (date, time span, period, complex number).

    Raises
    ------
    ModelError
        If the column's name stands for several columns, or its values are of mixed types.
    """
    if isinstance(values, pd.DataFrame):
        raise ModelError(f"{label}: the table has several columns called '{name}'. Rename them.")
    dtype = values.dtype
    if isinstance(dtype, (pd.CategoricalDtype, pd.StringDtype, pd.IntervalDtype)):
        return CATEGORY
    if pd.api.types.is_complex_dtype(dtype):
        return "complex number"
    if pd.api.types.is_numeric_dtype(dtype):
        return NUMBER
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "time span"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if isinstance(dtype, pd.PeriodDtype):
        return "period"
    return _of_objects(values, name, label)


def _of_objects(values: "pd.Series[Any]", name: str, label: str) -> str:
    held = values.dropna()
    kinds = {_kind(v) for v in held}
    if len(kinds) > 1:
        raise ModelError(
            f"{label}: '{name}' mixes {' and '.join(sorted(kinds))}s. Make numbers of all its values (pandas.to_numeric), "
            "or text (astype(str))."
        )
    return kinds.pop() if kinds else NUMBER


def _kind(value: object) -> str:
    if isinstance(value, (numbers.Real, decimal.Decimal, np.bool_)):
        return NUMBER
    if isinstance(value, str):
        return CATEGORY
    return {"datetime": "date", "Timestamp": "date", "Timedelta": "time span"}.get(
        type(value).__name__, type(value).__name__.lower()
    )


def numbers_of(values: "pd.Series[Any]", name: str, label: str) -> Array:
    """Return a column as floats, missing values as NaN.

    Raises
    ------
    ModelError
        If it does not hold numbers.
    """
    if kind_of(values, name, label) != NUMBER:
        first = next((f", first {v!r}" for v in values if isinstance(v, str) and not _is_number(v)), "")
        raise ModelError(
            f"{label}: '{name}' does not hold numbers ({values.dtype}{first}). Make numbers of it, as with "
            "pandas.to_numeric, and leave gaps empty."
        )
    if values.dtype == object:
        return np.array([np.nan if missing else float(v) for v, missing in zip(values, values.isna(), strict=True)])
    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(np.asarray(values))
    return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))


def prepared(
    frame: pd.DataFrame,
    aliases: Mapping[str, str],
    raw: frozenset[str],
    label: str,
    *,
    bare: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Return the columns that a formula reads under its names: numbers as doubles, categories without unused levels.

    Parameters
    ----------
    frame : pandas.DataFrame
    aliases : mapping of str to str
        Columns, and the name of each in the formula.
    raw : frozenset of str
        Columns in a ``C()``: numbers there keep their type, which names the levels.
    label : str
        For messages.
    bare : frozenset of str
        Names that stand alone in the formula: text that holds numbers is refused there.

    Raises
    ------
    ModelError
        For mixed types, or numbers written as text.
    """
    made: dict[str, Any] = {}
    for column, name in aliases.items():
        values = frame[column].reset_index(drop=True)
        kind = kind_of(values, column, label)
        if kind == NUMBER and column not in raw:
            made[name] = numbers_of(values, column, label)
        elif kind == NUMBER:
            made[name] = values if values.dtype == object else values.to_numpy()
        elif isinstance(values.dtype, pd.CategoricalDtype):
            made[name] = values.cat.remove_unused_categories()
        elif isinstance(values.dtype, pd.IntervalDtype):
            made[name] = values.astype("category")
        elif kind == CATEGORY:
            if name in bare and (found := _numeric_text(values)):
                raise ModelError(
                    f"{label}: '{column}' holds {found}. Make numbers of them (pandas.to_numeric) and leave gaps empty, or "
                    f"write C({column}) for a category of each."
                )
            made[name] = values.astype(object)
        else:
            made[name] = values
    return pd.DataFrame(made, index=pd.RangeIndex(len(frame)))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numeric_text(values: "pd.Series[Any]") -> str:
    """Say how text holds numbers, or return an empty text."""
    levels = pd.Series(values.astype(object).unique()).astype(str)
    known = pd.to_numeric(levels.str.replace(_MARKS, "", regex=True), errors="coerce").notna()
    if len(levels) and known.all():
        return "numbers written as text"
    if len(levels) > _MANY and known.mean() > _MOST:
        return f"numbers written as text, and {levels[~known].iloc[0]!r}"
    return ""
