"""Registered crimes and density of the regions of Uzbekistan by year (Statistics Agency).

Crimes are of every kind together: there is no split by drug or violence. 2017 to 2019 fall by half and 2021 nearly
doubles, which looks like a change of recording rules: compare regions within a year. Crimes that the agency placed in no
region stand in a row of their own, ``UZ-unlocated``.
"""

from pathlib import Path
from typing import Final

import pandas as pd

from northroute.sources import regions
from northroute.sources.rows import REBUILD, Rows, read_bundled, read_provided
from northroute.sources.table import Table

FILE: Final = "uz_regions.csv"
PROVIDED: Final = ("uz_regions_crime_density", "uz_region_year.csv")
COUNTRY: Final = "UZ"
UNLOCATED: Final = "UZ-unlocated"
YEARS: Final = range(2010, 2024)
CRIME_YEARS: Final = range(2010, 2023)
CITATION: Final = "Statistics Agency under the President of Uzbekistan, api.stat.uz"
LICENCE: Final = "published figures of official statistics"
_LARGEST_CHANGE: Final = 0.1
_AREA_CHANGED: Final = ("UZ-TK", 2022)


def load(path: Path | None = None) -> Table:
    """Return crimes and density: columns ``region``, ``year``, ``registered_crimes``, ``density`` (persons per km²).

    The regions are the 14, ``UZ-unlocated`` (no density) and ``UZ``, the country. Crimes end in 2022.

    Parameters
    ----------
    path : Path, optional
        A file of the same format to read instead of the bundled one.

    Raises
    ------
    DataError
        If the file breaks its format, a region is unknown, a region or a value is missing, the crimes of regions and of
        ``UZ-unlocated`` do not add up to the country's, or a density jumps by more than 10 % in a year.
    """
    rows = read_bundled(FILE, path, remedy=REBUILD)
    known = (COUNTRY, *regions.codes("UZB"), UNLOCATED)
    what = "'{region}' is not a region of Uzbekistan"
    rows.refuse(~rows.frame["region"].isin(known), "region", what, f"Use one of: {', '.join(known)}.")
    _check_complete(rows, known)
    _check_sums(rows)
    regions.refuse_jumps(rows, "density", _LARGEST_CHANGE, _AREA_CHANGED, "density")
    return rows.table("Uzbek regions by year", CITATION, LICENCE)


def crimes(path: Path | None = None) -> pd.DataFrame:
    """Return registered crimes, the 14 regions by year 2010-2022; crimes placed in no region are left out."""
    frame = load(path).frame
    rows = frame[~frame["region"].isin([COUNTRY, UNLOCATED]) & frame["year"].isin(CRIME_YEARS)]
    return rows.pivot(index="region", columns="year", values="registered_crimes").astype(int)


def trim(folder: Path) -> pd.DataFrame:
    """Take crimes and density from 2010 on from the provider's file, one row a region and year.

    Raises
    ------
    MissingDataError
        If the provider's file is not in the folder.
    DataError
        If it breaks its format.
    """
    frame = read_provided(folder, PROVIDED, extra=False).frame.rename(columns={"iso": "region"})
    table = frame[frame["year"].isin(YEARS)].pivot(index=["region", "year"], columns="series", values="value")
    table = table.rename(columns={"population_density_per_km2": "density"})[["registered_crimes", "density"]]
    table = table.dropna(how="all").reset_index().rename_axis(columns=None)
    table["density"] = table["density"].round(6)
    table["registered_crimes"] = table["registered_crimes"].astype("Int64")
    return table.sort_values(["region", "year"], ignore_index=True)


def _check_complete(rows: Rows, known: tuple[str, ...]) -> None:
    due = [(region, year) for region in known for year in (CRIME_YEARS if region == UNLOCATED else YEARS)]
    rows.require(due, "year", "the year {year} is missing")
    frame = rows.frame
    for column, filled in (
        ("registered_crimes", frame["year"].isin(CRIME_YEARS)),
        ("density", frame["region"] != UNLOCATED),
    ):
        rows.refuse(filled & frame[column].isna(), column, "the cell is empty")
        rows.refuse(~filled & frame[column].notna(), column, "the cell is to be empty")


def _check_sums(rows: Rows) -> None:
    frame = rows.frame
    whole = frame["region"] == COUNTRY
    summed = frame["registered_crimes"].mask(whole).groupby(frame["year"]).transform("sum")
    unlike = whole & frame["year"].isin(CRIME_YEARS) & (frame["registered_crimes"] != summed)
    what = f"crimes of {{year}}: regions and {UNLOCATED} add up to {{summed}}, the country has {{registered_crimes}}"
    remedy = f"One count of that year is altered. {REBUILD}"
    rows.refuse(unlike.fillna(False).astype(bool), "registered_crimes", what, remedy, {"summed": summed})
