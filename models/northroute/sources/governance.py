"""Bundled country-year tables: corruption and governance indices, opium, seizures, homicide, population, coverage.

Every column, its unit, direction, source and licence stand in ``data/README.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from northroute.conventions import COMPARISON_COUNTRIES, COUNTRIES
from northroute.errors import MissingDataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.provider import provider_file
from northroute.sources.reading import read_csv
from northroute.sources.schemas import Among, schema
from northroute.sources.table import Table

_CODEBOOK = "see data/README.md"
_COUNTRIES: Final[Among] = {"iso3": ((*COUNTRIES, *COMPARISON_COUNTRIES), "a known ISO 3166 alpha-3 code")}


@dataclass(frozen=True)
class _Definition:
    key: tuple[str, ...]
    citation: str
    licence: str


_DEFINITIONS: Mapping[str, _Definition] = {
    "cpi": _Definition(
        ("iso3", "year"),
        "Transparency International, Corruption Perceptions Index 2012-2022",
        "CC BY-ND 4.0 (from memory)",
    ),
    "wgi": _Definition(
        ("iso3", "year", "indicator"),
        "World Bank, Worldwide Governance Indicators, 2023 update",
        "CC BY 4.0",
    ),
    "vdem": _Definition(
        ("iso3", "year"),
        "Varieties of Democracy, dataset v15",
        "CC BY-SA 4.0 (from memory)",
    ),
    "opium": _Definition(
        ("year",),
        "UNODC, Afghanistan opium surveys",
        "cite UNODC",
    ),
    "seizures": _Definition(
        ("iso3", "year", "drug"),
        "UNODC, Individual Drug Seizures 2011-2016 (partial, voluntary reports)",
        "cite UNODC",
    ),
    "homicide": _Definition(
        ("iso3", "year", "provider"),
        "UNODC homicide statistics, by way of the World Bank and Our World in Data",
        "CC BY 4.0",
    ),
    "population": _Definition(
        ("iso3", "year"),
        "World Bank, SP.POP.TOTL",
        "CC BY 4.0",
    ),
    "gdelt_totals": _Definition(
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
    known = schema(name, _COUNTRIES if "iso3" in definition.key else None)
    return Table(
        name=f"governance/{name}",
        frame=read_csv(file, known),
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
    own = schema("/".join(VDEM_FILE).removesuffix(".csv"), _COUNTRIES)
    frame = read_csv(path, own, extra=True).rename(columns=dict(VDEM_COLUMNS))
    frame = frame[frame["year"].le(2022)]
    order = [*COUNTRIES, *COMPARISON_COUNTRIES]
    return frame.sort_values(["iso3", "year"], key=_place(order)).reset_index(drop=True)


def _place(order: list[str]) -> Callable[["pd.Series[Any]"], "pd.Series[Any]"]:
    place = {iso3: position for position, iso3 in enumerate(order)}
    return lambda column: column.map(place) if column.name == "iso3" else column
