"""Distributed lags and leads of a covariate, as columns for any estimator."""

import pandas as pd

from northroute.errors import ModelError
from northroute.frequentist.design import table_of
from northroute.frequentist.periods import period_numbers
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

    A lag of k is the value k months before, not k rows before; where there is no such row it is missing, and estimators
    leave the row out and count it.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
        ``time`` holds dates, year-months (``2015-01``) or whole numbers.
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
        For an absent column, neither lags nor leads, or two rows of a unit in a month.
    """
    frame = table_of(data)
    absent = [c for c in (column, unit, time) if c not in frame.columns]
    if absent:
        raise ModelError(f"The table has no column {absent}; it has {list(frame.columns)}.")
    if lags < 0 or leads < 0 or lags + leads == 0:
        raise ModelError(f"{lags} lags and {leads} leads of '{column}': name at least one of either.")
    step = period_numbers(frame[time], time)
    key = pd.MultiIndex.from_arrays([frame[unit], step])
    if key.has_duplicates:
        raise ModelError(f"A {unit} has several rows in one {time}; aggregate them before taking lags.")
    values = pd.Series(frame[column].astype("Float64").astype(float).to_numpy(), index=key)
    shifts = {f"{column}_lead{k}": -k for k in range(leads, 0, -1)} | {
        f"{column}_lag{k}": k for k in range(1, lags + 1)
    }
    added = {
        name: values.reindex(pd.MultiIndex.from_arrays([frame[unit], step - k])).to_numpy()
        for name, k in shifts.items()
    }
    names = tuple(shifts)
    return frame.assign(**added), (*names[:leads], column, *names[leads:])
