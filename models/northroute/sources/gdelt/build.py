"""From the extract to incidents: select, date, place, de-duplicate, join; with the flow of counts at every step."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import pandas as pd

from northroute.errors import DataError, SimulatedDataError
from northroute.progress import Progress, quiet
from northroute.sources.gdelt import codebook, places, reports, views
from northroute.sources.gdelt.codebook import DRUG_TYPES, KINDS, OTHER, Codebook, Variant
from northroute.sources.gdelt.coverage import Outages, covered
from northroute.sources.gdelt.dedupe import DEFAULT, MEANING, RULES, Rule
from northroute.sources.gdelt.extract import Extract
from northroute.sources.gdelt.formats import FIPS, TableName
from northroute.sources.gdelt.incident import Incidents
from northroute.sources.gdelt.places import Gazetteer

DateBasis = Literal["event", "added"]
DEFAULT_VARIANTS: Final[Mapping[str, str]] = {
    "state_violence": "cameo",
    "criminal_violence": "cameo",
    "drug_incident": "themes",
    "general_crime": "cameo",
    "corruption": "cameo",
}
WITHOUT_GKG: Final[Mapping[str, str]] = {**DEFAULT_VARIANTS, "drug_incident": "address"}
"""CAMEO has no code for drugs: without GKG files the words of the address decide."""
_FLAGS: Final = ("lethal", "arms", "terror", "drug", *KINDS, *DRUG_TYPES)
MAX_LAG: Final = 31
"""Days between a row's date and its file beyond which the date is taken for an error of GDELT's relative dates."""


@dataclass(frozen=True)
class Options:
    """What is chosen on the way from rows to incidents.

    Attributes
    ----------
    variants : mapping of construct to variant name
        Constructs to build; by default all five.
    rule : str
        See :data:`northroute.sources.gdelt.dedupe.RULES`.
    dated : {"event", "added"}
        Whether an incident's day is SQLDATE or the day of its file.
    max_lag : int
        Days, see :data:`MAX_LAG`.
    outages : {"missing", "kept"}
        See :func:`northroute.sources.gdelt.coverage.covered`.
    window : (date, date), optional
        First and last day; by default those of the files.
    """

    variants: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_VARIANTS))
    rule: Rule = DEFAULT
    dated: DateBasis = "event"
    max_lag: int = MAX_LAG
    outages: Outages = "missing"
    window: tuple[date, date] | None = None


def build_incidents(
    extracts: Mapping[TableName, Extract],
    options: Options | None = None,
    *,
    book: Codebook | None = None,
    gazetteer: Gazetteer | None = None,
    scratch: Path | None = None,
    progress: Progress = quiet,
) -> Incidents:
    """Build the incidents of an extract.

    Parameters
    ----------
    extracts : mapping of table to Extract
        From :func:`northroute.sources.gdelt.extract.extract`.
    options : Options, optional
        By default all constructs, drug incidents from GKG themes if there is an extract of the GKG, else from addresses.
    book : Codebook, optional
    gazetteer : Gazetteer, optional
    scratch : Path, optional
        Where DuckDB may spill.
    progress : Progress

    Raises
    ------
    DataError
        If a variant needs a table that was not extracted, nothing could be read, or a part of an extract is not what was
        written.
    SimulatedDataError
        If some extracts are simulated and others are not.
    """
    options = options or Options(DEFAULT_VARIANTS if "gkg" in extracts else WITHOUT_GKG)
    book = book or codebook.load()
    gazetteer = gazetteer or places.load()
    variants = {c: book.variant(c, name) for c, name in options.variants.items()}
    simulated = _mark(extracts)
    countries = _needed(extracts, variants)
    for one in extracts.values():
        one.require_whole()
    # the background comes from the events whatever the constructs come from
    used = [t for t in extracts if t == "events" or t in reports.used_tables(variants)]
    shares = covered((extracts[t] for t in used), options.window, options.outages)
    connection = views.connect(extracts, scratch)
    try:
        progress("selecting reports", 0.1)
        rows = reports.gather(connection, book, list(variants.values()), countries, gazetteer)
        flow = _reports(connection, variants, rows, extracts, options, shares)
        progress("joining records", 0.5)
        reports.flags(connection, book)
        progress("de-duplicating", 0.7)
        flow += _rules(connection)
        frame = _frame(connection, options.rule, simulated)
        progress("counting the background", 0.9)
        background = _background(connection, options, shares)
    finally:
        connection.close()
    located = frame[frame["region"].notna()].groupby("construct").size()
    flow += [(c, "with a region", int(located.get(c, 0))) for c in variants]
    order = {c: i for i, c in enumerate(variants)}
    table = pd.DataFrame(flow, columns=["construct", "step", "count"])
    table = table.iloc[table["construct"].map(order).argsort(kind="stable")].reset_index(drop=True)
    chosen = {
        **asdict(options),
        "variants": dict(options.variants),
        "window": [str(d.date()) for d in shares.index[[0, -1]]],
    }
    return Incidents(
        frame=frame,
        flow=table,
        placed=_placed(frame),
        background=background,
        covered=shares,
        countries=tuple(FIPS[c] for c in countries),
        simulated=simulated,
        origin={"codebook_version": book.version, "codebook_sha256": book.sha256, **chosen},
        files={
            "constructs.yaml": book.sha256,
            **gazetteer.files,
            **{f"GDELT {e.table}, {len(e.files)} files": e.sha256 for e in extracts.values()},
        },
    )


def _mark(extracts: Mapping[TableName, Extract]) -> bool:
    marks = {e.simulated for e in extracts.values()}
    if len(marks) != 1:
        raise SimulatedDataError(
            "Some extracts are SIMULATED and others are not, or there is none. Extract the tables of one archive together."
        )
    return marks.pop()


def _needed(extracts: Mapping[TableName, Extract], variants: Mapping[str, Variant]) -> tuple[str, ...]:
    for variant in variants.values():
        if variant.table not in extracts:
            name = f"{variant.construct}.{variant.name}"
            remedy = f"Fetch and extract {variant.table}, or choose another variant of {variant.construct}."
            raise DataError(f"{name} needs the table {variant.table}", file="the extract", remedy=remedy)
    countries = {e.countries for e in extracts.values()}
    if len(countries) > 1:
        raise DataError("tables of different countries", file="the extract", remedy="Extract the tables together.")
    return countries.pop()


def _reports(
    connection: duckdb.DuckDBPyConnection,
    variants: Mapping[str, Variant],
    rows: Mapping[str, int],
    extracts: Mapping[TableName, Extract],
    options: Options,
    shares: "pd.Series[float]",
) -> list[tuple[str, str, int]]:
    """Create ``reports``: distinct, plausibly dated, coherently placed; return the flow so far."""
    flow = []
    for construct, variant in variants.items():
        tally = extracts[variant.table].tally
        flow.append((construct, f"rows read ({variant.table})", tally.rows))
        flow.append((construct, "set aside: malformed", tally.aside))
        flow.append((construct, "in the countries", rows[variant.table]))
    day = "dated" if options.dated == "event" else "slot // 1000000"
    first, last = (f"{d:%Y%m%d}" for d in shares.index[[0, -1]])
    keys = ", ".join(f"md5_number({key}) AS {_key(rule)}" for rule, key in RULES.items())
    names = ", ".join(f'"{f}"' for f in _FLAGS)
    connection.execute(
        """CREATE TEMP TABLE firsts AS SELECT arg_min(rowid, (slot, FileName, Line)) AS row FROM selected
        GROUP BY construct, report"""
    )
    connection.execute(
        f"""CREATE TEMP TABLE staged AS
        WITH known AS (
            SELECT s.rowid AS row, s.*, p.region, p.country, p.status, {day} AS day,
                CASE WHEN address = '' THEN report ELSE address END AS story,
                s.fips || '|' || s.adm1 || '|' || s.place AS where_
            FROM selected s JOIN places p USING (geo_type, place, fips, adm1)
        )
        SELECT row, construct, report, event_id, day, country, region, status, place, address, md5_number(story) AS story,
            mentions, articles, sources, {names}, {keys}, row IN (SELECT row FROM firsts) AS first_one,
            abs(date_diff('day', try_strptime(dated::VARCHAR, '%Y%m%d'),
                try_strptime((slot // 1000000)::VARCHAR, '%Y%m%d'))) <= {options.max_lag} AS timely
        FROM known"""
    )
    connection.execute("DROP TABLE selected")
    tests = (
        ("selected by the rule", "true"),
        ("each event or record once", "first_one"),
        (f"dated within {options.max_lag} days of their file", "timely"),
        ("code and country agree", "status <> 'mismatch'"),
        ("in the window", f"day BETWEEN {first} AND {last}"),
    )
    condition = "true"
    conditions = []
    for _, test in tests:
        condition = f"{condition} AND {test}"
        conditions.append(condition)
    counts = ", ".join(f"count(*) FILTER ({c})" for c in conditions)
    found = {
        row[0]: row[1:]
        for row in connection.execute(f"SELECT construct, {counts} FROM staged GROUP BY construct").fetchall()
    }
    for construct in variants:
        numbers = found.get(construct, (0,) * len(tests))
        flow += [(construct, step, int(n)) for (step, _), n in zip(tests, numbers, strict=True)]
    connection.execute(f"CREATE TEMP VIEW reports AS SELECT * FROM staged WHERE {condition}")
    return flow


def _key(rule: Rule) -> str:
    """Column of a rule's key, a 128-bit digest: DuckDB's own hash is 64 bits and gives like texts the same value."""
    return f"key_{rule}"


def _rules(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    counts = ", ".join(f"count(DISTINCT {_key(rule)})" for rule in RULES)
    found = connection.execute(f"SELECT construct, {counts} FROM reports GROUP BY construct").fetchall()
    return [
        (construct, f"incidents under '{rule}': {MEANING[rule]}", int(n))
        for construct, *numbers in found
        for rule, n in zip(RULES, numbers, strict=True)
    ]


def _frame(connection: duckdb.DuckDBPyConnection, rule: Rule, simulated: bool) -> pd.DataFrame:
    any_of = ", ".join(f'bool_or("{f}") AS "{f}"' for f in _FLAGS)
    types = " ".join(f"WHEN \"{t}\" THEN '{t}'" for t in DRUG_TYPES)
    kinds = " ".join(f"WHEN \"{k}\" THEN '{k}'" for k in KINDS)
    key = _key(rule)
    frame = connection.execute(
        f"""WITH stories AS (
            SELECT construct, {key} AS key, max(articles) AS articles, max(sources) AS sources, count(*) AS reports,
                arg_min(row, (status <> 'region', -mentions, coalesce(event_id, 0), report)) AS best,
                min((status <> 'region', -mentions, coalesce(event_id, 0), report)) AS rank,
                list(report) AS ids, {any_of}
            FROM flagged GROUP BY construct, {key}, story
        ), incidents AS (
            SELECT construct, key, sum(articles)::BIGINT AS articles, sum(sources)::BIGINT AS sources,
                sum(reports)::BIGINT AS reports, arg_min(best, rank) AS row, flatten(list(ids)) AS ids, {any_of}
            FROM stories GROUP BY construct, key
        )
        SELECT report AS incident, strptime(day::VARCHAR, '%Y%m%d') AS date, country, region, place, construct,
            CASE WHEN construct <> 'drug_incident' THEN '' {kinds} ELSE '{OTHER}' END AS kind,
            lethal, arms, terror, (drug OR construct = 'drug_incident') AS drug,
            CASE WHEN NOT (drug OR construct = 'drug_incident') THEN '' {types} ELSE '{OTHER}' END AS drug_type,
            1::BIGINT AS incidents, articles, sources, reports, array_to_string(list_sort(ids), ' ') AS source_ids, address,
            {simulated} AS simulated
        FROM incidents JOIN (SELECT row, report, day, country, region, place, address FROM staged) USING (row)
        ORDER BY construct, date, country, incident"""
    ).df()
    text = ("incident", "country", "place", "construct", "kind", "drug_type", "source_ids", "address", "region")
    frame = frame.astype({**dict.fromkeys(text, "str"), "date": "datetime64[us]"})
    return frame.astype(dict.fromkeys(("incidents", "articles", "sources", "reports"), "int64"))


def _background(connection: duckdb.DuckDBPyConnection, options: Options, shares: "pd.Series[float]") -> pd.DataFrame:
    day = "SQLDATE" if options.dated == "event" else "DATEADDED // 1000000"
    first, last = (f"{d:%Y%m%d}" for d in shares.index[[0, -1]])
    connection.execute(
        """CREATE TEMP TABLE again AS SELECT FileName, Line FROM (
            SELECT FileName, Line, row_number() OVER (PARTITION BY GLOBALEVENTID ORDER BY DATEADDED, FileName, Line) AS turn
            FROM events WHERE GLOBALEVENTID IN (SELECT GLOBALEVENTID FROM events GROUP BY ALL HAVING count(*) > 1)
        ) WHERE turn > 1"""
    )
    frame = connection.execute(
        f"""SELECT country, coalesce(region, '') AS region, strptime((day // 100)::VARCHAR, '%Y%m') AS month,
            count(*) AS all_events, sum(articles)::BIGINT AS all_articles
        FROM (
            SELECT coalesce(ActionGeo_Type, 0) AS geo_type, ActionGeo_FullName AS place, ActionGeo_CountryCode AS fips,
                ActionGeo_ADM1Code AS adm1, {day} AS day, greatest(coalesce(NumArticles, 1), 1) AS articles
            FROM events ANTI JOIN again USING (FileName, Line)
            WHERE {day} BETWEEN {first} AND {last} AND abs(date_diff('day', try_strptime(SQLDATE::VARCHAR, '%Y%m%d'),
                try_strptime((DATEADDED // 1000000)::VARCHAR, '%Y%m%d'))) <= {options.max_lag}
        ) JOIN places USING (geo_type, place, fips, adm1) WHERE status <> 'mismatch'
        GROUP BY ALL ORDER BY ALL"""
    ).df()
    kinds: dict[str, Any] = {"country": "str", "region": "str", "month": "datetime64[us]"}
    return frame.astype({**kinds, "all_events": "int64", "all_articles": "int64"})


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    months = frame["date"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    grouped = frame.assign(month=months, without=frame["region"].isna()).groupby(
        ["country", "month", "construct"], as_index=False
    )
    table = grouped.agg(incidents=("incident", "size"), without_region=("without", "sum"))
    return table.assign(share=table["without_region"] / table["incidents"])
