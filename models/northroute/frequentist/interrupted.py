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
from northroute.frequentist.periods import period_numbers
from northroute.frequentist.ppml import poisson
from northroute.frequentist.spec import Regression
from northroute.panel import Panel

STEP = "step"
TURN = "turn_per_year"
TREND = "trend_per_year"


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
        If effects of single months are asked for, or fewer than six months lie before or after the shock.
    """
    frame = table_of(data)
    name = f"{outcome} interrupted in {month}"
    if time in effects:
        raise ModelError(f"{name}: effects of '{time}' take the step up. Use effects of units, or event_study.")
    if countries is not None:
        frame = frame[frame[country].isin(list(countries))]
    if frame.empty:
        raise ModelError(f"{name}: no row of {countries}.")
    steps = period_numbers(frame[time], time)
    since = steps - int(period_numbers(pd.Series([month]), "month")[0])
    sides = np.unique(since[since < 0]).size, np.unique(since[since >= 0]).size
    if min(sides) < 6:
        raise ModelError(f"{name}: {sides[0]} months before and {sides[1]} after; a trend needs six on either side.")
    table = frame.assign(
        **{STEP: (since >= 0).astype(float), TURN: np.maximum(since, 0) / 12, TREND: since / 12},
        month_of_year=(steps - 1) % 12 + 1,
    )
    every = (*effects, "month_of_year") if season else effects
    return poisson(table, Regression(outcome, (STEP, TURN, TREND, *covariates), every, exposure, name=name))
