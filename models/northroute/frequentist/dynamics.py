"""Distributed lags and leads of a covariate, as columns for any estimator."""

import numpy as np
import pandas as pd

from northroute.errors import ModelError
from northroute.frequentist.columns import numbers_of
from northroute.frequentist.design import table_of
from northroute.frequentist.periods import read_periods
from northroute.panel import Panel


def distributed_lags(
    data: Panel | pd.DataFrame,
    column: str,
    *,
    lags: int,
    leads: int = 0,
    unit: str = "unit",
    time: str = "month",
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Add lags 1 to ``lags`` and leads 1 to ``leads`` of a column within units.

    A lag of k is the value k months before (days, weeks, quarters, years: see :mod:`northroute.panel.periods`), not k rows
    before; where there is no such row it is missing, and estimators leave the row out and count it.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
        ``time`` holds dates, year-months (``2015-01``, ``201501``), other periods or whole numbers.
    column : str
    lags, leads : int
    unit, time : str

    Returns
    -------
    frame : pandas.DataFrame
    terms : tuple of str
        ``column_lead2, column_lead1, column, column_lag1, ...`` in order of time.

    Raises
    ------
    ModelError
        For an absent column, neither lags nor leads, two rows of a unit in a month, or a column of the lag's name.
    """
    frame = table_of(data)
    absent = [c for c in (column, unit, time) if c not in frame.columns]
    if absent:
        raise ModelError(f"The table has no column {absent}; it has {list(frame.columns)}.")
    if lags != int(lags) or leads != int(leads) or lags < 0 or leads < 0 or lags + leads == 0:
        raise ModelError(f"{lags} lags and {leads} leads of '{column}': name at least one of either, in whole numbers.")
    if frame[unit].isna().any():
        raise ModelError(f"'{unit}' is missing in {int(frame[unit].isna().sum())} row(s); lags need the unit of each.")
    step = read_periods(frame[time], time).numbers
    key = pd.MultiIndex.from_arrays([frame[unit], step])
    if key.has_duplicates:
        raise ModelError(f"A {unit} has several rows in one {time}; aggregate them before taking lags.")
    values = pd.Series(numbers_of(frame[column], column, column), index=key)
    shifts = {f"{column}_lead{k}": -k for k in range(leads, 0, -1)} | {
        f"{column}_lag{k}": k for k in range(1, lags + 1)
    }
    added = {
        name: values.reindex(pd.MultiIndex.from_arrays([frame[unit], step - k])).to_numpy()
        for name, k in shifts.items()
    }
    for name, made in added.items():
        # a table that has been here before may come again
        if name in frame.columns and not np.array_equal(made, numbers_of(frame[name], name, name), equal_nan=True):
            raise ModelError(
                f"The table has a column '{name}' of its own. Rename it, for the lag would take its place."
            )
    names = tuple(shifts)
    return frame.assign(**added), (*names[:leads], column, *names[leads:])
