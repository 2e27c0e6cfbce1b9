"""Periods as whole numbers, whatever a table writes them as: months, and days, weeks, quarters and years of their own.

One apart is the next period of the same kind. Nothing is cut to months: what is no month is another kind, or refused.
"""

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.arrays import Array, Ints

Numbers = Ints
MONTH: Final = "month"
WAYS: Final = "2015-01 for months, 2015-01-31 for days, 2015-W03 for weeks, 2015Q1 for quarters, or numbers 1, 2, 3"
_FEW: Final = 3
"""Different dates from which on their distances say whether they are days, weeks, months, quarters or years."""
_UNEVEN: Final = 2.5
"""Days by which calendar months, one after the other, differ from their mean length."""


@dataclass(frozen=True)
class Periods:
    """Periods of the rows of a table.

    Attributes
    ----------
    numbers : array of int, shape (row,)
        Months are counted from year 0 (``12 year + month``), days from 1970, weeks by their days over seven, quarters by
        ``4 year + quarter - 1``, years and plain numbers as they are.
    unit : str
        day, week, month, quarter, year, or period for plain numbers.
    """

    numbers: Numbers
    unit: str

    @property
    def years(self) -> Numbers:
        """Calendar year of each row; of plain numbers, which block of twelve (from 0) it is in."""
        if self.unit == "year":
            return self.numbers
        if self.unit == "quarter":
            return self.numbers // 4
        if self.unit in ("day", "week"):
            # a week from Monday is in the year of its Thursday; 1970 began on one
            days = self.numbers if self.unit == "day" else self.numbers * 7 + 7
            return np.asarray(days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970)
        return np.asarray((self.numbers - 1) // 12)


def read(values: "pd.Series[Any]", name: str) -> Periods:
    """Read a column of periods.

    Numbers are read as they are, but ``201501`` is a month, ``20150131`` a day and ``20151`` a quarter where all values can
    be. Dates are days, unless all are a day of the month (months, quarters, years) or seven days apart (weeks).

    Raises
    ------
    ValueError
        If the column is neither, has gaps, mixes kinds, or may be read in two ways.
    """
    values = plain(values)
    if values.isna().any():
        raise ValueError(f"'{name}' has {int(values.isna().sum())} row(s) without a date; drop them.")
    if isinstance(values.dtype, pd.PeriodDtype):
        return _of_periods(pd.PeriodIndex(values), name)
    if pd.api.types.is_bool_dtype(values):
        raise ValueError(f"'{name}' is true or false, not a period. Write {WAYS}.")
    if pd.api.types.is_numeric_dtype(values):
        return _of_numbers(values.to_numpy(dtype=float), name)
    if pd.api.types.is_datetime64_any_dtype(values):
        return _of_stamps(pd.DatetimeIndex(values), name)
    held = {type(v) for v in values}
    if held <= {str}:
        return _of_text(values.astype(object).str.strip(), name)
    if all(issubclass(t, pd.Period) for t in held):
        if len({p.freqstr for p in values}) > 1:
            raise ValueError(f"'{name}' mixes periods of different lengths.")
        return _of_periods(pd.PeriodIndex(values.tolist()), name)
    if all(issubclass(t, datetime.date) for t in held):
        try:
            return _of_stamps(pd.DatetimeIndex(pd.to_datetime(values)), name)
        except (ValueError, TypeError) as failure:
            raise ValueError(f"'{name}' mixes dates of several kinds ({failure}).") from failure
    raise ValueError(f"'{name}' is not a date, a year-month or a number. Write {WAYS}.")


def plain(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return dates as NumPy's, whatever library holds them, and categories as what they are categories of."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if isinstance(values.dtype, pd.ArrowDtype) and values.dtype.kind in "OM":
        return pd.Series(values.to_list(), index=values.index, name=values.name).infer_objects()
    return values


def in_words(unit: str, count: int) -> str:
    """Return ``1 month``, ``3 quarters``."""
    return f"{count} {unit}{'s' if count != 1 else ''}"


def _numbered(starts: pd.DatetimeIndex, unit: str) -> Periods:
    """Return periods of a unit from days in them."""
    if unit in ("day", "week"):
        days = np.asarray(starts.to_numpy().astype("datetime64[D]").astype(np.int64))
        return Periods(days // {"day": 1, "week": 7}[unit], unit)
    months = np.asarray(starts.year * 12 + starts.month, dtype=np.int64)
    return Periods(months if unit == MONTH else (months - 1) // {"quarter": 3, "year": 12}[unit], unit)


def _of_periods(index: pd.PeriodIndex, name: str) -> Periods:
    units = {"D": "day", "W": "week", "M": MONTH, "Q": "quarter", "Y": "year", "A": "year"}
    unit = units.get(str(index.freqstr).split("-")[0])
    if unit is None:
        raise ValueError(
            f"'{name}' has periods of frequency {index.freqstr}. Use days, weeks, months, quarters or years."
        )
    # a year that does not begin in January is named after the one in which it ends
    return _numbered(index.end_time if unit == "year" else index.start_time, unit)


def _of_stamps(stamps: pd.DatetimeIndex, name: str) -> Periods:
    if stamps.tz is not None:
        stamps = stamps.tz_localize(None)
    if (stamps != stamps.normalize()).any():
        first = stamps[stamps != stamps.normalize()][0]
        raise ValueError(f"'{name}' has times of day, first {first}; give dates.")
    several = stamps.nunique()
    ends = bool(stamps.is_month_end.all()) and several > 1
    same = np.unique(stamps.day).size == 1 and (stamps.day[:1] == 1).all()
    alike = np.unique(stamps.day).size == 1 and several >= _FEW
    if ends or same or alike:
        apart = _apart(_numbered(stamps, MONTH)) if several >= _FEW else 1
        return _numbered(stamps, "year" if apart % 12 == 0 else "quarter" if apart % 3 == 0 else MONTH)
    weekly = several >= _FEW and _apart(_numbered(stamps, "day")) % 7 == 0
    return _numbered(stamps, "week" if weekly else "day")


def _apart(periods: Periods) -> int:
    """Largest number that divides all distances."""
    return math.gcd(*(int(d) for d in np.diff(np.unique(periods.numbers))))


def _of_numbers(values: Array, name: str) -> Periods:
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        raise ValueError(f"'{name}' has fractions or gaps; number the periods 1, 2, 3.")
    numbers = values.astype(np.int64)
    if not numbers.size:
        return Periods(numbers, "period")
    low, high = int(numbers.min()), int(numbers.max())
    if low >= 180_001 and high <= 220_012:
        months = numbers % 100
        wrong = (months < 1) | (months > 12)
        if wrong.any():
            raise ValueError(
                f"'{name}' looks like months written 201501, but {numbers[wrong][0]} is none. Write {WAYS}."
            )
        return Periods(numbers // 100 * 12 + months, MONTH)
    if low >= 18_000_101 and high <= 22_001_231:
        dates = pd.to_datetime(pd.Series(numbers).astype(str), format="%Y%m%d", errors="coerce")
        if dates.isna().any():
            raise ValueError(
                f"'{name}' looks like days written 20150131, but {numbers[dates.isna()][0]} is none. Write {WAYS}."
            )
        return _of_stamps(pd.DatetimeIndex(dates), name)
    if low >= 1_800_001 and high <= 2_200_366 and ((numbers % 1000 >= 1) & (numbers % 1000 <= 366)).all():
        raise ValueError(f"'{name}' looks like days of the year written 2015001. Write {WAYS}.")
    if _days_of_months(numbers):
        raise ValueError(
            f"'{name}' looks like dates as numbers of days ({low}, ...), as spreadsheets and Stata keep them. Write {WAYS}."
        )
    if low >= 18_001 and high <= 22_004 and ((numbers % 10 >= 1) & (numbers % 10 <= 4)).all():
        return Periods(numbers // 10 * 4 + numbers % 10 - 1, "quarter")
    return Periods(numbers, "year" if low >= 1_800 and high <= 2_200 else "period")


def _days_of_months(numbers: Numbers) -> bool:
    """Return True if plain numbers lie as far apart as months, quarters or years do in days, not all alike."""
    apart = np.diff(np.unique(numbers)).astype(float)
    if apart.size < _FEW - 1 or apart.min() < 28 or (apart == apart[0]).all():
        return False
    month = 365.2425 / 12
    return bool((np.abs(apart - month * np.round(apart / month)) < _UNEVEN).all())


def _of_text(text: "pd.Series[str]", name: str) -> Periods:
    for pattern, reader in _READERS:
        if text.str.fullmatch(pattern).all():
            try:
                return reader(text, name)
            except (ValueError, TypeError) as failure:
                raise ValueError(f"'{name}' cannot be read ({failure}). Write {WAYS}.") from failure
    first = next((str(t) for t in text if not any(re.fullmatch(p, str(t)) for p, _ in _READERS)), str(text.iloc[0]))
    raise ValueError(f"'{name}' is not one kind of period throughout, as in '{first}'. Write {WAYS}.")


def _text_months(text: "pd.Series[str]", name: str) -> Periods:
    parts = text.str.extract(r"(\d{4})\D*(\d{1,2})").astype(int)
    wrong = (parts[1] < 1) | (parts[1] > 12)
    if wrong.any():
        raise ValueError(f"{text[wrong].iloc[0]} is no month")
    return Periods(np.asarray(parts[0] * 12 + parts[1], dtype=np.int64), MONTH)


def _text_days(text: "pd.Series[str]", name: str) -> Periods:
    stamps = pd.to_datetime(text.str.replace("/", "-"), format="ISO8601", errors="coerce")
    if stamps.isna().any():
        raise ValueError(f"{text[stamps.isna()].iloc[0]} is no date")
    return _of_stamps(pd.DatetimeIndex(stamps), name)


def _text_quarters(text: "pd.Series[str]", name: str) -> Periods:
    parts = text.str.extract(r"(\d{4})\D*(\d)").astype(int)
    return Periods(np.asarray(parts[0] * 4 + parts[1] - 1, dtype=np.int64), "quarter")


def _text_weeks(text: "pd.Series[str]", name: str) -> Periods:
    parts = text.str.extract(r"(\d{4})\D*(\d{1,2})").astype(int)
    days = [datetime.date.fromisocalendar(y, w, 1).toordinal() for y, w in parts.itertuples(index=False)]
    epoch = datetime.date(1970, 1, 1).toordinal()
    return Periods((np.array(days, dtype=np.int64) - epoch) // 7, "week")


def _named_months(text: "pd.Series[str]", name: str) -> Periods:
    return _numbered(pd.DatetimeIndex(pd.to_datetime("1 " + text, format="mixed", dayfirst=True)), MONTH)


_READERS: Final[tuple[tuple[str, Callable[["pd.Series[str]", str], Periods]], ...]] = (
    (r"-?\d+(?:\.0+)?", lambda text, name: _of_numbers(text.to_numpy(dtype=float), name)),
    (r"\d{4}(?:[-/.]\d{1,2}|[Mm]\d{1,2})", _text_months),
    (r"\d{4}([-/])\d{2}\1\d{2}(?:[T ].*)?", _text_days),
    (r"\d{4}[- ]?[Qq][1-4]", _text_quarters),
    (r"\d{4}-?[Ww]\d{1,2}", _text_weeks),
    (r"[A-Za-z]{3,9}\.? \d{4}", _named_months),
)


def stamps_of(numbers: Numbers) -> pd.DatetimeIndex:
    """Return the first days of months."""
    months = (numbers - 1 - 1970 * 12).astype("datetime64[M]")
    return pd.DatetimeIndex(months.astype("datetime64[us]"))


def bounds(value: object) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first days of the first and the last month of a month, quarter or year, such as ``2015`` or ``2015-03``.

    Raises
    ------
    ValueError
        If it is neither, nor the first or last day of a month.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        raise ValueError(f"{value} is no date")
    if isinstance(value, (datetime.date, np.datetime64)):
        stamp = pd.Timestamp(value)
        stamp = stamp.tz_localize(None) if stamp.tz is not None else stamp
        if stamp != stamp.normalize() or not (stamp.is_month_start or stamp.is_month_end):
            raise ValueError(f"{stamp} is neither the first nor the last day of a month")
        first = last = stamp.year * 12 + stamp.month
    else:
        found = read(pd.Series([value]), str(value))
        number, months = int(found.numbers[0]), {"year": 12, "quarter": 3, MONTH: 1}.get(found.unit)
        if found.unit == "day":
            return bounds(pd.Timestamp(number, unit="D"))
        if months is None:
            raise ValueError(f"'{value}' is a {found.unit}; name a month, a quarter or a year")
        first, last = (number, number) if months == 1 else (number * months + 1, (number + 1) * months)
    ends = stamps_of(np.array([first, last]))
    return ends[0], ends[1]
