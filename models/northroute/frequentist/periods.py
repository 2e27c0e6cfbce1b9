"""Months as whole numbers, whatever a table writes them as."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.errors import ModelError


def period_numbers(column: "pd.Series[Any]", name: str) -> NDArray[np.int64]:
    """Return months since year 0 for dates and year-months (``2015-01``), and whole numbers as they are.

    Raises
    ------
    ModelError
        If the column is neither.
    """
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=float)
        if not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
            raise ModelError(f"'{name}' has fractions or gaps; number the periods 1, 2, 3.")
        return numbers.astype(np.int64)
    try:
        stamps = pd.DatetimeIndex(pd.to_datetime(column))
    except (ValueError, TypeError) as failure:
        raise ModelError(f"'{name}' is not a date, a year-month or a number.") from failure
    if stamps.hasnans:
        raise ModelError(f"'{name}' has rows without a date; drop them.")
    return np.asarray(stamps.year * 12 + stamps.month, dtype=np.int64)
