"""Registered crimes and density of the regions of Uzbekistan by year (Statistics Agency).

Crimes are of every kind together: there is no split by drug or violence. 2017 to 2019 fall by half and 2021 nearly
doubles, which looks like a change of recording rules: compare regions within a year. Crimes that the agency placed in no
region stand in a row of their own, ``UZ-unlocated``.
"""

from pathlib import Path
from typing import Final

import pandas as pd

from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import regions
from northroute.sources.provider import provider_file
from northroute.sources.reading import first_true, line_of, read_csv
from northroute.sources.schemas import schema
from northroute.sources.table import Table

FILE: Final = "uz_regions.csv"
PROVIDED: Final = ("uz_regions_crime_density", "uz_region_year.csv")
COUNTRY: Final = "UZ"
UNLOCATED: Final = "UZ-unlocated"
YEARS: Final = range(2010, 2024)
CRIME_YEARS: Final = range(2010, 2023)
CITATION: Final = "Statistics Agency under the President of Uzbekistan, api.stat.uz"
LICENCE: Final = "published figures of official statistics"
_REBUILD: Final = "Restore the file from the repository, or rebuild it: northroute data build --from DIR."
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
    file = path or resource(f"data/reference/{FILE}")
    frame = read_csv(file, schema(Path(FILE).stem))
    places = regions.load("first-level").frame
    known = (COUNTRY, *sorted(places["region"][places["iso3"] == "UZB"]), UNLOCATED)
    unknown = ~frame["region"].isin(known)
    if unknown.any():
        row = first_true(unknown)
        what = f"'{frame['region'][row]}' is not a region of Uzbekistan"
        raise DataError(
            what, file=file, row=line_of(file, row), column="region", remedy=f"Use one of: {', '.join(known)}."
        )
    _check_complete(frame, known, file)
    _check_sums(frame, file)
    _check_density(frame, file)
    files = {file.name: file_sha256(file)}
    return Table("Uzbek regions by year", frame, ("region", "year"), False, files, CITATION, LICENCE)


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
    path = provider_file(folder, *PROVIDED)
    frame = read_csv(path, schema("/".join(PROVIDED).removesuffix(".csv"))).rename(columns={"iso": "region"})
    table = frame[frame["year"].isin(YEARS)].pivot(index=["region", "year"], columns="series", values="value")
    table = table.rename(columns={"population_density_per_km2": "density"})[["registered_crimes", "density"]]
    table = table.dropna(how="all").reset_index().rename_axis(columns=None)
    table["density"] = table["density"].round(6)
    table["registered_crimes"] = table["registered_crimes"].astype("Int64")
    return table.sort_values(["region", "year"], ignore_index=True)


def _check_complete(frame: pd.DataFrame, known: tuple[str, ...], file: Path) -> None:
    there = set(zip(frame["region"], frame["year"], strict=True))
    for region in known:
        if not (frame["region"] == region).any():
            remedy = f"Restore its lines. {_REBUILD}"
            raise DataError("the region is missing", file=file, row=region, column="region", remedy=remedy)
        years = CRIME_YEARS if region == UNLOCATED else YEARS
        lacking = [year for year in years if (region, year) not in there]
        if lacking:
            remedy = f"Restore the line. {_REBUILD}"
            raise DataError(f"the year {lacking[0]} is missing", file=file, row=region, column="year", remedy=remedy)
    for column, due in (
        ("registered_crimes", frame["year"].isin(CRIME_YEARS)),
        ("density", frame["region"] != UNLOCATED),
    ):
        for wrong, what in (
            (due & frame[column].isna(), "the cell is empty"),
            (~due & frame[column].notna(), "the cell is to be empty"),
        ):
            if wrong.any():
                raise DataError(what, file=file, row=line_of(file, first_true(wrong)), column=column, remedy=_REBUILD)


def _check_sums(frame: pd.DataFrame, file: Path) -> None:
    whole = frame["region"] == COUNTRY
    summed = frame[~whole].groupby("year")["registered_crimes"].sum()
    for row in frame.index[whole & frame["year"].isin(CRIME_YEARS)]:
        year, stated = int(frame["year"][row]), int(frame["registered_crimes"][row])
        if stated != int(summed[year]):
            what = f"crimes of {year}: regions and {UNLOCATED} add up to {int(summed[year])}, the country has {stated}"
            remedy = f"One count of that year is altered. {_REBUILD}"
            raise DataError(what, file=file, row=line_of(file, row), column="registered_crimes", remedy=remedy)


def _check_density(frame: pd.DataFrame, file: Path) -> None:
    table = frame.dropna(subset=["density"]).sort_values(["region", "year"])
    change = table.groupby("region")["density"].pct_change().fillna(0.0)
    excused = (table["region"] == _AREA_CHANGED[0]) & (table["year"] == _AREA_CHANGED[1])
    jumps = change.index[(change.abs() > _LARGEST_CHANGE) & ~excused]
    if len(jumps):
        row = int(jumps[0])
        what = f"density changes by {change[row]:.0%} from the year before"
        raise DataError(what, file=file, row=line_of(file, row), column="density", remedy=_REBUILD)
