"""Where a provider's own files lie inside a folder of real data."""

from pathlib import Path

from northroute.errors import MissingDataError


def provider_file(folder: Path, provider: str, name: str) -> Path:
    """Return the path of a provider's file, such as ``folder/uz_regions_crime_density/uz_region_year.csv``.

    Raises
    ------
    MissingDataError
        If the folder has no files of that provider, or not this one: :func:`northroute.sources.bundled.build` then
        leaves the table as it is and says so.
    """
    path = folder / provider / name
    if not path.is_file():
        raise MissingDataError(f"'{folder}' has no {provider}/{name}; put the provider's file there.")
    return path
