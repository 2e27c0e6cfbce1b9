"""The tables in data/reference that are trimmed from the providers' own files, and the script that trims them.

A table is added by a line in :data:`BUNDLE`. Its ``trim`` takes the folder that holds the providers' folders and returns
the table as it is to be bundled: columns in order, rows sorted by the key, numbers rounded. It finds the provider's
file by :func:`northroute.sources.provider.provider_file`, which raises MissingDataError where the folder has none.
"""

from collections.abc import Callable
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
class Bundled:
    """A bundled table.

    Attributes
    ----------
    file : str
        Name in data/reference, such as ``uz_regions.csv``.
    trim : callable
        Takes the folder of the providers' files, returns the table exactly as it is bundled (the outlines: the text of
        the file, an item a line between its first and last); raises MissingDataError where the provider's files are not
        there, and DataError where they are not as expected.
    """

    file: str
    trim: Callable[[Path], pd.DataFrame | str]


@dataclass(frozen=True)
class Built:
    """What became of a bundled table: ``written``, ``unchanged``, or ``not there`` and why (``note``)."""

    file: str
    outcome: Outcome
    rows: int = 0
    note: str = ""


BUNDLE: Final[tuple[Bundled, ...]] = (
    Bundled(offences.FILE, offences.trim),
    Bundled(kg_regions.FILE, kg_regions.trim),
    Bundled(uz_regions.FILE, uz_regions.trim),
    Bundled(region_population.FILE, region_population.trim),
    Bundled(mlp.BUNDLED, mlp.trim),
    Bundled(placed_seizures.BUNDLED, placed_seizures.trim),
    Bundled(annual_seizures.BUNDLED, annual_seizures.trim),
    Bundled(crime_index.BUNDLED, crime_index.trim),
    Bundled("vdem.csv", governance.trim_vdem),
    Bundled("boundaries.geojson", boundaries.trim),
    # one line a table
)


def text_of(frame: pd.DataFrame | str) -> str:
    """Return a table as it is written: comma-separated, a line feed at each end, the shortest decimals that are exact.

    What a provider's module has made text of already (the outlines) stays as it is.
    """
    if isinstance(frame, str):
        return frame
    return csv_text(frame)


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
    made = [_made(source, folder / item.file, item, progress, n / len(BUNDLE)) for n, item in enumerate(BUNDLE)]
    for built, text in made:
        if built.outcome == "written":
            folder.mkdir(parents=True, exist_ok=True)
            (folder / built.file).write_text(text, encoding="utf-8", newline="\n")
    return tuple(built for built, _ in made)


def _made(source: Path, target: Path, item: Bundled, progress: Progress, share: float) -> tuple[Built, str]:
    progress(item.file, share)
    try:
        frame = item.trim(source)
    except MissingDataError as absent:
        return Built(item.file, "not there", note=str(absent)), ""
    text = text_of(frame)
    size = len(text.encode())
    if size > LARGEST:
        remedy = f"Trim it further: a bundled table has at most {LARGEST:,} bytes."
        raise DataError(f"the table would have {size:,} bytes", file=target, remedy=remedy)
    same = target.is_file() and target.read_bytes() == text.encode()
    rows = len(frame) if isinstance(frame, pd.DataFrame) else text.count("\n") - 2
    return Built(item.file, "unchanged" if same else "written", rows), text
