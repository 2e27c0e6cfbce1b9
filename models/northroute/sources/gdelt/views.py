"""The extract as DuckDB views with the columns that rules and joins use, the same for both versions of the files."""

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from northroute.sources.gdelt.extract import Extract
from northroute.sources.gdelt.formats import COUNTS_1, EVENTS_1, GKG_2, Layout, TableName
from northroute.sources.gdelt.read import schema

MEMORY: Final = "700MB"
"""What DuckDB may hold; beyond it, it spills to disk."""
_EVENTS: Final = """
    SELECT GLOBALEVENTID, SQLDATE, DATEADDED * (CASE WHEN DATEADDED < 100000000 THEN 1000000 ELSE 1 END) AS DATEADDED,
        Actor1Code, Actor2Code,
        Actor1Type1Code, Actor1Type2Code, Actor1Type3Code, Actor2Type1Code, Actor2Type2Code, Actor2Type3Code,
        EventCode, EventBaseCode, EventRootCode, NumMentions, NumSources, NumArticles,
        ActionGeo_Type, ActionGeo_FullName, ActionGeo_CountryCode, ActionGeo_ADM1Code, SOURCEURL, FileName, Line
    FROM {source}
"""
_GKG_1: Final = """
    SELECT FileName || ':' || Line AS GKGRECORDID, DATE * 1000000 AS DATE, coalesce(NUMARTS, 1) AS Articles,
        string_split(SOURCEURLS, '<UDIV>') AS Addresses, Addresses[1] AS DocumentIdentifier, CAMEOEVENTIDS AS Events,
        COUNTS AS Counts, THEMES AS Themes, LOCATIONS AS Locations, FileName, Line
    FROM {source}
"""
_GKG_2: Final = """
    SELECT GKGRECORDID, DATE, 1 AS Articles, [DocumentIdentifier] AS Addresses, DocumentIdentifier, '' AS Events,
        Counts, Themes, Locations, FileName, Line
    FROM {source}
"""
_COUNTS: Final = """
    SELECT FileName || ':' || Line AS CountID, DATE * 1000000 AS DATE, coalesce(NUMARTS, 1) AS Articles, COUNTTYPE, NUMBER,
        OBJECTTYPE, GEO_TYPE, GEO_FULLNAME, GEO_COUNTRYCODE, GEO_ADM1CODE, CAMEOEVENTIDS AS Events,
        string_split(SOURCEURLS, '<UDIV>') AS Addresses, Addresses[1] AS Address, FileName, Line
    FROM {source}
"""
_EMPTY: Final[Mapping[TableName, Layout]] = {"events": EVENTS_1, "gkg": GKG_2, "counts": COUNTS_1}
"""Layout of a table without an extract."""


def connect(extracts: Mapping[TableName, Extract], scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory with the views ``events``, ``gkg`` and ``counts``; a table without an extract is empty.

    Parameters
    ----------
    extracts : mapping of table to Extract
    scratch : Path, optional
        Where DuckDB may spill.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": False,
        "TimeZone": "UTC",
    }
    if scratch:
        settings["temp_directory"] = str(scratch)
    connection = duckdb.connect(":memory:", config=settings)
    for table in _EMPTY:
        connection.execute(f"CREATE VIEW {table} AS {_select(connection, table, extracts.get(table))}")
    return connection


def _select(connection: duckdb.DuckDBPyConnection, table: TableName, extract: Extract | None) -> str:
    if extract is None:
        source, second = f"no_{table}", True
        connection.register(source, schema(_EMPTY[table]).empty_table())
    else:
        # each by its name, brackets and all: a part that is gone is an error, and not a month without rows
        parts = ", ".join("'" + glob.escape(str(part)).replace("'", "''") + "'" for part in extract.parts)
        source = f"read_parquet([{parts}], hive_partitioning = false)"
        second = extract.version == 2
    if table == "gkg":
        return (_GKG_2 if second else _GKG_1).format(source=source)
    return (_EVENTS if table == "events" else _COUNTS).format(source=source)
