"""Rate ratios: what a change of a covariate goes with, by country and on average."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes.answers.summary import Summary, tabulate, words
from northroute.bayes.fit import BayesFit
from northroute.conventions import INTERVAL_PROB
from northroute.errors import ModelError

_SLOPES: Final = {
    "slope_country": "varying",
    "slope": "varying",
    "common_slope": "covariate",
    "unit_slope": "unit_covariate",
}
AVERAGE: Final = "average"
ALL: Final = "all"


def rate_ratios(fit: BayesFit, change: float | Mapping[str, float] = 1.0, *, prob: float = INTERVAL_PROB) -> Summary:
    """Return ``exp(slope * change)`` for every covariate: by country, on average over countries, or one for all.

    The average is that of the slopes, so its ratio is the geometric mean of the countries' ratios. A ratio is one of rates
    at the same exposure and with all else as it is; where the covariate also enters a product, at the product's other
    covariate's mean, and for a covariate of detection, of all events rather than of those that are reported.

    Parameters
    ----------
    fit : BayesFit
        Of the ladder.
    change : float or mapping of str to float
        In the covariate's units; by covariate, where a mapping.
    prob : float
        Of the equal-tailed interval.

    Returns
    -------
    Summary
        Draws ``rate_ratio`` (chain, draw, covariate, country, and outcome where there are several); ``country`` is
        ``"average"``, ``"all"`` for a slope common to all, or a country. Table with ``P(> 1)``.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the fit has no slopes, or ``change`` names another covariate.
    """
    names = [n for n in _SLOPES if n in fit.tree["posterior"].to_dataset()]
    if not names:
        raise ModelError(f"'{fit.name}' has no covariates, so it has no rate ratios.")
    parts = [_by_country(fit, name) for name in names]
    covariates = [str(c) for part in parts for c in part["covariate"].to_numpy()]
    unknown = sorted(set(change) - set(covariates)) if isinstance(change, Mapping) else []
    if unknown:
        raise ModelError(f"'{fit.name}' has no slope of {unknown}; it has those of {list(dict.fromkeys(covariates))}.")
    logs = [part * _changes(part, change) for part in parts]
    ratios = [log.copy(data=np.exp(log.to_numpy())) for log in logs]
    draws = xr.merge([r.rename("rate_ratio") for r in ratios], join="outer", compat="no_conflicts")
    table = pd.concat([tabulate(fit, {"rate ratio": r}, {"P(> 1)": lambda x: x > 1}, prob=prob) for r in ratios])
    table = table.reset_index(drop=True)
    table.insert(3, "change", [_change(c, change) for c in table["covariate"]])
    first = table[table["country"].isin([AVERAGE, ALL])].iloc[0]
    where = " on average over countries" if first["country"] == AVERAGE else ""
    sentence = (
        f"{first['covariate']} higher by {first['change']:g} is associated with {words(first)} times the rate{where}; "
        f"the probability that this ratio is above one is {first['P(> 1)']:.2f}."
    )
    return Summary(draws, table, sentence)


def _by_country(fit: BayesFit, name: str) -> xr.DataArray:
    """Return slopes with dimensions covariate and country."""
    slopes = (
        fit.parameter(name).rename({_SLOPES[name]: "covariate"})
        if _SLOPES[name] != "covariate"
        else fit.parameter(name)
    )
    if name == "slope_country":
        return slopes
    varies = name == "slope" and "slope_country" in fit.tree["posterior"].to_dataset()
    return slopes.expand_dims(country=[AVERAGE if varies else ALL])


def _change(covariate: str, change: float | Mapping[str, float]) -> float:
    return change.get(covariate, 1.0) if isinstance(change, Mapping) else change


def _changes(slopes: xr.DataArray, change: float | Mapping[str, float]) -> xr.DataArray:
    values = [_change(str(c), change) for c in slopes["covariate"].to_numpy()]
    return xr.DataArray(values, dims="covariate", coords={"covariate": slopes["covariate"]})
