"""Dated shocks of the study window, one row a shock and country that it hit, bundled with the package."""

from pathlib import Path

from northroute.conventions import COUNTRIES
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.reading import read_csv, refuse_where
from northroute.sources.schemas import schema
from northroute.sources.table import Table


def load(path: Path | None = None) -> Table:
    """Return the shocks: ``shock, iso3, month, first_day, description, source``.

    Raises
    ------
    DataError
        If the file breaks its format, has a month or day that the calendar lacks, or a day outside its month.
    """
    file = path or resource("data/reference/shocks.csv")
    frame = read_csv(file, schema("shocks", {"iso3": (COUNTRIES, "one of the five countries")}))
    apart = frame["first_day"].str[:7] != frame["month"]
    refuse_where(
        apart,
        lambda row: f"the day {frame['first_day'][row]} is not in the month {frame['month'][row]}",
        file=file,
        column="first_day",
    )
    return Table("shocks", frame, ("shock", "iso3"), False, {file.name: file_sha256(file)}, "see its sources", "facts")
