"""The first-level regions of the five countries, their flags and their neighbours, in a constant division.

Shymkent was cut out of South Kazakhstan (now Turkestan) in June 2018; the constant division merges it back, so that a
series from 2015 to 2022 keeps its units. The regions that Kazakhstan created in June 2022 (Abai, Jetisu, Ulytau) never
appear: they stay inside East Kazakhstan, Almaty and Karagandy.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from northroute.conventions import COUNTRIES
from northroute.sources.rows import Rows, read_bundled
from northroute.sources.table import Table

Division = Literal["constant", "first-level"]
FLAGS: Final = (
    *("capital", "city", "caspian_coast", "in_ferghana_valley"),
    *("borders_afghanistan", "borders_russia", "borders_china", "borders_iran", "on_railway"),
    *("hub_tajik_afghan", "hub_ferghana", "hub_caspian", "rail_dushanbe_astrakhan"),
)
"""True or false of a region; the last four are the brief's own groups."""

_CITATION = "derived from geokz (OCHA COD-AB 2018), GADM 3.6, Natural Earth and OpenStreetMap; see data/README.md"
_LICENCE = "derived facts; railways © OpenStreetMap contributors, ODbL"
_REGION_CODES: Final[Mapping[str, str]] = {"KAZ": "KZ", "KGZ": "KG", "TJK": "TJ", "TKM": "TM", "UZB": "UZ"}
_FIPS: Final[Mapping[str, str]] = {"KAZ": "KZ", "KGZ": "KG", "TJK": "TI", "TKM": "TX", "UZB": "UZ"}
_BOXES: Final[Mapping[str, tuple[float, float, float, float]]] = {
    "KAZ": (46, 88, 40, 56),
    "KGZ": (69, 81, 39, 44),
    "TJK": (67, 76, 36, 42),
    "TKM": (52, 67, 35, 43),
    "UZB": (55, 74, 37, 46),
}
"""West, east, south, north of each country, to whole degrees outwards."""
_DENSEST: Final = 20_000
"""Persons per km² that no region exceeds."""
_MEND: Final = "Restore the line, or mend the code."


def load(division: Division = "constant", path: Path | None = None) -> Table:
    """Return the regions: 50 in the constant division, 51 as they were from June 2018 to June 2022.

    In the constant division a merged region has the sum of areas and populations, the flags of either part, and the
    centre and codes of the region that it is named after. ``density`` is inhabitants per square kilometre in 2020.

    Raises
    ------
    DataError
        If the file breaks its format, a code is of another country or there twice, a centre is outside its country, a
        country has two capitals or none, or a region is to be merged into one that is not there.
    """
    rows = read_bundled("regions.csv", path, {"iso3": (COUNTRIES, "one of the five countries")})
    _check_codes(rows)
    _check_sense(rows)
    frame = rows.frame
    _check_known(rows, "panel_region", frame["region"][frame["region"] == frame["panel_region"]])
    if division == "constant":
        frame = _merge(frame)
    frame = frame.assign(density=frame["population_2020"] / frame["area_km2"])
    return rows.table(f"regions, {division} division", _CITATION, _LICENCE, frame)


def countries() -> "pd.Series[str]":
    """Return the country of each first-level region, ISO 3166 alpha-3 by region."""
    return load("first-level").frame.set_index("region")["iso3"]


def codes(iso3: str) -> tuple[str, ...]:
    """Return the first-level regions of a country, sorted."""
    home = countries()
    return tuple(sorted(home.index[home == iso3]))


def adjacency(division: Division = "constant", path: Path | None = None, regions_path: Path | None = None) -> Table:
    """Return neighbouring pairs of regions, each once with ``a < b``, and whether they lie in two countries.

    Raises
    ------
    DataError
        If an edge names an unknown region, or a region as its own neighbour, is there twice (either way round), says that
        a border is crossed where none is or the reverse, or a region has no neighbour.
    """
    rows = read_bundled("adjacency.csv", path)
    edges, regions = rows.frame, load("first-level", regions_path).frame
    for column in ("a", "b"):
        _check_known(rows, column, regions["region"])
    _check_edges(rows, regions.set_index("region")["iso3"])
    if division == "constant":
        home = regions.set_index("region")["panel_region"]
        edges = edges.assign(a=edges["a"].map(home), b=edges["b"].map(home))
    pairs = edges[["a", "b"]].min(axis=1), edges[["a", "b"]].max(axis=1)
    edges = edges.assign(a=pairs[0], b=pairs[1])
    edges = edges[edges["a"] != edges["b"]].drop_duplicates(["a", "b"]).sort_values(["a", "b"])
    return rows.table(f"adjacency, {division} division", _CITATION, _LICENCE, edges.reset_index(drop=True))


def _merge(frame: pd.DataFrame) -> pd.DataFrame:
    grouped = frame.groupby("panel_region", sort=False)
    sums = grouped[["area_km2", "population_2020"]].sum()
    flags = grouped[list(FLAGS)].any()
    kept = frame[frame["region"] == frame["panel_region"]].set_index("region")
    kept[sums.columns] = sums.reindex(kept.index)
    kept[flags.columns] = flags.reindex(kept.index)
    return kept.reset_index()


def refuse_jumps(rows: Rows, column: str, largest: float, excused: tuple[str, int], what: str) -> None:
    """Refuse a series by region and year that changes by more than a share of itself in a year.

    Parameters
    ----------
    rows : Rows
        With the columns ``region`` and ``year``.
    column : str
        Missing cells are passed over.
    largest : float
    excused : (str, int)
        Region and year whose jump is known.
    what : str
        What changes, as a format of the row's cells.

    Raises
    ------
    DataError
    """
    table = rows.frame.dropna(subset=[column]).sort_values(["region", "year"])
    change = table.groupby("region")[column].pct_change().reindex(rows.frame.index).fillna(0.0)
    known = (rows.frame["region"] == excused[0]) & (rows.frame["year"] == excused[1])
    told = f"{what} changes by {{change:.0%}} from the year before"
    rows.refuse((change.abs() > largest) & ~known, column, told, more={"change": change})


def _check_known(rows: Rows, column: str, known: "pd.Series[str]") -> None:
    remedy = "Use the ISO 3166-2 codes of data/reference/regions.csv."
    rows.refuse(~rows.frame[column].isin(known), column, f"'{{{column}}}' is not a known region", remedy)


def _check_codes(rows: Rows) -> None:
    """Refuse codes of another country than the row's, and names and codes that are there twice."""
    frame = rows.frame
    for column, prefix in (("region", _REGION_CODES), ("panel_region", _REGION_CODES), ("fips_adm1", _FIPS)):
        abroad = frame[column].notna() & (frame[column].str[:2] != frame["iso3"].map(prefix))
        rows.refuse(abroad, column, f"'{{{column}}}' is not a code of {{iso3}}", _MEND)
    for column in ("name", "fips_adm1"):
        again = frame[column].notna() & frame[column].duplicated()
        rows.refuse(again, column, f"'{{{column}}}' is another region's already", _MEND)


def _check_sense(rows: Rows) -> None:
    """Refuse centres outside their country, impossible densities, two capitals, and hubs that are not what they say."""
    frame, box = rows.frame, rows.frame["iso3"].map(_BOXES)
    for column, low, high in (("lon", 0, 1), ("lat", 2, 3)):
        outside = (frame[column] < box.str[low]) | (frame[column] > box.str[high])
        remedy = "Longitude comes first, latitude second; restore the line."
        rows.refuse(outside, column, f"{{{column}:g}} degrees is not in {{iso3}}", remedy)
    density = frame["population_2020"] / frame["area_km2"]
    what = "{density:,.0f} persons per km²"
    rows.refuse(density > _DENSEST, "population_2020", what, more={"density": density})
    unlike = frame["hub_ferghana"] != frame["in_ferghana_valley"]
    rows.refuse(unlike, "hub_ferghana", "the hub is the valley: both flags are the same")
    inland = frame["hub_caspian"] & ~frame["caspian_coast"]
    rows.refuse(inland, "hub_caspian", "a hub on a coast that it has not")
    capitals = frame.groupby("iso3")["capital"].sum()
    for iso3 in capitals.index[capitals != 1]:
        what = f"{iso3} has {capitals[iso3]} capitals"
        raise rows.fault(what, "capital", remedy="Flag the one region that holds it.")


def _check_edges(rows: Rows, home: "pd.Series[str]") -> None:
    edges = rows.frame
    rows.refuse(edges["a"] == edges["b"], "b", "a region is its own neighbour", "Delete the line.")
    pairs = pd.Series([frozenset(pair) for pair in zip(edges["a"], edges["b"], strict=True)])
    rows.refuse(pairs.duplicated(), "b", "the two are neighbours on an earlier line", "Keep one line.")
    crosses = edges["a"].map(home) != edges["b"].map(home)
    where = crosses.map({True: "two countries", False: "one country"})
    what = "the two lie in {where}, and the flag says otherwise"
    remedy = "Write 1 where the two lie in two countries, and 0 where they do not."
    rows.refuse(edges["crosses_border"] != crosses, "crosses_border", what, remedy, {"where": where})
    alone = sorted(set(home.index) - {*edges["a"], *edges["b"]})
    if alone:
        what = f"no neighbour of {', '.join(alone)}"
        raise rows.fault(what, "a", remedy="Restore the file: lines are missing.")
