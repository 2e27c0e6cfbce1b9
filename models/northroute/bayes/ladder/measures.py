"""Measures of corruption by country and year: which latent each one measures, its direction, its published error.

Which latent. The CPI asks about abuse of public office, the WGI's control of corruption about "the extent to which public
power is exercised for private gain"; both average surveys of firms and experts who mostly meet officials and services, so
they load on the *public sector*. V-Dem asks its coders about the executive and about public employees apart: each index
measures its own latent (McMann et al. 2022, Political Research Quarterly 75:880, compare them).

Error. CPI and WGI publish standard errors. V-Dem publishes bounds, which the bundled table lacks: its error is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd
from scipy import stats

from northroute.bayes.statement.intake import LEFT_OUT
from northroute.errors import ModelError
from northroute.sources import governance

COLUMNS: Final = ("country", "year", "measure", "value", "error")
VDEM_ERROR: Final = 0.05
"""Assumed standard deviation of V-Dem's corruption indices on their 0 to 1 scale."""


@dataclass(frozen=True)
class Measure:
    """A measure of a latent.

    Attributes
    ----------
    name : str
        As in the column ``measure``.
    latent : str
    sign : {1, -1}
        1 if a higher value is more corrupt.
    """

    name: str
    latent: str
    sign: Literal[1, -1] = 1


MEASURES: Final = (
    Measure("vdem_executive", "executive"),
    Measure("wgi", "public", -1),
    Measure("cpi", "public", -1),
    Measure("vdem_public", "public"),
)
"""The first of every latent is its anchor."""


def governance_measures(vdem_error: float = VDEM_ERROR) -> pd.DataFrame:
    """Return the bundled measures, one row a country, year and measure, with columns :data:`COLUMNS`.

    V-Dem's indices are factor scores sent through the normal distribution function to 0 to 1; that is undone here, so that
    countries near 1 are not pressed together. ``vdem_error``, on the scale of 0 to 1, is divided by the density there.
    """
    cpi = governance.load("cpi").frame
    wgi = governance.load("wgi").frame
    wgi = wgi[wgi["indicator"] == "cc"]
    vdem = governance.load("vdem").frame
    found = [_named(cpi, "cpi", cpi["score"], cpi["std_error"]), _named(wgi, "wgi", wgi["estimate"], wgi["std_error"])]
    for name, column in (("vdem_executive", "executive_corruption"), ("vdem_public", "public_sector_corruption")):
        score = pd.Series(stats.norm.ppf(vdem[column]), vdem.index)
        found.append(_named(vdem, name, score, pd.Series(vdem_error / stats.norm.pdf(score), vdem.index)))
    return pd.concat(found, ignore_index=True)


def standardised(
    measures: pd.DataFrame, wanted: Sequence[Measure], name: str
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Turn measures so that higher is more corrupt, and give each mean 0 and standard deviation 1.

    Parameters
    ----------
    measures : pandas.DataFrame
        Columns :data:`COLUMNS`; a missing value is left out and counted.
    wanted : sequence of Measure
    name : str
        Of the model, for messages.

    Returns
    -------
    rows : pandas.DataFrame
        :data:`COLUMNS` and ``latent``, sorted by the order of ``wanted``, country and year.
    scales : pandas.DataFrame
        Mean and standard deviation of every measure as it was given, its direction turned.
    dropped : mapping of str to int

    Raises
    ------
    ModelError
        If a column or a measure is missing, a country-year has a measure twice, an error is not positive, or a measure does
        not vary.
    """
    absent = [c for c in COLUMNS if c not in measures.columns]
    if absent:
        raise ModelError(f"{name}: the measures have no column {absent}. Give {', '.join(COLUMNS)}.")
    unknown = [m.name for m in wanted if m.name not in set(measures["measure"])]
    if unknown:
        raise ModelError(f"{name}: no measure {unknown}; the table has {sorted(set(measures['measure']))}.")
    observed = measures["value"].notna()
    parts, scales = [], {}
    for measure in wanted:
        own = measures.loc[observed & (measures["measure"] == measure.name), list(COLUMNS)].sort_values(
            ["country", "year"]
        )
        twice = own.duplicated(["country", "year"])
        if twice.any():
            at = own[twice].iloc[0]
            raise ModelError(
                f"{name}: '{measure.name}' is there twice for {at['country']} {at['year']}. Keep one version."
            )
        if not (own["error"] > 0).all():
            at = own[~(own["error"] > 0)].iloc[0]
            raise ModelError(
                f"{name}: the error of '{measure.name}' is {at['error']} for {at['country']} {at['year']}; it is a standard "
                "deviation. Give the published one, or state the one that you assume."
            )
        turned = measure.sign * own["value"].astype(float)
        mean, sd = float(turned.mean()), float(turned.std(ddof=0))
        if not sd > 0:
            raise ModelError(f"{name}: '{measure.name}' does not vary, so it measures nothing. Leave it out.")
        parts.append(own.assign(value=(turned - mean) / sd, error=own["error"] / sd, latent=measure.latent))
        scales[measure.name] = {"mean": mean, "sd": sd}
    rows = pd.concat(parts, ignore_index=True).astype({"country": str, "year": int, "measure": str})
    dropped = {"measures without a value": int((~observed).sum())}
    rows.attrs[LEFT_OUT] = dropped
    return rows, pd.DataFrame(scales).T, dropped


def _named(frame: pd.DataFrame, name: str, value: "pd.Series[float]", error: "pd.Series[float]") -> pd.DataFrame:
    columns = {"country": frame["iso3"], "year": frame["year"], "measure": name, "value": value, "error": error}
    return pd.DataFrame(columns)
