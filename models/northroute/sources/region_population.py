"""Population of the first-level regions by year, and how each figure is known.

``published`` figures are the statistics office's own. ``derived`` ones are found from published densities or rates (see
:mod:`northroute.sources.denominators`), ``interpolated`` ones lie between two such years, ``recalled`` ones were typed from
memory. Kazakhstan and Uzbekistan count on 1 January, Kyrgyzstan's figure is the year's mean.

Kazakhstan's level rises by 3 % in 2022, with the census, and Kyrgyzstan's by 4 %: neither is growth. Before 2017 Turkestan
(KZ-YUZ) includes Shymkent, which has no row.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.errors import MissingDataError
from northroute.sources import denominators, kg_regions, regions, uz_regions
from northroute.sources.rows import REBUILD, Rows, read_bundled, read_provided
from northroute.sources.table import Table

FILE: Final = "region_population.csv"
YEARS: Final = range(2010, 2024)
STATUSES: Final = ("published", "derived", "interpolated", "recalled")
"""From the best known to the least."""
CITATION: Final = (
    "Bureau of National Statistics of Kazakhstan; derived from figures of the Statistics Agency of Uzbekistan and of the "
    "National Statistical Committee of the Kyrgyz Republic; Tajikistan and Turkmenistan recalled"
)
LICENCE: Final = "PDDL (Kazakhstan, the copy); derived facts"
APART_FROM: Final = 2017
"""First year in which Shymkent is apart from Turkestan."""

_KZ: Final = ("kz_population_regions_2000_2023", "kz_region_year_population.csv")
_CHECKSUMS: Final = {"KZ": "KZ-", "KG": "KG-"}
_COVERED: Final[Mapping[str, range]] = {
    "KAZ": YEARS,
    "UZB": YEARS,
    "KGZ": range(2020, 2024),
    "TJK": range(2020, 2021),
    "TKM": range(2020, 2021),
}
_NEW_REGIONS: Final = {"KZ-10": "KZ-VOS", "KZ-33": "KZ-ALM", "KZ-62": "KZ-KAR"}
_LARGEST_CHANGE: Final = 0.12


def load(path: Path | None = None) -> Table:
    """Return the populations: columns ``region``, ``year``, ``population``, ``status``.

    The file also has the countries ``KZ`` and ``KG``, whose sums are checked; they are left out here.

    Parameters
    ----------
    path : Path, optional
        A file of the same format to read instead of the bundled one.

    Raises
    ------
    DataError
        If the file breaks its format, a region is unknown, a region or year is missing, the regions of Kazakhstan or
        Kyrgyzstan do not add up to the country, those of Uzbekistan are not density times area, or a population
        changes by more than 12 % in a year.
    """
    rows = read_bundled(FILE, path, {"status": (STATUSES, "a status of the table")}, REBUILD)
    frame, home = rows.frame, regions.countries()
    remedy = "Use the first-level codes of data/reference/regions.csv."
    rows.refuse(~frame["region"].isin([*home.index, *_CHECKSUMS]), "region", "'{region}' is not a known region", remedy)
    _check_complete(rows, home)
    _check_sums(rows)
    _check_densities(rows)
    regions.refuse_jumps(rows, "population", _LARGEST_CHANGE, ("KZ-YUZ", APART_FROM), "{region}")
    kept = frame[~frame["region"].isin(_CHECKSUMS)].reset_index(drop=True)
    return rows.table("population by region", CITATION, LICENCE, kept)


def nearest(year: int, division: regions.Division = "first-level", path: Path | None = None) -> pd.DataFrame:
    """Return each region's population in a year, or in the nearest year that has one.

    Parameters
    ----------
    year : int
        From 2010 to 2023.
    division : str
        ``first-level`` (51 regions, from 2017 on) or ``constant`` (50: Shymkent with Turkestan).
    path : Path, optional
        As in :func:`load`.

    Returns
    -------
    pandas.DataFrame
        Index ``region``, in the order of :func:`northroute.sources.regions.load`; columns ``population``, ``year`` (of
        the figure) and ``status`` (the worse of the two parts in a merged region).

    Raises
    ------
    MissingDataError
        For a year that is not covered, and for the first-level division before 2017, when Shymkent was not apart.
    """
    if year not in YEARS:
        raise MissingDataError(f"Populations of regions cover {YEARS[0]} to {YEARS[-1]}, not {year}.")
    if division == "first-level" and year < APART_FROM:
        raise MissingDataError(
            f"In {year} Shymkent was part of Turkestan (KZ-YUZ); ask for the constant division, which keeps them together."
        )
    frame = load(path).frame
    frame = frame[(frame["region"] != "KZ-SHY") | (year >= APART_FROM)]
    order = (frame["year"] - year).abs().sort_values(kind="stable").index
    close = frame.loc[order].drop_duplicates("region").set_index("region")
    if division == "constant":
        home = regions.load("first-level").frame.set_index("region")["panel_region"]
        rank = close["status"].map(STATUSES.index)
        grouped = close.assign(rank=rank).groupby(home.reindex(close.index))
        close = grouped.agg(population=("population", "sum"), year=("year", "max"), rank=("rank", "max"))
        close["status"] = [STATUSES[n] for n in close.pop("rank")]
    wanted = pd.Index(regions.load(division).frame["region"], name="region")
    return close.reindex(wanted)[["population", "year", "status"]].astype({"population": int, "year": int})


def trim(folder: Path) -> pd.DataFrame:
    """Put the five countries together from the providers' files, and from regions.csv what is recalled.

    Raises
    ------
    MissingDataError
        If a provider's file is not in the folder.
    DataError
        If one breaks its format, or a derived population does not come out whole.
    """
    rough = regions.load("first-level").frame.set_index("region")
    parts = [_kazakhstan(folder), _uzbekistan(folder), _kyrgyzstan(folder, rough["population_2020"])]
    rest = rough["population_2020"][rough["iso3"].isin(["TJK", "TKM"])]
    parts.append(rest.rename("population").reset_index().assign(year=2020, status="recalled"))
    table = pd.concat(parts, ignore_index=True).astype({"population": np.int64})
    return table[["region", "year", "population", "status"]].sort_values(["region", "year"], ignore_index=True)


def _kazakhstan(folder: Path) -> pd.DataFrame:
    frame = read_provided(folder, _KZ).frame
    frame = frame.assign(region=frame["iso"].replace(_NEW_REGIONS))
    summed = frame[frame["year"].isin(YEARS)].groupby(["region", "year"])["population"].sum()
    return summed.reset_index().assign(status="published")


def _uzbekistan(folder: Path) -> pd.DataFrame:
    rows = read_provided(folder, uz_regions.PROVIDED)
    density = _by_year(rows, "population_density_per_km2").loc[list(denominators.UZ_AREA_KM2), list(YEARS)]
    people = denominators.from_density(density, rows.file)
    frame = _long(people)
    moved = frame["region"].isin(denominators.UZ_MOVED) & frame["year"].isin(denominators.UZ_UNKNOWN_AREA)
    return frame.assign(status=np.where(moved, "interpolated", "derived"))


def _kyrgyzstan(folder: Path, rough: "pd.Series[float]") -> pd.DataFrame:
    rows = read_provided(folder, kg_regions.PROVIDED)
    alcohol = _by_year(rows, "new_alcohol_dependence_cases_per_100k")
    drugs = _by_year(rows, "new_drug_dependence_cases_per_100k")
    near = rough[rough.index.str.startswith("KG-")]
    people = {year: denominators.from_rates(alcohol[year], drugs[year], near, "KG") for year in _COVERED["KGZ"]}
    return _long(pd.DataFrame(people)).assign(status="derived")


def _long(people: pd.DataFrame) -> pd.DataFrame:
    return people.rename_axis("region").reset_index().melt("region", var_name="year", value_name="population")


def _by_year(rows: Rows, series: str) -> pd.DataFrame:
    return rows.frame[rows.frame["series"] == series].pivot(index="iso", columns="year", values="value")


def _check_complete(rows: Rows, home: "pd.Series[str]") -> None:
    due = [(region, year) for region, iso3 in home.items() for year in _COVERED[iso3]]
    due += [("KZ", year) for year in _COVERED["KAZ"]] + [("KG", year) for year in _COVERED["KGZ"]]
    due = [(region, year) for region, year in due if region != "KZ-SHY" or year >= APART_FROM]
    rows.require(due, "year", "the year {year} is missing")
    odd = ~pd.MultiIndex.from_frame(rows.frame[["region", "year"]]).isin(due)
    rows.refuse(pd.Series(odd), "year", "{region} has no row of its own in {year}", "Delete the line.")


def _check_sums(rows: Rows) -> None:
    frame = rows.frame
    for country, prefix in _CHECKSUMS.items():
        parts = frame["population"].where(frame["region"].str.startswith(prefix), 0)
        summed = parts.groupby(frame["year"]).transform("sum")
        unlike = (frame["region"] == country) & (frame["population"] != summed)
        what = f"the regions of {country} add up to {{summed}} in {{year}}, the country has {{population}}"
        remedy = f"One figure of that year is altered. {REBUILD}"
        rows.refuse(unlike, "population", what, remedy, {"summed": summed})


def _check_densities(rows: Rows) -> None:
    table = uz_regions.load().frame.dropna(subset=["density"])
    density = table[table["region"] != uz_regions.COUNTRY].pivot(index="region", columns="year", values="density")
    people = denominators.from_density(density, rows.file).stack()
    found = pd.Series(people.reindex(pd.MultiIndex.from_frame(rows.frame[["region", "year"]])).to_numpy())
    # the bundled densities have six decimals
    unlike = (found - rows.frame["population"]).abs() > 1
    what = "{region} has {population} in {year}, density times area is {found:.0f}"
    rows.refuse(unlike, "population", what, more={"found": found})
