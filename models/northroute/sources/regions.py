"""The first-level regions of the five countries, their flags and their neighbours, in a constant division.

Shymkent was cut out of South Kazakhstan (now Turkestan) in June 2018; the constant division merges it back, so that a
series from 2015 to 2022 keeps its units. The regions that Kazakhstan created in June 2022 (Abai, Jetisu, Ulytau) never
appear: they stay inside East Kazakhstan, Almaty and Karagandy.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from northroute.conventions import COUNTRIES
from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.reading import read_csv, refuse_where
from northroute.sources.schemas import schema
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
    file = path or resource("data/reference/regions.csv")
    frame = read_csv(file, schema("regions", {"iso3": (COUNTRIES, "one of the five countries")}))
    _check_codes(frame, file)
    _check_sense(frame, file)
    standing = set(frame["region"][frame["region"] == frame["panel_region"]])
    _known(frame["panel_region"], standing, file, "panel_region")
    if division == "constant":
        frame = _merge(frame)
    frame = frame.assign(density=frame["population_2020"] / frame["area_km2"])
    return _table(f"regions, {division} division", frame, ("region",), file)


def adjacency(division: Division = "constant", path: Path | None = None, regions_path: Path | None = None) -> Table:
    """Return neighbouring pairs of regions, each once with ``a < b``, and whether they lie in two countries.

    Raises
    ------
    DataError
        If an edge names an unknown region, or a region as its own neighbour, is there twice (either way round), says that
        a border is crossed where none is or the reverse, or a region has no neighbour.
    """
    file = path or resource("data/reference/adjacency.csv")
    edges = read_csv(file, schema("adjacency"))
    regions = load("first-level", regions_path).frame
    for column in ("a", "b"):
        _known(edges[column], set(regions["region"]), file, column)
    _check_edges(edges, regions.set_index("region")["iso3"], file)
    if division == "constant":
        home = regions.set_index("region")["panel_region"]
        edges = edges.assign(a=edges["a"].map(home), b=edges["b"].map(home))
    pairs = edges[["a", "b"]].min(axis=1), edges[["a", "b"]].max(axis=1)
    edges = edges.assign(a=pairs[0], b=pairs[1])
    edges = edges[edges["a"] != edges["b"]].drop_duplicates(["a", "b"]).sort_values(["a", "b"])
    return _table(f"adjacency, {division} division", edges.reset_index(drop=True), ("a", "b"), file)


def _merge(frame: pd.DataFrame) -> pd.DataFrame:
    grouped = frame.groupby("panel_region", sort=False)
    sums = grouped[["area_km2", "population_2020"]].sum()
    flags = grouped[list(FLAGS)].any()
    kept = frame[frame["region"] == frame["panel_region"]].set_index("region")
    kept[sums.columns] = sums.reindex(kept.index)
    kept[flags.columns] = flags.reindex(kept.index)
    return kept.reset_index()


def _known(values: "pd.Series[Any]", known: set[str], file: Path, column: str) -> None:
    remedy = "Use the ISO 3166-2 codes of data/reference/regions.csv."
    refuse_where(
        ~values.isin(known),
        lambda row: f"'{values[row]}' is not a known region",
        file=file,
        column=column,
        remedy=remedy,
    )


def _check_codes(frame: pd.DataFrame, file: Path) -> None:
    """Refuse codes of another country than the row's, and names and codes that are there twice."""
    for column, codes in (("region", _REGION_CODES), ("panel_region", _REGION_CODES), ("fips_adm1", _FIPS)):
        abroad = frame[column].notna() & (frame[column].str[:2] != frame["iso3"].map(codes))
        refuse_where(
            abroad,
            lambda row, c=column: f"'{frame[c][row]}' is not a code of {frame['iso3'][row]}",  # type: ignore[misc]
            file=file,
            column=column,
            remedy=_MEND,
        )
    for column in ("name", "fips_adm1"):
        again = frame[column].notna() & frame[column].duplicated()
        refuse_where(
            again,
            lambda row, c=column: f"'{frame[c][row]}' is another region's already",  # type: ignore[misc]
            file=file,
            column=column,
            remedy=_MEND,
        )


def _check_sense(frame: pd.DataFrame, file: Path) -> None:
    """Refuse centres outside their country, impossible densities, two capitals, and hubs that are not what they say."""
    for column, low, high in (("lon", 0, 1), ("lat", 2, 3)):
        box = frame["iso3"].map(_BOXES)
        outside = (frame[column] < box.str[low]) | (frame[column] > box.str[high])
        refuse_where(
            outside,
            lambda row, c=column: f"{frame[c][row]:g} degrees is not in {frame['iso3'][row]}",  # type: ignore[misc]
            file=file,
            column=column,
            remedy="Longitude comes first, latitude second; restore the line.",
        )
    density = frame["population_2020"] / frame["area_km2"]
    refuse_where(
        density > _DENSEST, lambda row: f"{density[row]:,.0f} persons per km²", file=file, column="population_2020"
    )
    refuse_where(
        frame["hub_ferghana"] != frame["in_ferghana_valley"],
        "the hub is the valley: both flags are the same",
        file=file,
        column="hub_ferghana",
    )
    refuse_where(
        frame["hub_caspian"] & ~frame["caspian_coast"],
        "a hub on a coast that it has not",
        file=file,
        column="hub_caspian",
    )
    capitals = frame.groupby("iso3")["capital"].sum()
    for iso3 in capitals.index[capitals != 1]:
        what = f"{iso3} has {capitals[iso3]} capitals"
        raise DataError(what, file=file, column="capital", remedy="Flag the one region that holds it.")


def _check_edges(edges: pd.DataFrame, home: "pd.Series[str]", file: Path) -> None:
    refuse_where(
        edges["a"] == edges["b"], "a region is its own neighbour", file=file, column="b", remedy="Delete the line."
    )
    pairs = pd.Series([frozenset(pair) for pair in zip(edges["a"], edges["b"], strict=True)])
    refuse_where(
        pairs.duplicated(), "the two are neighbours on an earlier line", file=file, column="b", remedy="Keep one line."
    )
    crosses = edges["a"].map(home) != edges["b"].map(home)
    refuse_where(
        edges["crosses_border"] != crosses,
        lambda row: f"the two lie in {'two countries' if crosses[row] else 'one country'}, and the flag says otherwise",
        file=file,
        column="crosses_border",
        remedy="Write 1 where the two lie in two countries, and 0 where they do not.",
    )
    alone = sorted(set(home.index) - {*edges["a"], *edges["b"]})
    if alone:
        what = f"no neighbour of {', '.join(alone)}"
        raise DataError(what, file=file, column="a", remedy="Restore the file: lines are missing.")


def _table(name: str, frame: pd.DataFrame, key: tuple[str, ...], file: Path) -> Table:
    return Table(name, frame, key, False, {file.name: file_sha256(file)}, _CITATION, _LICENCE)
