"""Organised crime index: items that every edition has, scores in halves, and damaged tables."""

from pathlib import Path

import pytest

from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import crime_index
from tests.sources.synthetic import Row, altered, write

SEVEN = ["COL", "KAZ", "KGZ", "MEX", "TJK", "TKM", "UZB"]
FIRST = "KAZ,2021,state_embedded_actors,6.0"


def test_every_country_edition_and_item() -> None:
    table = crime_index.load()
    assert len(crime_index.ITEMS) == 16
    assert len(table.frame) == 7 * 3 * 16
    assert sorted(table.frame["iso3"].unique()) == SEVEN
    assert not any("avg" in item for item in crime_index.ITEMS)  # averages of different sets are not comparable
    assert not table.simulated and "not seen" in table.licence


def test_figures_read_by_eye() -> None:
    scores = crime_index.load().frame.set_index(["iso3", "edition", "item"])["score"]
    assert scores["TJK", 2021, "state_embedded_actors"] == 9.0
    assert scores["KAZ", 2023, "state_embedded_actors"] == 6.5
    assert scores["UZB", 2025, "state_embedded_actors"] == 7.0


@pytest.mark.parametrize(
    ("new", "row", "column", "words"),
    [
        (FIRST.replace("6.0", "6.3"), 2, "score", "6.3 is not a step of the scale 1, 1.5, ... 10"),
        (FIRST.replace("6.0", "10.5"), 2, "score", "'10.5'"),
        (FIRST.replace("6.0", "0.5"), 2, "score", "'0.5'"),
        (FIRST.replace("6.0", ""), 2, "score", "the cell is empty"),
        (FIRST.replace("2021", "2022"), 2, "edition", "an edition of 2021, 2023 or 2025"),
        (FIRST.replace("state_embedded_actors", "criminality_avg"), 2, "item", "a known item of the index"),
        (FIRST.replace("state_embedded", "foreign"), 5, "iso3, edition, item", "already on line 2"),
        (FIRST.replace("KAZ", "RUS"), 2, "iso3", "a country of this table"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, new: str, row: int, column: str, words: str) -> None:
    path = altered(tmp_path, crime_index.BUNDLED, FIRST, new)
    with pytest.raises(DataError) as caught:
        crime_index.load(path)
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(path), row, column)
    assert caught.value.remedy


def test_a_missing_score_is_named(tmp_path: Path) -> None:
    path = altered(tmp_path, crime_index.BUNDLED, FIRST + "\n", "")
    with pytest.raises(DataError, match=r"no score of \(KAZ, 2021, state_embedded_actors\), 1 absent in all"):
        crime_index.load(path)


def test_trimming_leaves_averages_out(tmp_path: Path) -> None:
    folder = tmp_path / crime_index.FILE[0]
    folder.mkdir()
    rows: list[Row] = [
        {"iso3": "KAZ", "edition": 2021, "indicator": "Criminality avg", "score": 4.26},
        {"iso3": "KAZ", "edition": 2021, "indicator": "Heroin trade", "score": 6},
        {"iso3": "AFG", "edition": 2021, "indicator": "Heroin trade", "score": 10},
    ]
    write(folder / crime_index.FILE[1], rows)
    assert crime_index.trim(tmp_path).to_numpy().tolist() == [["KAZ", 2021, "heroin_trade", 6.0]]
    with pytest.raises(MissingDataError, match=r"oc_index_2021_2023_2025\.csv"):
        crime_index.trim(tmp_path / "elsewhere")


@pytest.mark.data
def test_the_bundle_is_the_provider_s(data_dir: Path) -> None:
    text = resource(f"data/reference/{crime_index.BUNDLED}").read_text(encoding="utf-8")
    assert csv_text(crime_index.trim(data_dir)) == text
