"""Seizures by region, year and drug: what was reported, what was placed, and what a reporting year without a row means."""

from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import governance, rows, unodc
from northroute.sources import placed_seizures as placed
from northroute.sources.rows import Rows
from tests.sources.synthetic import altered, seizure, seizures


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """The bundled sums."""
    return placed.load().frame


def test_what_is_bundled(frame: pd.DataFrame) -> None:
    assert frame["n"].sum() == 1476
    assert frame["n"][frame["region"].notna()].sum() / frame["n"].sum() == pytest.approx(0.726, abs=5e-4)
    assert set(frame["drug"]) == set(placed.DRUGS)
    table = placed.load()
    assert table.key == ("iso3", "region", "year", "drug")
    assert not table.simulated


def test_reporting_years_are_those_with_rows(frame: pd.DataFrame) -> None:
    years = placed.reporting(frame).groupby("iso3")["year"].agg(list).to_dict()
    assert years == {
        "KAZ": [2011, 2012, 2014, 2015],
        "KGZ": [2011, 2012],
        "TJK": [2011, 2012, 2016],
        "TKM": [2011],
        "UZB": [2011, 2012, 2013, 2014, 2015, 2016],
    }


def test_totals_are_those_by_country(frame: pd.DataFrame) -> None:
    totals = governance.load("seizures").frame.set_index(["iso3", "year", "drug"])
    sums = frame.groupby(["iso3", "year", "drug"])[["n", "kg"]].sum().loc[totals.index]
    assert (sums["n"] == totals["n_reported"]).all()
    assert (sums["kg"] - totals["kg"]).abs().max() <= 0.05 + 1e-9


FIRST = "KAZ,,2011,heroin,27,27,95.61638"
ALMATY = "KAZ,KZ-ALM,2011,heroin,5,5,26.42278"


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "words"),
    [
        (ALMATY, ALMATY.replace("KZ-ALM", "UZ-AN"), 19, "region", "'UZ-AN' is not a region of KAZ"),
        (ALMATY, ALMATY.replace("KZ-ALM", "KZ-ZZZ"), 19, "region", "'KZ-ZZZ' breaks the rule 'a known region'"),
        (ALMATY, ALMATY.replace("2011", "2012"), 20, "iso3, region, year, drug", "already on line 19"),
        (ALMATY, ALMATY.replace("KZ-ALM", ""), 19, "iso3, region, year, drug", "already on line 2"),
        (ALMATY, ALMATY.replace("2011", "2017"), 19, "year", "'2017'"),
        (ALMATY, ALMATY.replace("heroin", "heroine"), 19, "drug", "a known group of drugs"),
        (ALMATY, ALMATY.replace("5,5", "-5,5"), 19, "n", "'-5'"),
        (ALMATY, ALMATY.replace("5,5", "5.5,5"), 19, "n", "'5.5' is not a whole number"),
        (ALMATY, ALMATY.replace("5,5", "5,6"), 19, "n_weighed", "more records weighed than there are"),
        (ALMATY, ALMATY.replace("5,5", "5,0"), 19, "kg", "a weight goes with weighed records"),
        (ALMATY, ALMATY.replace("26.42278", ""), 19, "kg", "a weight goes with weighed records"),
        (ALMATY, ALMATY.replace("26.42278", "26422780"), 19, "kg", "'26422780.0'"),
        (ALMATY, ALMATY.replace("26.42278", "28.42278"), 2, "kg", "while seizures.csv has"),  # one digit altered
        (ALMATY, ALMATY.replace("5,5", "6,5"), 2, "n", "while seizures.csv has 143"),
        (ALMATY, ALMATY.replace("KAZ", "RUS"), 19, "iso3", "one of the five countries"),
    ],
)
def test_damaged_sums_are_refused(tmp_path: Path, old: str, new: str, row: int, column: str, words: str) -> None:
    path = altered(tmp_path, placed.BUNDLED, old, new)
    with pytest.raises(DataError) as caught:
        placed.check_totals(Rows(placed.load(path).frame, path))
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(path), row, column)
    assert caught.value.remedy


def test_a_country_year_gone_is_seen(tmp_path: Path) -> None:
    path = altered(tmp_path, placed.BUNDLED, "", "")
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("TKM,")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="TKM 2011: nan records of heroin"):
        placed.check_totals(Rows(placed.load(path).frame, path))


def test_totals_are_checked_where_the_bundled_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = altered(tmp_path, placed.BUNDLED, ALMATY, ALMATY.replace("26.42278", "28.42278"))
    assert len(placed.load(path).frame) == 220  # a file given may be fuller than the totals
    monkeypatch.setattr(rows, "resource", lambda name: path if name.endswith(placed.BUNDLED) else resource(name))
    with pytest.raises(DataError, match=r"while seizures\.csv has"):
        placed.load()


def test_trimming_refuses_an_unknown_drug_and_a_region_of_another_country(tmp_path: Path) -> None:
    sound = seizure("2012-01-01")
    with pytest.raises(DataError, match=r"line 3, column 'drug_name': 'krokodil' is not a known drug"):
        placed.trim(seizures(tmp_path, [sound, seizure("2012-01-02", "Krokodil")]))
    with pytest.raises(DataError, match=r"line 3, column 'region_iso': 'TJ-SU' is not a region of UZB"):
        placed.trim(seizures(tmp_path, [sound, seizure("2012-01-02", region="TJ-SU")]))


def test_trimming_keeps_the_unplaced_and_the_unweighed(tmp_path: Path) -> None:
    rows = [
        seizure("2012-01-01", "Heroin", 2.0),
        seizure("2012-02-01", "Heroin", 3.0, region=""),
        seizure("2012-03-01", "Poppy straw", None),
        seizure("2012-04-01", "Morphine", None),
    ]
    made = placed.trim(seizures(tmp_path, rows))
    assert made["region"].tolist() == ["", "UZ-SU", "UZ-SU"]
    assert made["n"].tolist() == [1, 1, 2]
    assert made["n_weighed"].tolist() == [1, 1, 0]
    assert made["kg"].tolist()[:2] == [3.0, 2.0] and pd.isna(made["kg"][2])


def test_a_folder_without_records(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"unodc_ids_individual_seizures_2011_2016\.csv"):
        placed.trim(tmp_path)


@pytest.mark.data
def test_the_bundle_is_the_provider_s(data_dir: Path) -> None:
    text = resource(f"data/reference/{placed.BUNDLED}").read_text(encoding="utf-8")
    assert csv_text(placed.trim(data_dir)) == text
    frame = placed.load().frame
    share = frame["n"][frame["region"].notna()].sum() / frame["n"].sum()
    assert share == unodc.load(data_dir).frame["region"].notna().mean()
