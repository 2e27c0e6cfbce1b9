"""The first-level regions of the five countries, their flags and their neighbours, in a constant division.

Shymkent was cut out of South Kazakhstan (now Turkestan) in June 2018; the constant division merges it back, so that a
series from 2015 to 2022 keeps its units. The regions that Kazakhstan created in June 2022 (Abai, Jetisu, Ulytau) never
appear: they stay inside East Kazakhstan, Almaty and Karagandy.
"""

from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import pandera.pandas as pa

from northroute.conventions import COUNTRIES
from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.reading import FIRST_LINE, first_true, read_csv
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
_SCHEMA = pa.DataFrameSchema(
    {
        "region": pa.Column(str, pa.Check.str_matches(r"^[A-Z]{2}-[A-Z]{1,3}$")),
        "name": pa.Column(str),
        "iso3": pa.Column(str, pa.Check.isin(list(COUNTRIES))),
        "fips_adm1": pa.Column(str, nullable=True),
        "panel_region": pa.Column(str),
        "area_km2": pa.Column(float, pa.Check.gt(0)),
        "population_2020": pa.Column(float, pa.Check.gt(0)),
        "lon": pa.Column(float, pa.Check.in_range(46, 88)),
        "lat": pa.Column(float, pa.Check.in_range(34, 56)),
        **{flag: pa.Column(bool) for flag in FLAGS},
    },
    unique=["region"],
)
_EDGES = pa.DataFrameSchema(
    {"a": pa.Column(str), "b": pa.Column(str), "crosses_border": pa.Column(bool)}, unique=["a", "b"]
)


def load(division: Division = "constant", path: Path | None = None) -> Table:
    """Return the regions: 50 in the constant division, 51 as they were from June 2018 to June 2022.

    In the constant division a merged region has the sum of areas and populations, the flags of either part, and the
    centre and codes of the region that it is named after. ``density`` is inhabitants per square kilometre in 2020.

    Raises
    ------
    DataError
        If the file breaks its format or a region is to be merged into one that is not there.
    """
    file = path or resource("data/reference/regions.csv")
    frame = read_csv(file, _SCHEMA)
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
        If an edge names an unknown region, or a region as its own neighbour.
    """
    file = path or resource("data/reference/adjacency.csv")
    edges = read_csv(file, _EDGES)
    regions = load("first-level", regions_path).frame
    for column in ("a", "b"):
        _known(edges[column], set(regions["region"]), file, column)
    loops = edges["a"] == edges["b"]
    if loops.any():
        line = first_true(loops) + FIRST_LINE
        raise DataError("a region is its own neighbour", file=file, row=line, column="b", remedy="Delete the line.")
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
    unknown = ~values.isin(known)
    if unknown.any():
        line = first_true(unknown)
        remedy = "Use the ISO 3166-2 codes of data/reference/regions.csv."
        raise DataError(
            f"'{values[line]}' is not a known region", file=file, row=line + FIRST_LINE, column=column, remedy=remedy
        )


def _table(name: str, frame: pd.DataFrame, key: tuple[str, ...], file: Path) -> Table:
    return Table(name, frame, key, False, {file.name: file_sha256(file)}, _CITATION, _LICENCE)
