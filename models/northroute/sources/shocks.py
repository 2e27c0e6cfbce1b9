"""Dated shocks of the study window, one row a shock and country that it hit, bundled with the package."""

from pathlib import Path

import pandera.pandas as pa

from northroute.conventions import COUNTRIES
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.reading import read_csv
from northroute.sources.table import Table

_SCHEMA = pa.DataFrameSchema(
    {
        "shock": pa.Column(str, pa.Check.str_matches(r"^[a-z0-9_]+$")),
        "iso3": pa.Column(str, pa.Check.isin(list(COUNTRIES))),
        "month": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d{2}$")),
        "first_day": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d{2}-\d{2}$")),
        "description": pa.Column(str),
        "source": pa.Column(str),
    },
    unique=["shock", "iso3"],
)


def load(path: Path | None = None) -> Table:
    """Return the shocks: ``shock, iso3, month, first_day, description, source``.

    Raises
    ------
    DataError
        If the file breaks its format.
    """
    file = path or resource("data/reference/shocks.csv")
    frame = read_csv(file, _SCHEMA)
    return Table("shocks", frame, ("shock", "iso3"), False, {file.name: file_sha256(file)}, "see its sources", "facts")
