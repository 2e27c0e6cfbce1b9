"""The codebook's rules as SQL: one text a rule for DuckDB, and the same through sqlglot for BigQuery.

Only what both dialects share is used: IN lists, BETWEEN, LOWER, and RE2 regular expressions without a backslash. The
BigQuery text differs in the names of the function and the table, and has a partition filter that prunes whole days and
selects nothing by itself, so that a query scans only the days asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlglot import exp

from northroute.errors import DataError
from northroute.sources.gdelt.codebook import Condition, Dialect, Variant
from northroute.sources.gdelt.formats import CENTRAL_ASIA, TableName

BIGQUERY: Final[Mapping[str, str]] = {
    "events": "gdelt-bq.gdeltv2.events_partitioned",
    "gkg": "gdelt-bq.gdeltv2.gkg_partitioned",
}
"""Public tables of version 2; the counts files have none, use ``packed_counts`` on the GKG."""
PARTITION: Final = "_PARTITIONTIME"
_CODE_COLUMN: Final[Mapping[str, str]] = {
    "event_root": "EventRootCode",
    "event_base": "EventBaseCode",
    "event_code": "EventCode",
}
_LATE: Final = 3660
"""Days by which a row may be added after the day it is dated: ten years, the largest error of GDELT's relative dates."""


@dataclass(frozen=True)
class Columns:
    """What a table calls its key, its date and its address."""

    key: str
    date: str
    digits: int
    address: str


COLUMNS: Final[Mapping[TableName, Columns]] = {
    "events": Columns("GLOBALEVENTID", "SQLDATE", 8, "SOURCEURL"),
    "gkg": Columns("GKGRECORDID", "DATE", 14, "DocumentIdentifier"),
    "counts": Columns("CountID", "DATE", 14, "Address"),
}


def expression(condition: Condition, table: TableName) -> exp.Expr:
    """Return a condition as a Boolean expression over a table's columns."""
    match condition.test:
        case "all":
            return exp.and_(*(expression(p, table) for p in condition.parts))
        case "any" if not condition.parts:
            return exp.false()
        case "any":
            return exp.or_(*(expression(p, table) for p in condition.parts))
        case "not":
            # a missing text is NULL in BigQuery and empty here: 'not' must hold for both
            return exp.not_(exp.Coalesce(this=expression(condition.parts[0], table), expressions=[exp.false()]))
        case "event_root" | "event_base" | "event_code":
            return _in(_CODE_COLUMN[condition.test], condition.values)
        case "actor1_type" | "actor2_type":
            actor = condition.test[:6].capitalize()
            return exp.or_(*(_in(f"{actor}Type{i}Code", condition.values) for i in (1, 2, 3)))
        case "themes":
            return _matches(exp.column("Themes"), f"(^|;)({_alternatives(condition.values, '[^;]*')})(;|$)")
        case "count_types" if table == "counts":
            return _in("COUNTTYPE", condition.values)
        case "count_types":
            return _matches(exp.column("Counts"), f"(^|;)({'|'.join(condition.values)})#")
        case "objects" if table == "counts":
            return _matches(_lower("OBJECTTYPE"), _words(condition.values))
        case "objects":
            return _matches(_lower("Counts"), _counted(("[a-z0-9_]+",), condition.values))
        case "counted":
            return _matches(_lower("Counts"), _counted([v.lower() for v in condition.values], condition.objects))
        case "address_words":
            words = _alternatives(condition.values, "[a-z]*")
            pattern = f"^([a-z]+://[^/]*|[^/:]*)/(.*[^a-z])?({words})([^a-z]|$)"
            return _matches(_lower(COLUMNS[table].address), pattern)
    raise DataError(f"no test '{condition.test}'", file="the codebook", remedy="Read it with codebook.load.")


def within(table: TableName, countries: Sequence[str] = CENTRAL_ASIA) -> exp.Expr:
    """Return the condition that a row lies in one of the countries, by the country field."""
    if table == "gkg":
        return _matches(exp.column("Locations"), f"(^|;)[0-9]#[^#;]*#({'|'.join(countries)})#")
    return _in("ActionGeo_CountryCode" if table == "events" else "GEO_COUNTRYCODE", countries)


def query(
    variant: Variant,
    start: date,
    end: date,
    countries: Sequence[str] = CENTRAL_ASIA,
    dialect: Dialect = "duckdb",
) -> str:
    """Return the SQL text that selects a variant's reports.

    Parameters
    ----------
    variant : Variant
    start, end : date
        First and last day of the report's own date.
    countries : sequence of str
        FIPS codes.
    dialect : {"duckdb", "bigquery"}

    Returns
    -------
    str
        One statement; its columns are ``id``, ``day`` and ``address``.

    Raises
    ------
    DataError
        For a counts rule in BigQuery, which has no such table.
    """
    table, columns = variant.table, COLUMNS[variant.table]
    first, last = (f"{d:%Y%m%d}" for d in (start, end))
    if columns.digits == 14:
        first, last = f"{first}000000", f"{last}235959"
    dated = exp.Between(this=exp.column(columns.date), low=exp.Literal.number(first), high=exp.Literal.number(last))
    select = (
        exp.select(
            exp.alias_(exp.column(columns.key), "id"),
            exp.alias_(exp.column(columns.date), "day"),
            exp.alias_(exp.column(columns.address), "address"),
        )
        .from_(table)
        .where(dated, within(table, countries), expression(variant.where, table))
    )
    if dialect == "bigquery":
        if table not in BIGQUERY:
            raise DataError(
                f"the rule {variant.construct}.{variant.name} is on the counts files, which BigQuery lacks",
                file="the codebook",
                remedy=f"Use {variant.construct}.packed_counts, or run the rule on files.",
            )
        select = _in_bigquery(select, table, start, end)
    return select.sql(dialect=dialect, pretty=True)


def labels(conditions: Mapping[str, Condition], table: TableName) -> str:
    """Return a select list in DuckDB's dialect: one Boolean column a named condition."""
    columns = [exp.alias_(exp.paren(expression(c, table)), name, quoted=True) for name, c in conditions.items()]
    return ", ".join(c.sql(dialect="duckdb") for c in columns)


def _in_bigquery(select: exp.Select, table: TableName, start: date, end: date) -> exp.Select:
    last = end + timedelta(days=_LATE if table == "events" else 1)
    days = exp.Between(
        this=exp.column(PARTITION),
        low=exp.cast(exp.Literal.string(start.isoformat()), "TIMESTAMPTZ"),
        high=exp.cast(exp.Literal.string(last.isoformat()), "TIMESTAMPTZ"),
    )
    return select.from_(exp.to_table(BIGQUERY[table], dialect="bigquery")).where(days)


def _in(column: str, values: Sequence[str]) -> exp.Expr:
    return exp.column(column).isin(*values)


def _lower(column: str) -> exp.Expr:
    return exp.Lower(this=exp.column(column))


def _matches(text: exp.Expr, pattern: str) -> exp.Expr:
    return exp.RegexpLike(this=text, expression=exp.Literal.string(pattern))


def _alternatives(values: Sequence[str], ending: str) -> str:
    return "|".join(v.removesuffix("*") + ending if v.endswith("*") else v for v in values)


def _words(values: Sequence[str]) -> str:
    return f"(^|[^a-z])({_alternatives(values, '[a-z]*')})([^a-z]|$)"


def _counted(types: Sequence[str], objects: Sequence[str]) -> str:
    words = _alternatives(objects, "[a-z]*")
    return f"(^|;)({'|'.join(types)})#[^#;]*#([^#;]*[^a-z#;])?({words})([^a-z#;][^#;]*)?#"
