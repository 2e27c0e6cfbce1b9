"""Homicide, corruption perception and drug dependence in the regions of Kyrgyzstan by year (National Statistical Committee).

The corruption index is the share of positive answers minus the share of negative ones in a survey of adults: higher is
better. Homicide counts victims of every motive. 2023 falls by half for no known reason: treat it as provisional.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args

import pandas as pd

from northroute.sources import regions
from northroute.sources.rows import REBUILD, Rows, read_bundled, read_provided
from northroute.sources.table import Table

Series = Literal[
    "homicide_victims", "corruption_perception", "public_bodies_performance", "new_drug_dependence_per_100k"
]
FILE: Final = "kg_regions.csv"
PROVIDED: Final = ("kg_regions_nsc_sdg", "kg_region_year.csv")
COUNTRY: Final = "KG"
CITATION: Final = "National Statistical Committee of the Kyrgyz Republic, platform of the Sustainable Development Goals"
LICENCE: Final = "MIT (the copy, Open SDG)"

_PROVIDED: Final[Mapping[str, Series]] = {
    "homicide_victims_number": "homicide_victims",
    "corruption_perception_index_higher_is_better": "corruption_perception",
    "public_bodies_performance_index": "public_bodies_performance",
    "new_drug_dependence_cases_per_100k": "new_drug_dependence_per_100k",
}
_YEARS: Final[Mapping[Series, range]] = {
    "homicide_victims": range(2014, 2024),
    "corruption_perception": range(2015, 2024),
    "public_bodies_performance": range(2015, 2024),
    "new_drug_dependence_per_100k": range(2014, 2024),
}
_RANGE: Final[Mapping[Series, tuple[float, float]]] = {
    "homicide_victims": (0, 1000),
    "corruption_perception": (-100, 100),
    "public_bodies_performance": (-100, 100),
    "new_drug_dependence_per_100k": (0, 100),
}
UNPUBLISHED: Final[frozenset[tuple[str, int, str]]] = frozenset({("KG-N", 2016, "new_drug_dependence_per_100k")})
"""Region, year and series that the provider left out."""


def load(path: Path | None = None) -> Table:
    """Return the series: columns ``region`` (9, and ``KG`` for the country), ``year``, ``series``, ``value``.

    Parameters
    ----------
    path : Path, optional
        A file of the same format to read instead of the bundled one.

    Raises
    ------
    DataError
        If the file breaks its format, a region is unknown or missing, a value is outside its scale, victims are no
        whole number, the regions' victims do not add up to the country's within 1, or the country's index or rate
        is outside those of its regions.
    """
    rows = read_bundled(FILE, path, {"series": (get_args(Series), "a series of the table")}, REBUILD)
    known = (COUNTRY, *regions.codes("KGZ"))
    _check_cells(rows, known)
    due = [(region, year, series) for region in known for series, years in _YEARS.items() for year in years]
    rows.require([key for key in due if key not in UNPUBLISHED], "region", "{series} of {year} is missing")
    _check_country(rows)
    return rows.table("Kyrgyz regions by year", CITATION, LICENCE)


def wide(series: Series, path: Path | None = None) -> pd.DataFrame:
    """Return one series, the 9 regions by year, the country left out; missing where it was not published."""
    frame = load(path).frame
    rows = frame[(frame["series"] == series) & (frame["region"] != COUNTRY)]
    return rows.pivot(index="region", columns="year", values="value")


def trim(folder: Path) -> pd.DataFrame:
    """Take the four series and their years from the provider's file.

    Raises
    ------
    MissingDataError
        If the provider's file is not in the folder.
    DataError
        If it breaks its format.
    """
    frame = read_provided(folder, PROVIDED).frame.rename(columns={"iso": "region"})
    frame = frame.assign(series=frame["series"].map(_PROVIDED)).dropna(subset=["series"])
    wanted = [year in _YEARS[series] for series, year in zip(frame["series"], frame["year"], strict=True)]
    frame = frame[wanted].assign(value=frame["value"].round(6))
    return frame[["region", "year", "series", "value"]].sort_values(["region", "year", "series"], ignore_index=True)


def _check_cells(rows: Rows, known: tuple[str, ...]) -> None:
    frame = rows.frame
    what = "'{region}' is not a region of Kyrgyzstan"
    rows.refuse(~frame["region"].isin(known), "region", what, f"Use one of: {', '.join(known)}.")
    for series, (low, high) in _RANGE.items():
        outside = (frame["series"] == series) & ~frame["value"].between(low, high)
        rows.refuse(outside, "value", f"{series} is {{value:g}}, outside {low:g} to {high:g}")
    broken = (frame["series"] == "homicide_victims") & (frame["value"] % 1 != 0)
    rows.refuse(broken, "value", "'{value:g}' homicide victims is not a whole number")


def _check_country(rows: Rows) -> None:
    frame = rows.frame
    country, victims = frame["region"] == COUNTRY, frame["series"] == "homicide_victims"
    parts = frame["value"].mask(country).groupby([frame["series"], frame["year"]])
    summed, least, most = (parts.transform(how) for how in ("sum", "min", "max"))
    remedy = f"One value of that year is altered. {REBUILD}"
    unlike = country & victims & ((frame["value"] - summed).abs() > 1)
    what = "{series} of {year}: the regions add up to {summed:g}, the country has {value:g}"
    rows.refuse(unlike, "value", what, remedy, {"summed": summed})
    outside = country & ~victims & ~frame["value"].between(least, most)
    what = "{series} of {year}: the country has {value:g}, outside its regions, {least:g} to {most:g}"
    rows.refuse(outside, "value", what, remedy, {"least": least, "most": most})
