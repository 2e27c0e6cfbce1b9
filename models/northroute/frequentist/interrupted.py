"""Interrupted series: a step and a change of trend at a dated shock, where nothing is left to compare with.

``log mean = effects + trend t + season + step 1[t >= shock] + turn (t - shock)+`` (Bernal, Cummins and Gasparrini 2017,
International Journal of Epidemiology 46:348). Whatever else changed in that month is in the step, too.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from northroute.errors import ModelError
from northroute.frequentist.design import table_of
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.periods import period_of, read_periods
from northroute.frequentist.ppml import poisson
from northroute.frequentist.spec import Regression
from northroute.panel import Panel

STEP = "step"
TURN = "turn_per_year"
TREND = "trend_per_year"
SEASON = "month_of_year"


def interrupted_series(
    data: Panel | pd.DataFrame,
    outcome: str,
    month: str,
    *,
    countries: Sequence[str] | None = None,
    covariates: tuple[str, ...] = (),
    exposure: str | None = None,
    effects: tuple[str, ...] = ("unit",),
    season: bool = True,
    country: str = "country",
    time: str = "month",
) -> Estimate:
    """Fit the series with terms ``step`` (log rate ratio at the shock), ``turn_per_year`` and ``trend_per_year``.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    outcome : str
    month : str
        First month after the shock, such as ``"2020-03"``.
    countries : sequence of str, optional
        Use these only.
    covariates, exposure, effects
        See :class:`Regression`; effects of months would take everything up.
    season : bool
        Add effects of the month of the year.
    country, time : str
        Columns.

    Raises
    ------
    ModelError
        If effects of single months are asked for, the periods are no months, a country is not in the data, or fewer than six
        months lie before or after the shock.
    """
    frame = table_of(data)
    name = f"{outcome} interrupted in {month}"
    if time in effects:
        raise ModelError(f"{name}: effects of '{time}' take the step up. Use effects of units, or event_study.")
    needed = [outcome, time, *([country] if countries is not None else [])]
    absent = [c for c in needed if c not in frame.columns]
    if absent:
        raise ModelError(f"{name}: no column {absent}; the table has {list(frame.columns)}.")
    if countries is not None:
        chosen = (countries,) if isinstance(countries, str) else tuple(countries)
        unknown = sorted(set(chosen) - set(frame[country].dropna()))
        if unknown:
            raise ModelError(
                f"{name}: no row of {unknown}; the data hold {sorted(frame[country].dropna().unique(), key=str)}."
            )
        frame = frame[frame[country].isin(chosen)]
    if frame.empty:
        raise ModelError(f"{name}: no row of {countries}.")
    taken = [c for c in (STEP, TURN, TREND, SEASON) if c in frame.columns]
    if taken:
        raise ModelError(
            f"{name}: the table has columns {taken} of its own. Rename them, the series' terms have these names."
        )
    read = read_periods(frame[time], time)
    if read.unit != "month":
        raise ModelError(f"{name}: '{time}' holds {read.unit}s; trend, season and step are by month. Write 2015-01.")
    steps = read.numbers
    since = steps - period_of(month, read.unit, time)
    sides = np.unique(since[since < 0]).size, np.unique(since[since >= 0]).size
    if min(sides) < 6:
        raise ModelError(f"{name}: {sides[0]} months before and {sides[1]} after; a trend needs six on either side.")
    table = frame.assign(
        **{STEP: (since >= 0).astype(float), TURN: np.maximum(since, 0) / 12, TREND: since / 12},
        **{SEASON: (steps - 1) % 12 + 1},
    )
    every = (*effects, SEASON) if season else effects
    return poisson(table, Regression(outcome, (STEP, TURN, TREND, *covariates), every, exposure, name=name))
