"""A table with the file that it was read from: what its rows owe each other is refused by line, column and remedy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from northroute.errors import DataError, MissingDataError
from northroute.files import check_regular
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.reading import RESTORE, and_more, first_true, line_of, read_csv, shown
from northroute.sources.schemas import Among, schema
from northroute.sources.table import Table

REBUILD: Final = "Restore the file from the repository, or rebuild it: northroute data build --from DIR."


@dataclass(frozen=True)
class Rows:
    """The rows of a file.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a line, in the order of the file; its index is the position.
    file : Path
        Named in errors.
    key : tuple of str
        Columns that identify a row.
    remedy : str
        What an error says unless it knows better.
    """

    frame: pd.DataFrame
    file: Path
    key: tuple[str, ...] = ()
    remedy: str = RESTORE

    def refuse(
        self,
        bad: "pd.Series[bool]",
        column: str | None,
        what: str,
        remedy: str | None = None,
        more: "Mapping[str, pd.Series[Any]] | None" = None,
    ) -> None:
        """Refuse the file by the first row for which ``bad`` is true, if there is one.

        Parameters
        ----------
        bad : pandas.Series of bool
            One a row.
        column : str, optional
            Named in the error, as are the row's line and how many more such rows there are.
        what : str
            What is wrong, as a format of the row's cells such as ``'{region}' is not a region of {iso3}``.
        remedy : str, optional
        more : mapping of str to pandas.Series, optional
            What the format names beside the cells.

        Raises
        ------
        DataError
        """
        if bad.any():
            row = first_true(bad)
            cells = {str(name): values.iloc[row] for name, values in (*self.frame.items(), *(more or {}).items())}
            told = what.format_map({name: shown(v) if isinstance(v, str) else v for name, v in cells.items()})
            raise self.fault(told + and_more(int(bad.sum()), "row"), column, row, remedy)

    def require(self, due: Iterable[tuple[Any, ...]], column: str, what: str) -> None:
        """Refuse the file if it lacks a row, or every row of what the key's first column names.

        Parameters
        ----------
        due : iterable of tuple
            Keys that must be there.
        column : str
            Named in the error.
        what : str
            What is wrong, as a format of the key's columns.

        Raises
        ------
        DataError
        """
        there = set(zip(*(self.frame[name] for name in self.key), strict=True))
        for key in due:
            if key not in there:
                first, named = self.key[0], dict(zip(self.key, key, strict=True))
                if not (self.frame[first] == key[0]).any():
                    column, what = first, f"the {first} is missing"
                raise self.fault(what.format_map(named), column, str(key[0]), f"Restore its lines. {self.remedy}")

    def fault(
        self, what: str, column: str | None, row: int | str | None = None, remedy: str | None = None
    ) -> DataError:
        """Return the error of a row, by its position or in words."""
        place = line_of(self.file, row) if isinstance(row, int) else row
        return DataError(what, file=self.file, row=place, column=column, remedy=remedy or self.remedy)

    def table(self, name: str, citation: str, licence: str, frame: pd.DataFrame | None = None) -> Table:
        """Return the rows, or what was made of them, as a table of the file."""
        made = self.frame if frame is None else frame
        return Table(name, made, self.key, False, {self.file.name: file_sha256(self.file)}, citation, licence)


def read_bundled(file: str, path: Path | None = None, among: Among | None = None, remedy: str = RESTORE) -> Rows:
    """Read a table of data/reference, or a file of the same format in its place.

    Parameters
    ----------
    file : str
        Such as ``uz_regions.csv``; the code book has its columns.
    path : Path, optional
        The file in its place.
    among, remedy : mapping, str
        As in :func:`northroute.sources.schemas.schema`, :class:`Rows`.

    Raises
    ------
    DataError
        If the file breaks its format.
    """
    where = path or resource(f"data/reference/{file}")
    known = schema(file.removesuffix(".csv"), among)
    return Rows(read_csv(where, known), where, tuple(known.unique or ()), remedy)


def read_provided(
    folder: Path, place: tuple[str, str], among: Among | None = None, *, extra: bool = True, repeats: bool = False
) -> Rows:
    """Read a provider's file, such as ``("uz_regions_crime_density", "uz_region_year.csv")``, in a folder of real data.

    Raises
    ------
    MissingDataError
        If the file is not there.
    DataError
        If it breaks its format.
    """
    path = provider_file(folder, *place)
    frame = read_csv(path, schema("/".join(place).removesuffix(".csv"), among), extra=extra, repeats=repeats)
    return Rows(frame, path)


def provider_file(folder: Path, provider: str, name: str) -> Path:
    """Return the path of a provider's file, such as ``folder/uz_regions_crime_density/uz_region_year.csv``.

    Raises
    ------
    MissingDataError
        If the folder has no files of that provider, or not this one: :func:`northroute.sources.bundled.build` then
        leaves the table as it is and says so.
    DataError
        If something else stands in the file's place: a folder, a pipe, a link to nothing.
    """
    path = folder / provider / name
    if path.parent.exists() and not path.parent.is_dir():
        remedy = f"Put {name} into a folder there."
        raise DataError("a file, not the provider's folder", file=path.parent, remedy=remedy)
    if not (path.exists() or path.is_symlink()):
        raise MissingDataError(f"'{folder}' has no {provider}/{name}; put the provider's file there.")
    check_regular(path)
    return path
