"""The reader: real files whole, every row accounted for, whatever the bytes."""

from pathlib import Path

import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from northroute.errors import DataError
from northroute.sources.gdelt.formats import COUNTS_1, EVENTS_1, EVENTS_2, GKG_2, LAYOUTS, Layout
from northroute.sources.gdelt.inflate import blocks
from northroute.sources.gdelt.read import Batch, Tally, read, schema
from tests.sources.gdelt.examples import event_row, gkg_row, read_all, zipped


def whole(batch: Batch) -> bool:
    t = batch.tally
    return t.rows == t.kept + t.filtered + t.aside and t.kept == len(batch.table) and t.aside == len(batch.aside)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "rows", "countries", "roots"),
    [
        ("20151027220000.export.CSV", 2116, ["UZ", "TX", "KG", "KG", "UZ"], ["03", "01", "04", "04", "03"]),
        ("20191024143000.export.CSV", 2111, ["TX"] * 5, ["04"] * 5),
    ],
)
def test_real_quarter_hours(data_dir: Path, name: str, rows: int, countries: list[str], roots: list[str]) -> None:
    batch = read_all(data_dir / "gdelt_raw_samples" / name, EVENTS_2)
    assert batch.tally == Tally(rows=rows, kept=5, filtered=rows - 5)
    assert batch.table["ActionGeo_CountryCode"].to_pylist() == countries
    assert batch.table["EventRootCode"].to_pylist() == roots
    everywhere = read_all(data_dir / "gdelt_raw_samples" / name, EVENTS_2, ("US", "RS", "UK", "CH"))
    assert whole(everywhere) and everywhere.tally.aside == 0
    assert pc.all(pc.match_substring_regex(everywhere.table["EventCode"], "^[0-9]{3,4}$")).as_py()


@pytest.mark.data
def test_real_daily_sample_zipped_or_not(data_dir: Path) -> None:
    folder = data_dir / "gdelt_raw_samples" / "safehome"
    plain = read_all(folder / "20160405.export.sml.csv", EVENTS_1, ("US",))
    packed = read_all(folder / "20160405.export.sml.CSV.zip", EVENTS_1, ("US",))
    assert plain.tally == packed.tally == Tally(rows=50, kept=25, filtered=25)
    assert plain.table.drop("FileName").equals(packed.table.drop("FileName"))


@pytest.mark.data
def test_real_counts_have_a_header(data_dir: Path) -> None:
    batch = read_all(data_dir / "gdelt_raw_samples" / "safehome" / "20160405.gkgcounts.sml.csv", COUNTS_1, ("BU", "US"))
    assert batch.tally.rows == 12 and batch.tally.header == 1 and batch.tally.aside == 0
    assert batch.table["SOURCEURLS"][0].as_py() == "Novinite/BBC Monitoring/(c) BBC"
    assert batch.table["Line"][0].as_py() == 2


@pytest.mark.data
def test_real_gkg_rejects_texas(data_dir: Path) -> None:
    """Of three records that match "#(KZ|KG|TI|TX|UZ)#" as text in V2Locations, two are Texas."""
    path = data_dir / "gdelt_raw_samples" / "gkg21_spark_gdelt_sample.csv"
    text = path.read_bytes().splitlines()
    matching = [t for t in text if any(f"#{c}#".encode() in t.split(b"\t")[10] for c in ("KZ", "KG", "TI", "TX", "UZ"))]
    batch = read_all(path, GKG_2)
    assert len(text) == batch.tally.rows == 41 and len(matching) == 3
    assert batch.tally.kept == 1 and "#KG#KG#" in batch.table["Locations"][0].as_py()


def test_country_is_a_field_not_a_text(tmp_path: Path) -> None:
    texas = event_row(ActionGeo_CountryCode="US", ActionGeo_ADM1Code="USTX", ActionGeo_FeatureID="TX")
    actor = event_row(ActionGeo_CountryCode="US", Actor1Geo_CountryCode="TX", Actor1Code="TX")
    path = tmp_path / "a.CSV"
    path.write_bytes(b"\n".join([texas, actor, event_row(ActionGeo_CountryCode="TX")]))
    batch = read_all(path, EVENTS_1)
    assert batch.tally == Tally(rows=3, kept=1, filtered=2) and batch.table["Line"].to_pylist() == [3]
    records = [
        gkg_row("2#Texas, United States#US#USTX#31.1#-97.6#TX;3#TX#US#USTX#1#2#TX"),
        gkg_row("1#China#CH#CH#35#105#CH;1#Turkmenistan#TX#TX#40#60#TX;"),
    ]
    path.write_bytes(b"\n".join(records))
    assert read_all(path, GKG_2).table["Line"].to_pylist() == [2]


def test_bad_rows_are_set_aside_with_line_and_reason(tmp_path: Path) -> None:
    good = event_row()
    rows = [
        good,
        good.rsplit(b"\t", 1)[0],
        good + b"\tstray",
        event_row(SQLDATE="20150231"),
        event_row(NumArticles="many"),
        event_row(GLOBALEVENTID=""),
        event_row(NumArticles="9" * 30),
        b"",
        event_row(EventCode="0840", Actor1Name='say "no'),
    ]
    path = zipped(tmp_path / "20150102.export.CSV.zip", b"\r\n".join(rows))
    batch = read_all(path, EVENTS_1)
    assert batch.tally == Tally(rows=9, kept=2, filtered=0, short=2, long=1, value=4)
    assert [a.line for a in batch.aside] == [2, 3, 4, 5, 6, 7, 8]
    assert "57 fields where event 1.0 has 58" in batch.aside[0].reason
    assert batch.aside[2].reason == "SQLDATE '20150231' is not a date"
    assert batch.table["EventCode"].to_pylist() == ["010", "0840"], "codes keep their zeros"
    assert batch.table["Actor1Name"].to_pylist() == ["", 'say "no'], "a quote is a letter"
    assert batch.table["Line"].to_pylist() == [1, 9] and set(batch.table["FileName"].to_pylist()) == {path.name}
    assert batch.table.schema.equals(schema(EVENTS_1))


def test_bytes_that_are_not_utf8_are_read_as_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "a.CSV"
    first = b"\xef\xbb\xbf" + event_row(Actor1Name="MARK")
    named = event_row(Actor1Name="NAME").replace(b"NAME", b"Sa\xe3o\x00\r\x85")
    path.write_bytes(event_row(Actor1Name="Almatý") + b"\n" + named + b"\n" + first)
    batch = read_all(path, EVENTS_1)
    assert batch.table["Actor1Name"].to_pylist() == ["Almatý", "Saão"[:2] + "ão\x00 \x85"]
    assert batch.tally == Tally(rows=3, kept=2, value=1, recoded=1), "a byte-order mark is no number"


@pytest.mark.parametrize("fault", ["cut", "flipped", "no zip", "two members", "absent"])
def test_damaged_archives_are_refused(tmp_path: Path, fault: str) -> None:
    path = zipped(tmp_path / "a.zip", b"\n".join([event_row()] * 3000))
    content = bytearray(path.read_bytes())
    match fault:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "flipped":
            content[400] ^= 0xFF
            path.write_bytes(content)
        case "no zip":
            path.write_bytes(b"PK\x03\x04 and nothing else")
        case "two members":
            import zipfile

            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr("b", b"more")
        case _:
            path.unlink()
    with pytest.raises(DataError, match=r"a\.zip"):
        list(blocks(path))


def test_memory_does_not_grow_with_a_line_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("northroute.sources.gdelt.read.LONGEST_LINE", 1000)
    path = tmp_path / "a.CSV"
    path.write_bytes(event_row() + b"\n" + b"x" * 5000)
    with pytest.raises(DataError, match="line 2: no line end in 1000 bytes"):
        list(read(path, EVENTS_1, block=64))


def reference(content: bytes, layout: Layout, countries: tuple[str, ...]) -> tuple[list[int], list[int], int]:
    """Lines wanted, lines of wrong length and all rows, by the plainest means."""
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    wanted, wrong = [], []
    codes = {c.encode() for c in countries}
    for number, line in enumerate(lines, 1):
        fields = line.split(b"\t")
        if len(fields) != len(layout.columns):
            wrong.append(number)
        elif layout.packed:
            parts = [block.split(b"#") for block in fields[layout.place_index].split(b";")]
            if any(len(p) > 3 and p[2] in codes for p in parts):
                wanted.append(number)
        elif fields[layout.place_index] in codes:
            wanted.append(number)
    return wanted, wrong, len(lines)


def rows_of(layout: Layout) -> st.SearchStrategy[bytes]:
    width, place = len(layout.columns), layout.place_index
    code = st.sampled_from([b"KZ", b"TX", b"USTX", b"US", b"", b"K", b"TXKZ", b"\xff\xfe"])
    packed = st.lists(st.tuples(code, code), max_size=4).map(
        lambda p: b";".join(b"4#%b#%b#KZ02#1#2#3" % pair for pair in p)
    )
    cell = st.one_of(st.just(b""), st.binary(max_size=9).map(lambda b: b.translate(None, b"\t\n")))

    @st.composite
    def row(draw: st.DrawFn) -> bytes:
        number = draw(st.sampled_from([width, width, width, width - 1, width + 1, 1]))
        cells = [b""] * number
        for i in draw(st.lists(st.integers(0, number - 1), max_size=4)):
            cells[i] = draw(cell)
        if number > place:
            cells[place] = draw(packed if layout.packed else code)
        for i in (0, 1) if layout.table == "events" else ():
            if number > 57:
                cells[i] = draw(st.sampled_from([b"20150102", b"x"]))
                cells[number - 2] = b"20150102"
        return b"\t".join(cells)

    return st.one_of(row(), row(), st.binary(max_size=80).map(lambda b: b.replace(b"\n", b" ")))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_row_is_lost(scratch: Path, layout: Layout, data: st.DataObject) -> None:
    rows = data.draw(st.lists(rows_of(layout), max_size=12))
    content = b"\n".join(rows) + data.draw(st.sampled_from([b"", b"\n"]))
    block = data.draw(st.sampled_from([1, 7, 64, 4096]))
    path = scratch / "a.CSV"
    path.write_bytes(content)
    countries = ("KZ", "TX")
    batches = list(read(path, layout, countries, block=block))
    tally = sum((b.tally for b in batches), Tally())
    if tally.header:
        return
    wanted, wrong, lines = reference(content, layout, countries)
    assert all(whole(b) for b in batches)
    assert tally.rows == lines and tally.short + tally.long == len(wrong)
    aside = {a.line for b in batches for a in b.aside}
    kept = {n for b in batches for n in b.table["Line"].to_pylist()}
    assert kept | (aside - set(wrong)) == set(wanted) and not kept & aside and set(wrong) <= aside
