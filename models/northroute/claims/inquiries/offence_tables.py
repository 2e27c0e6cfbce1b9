"""Frames of the registered offences of Kazakhstan: sums of articles, population and flags, one row a region.

Robbery with violence has no row of its own in the form. Article 191 (open robbery) is with or without violence, article
192 (robbery by assault) always with violence; the sums count both, as registered. Population is that of the middle of
2022, the mean of 1 January 2022 and 1 January 2023, both on the census of 2021.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.claims.inquiries.lookups import regional_population, table
from northroute.claims.inquiries.models import COUNT, negative_binomial
from northroute.claims.inquiry import Job, Tables
from northroute.errors import DataError

YEAR: Final = 2022
EXTORTION: Final = "194"
OPEN_ROBBERY: Final = "191"
VIOLENT: Final = ("99", "106", OPEN_ROBBERY, "192", "125", EXTORTION)
"""Murder, grievous harm, open robbery and robbery by assault, kidnapping, extortion."""
COMPLAINTS: Final = ("146", "362")
"""Torture, exceeding power."""
SALE: Final = ("297",)
POSSESSION: Final = ("296",)
SMUGGLING: Final = ("286",)
DRUGS: Final = ("drug_total",)
TOTAL: Final = "total"
ALMATY: Final = "KZ-ALA"
FORM: Final = "form 1-M, Kazakhstan 2022"
_REGISTERED: Final = "registered"


def without(articles: Sequence[str], article: str) -> tuple[str, ...]:
    """Return the articles but one."""
    return tuple(a for a in articles if a != article)


def summed(tables: Tables, articles: Sequence[str], measure: str = _REGISTERED) -> "pd.Series[int]":
    """Return the sum of some articles by region, in the order of the regions' codes.

    Raises
    ------
    DataError
        If an article has no count of that measure, or a region lacks one.
    """
    offences = table(tables, "offences")
    rows = offences.frame[offences.frame["measure"] == measure]
    wide = rows.pivot(index="region", columns="article", values="count").sort_index()
    for article in articles:
        if article not in wide or wide[article].isna().any():
            raise DataError(
                f"there is no count '{measure}' of article '{article}' in every region",
                file=offences.name,
                column="article",
                remedy="Name articles of northroute.sources.offences.",
            )
    return wide[list(articles)].sum(axis=1).astype(int)


def regions(tables: Tables) -> pd.DataFrame:
    """Return what is known of the regions that have offences, one row each.

    Returns
    -------
    pandas.DataFrame
        Columns ``region``, ``population`` (middle of 2022), ``density`` (persons per km²), and 0 or 1 as numbers:
        ``city`` (a city of a region's rank), ``border`` (an oblast on the Russian border), ``corridor``.

    Raises
    ------
    DataError
        If a region has no population in 2022 or 2023, or is not among the first-level regions.
    """
    places = table(tables, "regions")
    names = pd.Index(sorted(table(tables, "offences").frame["region"].unique()), name="region")
    by_year = regional_population(tables, names, (YEAR, YEAR + 1))
    known = places.frame.set_index("region")
    missing = names.difference(known.index)
    if len(missing):
        raise DataError(
            f"the offences have region '{missing[0]}', which is not there",
            file=places.name,
            column="region",
            remedy='Give the first-level division: regions.load("first-level").',
        )
    known = known.loc[names]
    population = (by_year[YEAR] + by_year[YEAR + 1]) / 2
    city = known["city"].astype(bool)
    return pd.DataFrame(
        {
            "region": names,
            "population": population.to_numpy(float),
            "density": (population / known["area_km2"]).to_numpy(float),
            "city": city.to_numpy(float),
            "border": (known["borders_russia"].astype(bool) & ~city).to_numpy(float),
            "corridor": known["rail_dushanbe_astrakhan"].astype(bool).to_numpy(float),
        }
    )


def without_almaty(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all regions but the largest city."""
    return frame[frame["region"] != ALMATY].reset_index(drop=True)


def counted(tables: Tables, articles: Sequence[str]) -> pd.DataFrame:
    """Return :func:`regions` with ``count``, the registered offences of some articles."""
    return regions(tables).assign(**{COUNT: summed(tables, articles).to_numpy(float)})


def unit(frame: pd.DataFrame) -> float:
    """Return the power of ten of population in which about one is counted.

    Raises
    ------
    DataError
        If nothing is counted.
    """
    total = float(frame[COUNT].sum())
    if not total > 0:
        raise DataError(
            "nothing is counted in any row", file="frame of counts", column=COUNT, remedy="Choose other articles."
        )
    return float(10.0 ** round(np.log10(float(frame["population"].sum()) / total)))


def simulated_counts(job: Job, rng: np.random.Generator, log_ratio: Array, dispersion: float) -> pd.DataFrame:
    """Return a job's frame with SIMULATED negative binomial counts, for trials.

    The overall rate is that of the frame; ``log_ratio`` by row is what is known to be true of it.
    """
    frame = job.frame
    rate = float(frame[COUNT].sum() / (frame["population"] * np.exp(log_ratio)).sum())
    mean = frame["population"].to_numpy(float) * rate * np.exp(log_ratio)
    return frame.assign(**{COUNT: negative_binomial(rng, mean, dispersion)})
