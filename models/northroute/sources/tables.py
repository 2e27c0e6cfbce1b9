"""Every table that the answers read: the bundled ones, or a folder's newer or fuller files of the same providers."""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from northroute.errors import DataError, MissingDataError
from northroute.provenance import value_hash
from northroute.resources import resource
from northroute.sources import bundled, mlp
from northroute.sources.table import Table

ARTICLES: Final = "article_counts"
READERS: Final = {name: (file, read) for name, (file, read, _) in bundled.TABLES.items()}
"""Name of a table: its file in data/reference, and what reads it. Article counts are read apart, country by country."""


@dataclass(frozen=True)
class Loaded:
    """All tables, and which of them a folder brought.

    Attributes
    ----------
    tables : mapping of str to Table
        By the names of :data:`READERS`, and :data:`ARTICLES`.
    replaced : tuple of str
        Bundled files in whose place a folder's files stand.
    notices : tuple of str
        Of those, which lack rows that the bundled table has: a file cut off looks like that, or an older one.
    """

    tables: Mapping[str, Table]
    replaced: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every file that was read."""
        return {name: sha for table in self.tables.values() for name, sha in table.files.items()}


def load(data: Path | None = None) -> Loaded:
    """Read every table.

    Parameters
    ----------
    data : Path, optional
        Folder of the providers' files. A table that can be trimmed from it and differs from the bundled one stands in the
        bundled one's place.

    Raises
    ------
    DataError
        If a table or a provider's file breaks its format.
    MissingDataError
        If the folder is not there, or holds nothing of any provider.
    """
    fresh = _trimmed(data) if data else {}
    articles = data if data and mlp.folder_of(data) else None
    if data and not (fresh or articles):
        raise MissingDataError(
            f"'{data}' holds no provider's files that northroute can read. See 'Real data' in README.md for the folders, or "
            "leave --data out: the bundled tables are then read."
        )
    found = {ARTICLES: mlp.load(articles, tuple(mlp.FILES))}
    replaced = [] if articles is None or fresh.get(mlp.BUNDLED) == _bundled(mlp.BUNDLED) else [mlp.BUNDLED]
    notices = [lacking(mlp.BUNDLED, found[ARTICLES], mlp.load(None, tuple(mlp.FILES)))] if replaced else []
    for name, (file, read) in READERS.items():
        text = fresh.get(file)
        if text is None or text == _bundled(file):
            found[name] = read(None)
            continue
        assert data is not None
        found[name] = given(name, text, data)
        replaced.append(file)
        notices.append(lacking(file, found[name], read(None)))
    return Loaded(found, tuple(replaced), tuple(filter(None, notices)))


def given(name: str, text: str, data: Path) -> Table:
    """Read a table whose text was trimmed from a folder's files.

    Parameters
    ----------
    name : str
        Of :data:`READERS`.
    text : str
    data : Path
        Named in errors and in the table's files.

    Raises
    ------
    DataError
        If the table breaks its format.
    """
    file, read = READERS[name]
    place = f"{file} trimmed from {data}"
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / file
        path.write_text(text, encoding="utf-8", newline="\n")
        try:
            return replace(read(path), files={place: value_hash(text)})
        except DataError as fault:
            if fault.file != str(path):
                raise
            # where it is from, not the file that it lies in for a moment
            remedy = "Restore the provider's file, or leave the folder out: the bundled tables are then read."
            raise DataError(fault.problem, file=place, row=fault.row, column=fault.column, remedy=remedy) from fault


def lacking(file: str, now: Table, before: Table) -> str:
    """Say how many rows of a bundled table have no counterpart in the one that replaces it; empty if all have."""
    keys = [_observed(table) for table in (before, now)]
    gone = len(keys[0].difference(keys[1]))
    if not gone:
        return ""
    return (
        f"{gone} of {len(keys[0])} rows of the bundled {file} are not in what replaces it: a provider's file is cut off, or "
        "older than the bundle. Fetch it anew, or leave it out."
    )


def _observed(table: Table) -> pd.MultiIndex:
    frame, key = table.frame, list(table.key)
    rows = frame.dropna(subset=[c for c in frame.columns if c not in key], how="all")
    return pd.MultiIndex.from_frame(rows[key].astype(str))


def _trimmed(data: Path) -> dict[str, str]:
    """Return the text of every table that the folder has the provider's files of."""
    if not data.is_dir():
        raise MissingDataError(f"'{data}' is not a folder; name the one that holds a folder for each provider.")
    found = {}
    for file in (mlp.BUNDLED, *(file for file, _ in READERS.values() if file in bundled.BUNDLE)):
        with suppress(MissingDataError):
            found[file] = bundled.trimmed(file, data)
    return found


def _bundled(file: str) -> str:
    return resource(f"data/reference/{file}").read_text(encoding="utf-8")
