"""Where a provider's own files lie inside a folder of real data."""

from pathlib import Path

from northroute.errors import DataError, MissingDataError
from northroute.files import check_regular


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
        raise DataError(
            "a file, not the provider's folder", file=path.parent, remedy=f"Put {name} into a folder there."
        )
    if path.exists() or path.is_symlink():
        check_regular(path)
    else:
        raise MissingDataError(f"'{folder}' has no {provider}/{name}; put the provider's file there.")
    return path
