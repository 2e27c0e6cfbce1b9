"""The notices that licences of bundled tables ask for, in data/licences; a notice that is gone is an error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from northroute.errors import DataError
from northroute.resources import resource

NOTICES: Final[Mapping[str, str]] = {
    "article_counts.csv": "machine_learning_for_peace.txt",
    "kg_regions.csv": "open_sdg_kyrgyzstan.txt",
    "region_population.csv": "open_sdg_kyrgyzstan.txt",
}
"""By bundled table: the file in data/licences that has to go with it. The other tables' licences ask for no notice."""
_WORDS: Final = ("Copyright (c)", "Permission is hereby granted", 'THE SOFTWARE IS PROVIDED "AS IS"')


def licence_of(table: str, folder: Path | None = None) -> Path | None:
    """Return the notice that goes with a bundled table, or None where its licence asks for none.

    Parameters
    ----------
    table : str
        Name in data/reference, such as ``kg_regions.csv``.
    folder : Path, optional
        Where the notices are; data/licences if absent.

    Raises
    ------
    DataError
        If the notice is gone or is not the whole notice: the table may then not be passed on.
    """
    if table not in NOTICES:
        return None
    path = (folder or resource("data/reference").parent / "licences") / NOTICES[table]
    remedy = f"Restore it from the repository: {table} may be passed on only with this notice."
    if not path.is_file():
        raise DataError("the licence file is gone", file=path, remedy=remedy)
    text = path.read_text(encoding="utf-8")
    for words in _WORDS:
        if words not in text:
            raise DataError(f"the notice lacks the words '{words}'", file=path, remedy=remedy)
    return path


def check(folder: Path | None = None) -> tuple[Path, ...]:
    """Return every notice, each once, after :func:`licence_of` has looked at it."""
    found = [licence_of(table, folder) for table in NOTICES]
    return tuple(dict.fromkeys(path for path in found if path is not None))
