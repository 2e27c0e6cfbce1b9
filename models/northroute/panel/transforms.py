"""Covariates made from a panel's own columns: lags and leads, log rates, within-between terms, standardisation."""

import math
import numbers
from typing import Any

import numpy as np
import pandas as pd

from northroute.errors import PanelError
from northroute.panel.panel import Panel, Scaling
from northroute.panel.schema import OWN


def lag(panel: Panel, column: str, months: int = 1) -> Panel:
    """Add ``column`` shifted by ``months`` within each unit: positive lags, negative leads.

    The new covariate is ``{column}_lag{k}`` or ``{column}_lead{k}``; it is missing where the month it comes from is
    outside the panel or was unobserved.
    """
    panel.require(column)
    if isinstance(months, bool) or not isinstance(months, numbers.Real) or not float(months).is_integer():
        raise PanelError(f"A lag of {months!r} months is none; name whole months.")
    months = int(months)
    if months == 0:
        raise PanelError("A lag of 0 months is the column itself; name a positive lag or a negative lead.")
    label = f"{column}_lag{months}" if months > 0 else f"{column}_lead{-months}"
    return panel.with_covariate(label, _numeric(panel, column).groupby(level="unit", sort=False).shift(months))


def log_rate(panel: Panel, column: str, exposure: str | None = None, *, offset: float = 0.5) -> Panel:
    """Add ``log((count + offset) / exposure)`` as ``{column}_log_rate``; with no exposure, the log of the count.

    ``offset`` (default 0.5) keeps months with a true zero finite; unobserved months stay missing.
    """
    panel.require(column, *([exposure] if exposure else []))
    if not math.isfinite(offset):
        raise PanelError(f"Panel '{panel.name}': an offset of {offset} leaves no rate. Give a number above zero.")
    count = _numeric(panel, column) + offset
    if (count <= 0).any():
        raise PanelError(
            f"Panel '{panel.name}', column '{column}': {int((count <= 0).sum())} value(s) plus {offset:g} have no "
            "logarithm. Rates are of counts; give an offset above zero."
        )
    rate = np.log(count)
    if exposure:
        hours = _numeric(panel, exposure)
        if (hours <= 0).any():
            raise PanelError(
                f"Panel '{panel.name}': '{exposure}' is not positive in {int((hours <= 0).sum())} row(s), so it is no "
                "exposure. Name one that is."
            )
        rate = rate - np.log(hours)
    return panel.with_covariate(f"{column}_log_rate", rate)


def within_between(panel: Panel, column: str) -> Panel:
    """Split a covariate into its unit mean and the deviation from it (Mundlak 1978).

    Adds ``{column}_between`` (the unit's mean over its observed months) and ``{column}_within``; they sum to the
    covariate. In a count model with both, the within coefficient is the one that fixed effects estimate.
    """
    panel.require(column)
    values = _numeric(panel, column)
    between = values.groupby(level="unit", sort=False).transform("mean")
    return panel.with_covariate(f"{column}_between", between).with_covariate(f"{column}_within", values - between)


def standardise(panel: Panel, *columns: str) -> Panel:
    """Add ``{column}_z``, mean 0 and standard deviation 1 over observed cells, and record how to undo it.

    Raises
    ------
    PanelError
        If a column does not vary.
    """
    panel.require(*columns)
    for column in columns:
        values = _numeric(panel, column)
        mean, sd = float(values.mean()), float(values.std(ddof=0))
        # a constant has a spread of rounding; whatever its unit, its largest value is its smallest
        if not sd > 0 or values.max() == values.min():
            raise PanelError(
                f"Panel '{panel.name}', column '{column}' does not vary, so it cannot be standardised. Leave it out."
            )
        panel = panel.with_covariate(f"{column}_z", (values - mean) / sd, Scaling(column, mean, sd))
    return panel


def original_slope(panel: Panel, column: str, slope: Any) -> Any:
    """Convert a slope per standard deviation of ``column`` (a standardised covariate) to one per original unit."""
    if column not in panel.scalings:
        raise PanelError(
            f"Panel '{panel.name}': '{column}' was not standardised here; recorded: {sorted(panel.scalings)}."
        )
    return slope / panel.scalings[column].sd


def _numeric(panel: Panel, column: str) -> "pd.Series[Any]":
    if column in OWN:
        raise PanelError(f"Panel '{panel.name}': '{column}' is no outcome, exposure or covariate.")
    return panel.frame[column].astype("Float64").astype(float)
