"""The provider's lists, real and made up."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from northroute.errors import DataError
from northroute.sources.gdelt import index
from northroute.sources.gdelt.formats import EVENTS_1, EVENTS_1_BACKFILE, EVENTS_2, GKG_2, LAYOUTS, describe

A, B = "0" * 31 + "a", "0" * 31 + "b"


def test_columns_are_as_many_as_published() -> None:
    assert [len(layout.columns) for layout in LAYOUTS] == [58, 57, 61, 11, 15, 27]
    assert all(len(set(layout.columns)) == len(layout.columns) for layout in LAYOUTS)
    assert EVENTS_1.columns[51] == "ActionGeo_CountryCode" and EVENTS_2.columns[53] == "ActionGeo_CountryCode"
    assert EVENTS_2.columns[51:61] == (
        *(
            f"ActionGeo_{p}"
            for p in ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")
        ),
        *("DATEADDED", "SOURCEURL"),
    )


def test_names_tell_layout_and_day() -> None:
    kind = describe("20150101.export.CSV.zip")
    assert kind and kind.layout is EVENTS_1 and kind.day == date(2015, 1, 1)
    kind = describe("20150218230000.translation.gkg.csv.zip")
    assert kind and kind.layout is GKG_2 and kind.step == "quarter" and kind.translated
    for name, last in (("1979.zip", date(1979, 12, 31)), ("201212.zip", date(2012, 12, 31))):
        kind = describe(name)
        assert kind and kind.layout is EVENTS_1_BACKFILE and index.last_day(kind) == last
    for name in (
        "GDELT.MASTERREDUCEDV2.1979-2013.zip",
        "20150218230000.mentions.CSV.zip",
        "20159901.export.CSV.zip",
        "x",
    ):
        assert describe(name) is None


def test_repeated_and_disputed_lines() -> None:
    found = index.read_daily(
        [f"{A}  2015010{i}.export.CSV.zip" for i in (1, 1, 2)] + [f"{B}  20150102.export.CSV.zip"],
        ["5 20150101.export.CSV.zip", "7 20150103.export.CSV.zip"],
    )
    assert found.repeated == ("20150101.export.CSV.zip", "20150102.export.CSV.zip")
    assert [(f.size, f.md5) for f in found.files] == [(5, A), (None, None), (7, None)]


def test_bad_lines_are_named() -> None:
    with pytest.raises(DataError, match="md5sums, line 2"):
        index.read_daily([f"{A}  1979.zip", "nonsense"], [])
    with pytest.raises(DataError, match=r"masterfilelist.txt, line 1"):
        index.read_master(["one two three four"])
    found = index.read_master(["", f"5 {A} http://x/20150218230000.export.CSV.zip", f"7 {B}"])
    assert len(found.files) == 1 and found.ignored == 1


def test_a_day_of_quarter_hours() -> None:
    lines = [f"9 {A} http://x/20150301{h:02}{m:02}00.export.CSV.zip" for h in range(24) for m in (0, 15, 30, 45)]
    whole = index.read_master(lines).files
    day = date(2015, 3, 1)
    assert index.gaps(whole, day, day, "events") == ()
    assert index.coverage([f.kind for f in whole[:48]], day, day) == {day: 0.5}
    other = index.read_master(line.replace(".export", ".translation.export") for line in lines).files
    assert index.coverage([f.kind for f in (*whole, *other[:24])], day, day) == {day: 0.25}, "the worse of two streams"
    assert index.gaps(whole[1:], day, date(2015, 3, 2), "events") == (day, date(2015, 3, 2))


@pytest.mark.data
def test_real_lists(data_dir: Path) -> None:
    """The counts in the facts file."""

    def text(name: str) -> list[str]:
        return gzip.decompress((data_dir / "gdelt_index_files" / f"{name}.txt.gz").read_bytes()).decode().splitlines()

    events = index.read_daily(text("v1_event_md5sums"), text("v1_event_file_list"))
    assert len(events.files) == 3950 and events.ignored == 1 and events.repeated == ()
    span = date(2013, 4, 1), date(2023, 10, 5)
    lost = tuple(date(2014, *d) for d in ((1, 23), (1, 24), (1, 25), (3, 19)))
    assert index.gaps(events.files, *span, "events") == lost
    small = index.outages(events.files, "events")
    assert {date(2020, 11, 13), date(2020, 11, 14)} < set(small)
    assert [d for d in small if d.year in range(2015, 2023)] == [
        date(*d)
        for d in (
            (2015, 1, 9),
            (2015, 10, 21),
            (2015, 10, 22),
            (2020, 11, 7),
            (2020, 11, 13),
            (2020, 11, 14),
            (2020, 11, 15),
        )
    ]
    gkg = index.read_daily(text("v1_gkg_md5sums"), text("v1_gkg_file_list"))
    assert gkg.repeated == ("20140424.gkg.csv.zip", "20140424.gkgcounts.csv.zip") and gkg.ignored == 0
    assert index.gaps(gkg.files, *span, "gkg") == lost == index.gaps(gkg.files, *span, "counts")
    master = index.read_master(text("v2_masterfilelist_english"))
    assert len(master.files) == 600 and master.ignored == 300
    assert master.files[0].size == 150383 and master.files[0].md5 == "297a16b493de7cf6ca809a7cc31d0b93"
