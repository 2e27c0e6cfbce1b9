"""Homicide, corruption perception and drug dependence in the regions of Kyrgyzstan by year (National Statistical Committee).

The corruption index is the share of positive answers minus the share of negative ones in a survey of adults: higher is
better. Homicide counts victims of every motive. 2023 falls by half for no known reason: treat it as provisional.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args

import pandas as pd

from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import regions
from northroute.sources.provider import provider_file
from northroute.sources.reading import first_true, line_of, read_csv
from northroute.sources.schemas import schema
from northroute.sources.table import Table

Series = Literal[
    "homicide_victims", "corruption_perception", "public_bodies_performance", "new_drug_dependence_per_100k"
]
FILE: Final = "kg_regions.csv"
PROVIDED: Final = ("kg_regions_nsc_sdg", "kg_region_year.csv")
COUNTRY: Final = "KG"
PROVISIONAL: Final = 2023
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
_REBUILD: Final = "Restore the file from the repository, or rebuild it: northroute data build --from DIR."


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
    file = path or resource(f"data/reference/{FILE}")
    frame = read_csv(file, schema(Path(FILE).stem, {"series": (get_args(Series), "a series of the table")}))
    places = regions.load("first-level").frame
    known = (COUNTRY, *sorted(places["region"][places["iso3"] == "KGZ"]))
    _check_cells(frame, known, file)
    _check_complete(frame, known, file)
    _check_country(frame, file)
    files = {file.name: file_sha256(file)}
    return Table("Kyrgyz regions by year", frame, ("region", "year", "series"), False, files, CITATION, LICENCE)


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
    path = provider_file(folder, *PROVIDED)
    frame = read_csv(path, schema("/".join(PROVIDED).removesuffix(".csv")), extra=True).rename(
        columns={"iso": "region"}
    )
    frame = frame.assign(series=frame["series"].map(_PROVIDED)).dropna(subset=["series"])
    wanted = [year in _YEARS[series] for series, year in zip(frame["series"], frame["year"], strict=True)]
    frame = frame[wanted].assign(value=frame["value"].round(6))
    return frame[["region", "year", "series", "value"]].sort_values(["region", "year", "series"], ignore_index=True)


def _check_cells(frame: pd.DataFrame, known: tuple[str, ...], file: Path) -> None:
    unknown = ~frame["region"].isin(known)
    if unknown.any():
        row = first_true(unknown)
        what = f"'{frame['region'][row]}' is not a region of Kyrgyzstan"
        raise DataError(
            what, file=file, row=line_of(file, row), column="region", remedy=f"Use one of: {', '.join(known)}."
        )
    for series, (low, high) in _RANGE.items():
        value, ours = frame["value"], frame["series"] == series
        outside = ours & ~value.between(low, high)
        if outside.any():
            row = first_true(outside)
            what = f"{series} is {value[row]:g}, outside {low:g} to {high:g}"
            raise DataError(what, file=file, row=line_of(file, row), column="value", remedy=_REBUILD)
    broken = (frame["series"] == "homicide_victims") & (frame["value"] % 1 != 0)
    if broken.any():
        row = first_true(broken)
        what = f"'{frame['value'][row]:g}' homicide victims is not a whole number"
        raise DataError(what, file=file, row=line_of(file, row), column="value", remedy=_REBUILD)


def _check_complete(frame: pd.DataFrame, known: tuple[str, ...], file: Path) -> None:
    there = set(zip(frame["region"], frame["year"], frame["series"], strict=True))
    for region in known:
        for series, years in _YEARS.items():
            lacking = [year for year in years if (region, year, series) not in there | UNPUBLISHED]
            if lacking:
                what = f"{series} of {lacking[0]} is missing"
                if not (frame["region"] == region).any():
                    what = "the region is missing"
                raise DataError(what, file=file, row=region, column="region", remedy=f"Restore its lines. {_REBUILD}")


def _check_country(frame: pd.DataFrame, file: Path) -> None:
    for (series, year), rows in frame.groupby(["series", "year"]):
        whole, parts = rows[rows["region"] == COUNTRY], rows["value"][rows["region"] != COUNTRY]
        stated, summed = float(whole["value"].iloc[0]), float(parts.sum())
        if series == "homicide_victims":
            if abs(stated - summed) <= 1:
                continue
            what = f"{series} of {year}: the regions add up to {summed:g}, the country has {stated:g}"
        elif parts.min() <= stated <= parts.max():
            continue
        else:
            what = f"{series} of {year}: the country has {stated:g}, outside its regions, {parts.min():g} to {parts.max():g}"
        remedy = f"One value of that year is altered. {_REBUILD}"
        raise DataError(what, file=file, row=line_of(file, int(whole.index[0])), column="value", remedy=remedy)
