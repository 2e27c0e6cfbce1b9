"""Bundled country-year tables: corruption and governance indices, opium, seizures, homicide, population, coverage.

Every column, its unit, direction, source and licence stand in ``data/README.md``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from northroute.conventions import COMPARISON_COUNTRIES, COUNTRIES
from northroute.errors import MissingDataError
from northroute.sources.rows import read_bundled, read_provided
from northroute.sources.schemas import Among
from northroute.sources.table import Table

_CODEBOOK = "see data/README.md"
_COUNTRIES: Final[Among] = {"iso3": ((*COUNTRIES, *COMPARISON_COUNTRIES), "a known ISO 3166 alpha-3 code")}


_OF: Final[Mapping[str, tuple[str, str]]] = {
    "cpi": ("Transparency International, Corruption Perceptions Index 2012-2022", "CC BY-ND 4.0 (from memory)"),
    "wgi": ("World Bank, Worldwide Governance Indicators, 2023 update", "CC BY 4.0"),
    "vdem": ("Varieties of Democracy, dataset v15", "CC BY-SA 4.0 (from memory)"),
    "opium": ("UNODC, Afghanistan opium surveys", "cite UNODC"),
    "seizures": ("UNODC, Individual Drug Seizures 2011-2016 (partial, voluntary reports)", "cite UNODC"),
    "homicide": ("UNODC homicide statistics, by way of the World Bank and Our World in Data", "CC BY 4.0"),
    "population": ("World Bank, SP.POP.TOTL", "CC BY 4.0"),
    "gdelt_totals": ("GDELT 1.0, all events by place of action", "open with citation"),
}
"""Citation and licence of each table."""
NAMES = tuple(_OF)
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
    if name not in _OF:
        raise MissingDataError(f"There is no table '{name}'; the bundled tables are {', '.join(NAMES)} ({_CODEBOOK}).")
    return read_bundled(f"{name}.csv", path, _COUNTRIES).table(f"governance/{name}", *_OF[name])


def trim_vdem(folder: Path) -> pd.DataFrame:
    """Return the table ``vdem`` as it is bundled, from V-Dem's file: nine countries, 2010-2022.

    Raises
    ------
    MissingDataError
        If the file is not there.
    DataError
        If it breaks its format.
    """
    frame = read_provided(folder, VDEM_FILE, _COUNTRIES).frame.rename(columns=dict(VDEM_COLUMNS))
    place = {iso3: position for position, iso3 in enumerate([*COUNTRIES, *COMPARISON_COUNTRIES])}
    order = frame["iso3"].map(place).rename("place")
    return (
        frame[frame["year"].le(2022)]
        .assign(place=order)
        .sort_values(["place", "year"], ignore_index=True)
        .drop(columns="place")
    )
