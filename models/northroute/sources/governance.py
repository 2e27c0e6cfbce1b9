"""Bundled country-year tables: corruption and governance indices, opium, seizures, homicide, population, coverage.

Every column, its unit, direction, source and licence stand in ``data/README.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pandera.pandas as pa

from northroute.conventions import COMPARISON_COUNTRIES, COUNTRIES
from northroute.errors import MissingDataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.provider import provider_file
from northroute.sources.reading import read_csv
from northroute.sources.table import Table

_CODEBOOK = "see data/README.md"


def _iso3() -> pa.Column:
    return pa.Column(str, pa.Check.isin([*COUNTRIES, *COMPARISON_COUNTRIES], error="a known ISO 3166 alpha-3 code"))


def _year() -> pa.Column:
    return pa.Column(int, pa.Check.in_range(2010, 2022))


def _number(low: float, high: float, kind: type = float) -> pa.Column:
    return pa.Column(kind, pa.Check.in_range(low, high))


def _one_of(*values: str) -> pa.Column:
    return pa.Column(str, pa.Check.isin(list(values)))


@dataclass(frozen=True)
class _Definition:
    columns: Mapping[str, pa.Column]
    key: tuple[str, ...]
    citation: str
    licence: str


_STATUS = ("seen", "derived", "recalled")
_DEFINITIONS: Mapping[str, _Definition] = {
    "cpi": _Definition(
        {
            "iso3": _iso3(),
            "year": _year(),
            "score": _number(0, 100),
            "std_error": _number(0, 20),
            "n_sources": _number(1, 20, int),
        },
        ("iso3", "year"),
        "Transparency International, Corruption Perceptions Index 2012-2022",
        "CC BY-ND 4.0 (from memory)",
    ),
    "wgi": _Definition(
        {
            "iso3": _iso3(),
            "year": _year(),
            "indicator": _one_of("cc", "ge", "pv", "rl", "rq", "va"),
            "estimate": _number(-4, 4),
            "std_error": _number(0, 1),
        },
        ("iso3", "year", "indicator"),
        "World Bank, Worldwide Governance Indicators, 2023 update",
        "CC BY 4.0",
    ),
    "vdem": _Definition(
        {
            "iso3": _iso3(),
            "year": _year(),
            "corruption": _number(0, 1),
            "executive_corruption": _number(0, 1),
            "public_sector_corruption": _number(0, 1),
            "civil_society_participation": _number(0, 1),
        },
        ("iso3", "year"),
        "Varieties of Democracy, dataset v15",
        "CC BY-SA 4.0 (from memory)",
    ),
    "opium": _Definition(
        {
            "year": _year(),
            "cultivation_ha": _number(0, 1e6),
            "cultivation_status": _one_of(*_STATUS),
            "production_t": _number(0, 1e5),
            "production_status": _one_of(*_STATUS),
        },
        ("year",),
        "UNODC, Afghanistan opium surveys",
        "cite UNODC",
    ),
    "seizures": _Definition(
        {
            "iso3": _iso3(),
            "year": _year(),
            "drug": _one_of("heroin", "opium"),
            "n_reported": _number(1, 1e5, int),
            "kg": _number(0, 1e6),
        },
        ("iso3", "year", "drug"),
        "UNODC, Individual Drug Seizures 2011-2016 (partial, voluntary reports)",
        "cite UNODC",
    ),
    "homicide": _Definition(
        {
            "iso3": _iso3(),
            "year": _year(),
            "provider": _one_of("owid_unodc", "world_bank"),
            "rate_per_100k": _number(0, 200),
        },
        ("iso3", "year", "provider"),
        "UNODC homicide statistics, by way of the World Bank and Our World in Data",
        "CC BY 4.0",
    ),
    "population": _Definition(
        {"iso3": _iso3(), "year": _year(), "population": _number(1e5, 1e9, int)},
        ("iso3", "year"),
        "World Bank, SP.POP.TOTL",
        "CC BY 4.0",
    ),
    "gdelt_totals": _Definition(
        {"iso3": _iso3(), "year": _year(), "events": _number(0, 1e8, int), "complete": pa.Column(bool)},
        ("iso3", "year"),
        "GDELT 1.0, all events by place of action",
        "open with citation",
    ),
}
NAMES = tuple(_DEFINITIONS)
"""The bundled tables."""

VDEM_FILE: Final = ("governance", "vdem_v15_country_year.csv")
VDEM_COLUMNS: Final[Mapping[str, str]] = {
    "v2x_corr": "corruption",
    "v2x_execorr": "executive_corruption",
    "v2x_pubcorr": "public_sector_corruption",
    "v2x_cspart": "civil_society_participation",
}
"""V-Dem's names of the columns of ``vdem``."""


def load(name: str, path: Path | None = None) -> Table:
    """Read a country-year table.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`.
    path : Path, optional
        A file of the same format to read instead of the bundled one.

    Raises
    ------
    MissingDataError
        If there is no table of that name.
    DataError
        If the file breaks the table's format.
    """
    if name not in _DEFINITIONS:
        raise MissingDataError(f"There is no table '{name}'; the bundled tables are {', '.join(NAMES)} ({_CODEBOOK}).")
    definition = _DEFINITIONS[name]
    file = path or resource(f"data/reference/{name}.csv")
    schema = pa.DataFrameSchema(dict(definition.columns), unique=list(definition.key))
    return Table(
        name=f"governance/{name}",
        frame=read_csv(file, schema),
        key=definition.key,
        simulated=False,
        files={file.name: file_sha256(file)},
        citation=definition.citation,
        licence=definition.licence,
    )


def trim_vdem(folder: Path) -> pd.DataFrame:
    """Return the table ``vdem`` as it is bundled, from V-Dem's file: nine countries, 2010-2022.

    Raises
    ------
    MissingDataError
        If the file is not there.
    DataError
        If it breaks its format.
    """
    path = provider_file(folder, *VDEM_FILE)
    schema = pa.DataFrameSchema(
        {
            "iso3": _iso3(),
            "year": pa.Column(int, pa.Check.in_range(2010, 2030)),
            **{column: _number(0, 1) for column in VDEM_COLUMNS},
        },
        unique=["iso3", "year"],
    )
    frame = read_csv(path, schema, extra=True).rename(columns=dict(VDEM_COLUMNS))
    frame = frame[frame["year"].le(2022)]
    order = [*COUNTRIES, *COMPARISON_COUNTRIES]
    return frame.sort_values(["iso3", "year"], key=_place(order)).reset_index(drop=True)


def _place(order: list[str]) -> Callable[["pd.Series[Any]"], "pd.Series[Any]"]:
    place = {iso3: position for position, iso3 in enumerate(order)}
    return lambda column: column.map(place) if column.name == "iso3" else column
