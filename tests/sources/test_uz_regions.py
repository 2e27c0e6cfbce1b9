"""Uzbek regions by year: the unplaced crimes are kept, everything adds up, a damaged table is refused."""

from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import DataError
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import regions, uz_regions
from tests.sources.synthetic import altered

FILE = uz_regions.FILE


def _line(start: str) -> int:
    lines = resource(f"data/reference/{FILE}").read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if line.startswith(start))


def test_coverage() -> None:
    frame = uz_regions.load().frame
    places = regions.load("first-level").frame
    home = set(places["region"][places["iso3"] == "UZB"])
    assert set(frame["region"]) == home | {"UZ", "UZ-unlocated"}
    crimes = uz_regions.crimes()
    assert set(crimes.index) == home
    assert [int(year) for year in crimes.columns] == list(range(2010, 2023))


def test_unplaced_crimes_are_what_the_regions_lack() -> None:
    table = uz_regions.load().frame.pivot(index="year", columns="region", values="registered_crimes")
    table = table.loc[list(uz_regions.CRIME_YEARS)].astype(int)
    assert (table["UZ"] - table["UZ-unlocated"] == uz_regions.crimes().sum()).all()
    assert (table["UZ-unlocated"] > 0).all()
    # the fall and the jump that look like a change of rules
    assert table["UZ"].loc[[2010, 2019, 2021]].tolist() == [90_050, 46_089, 111_082]


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "words", "remedy"),
    [
        (
            "UZ-AN,2015,5640",
            "UZ-AN,2015,5460",
            "UZ,2015,",
            "registered_crimes",
            "crimes of 2015: regions and UZ-unlocated add up to 87766, the country has 87946",
            "One count of that year is altered",
        ),
        ("UZ-AN,2015,5640", "UZ-AN,2015,-5640", "UZ-AN,2015,", "registered_crimes", "'-5640'", "Restore"),
        (
            "UZ-AN,2015,5640",
            "UZ-AN,2015,5640.5",
            "UZ-AN,2015,",
            "registered_crimes",
            "is not a whole number",
            "Restore",
        ),
        ("UZ-AN,2015,5640", "UZ-AN,2015,", "UZ-AN,2015,", "registered_crimes", "the cell is empty", "rebuild"),
        ("UZ-AN,2023,", "UZ-AN,2023,7000", "UZ-AN,2023,", "registered_crimes", "the cell is to be empty", "rebuild"),
        ("UZ-AN,2015,5640,664.5", "UZ-AN,2015,5640,646.5", "UZ-AN,2015,", "density", "", ""),
        ("UZ-AN,2015,5640,664.5", "UZ-AN,2015,5640,964.5", "UZ-AN,2015,", "density", "changes by 48%", "rebuild"),
        ("UZ-AN,2015,5640", "UZ-AN,2014,5640", "UZ-AN,2015,", "region, year", "already on line", "Keep one"),
        ("UZ-AN,2015,5640", "UZ-ZZ,2015,5640", "UZ-AN,2015,", "region", "'UZ-ZZ' is not a region of Uzb", "Use one of"),
    ],
)
def test_an_altered_table_is_refused(
    tmp_path: Path, old: str, new: str, row: str, column: str, words: str, remedy: str
) -> None:
    path = altered(tmp_path, FILE, old, new)
    if not words:  # small enough to be true: the table of populations, which is density times area, disagrees with it
        uz_regions.load(path)
        return
    with pytest.raises(DataError) as caught:
        uz_regions.load(path)
    assert caught.value.file == str(path)
    assert (caught.value.row, caught.value.column) == (_line(row), column)
    assert words in caught.value.problem
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("region", ["UZ-SU", "UZ-unlocated", "UZ"])
def test_a_region_or_a_year_that_is_missing_is_named(tmp_path: Path, region: str) -> None:
    frame = uz_regions.load().frame
    path = tmp_path / FILE
    path.write_text(csv_text(frame[frame["region"] != region]), encoding="utf-8")
    with pytest.raises(DataError, match="the region is missing") as caught:
        uz_regions.load(path)
    assert (caught.value.row, caught.value.column) == (region, "region")
    path.write_text(csv_text(frame[(frame["region"] != region) | (frame["year"] != 2012)]), encoding="utf-8")
    with pytest.raises(DataError, match="the year 2012 is missing") as caught:
        uz_regions.load(path)
    assert (caught.value.row, caught.value.column) == (region, "year")


@pytest.mark.data
def test_the_table_is_what_the_provider_s_file_gives(data_dir: Path) -> None:
    made = uz_regions.trim(data_dir)
    assert csv_text(made) == resource(f"data/reference/{FILE}").read_text(encoding="utf-8")
    pd.testing.assert_frame_equal(made, uz_regions.load().frame, check_dtype=False)
