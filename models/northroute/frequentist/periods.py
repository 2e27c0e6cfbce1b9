"""Periods as whole numbers, whatever a table writes them as; see :mod:`northroute.panel.periods`."""

from typing import Any

import numpy as np
import pandas as pd

from northroute.errors import ModelError
from northroute.panel import periods
from northroute.panel.periods import Periods

_FAR = 200
"""Span over different periods from which on numbers are dates or codes rather than periods."""


def read_periods(column: "pd.Series[Any]", name: str) -> Periods:
    """Return months, days, weeks, quarters, years or plain numbers, one apart for the next of its kind.

    Raises
    ------
    ModelError
        If the column is none of these, has gaps, or may be read in two ways, such as ``201513``.
    """
    try:
        found = periods.read(column, name)
    except ValueError as failure:
        raise ModelError(str(failure)) from failure
    different = np.unique(found.numbers).size
    if different and np.ptp(found.numbers) > _FAR * max(different, 50):
        raise ModelError(f"'{name}' has {different} periods far apart, as seconds or codes are; number them 1, 2, 3.")
    return found


def period_of(value: object, unit: str, name: str) -> int:
    """Return the number of one period, such as that of a shock, in the unit of a table's.

    Raises
    ------
    ModelError
        If it is another kind of period: a month is not cut from a day, nor a day made of a month.
    """
    found = read_periods(pd.Series([value]), str(value))
    if found.unit == unit:
        return int(found.numbers[0])
    full_date = not isinstance(value, str) or len(value.strip()) >= 10
    if unit in ("quarter", "year", "day") and found.unit == "month" and full_date:
        month = int(found.numbers[0]) - 1
        if unit == "day":
            return int(pd.Timestamp(str(value)).to_datetime64().astype("datetime64[D]").astype(np.int64))
        if month % (3 if unit == "quarter" else 12) == 0:
            return month // (3 if unit == "quarter" else 12)
    held, given = ("plain number" if u == "period" else u for u in (unit, found.unit))
    raise ModelError(
        f"'{name}' holds {held}s and '{value}' is a {given}. Name a column of {given}s, or write it as a {held}: "
        f"{periods.WAYS}."
    )
