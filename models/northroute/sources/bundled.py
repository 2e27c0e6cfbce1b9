"""The tables in data/reference that are trimmed from the providers' own files, and the script that trims them.

A table is added by a line in :data:`TABLES`. Its ``trim`` takes the folder that holds the providers' folders and returns
the table as it is to be bundled: columns in order, rows sorted by the key, numbers rounded. It finds the provider's
file by :func:`northroute.sources.rows.provider_file`, which raises MissingDataError where the folder has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from northroute.errors import DataError, MissingDataError
from northroute.progress import Progress, quiet
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import (
    annual_seizures,
    boundaries,
    crime_index,
    governance,
    kg_regions,
    mlp,
    offences,
    placed_seizures,
    region_population,
    regions,
    uz_regions,
)
from northroute.sources.table import Table

Outcome = Literal["written", "unchanged", "not there"]
LARGEST: Final = 300_000
"""Bytes that one bundled table may have."""


@dataclass(frozen=True)
class Built:
    """What became of a bundled table: ``written``, ``unchanged``, or ``not there`` and why (``note``)."""

    file: str
    outcome: Outcome
    rows: int = 0
    note: str = ""


Read = Callable[[Path | None], Table]
Trim = Callable[[Path], pd.DataFrame | str]
TABLES: Final[Mapping[str, tuple[str, Read, Trim | None]]] = {
    "offences": (offences.FILE, offences.load, offences.trim),
    "region_population": (region_population.FILE, region_population.load, region_population.trim),
    "kg_regions": (kg_regions.FILE, kg_regions.load, kg_regions.trim),
    "uz_regions": (uz_regions.FILE, uz_regions.load, uz_regions.trim),
    "placed_seizures": (placed_seizures.BUNDLED, placed_seizures.load, placed_seizures.trim),
    "annual_seizures": (annual_seizures.BUNDLED, annual_seizures.load, annual_seizures.trim),
    "crime_index": (crime_index.BUNDLED, crime_index.load, crime_index.trim),
    "regions": ("regions.csv", partial(regions.load, "first-level"), None),
    **{name: (f"{name}.csv", partial(governance.load, name), None) for name in governance.NAMES},
    "vdem": ("vdem.csv", partial(governance.load, "vdem"), governance.trim_vdem),
    # one line a table
}
"""Name of a table: its file in data/reference, what reads it, and what makes it from the folder of the providers' files."""
BUNDLE: Final[Mapping[str, Trim]] = {
    **{file: trim for file, _, trim in TABLES.values() if trim},
    mlp.BUNDLED: mlp.trim,
    "boundaries.geojson": boundaries.trim,
}
"""By name in data/reference: what makes the table, or the text of the outlines, from the folder of the providers' files."""


def trimmed(file: str, source: Path) -> str:
    """Return a bundled table as it is written: comma-separated, a line feed at each end, the shortest exact decimals.

    Parameters
    ----------
    file : str
        Of :data:`BUNDLE`.
    source : Path
        Folder that holds one folder a provider.

    Raises
    ------
    MissingDataError
        If the provider's files are not there.
    DataError
        If they are not as expected.
    """
    made = BUNDLE[file](source)
    return made if isinstance(made, str) else csv_text(made)


def build(source: Path, to: Path | None = None, progress: Progress = quiet) -> tuple[Built, ...]:
    """Write every bundled table whose provider's files are in a folder.

    Parameters
    ----------
    source : Path
        Folder that holds one folder a provider.
    to : Path, optional
        Where the tables go; data/reference if absent.
    progress : callable
        Told each table and the share done.

    Returns
    -------
    tuple of Built
        One a table, in the order of :data:`BUNDLE`.

    Raises
    ------
    MissingDataError
        If ``source`` is no folder.
    DataError
        If a provider's file is not as expected, or a table is larger than :data:`LARGEST`. No table is then written.
    """
    if not source.is_dir():
        raise MissingDataError(f"'{source}' is not a folder; name the one that holds a folder for each provider.")
    folder = to or resource("data/reference")
    built, texts = [], {}
    for n, file in enumerate(BUNDLE):
        progress(file, n / len(BUNDLE))
        try:
            text = trimmed(file, source)
        except MissingDataError as absent:
            built.append(Built(file, "not there", note=str(absent)))
            continue
        target, size = folder / file, len(text.encode())
        if size > LARGEST:
            remedy = f"Trim it further: a bundled table has at most {LARGEST:,} bytes."
            raise DataError(f"the table would have {size:,} bytes", file=target, remedy=remedy)
        same = target.is_file() and target.read_bytes() == text.encode()
        if not same:
            texts[target] = text
        # one line of a table is its header; the outlines lie between two
        rows = text.count("\n") - (1 if file.endswith(".csv") else 2)
        built.append(Built(file, "unchanged" if same else "written", rows))
    for target, text in texts.items():
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return tuple(built)
