"""The tables in data/reference that are trimmed from the providers' own files, and the script that trims them.

A table is added by a line in :data:`BUNDLE`. Its ``trim`` takes the folder that holds the providers' folders and returns
the table as it is to be bundled: columns in order, rows sorted by the key, numbers rounded. It finds the provider's
file by :func:`northroute.sources.rows.provider_file`, which raises MissingDataError where the folder has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    uz_regions,
)

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


BUNDLE: Final[Mapping[str, Callable[[Path], pd.DataFrame | str]]] = {
    offences.FILE: offences.trim,
    kg_regions.FILE: kg_regions.trim,
    uz_regions.FILE: uz_regions.trim,
    region_population.FILE: region_population.trim,
    mlp.BUNDLED: mlp.trim,
    placed_seizures.BUNDLED: placed_seizures.trim,
    annual_seizures.BUNDLED: annual_seizures.trim,
    crime_index.BUNDLED: crime_index.trim,
    "vdem.csv": governance.trim_vdem,
    "boundaries.geojson": boundaries.trim,
    # one line a table
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
