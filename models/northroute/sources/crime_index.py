"""Items of the Global Organized Crime Index (GI-TOC), editions 2021, 2023 and 2025: expert scores from 1 to 10 in halves.

Only items that every edition has are kept, and no averages: the editions average over different sets. Scores of one country
come from the same experts and share a halo, so two items are not two measurements.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from northroute.conventions import COUNTRIES
from northroute.sources.rows import read_bundled, read_provided
from northroute.sources.schemas import Among
from northroute.sources.table import Table

FILE: Final = ("global_organized_crime_index", "oc_index_2021_2023_2025.csv")
BUNDLED: Final = "organised_crime_index.csv"
KEY: Final = ("iso3", "edition", "item")
EDITIONS: Final = (2021, 2023, 2025)
ACTORS_AND_MARKETS: Final[Mapping[str, str]] = {
    "state_embedded_actors": "State-embedded actors",
    "criminal_networks": "Criminal networks",
    "mafia_style_groups": "Mafia-style groups",
    "foreign_actors": "Foreign actors",
    "heroin_trade": "Heroin trade",
    "cocaine_trade": "Cocaine trade",
    "cannabis_trade": "Cannabis trade",
    "synthetic_drug_trade": "Synthetic drug trade",
    "arms_trafficking": "Arms trafficking",
}
"""Items of criminality and their names in the index: higher is worse."""
RESILIENCE: Final[Mapping[str, str]] = {
    "political_leadership": "Political leadership and governance",
    "government_transparency": "Government transparency and accountability",
    "judicial_system": "Judicial system and detention",
    "law_enforcement": "Law enforcement",
    "territorial_integrity": "Territorial integrity",
    "anti_money_laundering": "Anti-money laundering",
    "non_state_actors": "Non-state actors",
}
"""Items of resilience and their names in the index: higher is better."""
ITEMS: Final = (*ACTORS_AND_MARKETS, *RESILIENCE)
CITATION: Final = (
    "Global Initiative Against Transnational Organized Crime, Global Organized Crime Index 2021, 2023, 2025"
)
LICENCE: Final = "figures as published; the provider's terms were not seen; cite the index"

_COUNTRIES = [*COUNTRIES, "COL", "MEX"]
_EDITIONS: Final[Among] = {"edition": (EDITIONS, "an edition of 2021, 2023 or 2025")}


def load(path: Path | None = None) -> Table:
    """Read the scores: columns ``iso3``, ``edition``, ``item`` (of :data:`ITEMS`) and ``score``, 1 to 10 in halves.

    Raises
    ------
    DataError
        If the file breaks its format, repeats a key, gives a score that is not 1, 1.5, ... 10, or lacks a cell.
    """
    countries, items = (_COUNTRIES, "a country of this table"), (ITEMS, "a known item of the index")
    rows = read_bundled(BUNDLED, path, {**_EDITIONS, "iso3": countries, "item": items})
    frame = rows.frame
    between = (frame["score"] * 2) % 1 != 0
    rows.refuse(between, "score", "{score:g} is not a step of the scale 1, 1.5, ... 10")
    expected = pd.MultiIndex.from_product([_COUNTRIES, EDITIONS, ITEMS], names=list(KEY))
    absent = expected.difference(pd.MultiIndex.from_frame(frame[list(KEY)]), sort=False)
    if len(absent):
        first = ", ".join(str(v) for v in absent[0])
        raise rows.fault(f"no score of ({first}), {len(absent)} absent in all", "score")
    return rows.table("organised crime index", CITATION, LICENCE)


def trim(folder: Path) -> pd.DataFrame:
    """Return the table as it is bundled, from the provider's workbook as a CSV file.

    Raises
    ------
    MissingDataError
        If the file is not there.
    DataError
        If it breaks its format.
    """
    frame = read_provided(folder, FILE, _EDITIONS, extra=False).frame
    names = {name: item for item, name in {**ACTORS_AND_MARKETS, **RESILIENCE}.items()}
    frame = frame[frame["indicator"].isin(names) & frame["iso3"].isin(_COUNTRIES)]
    frame = frame.assign(item=frame["indicator"].map(names))
    order = {key: place for place, key in enumerate([*_COUNTRIES, *ITEMS])}
    frame = frame.sort_values(list(KEY), key=lambda column: column.map(lambda value: order.get(value, value)))
    return frame[[*KEY, "score"]].reset_index(drop=True)
