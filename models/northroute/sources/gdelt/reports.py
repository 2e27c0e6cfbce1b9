"""From the extract to reports: the rows that a construct's rule selects, with their place, flags and keys, in DuckDB.

A report is an event row, a GKG record at its best place, or a counts row. Flags (lethal, arms, terror, drug, kinds, drug
types) come from the row itself, and from every GKG record and counts row that shares its address or names its event.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import duckdb

from northroute.sources.gdelt import places
from northroute.sources.gdelt.codebook import Codebook, Condition, Variant
from northroute.sources.gdelt.formats import TableName
from northroute.sources.gdelt.places import Gazetteer
from northroute.sources.gdelt.sql import expression, labels, within

_EVENTS: Final = """
    'e' || GLOBALEVENTID AS report, GLOBALEVENTID AS event_id, SQLDATE AS dated, DATEADDED AS slot,
    coalesce(ActionGeo_Type, 0) AS geo_type, ActionGeo_FullName AS place, ActionGeo_CountryCode AS fips,
    ActionGeo_ADM1Code AS adm1, Actor1Code || '>' || Actor2Code AS actors, EventCode AS code,
    coalesce(NumMentions, 1) AS mentions, greatest(coalesce(NumArticles, 1), 1) AS articles,
    greatest(coalesce(NumSources, 1), 1) AS sources, SOURCEURL AS address, FileName, Line"""
_COUNTS: Final = """
    'c' || CountID AS report, NULL::BIGINT AS event_id, DATE // 1000000 AS dated, DATE AS slot,
    coalesce(GEO_TYPE, 0) AS geo_type, GEO_FULLNAME AS place, GEO_COUNTRYCODE AS fips, GEO_ADM1CODE AS adm1,
    '' AS actors, COUNTTYPE AS code, Articles AS mentions, greatest(Articles, 1) AS articles,
    greatest(Articles, 1) AS sources, Address AS address, FileName, Line"""
_GKG: Final = """
    'g' || GKGRECORDID AS report, NULL::BIGINT AS event_id, DATE // 1000000 AS dated, DATE AS slot,
    spot.geo_type, spot.place, spot.fips, spot.adm1, '' AS actors, '' AS code, Articles AS mentions,
    greatest(Articles, 1) AS articles, greatest(Articles, 1) AS sources, DocumentIdentifier AS address, FileName, Line"""
_SPOTS: Final = """
    SELECT GKGRECORDID, FileName, Line, arg_min(
        {{'geo_type': coalesce(try_cast(parts[1] AS BIGINT), 0), 'place': parts[2], 'fips': parts[3], 'adm1': parts[4]}},
        i + CASE WHEN parts[1] IN ('3', '4', '5') AND parts[4] <> parts[3] THEN 0 ELSE 1000000 END) AS spot
    FROM (
        SELECT GKGRECORDID, FileName, Line, string_split(block, '#') AS parts, i FROM (
            SELECT GKGRECORDID, FileName, Line, unnest(string_split(Locations, ';')) AS block,
                generate_subscripts(string_split(Locations, ';'), 1) AS i
            FROM gkg_hits)
    ) WHERE len(parts) >= 4 AND parts[3] IN ({codes}) GROUP BY ALL"""


def gather(
    connection: duckdb.DuckDBPyConnection,
    book: Codebook,
    variants: Sequence[Variant],
    countries: Sequence[str],
    gazetteer: Gazetteer,
) -> dict[str, int]:
    """Create the tables ``selected`` (every row that a rule selects) and ``places``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        From :func:`northroute.sources.gdelt.views.connect`.
    book : Codebook
    variants : sequence of Variant
        At most one a construct.
    countries : sequence of str
        FIPS codes.
    gazetteer : Gazetteer

    Returns
    -------
    dict of str to int
        Rows of each table in the countries.
    """
    rows = {}
    parts = []
    for table in ("events", "gkg", "counts"):
        rows[table] = _one(connection, f"SELECT count(*) FROM {table}")
        chosen = [v for v in variants if v.table == table]
        if chosen:
            _hits(connection, book, table, chosen, countries)
            parts += [_reports(table, v, book) for v in chosen]
    if any(v.table == "gkg" for v in variants):
        codes = ", ".join(f"'{c}'" for c in countries)
        connection.execute(f"CREATE TEMP TABLE spots AS {_SPOTS.format(codes=codes)}")
    connection.execute(f"CREATE TEMP TABLE selected AS {' UNION ALL BY NAME '.join(parts)}")
    _places(connection, gazetteer)
    return rows


def flags(connection: duckdb.DuckDBPyConnection, book: Codebook) -> None:
    """Create ``flagged``: the table ``reports`` with the flags of the records that share an address or name the event."""
    names = list(book.flags)
    any_of = ", ".join(f'bool_or("{n}") AS "{n}"' for n in names)
    connection.execute("CREATE TEMP TABLE told AS SELECT DISTINCT address FROM reports WHERE address <> ''")
    connection.execute("CREATE TEMP TABLE acted AS SELECT DISTINCT event_id FROM reports WHERE event_id IS NOT NULL")
    records = []
    for table in ("gkg", "counts"):
        own = labels(_of_table(book, table), table)
        records.append(
            f"SELECT address, {own} FROM (SELECT *, unnest(Addresses) AS address FROM {table}) "
            "WHERE address IN (SELECT address FROM told)"
        )
    quoted = ", ".join(f'"{n}"' for n in names)
    records.append(f"SELECT address, {quoted} FROM reports WHERE address <> '' AND event_id IS NOT NULL")
    connection.execute(
        f"CREATE TEMP TABLE by_address AS SELECT address, {any_of} FROM ({' UNION ALL '.join(records)}) GROUP BY address"
    )
    records = [
        f"SELECT event_id, {labels(_of_table(book, table), table)} FROM (SELECT *, "
        f"try_cast(unnest(string_split(Events, ',')) AS BIGINT) AS event_id FROM {table} WHERE Events <> '') "
        "WHERE event_id IN (SELECT event_id FROM acted)"
        for table in ("gkg", "counts")
    ]
    connection.execute(
        f"CREATE TEMP TABLE by_event AS SELECT event_id, {any_of} FROM ({' UNION ALL '.join(records)}) GROUP BY event_id"
    )
    joined = ", ".join(f'(r."{n}" OR coalesce(a."{n}", false) OR coalesce(e."{n}", false)) AS "{n}"' for n in names)
    connection.execute(
        f"CREATE TEMP TABLE flagged AS SELECT r.* REPLACE ({joined}) FROM reports r "
        "LEFT JOIN by_address a USING (address) LEFT JOIN by_event e ON r.event_id = e.event_id"
    )


def _of_table(book: Codebook, table: TableName) -> dict[str, Condition]:
    never = Condition("any", parts=())
    return {name: tables.get(table, never) for name, tables in book.flags.items()}


def _hits(
    connection: duckdb.DuckDBPyConnection,
    book: Codebook,
    table: TableName,
    variants: Sequence[Variant],
    countries: Sequence[str],
) -> None:
    chosen = {v.construct: v.where for v in variants}
    any_of = " OR ".join(expression(c, table).sql(dialect="duckdb") for c in chosen.values())
    inside = within(table, countries).sql(dialect="duckdb")
    connection.execute(
        f"CREATE TEMP TABLE {table}_hits AS SELECT *, {labels(chosen, table)}, {labels(_of_table(book, table), table)} "
        f"FROM {table} WHERE {inside} AND ({any_of})"
    )


def _reports(table: TableName, variant: Variant, book: Codebook) -> str:
    names = ", ".join(f'"{n}"' for n in book.flags)
    columns = {"events": _EVENTS, "gkg": _GKG, "counts": _COUNTS}[table]
    source = f"{table}_hits" + (" JOIN spots USING (GKGRECORDID, FileName, Line)" if table == "gkg" else "")
    return f"SELECT '{variant.construct}' AS construct, {columns}, {names} FROM {source} WHERE \"{variant.construct}\""


def _places(connection: duckdb.DuckDBPyConnection, gazetteer: Gazetteer) -> None:
    found = connection.execute(
        """SELECT DISTINCT geo_type, place, fips, adm1 FROM selected UNION
        SELECT DISTINCT coalesce(ActionGeo_Type, 0), ActionGeo_FullName, ActionGeo_CountryCode, ActionGeo_ADM1Code
        FROM events"""
    ).df()
    resolved = found.join(places.resolve(found, gazetteer))
    connection.register("resolved", resolved)
    connection.execute(
        """CREATE TEMP TABLE places AS SELECT geo_type::BIGINT AS geo_type, place::VARCHAR AS place, fips::VARCHAR AS fips,
        adm1::VARCHAR AS adm1, region::VARCHAR AS region, country::VARCHAR AS country, status::VARCHAR AS status
        FROM resolved"""
    )
    connection.unregister("resolved")


def _one(connection: duckdb.DuckDBPyConnection, text: str) -> int:
    row = connection.execute(text).fetchone()
    return int(row[0]) if row else 0


def used_tables(variants: Mapping[str, Variant]) -> tuple[TableName, ...]:
    """Return the tables that variants need, each once."""
    return tuple(dict.fromkeys(v.table for v in variants.values()))
