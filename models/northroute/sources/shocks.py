"""Dated shocks of the study window, one row a shock and country that it hit, bundled with the package."""

from pathlib import Path

from northroute.conventions import COUNTRIES
from northroute.sources.rows import read_bundled
from northroute.sources.table import Table


def load(path: Path | None = None) -> Table:
    """Return the shocks: ``shock, iso3, month, first_day, description, source``.

    Raises
    ------
    DataError
        If the file breaks its format, has a month or day that the calendar lacks, or a day outside its month.
    """
    rows = read_bundled("shocks.csv", path, {"iso3": (COUNTRIES, "one of the five countries")})
    apart = rows.frame["first_day"].str[:7] != rows.frame["month"]
    rows.refuse(apart, "first_day", "the day {first_day} is not in the month {month}")
    return rows.table("shocks", "see its sources", "facts")
