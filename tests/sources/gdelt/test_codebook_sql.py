"""The codebook, its words, and its rules in two dialects."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlglot
import yaml

from northroute.errors import DataError
from northroute.resources import resource
from northroute.sources.gdelt import codebook, extract, files_of, sql, views
from northroute.sources.gdelt.codebook import CONSTRUCTS, DRUG_TYPES, FLAGS, KINDS, Codebook, Variant
from northroute.sources.gdelt.simulated import ArchiveWorld, write

START, END = date(2015, 1, 1), date(2015, 1, 31)
BOOK = codebook.load()
VARIANTS = [v for of in BOOK.variants.values() for v in of.values()]
NAMES = [f"{v.construct}.{v.name}" for v in VARIANTS]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A simulated month; blank text is NULL in the views whose names end in ``_null``, as BigQuery may have it."""
    folder = tmp_path_factory.mktemp("archive")
    made = write(folder, ArchiveWorld(days=31, incidents_per_day=30))
    connection = views.connect(extract(files_of(made.site), folder / "extract"))
    for table in ("events", "gkg"):
        columns = [c[0] for c in connection.execute(f"SELECT * FROM {table} LIMIT 0").description or []]
        stamp = "DATEADDED" if table == "events" else "DATE"
        texts = ", ".join(f"CASE WHEN {c}::VARCHAR = '' THEN NULL ELSE {c} END AS {c}" for c in columns)
        day = f"date_trunc('day', strptime({stamp}::VARCHAR, '%Y%m%d%H%M%S'))::TIMESTAMPTZ AS {sql.PARTITION}"
        connection.execute(f"CREATE VIEW {table}_null AS SELECT {texts}, {day} FROM {table}")
    return connection


def ids(connection: duckdb.DuckDBPyConnection, text: str) -> set[object]:
    return {row[0] for row in connection.execute(text).fetchall()}


def to_duckdb(text: str) -> str:
    """Return a BigQuery text in DuckDB's dialect, its tables under their local names."""
    names = {v: k for k, v in sql.BIGQUERY.items()}

    def local(node: sqlglot.exp.Expr) -> sqlglot.exp.Expr:
        if isinstance(node, sqlglot.exp.Table):
            return sqlglot.exp.to_table(names[".".join(p.name for p in node.parts)])
        return node

    return str(sqlglot.parse_one(text, dialect="bigquery").transform(local).sql(dialect="duckdb"))


def test_every_construct_has_variants_on_several_tables() -> None:
    assert tuple(BOOK.variants) == CONSTRUCTS and len(BOOK.sha256) == 64
    assert all(len(of) >= 2 for of in BOOK.variants.values())
    assert set(BOOK.flags) == {*FLAGS, *KINDS, *DRUG_TYPES}
    assert {v.table for v in BOOK.variants["drug_incident"].values()} == {"events", "gkg", "counts"}


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_both_dialects_parse_and_select_the_same_rows(variant: Variant, archive: duckdb.DuckDBPyConnection) -> None:
    """BigQuery's text cannot be run here: it is parsed as BigQuery, turned back into DuckDB's dialect and run on rows with
    NULL for blank text and with BigQuery's partition column.
    """
    text = sql.query(variant, START, END)
    assert isinstance(sqlglot.parse_one(text, dialect="duckdb"), sqlglot.exp.Select)
    here = ids(archive, text)
    if variant.table == "counts":
        with pytest.raises(DataError, match="packed_counts"):
            sql.query(variant, START, END, dialect="bigquery")
        return
    there = sql.query(variant, START, END, dialect="bigquery")
    assert isinstance(sqlglot.parse_one(there, dialect="bigquery"), sqlglot.exp.Select)
    assert "REGEXP_MATCHES" not in there and sql.BIGQUERY[variant.table] in there and "\\" not in there
    back = re.sub(rf"\bFROM {variant.table}\b", f"FROM {variant.table}_null", to_duckdb(there))
    assert ids(archive, back) == here
    if variant.name in ("cameo", "themes", "packed_counts"):
        assert here


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_the_label_is_the_rule(variant: Variant, archive: duckdb.DuckDBPyConnection) -> None:
    """The one pass that builds incidents selects what the published text selects."""
    columns = sql.COLUMNS[variant.table]
    label = sql.labels({"chosen": variant.where}, variant.table)
    first, last = ("20150101", "20150131") if columns.digits == 8 else ("20150101000000", "20150131235959")
    inside = sql.within(variant.table).sql(dialect="duckdb")
    one_pass = (
        f"SELECT {columns.key} FROM (SELECT *, {label} FROM {variant.table}) WHERE chosen AND {inside} "
        f"AND {columns.date} BETWEEN {first} AND {last}"
    )
    assert ids(archive, one_pass) == ids(archive, sql.query(variant, START, END))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://x.kg/2016/geroin-izyali-v-oshe.html", {"heroin", "interdiction", "drug"}),
        ("https://x.kz/news/geroinya-truda", set()),
        ("https://x.kz/news/the-heroine-of-almaty", set()),
        ("https://heroin.example.org/news/weather", set()),
        ("https://x.tj/Zaderzhan-s-GASHISHEM", {"cannabis", "arrest", "drug"}),
        ("https://x.uz/luchshij-drug-cheloveka", set()),
        ("https://x.uz/drug-trafficking-ring", {"drug"}),
        ("https://x.uz/nasha-strana", set()),
        ("http://x.kz/2019/mefedron%20almaty", {"synthetic", "drug"}),
        ("x.kz/narkokurer", {"drug"}),
        ("http://x.kz/afyun-opiy?id=1", {"opium", "drug"}),
        ("BBC Monitoring", set()),
    ],
)
def test_address_words(address: str, expected: set[str]) -> None:
    conditions = {
        name: tables["events"]
        for name, tables in BOOK.flags.items()
        if "events" in tables and name in ("drug", "interdiction", "arrest", *DRUG_TYPES)
    }
    row = duckdb.execute(
        f"SELECT {sql.labels(conditions, 'events')} FROM (SELECT ? AS SOURCEURL, '' AS EventCode, '' AS EventBaseCode)",
        [address],
    ).fetchone()
    assert row is not None
    assert {name for name, hit in zip(conditions, row, strict=True) if hit} == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ("ARREST#4#drug dealers#1#Kazakhstan#KZ#KZ#48#68#KZ", True),
        ("KILL#2##1#Kazakhstan#KZ#KZ#48#68#KZ;SEIZE#12#kilograms of heroin#1#Kazakhstan#KZ#KZ#48#68#KZ;", True),
        ("ARREST#4#protesters#4#Heroin, Kazakhstan#KZ#KZ#48#68#KZ", False),
        ("KILL#4#drug dealers#1#Kazakhstan#KZ#KZ#48#68#KZ", False),
        ("", False),
    ],
)
def test_packed_counts(counts: str, expected: bool) -> None:
    label = sql.labels({"hit": BOOK.variant("drug_incident", "packed_counts").where}, "gkg")
    row = duckdb.execute(f"SELECT {label} FROM (SELECT ? AS Counts)", [counts]).fetchone()
    assert row == (expected,)


def test_medical_themes_are_no_drug_trade() -> None:
    label = sql.labels({"hit": BOOK.variant("drug_incident", "themes").where}, "gkg")
    for themes, expected in (
        ("DRUG_TRADE;ARREST", True),
        ("ARREST;XDRUG_TRADE;", False),
        ("DRUG_TRADE;ARREST;WB_1358_GENERIC_DRUGS;", False),
        ("DRUG_TRADE;ARREST;MED_ANYTHING;", False),
    ):
        assert duckdb.execute(f"SELECT {label} FROM (SELECT ? AS Themes)", [themes]).fetchone() == (expected,)


def change(tmp_path: Path, old: str, new: str) -> Path:
    text = resource(codebook.FILE).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "constructs.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('event_root: ["18", "19", "20"]', "event_root: [18, 19, 20]", "quote codes"),
        ("actor1_type: $armed_state", "actor1_type: $nobody", "no list 'nobody'"),
        ("actor1_type: $armed_state", "themes: [KILL]", "no test on the table events"),
        ("actor1_type: $armed_state", "actor3_type: [COP]", "no test on the table events"),
        ("  corruption:", "  korruption:", "expected state_violence"),
        ("table: counts", "table: mentions", "a variant has a table"),
        ("where: {address_words: $crime_words}", 'where: {address_words: ["a\'; DROP"]}', "is no value for"),
        ("- actor1_type: $armed_state", '- {actor1_type: $state, event_code: ["175"]}', "say 'all' or 'any'"),
        ("version: 1.0.0", "version: [", "not valid YAML"),
        ("  arms:\n", "  weapons:\n", "expected lethal, arms"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_understood_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        codebook.load(change(tmp_path, old, new))


def test_any_change_changes_the_hash(tmp_path: Path) -> None:
    changed: Codebook = codebook.load(change(tmp_path, "version: 1.0.0", "version: 1.0.1"))
    assert changed.version == "1.0.1" and changed.sha256 != BOOK.sha256


def test_no_word_is_listed_twice_for_one_meaning() -> None:
    lists = yaml.safe_load(resource(codebook.FILE).read_text(encoding="utf-8"))["lists"]
    for name, words in lists.items():
        assert len(words) == len(set(words)), name
