"""The months of a panel: which first days a table's months are, and the window that a user names."""

from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.errors import PanelError
from northroute.panel.periods import MONTH, Numbers, bounds, plain, stamps_of
from northroute.panel.periods import read as read_periods

_DAY: Final = r"\d{4}[-/]\d{2}[-/]\d{2}.*"


def window_of(window: tuple[Any, Any], what: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last month of a window of months, quarters or years; ``what`` is for messages.

    Raises
    ------
    PanelError
        If it cannot be read, or ends before it begins.
    """
    if not isinstance(window, (tuple, list)) or len(window) != 2:
        raise PanelError(
            f"{what}: a window has two ends, such as ('2015-01', '2015-12') or ('2015', '2015'), not {window!r}."
        )
    try:
        first, last = bounds(window[0])[0], bounds(window[1])[1]
    except ValueError as failure:
        raise PanelError(
            f"{what}: cannot read the window {window} ({failure}). Write ('2015-01', '2015-12')."
        ) from failure
    if first > last:
        raise PanelError(f"{what}: the window {window} ends before it begins.")
    return first, last


def month_starts(rows: pd.DataFrame, where: str) -> pd.DatetimeIndex:
    """Return the first day of each row's month.

    Raises
    ------
    PanelError
        Naming the table, ``where``, and the first row whose month is none, or the kind of period that the column holds.
    """
    column = plain(rows["month"])
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.tz_localize(None)
        off = column.isna() | (column != column.dt.to_period("M").dt.start_time)
    else:
        off = column.isna()
    if off.any():
        first = rows.loc[off.to_numpy(), ["unit", "month"]].iloc[0]
        raise PanelError(
            f"{where} has {int(off.sum())} month(s) that are not the first day of one, first {first['unit']} "
            f"{first['month']}. Write every month as its first day."
        )
    try:
        read = read_periods(column, "month")
    except ValueError as failure:
        raise PanelError(f"{where}: {failure}") from failure
    kind = f"{read.unit}s" if read.unit != MONTH else _regular(column, read.numbers)
    if kind:
        raise PanelError(
            f"{where}: 'month' holds {kind}, and a panel is by month. Aggregate days and weeks to months; keep "
            f"quarters and years in a table for northroute.frequentist. (Months with gaps: write them as text, 2015-01.)"
        )
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.DatetimeIndex(column).as_unit("us")
    return stamps_of(read.numbers)


def _regular(column: "pd.Series[Any]", numbers: Numbers) -> str:
    """Return ``quarters`` or ``years`` if two dates, too few to tell, lie so far apart; months as text are months."""
    text = column.astype(str)
    if np.unique(numbers).size != 2 or not (text.str.fullmatch(_DAY).all()):
        return ""
    apart = int(np.ptp(numbers))
    return "years" if apart % 12 == 0 else "quarters" if apart % 3 == 0 else ""
