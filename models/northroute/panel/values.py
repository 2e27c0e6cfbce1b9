"""Columns of a panel as numbers: counts that are whole, covariates and exposures that may have gaps."""

from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.errors import PanelError

_LARGEST: Final = 2.0**63
"""Beyond what a whole number of 64 bits holds."""


def floats(column: "pd.Series[Any]", name: str, where: str) -> "pd.Series[Any]":
    """Return a covariate or exposure as floats; missing stays missing.

    Raises
    ------
    PanelError
        If the column does not hold numbers; ``where`` names the table or panel.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        raise PanelError(f"{where}, column '{name}' holds categories, not numbers. Make numbers of it.")
    return pd.Series(_numbers(column, name, where), index=column.index)


def counts(column: "pd.Series[Any]", name: str, where: str) -> "pd.Series[Any]":
    """Return an outcome as nullable whole numbers; missing stays unobserved.

    Raises
    ------
    PanelError
        If the column does not hold numbers, or some are not whole or too large to be counts.
    """
    values = _numbers(column, name, where)
    known = ~np.isnan(values)
    fractional = known & ~(np.isfinite(values) & (values == np.round(values)))
    if fractional.any():
        raise PanelError(
            f"{where}, column '{name}': {int(fractional.sum())} value(s) are not whole numbers, first "
            f"{values[fractional][0]:g}. Counts are whole; use the provider's raw counts, not its rates."
        )
    if (np.abs(values[known]) >= _LARGEST).any():
        first = values[known][np.abs(values[known]) >= _LARGEST][0]
        raise PanelError(f"{where}, column '{name}': {first:g} is no count. Count in larger units, or mend the cell.")
    # not by way of doubles, which do not hold every large whole number
    exact = column.astype("Int64") if pd.api.types.is_integer_dtype(column.dtype) else pd.Series(values).astype("Int64")
    return pd.Series(exact.array, index=column.index)


def _numbers(column: "pd.Series[Any]", name: str, where: str) -> Array:
    if isinstance(column.dtype, pd.SparseDtype):
        column = pd.Series(np.asarray(column), index=column.index)
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise PanelError(f"{where}, column '{name}' does not hold numbers ({column.dtype}). Make numbers of it.")
    try:
        return np.asarray(column.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    except (ValueError, TypeError) as failure:
        said = " ".join(str(failure).split())
        raise PanelError(f"{where}, column '{name}' does not hold numbers ({said}). Mend it.") from failure
