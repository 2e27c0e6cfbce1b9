"""Individual seizures: a country-year that did not report is unobserved, one that reported none of a drug is zero."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.errors import DataError, MissingDataError
from northroute.sources import governance, unodc
from tests.sources.synthetic import Row, seizure, seizures

REPORTING = {
    ("KAZ", 2011),
    ("KAZ", 2012),
    ("KAZ", 2014),
    ("KAZ", 2015),
    ("KGZ", 2011),
    ("KGZ", 2012),
    ("TJK", 2011),
    ("TJK", 2012),
    ("TJK", 2016),
    ("TKM", 2011),
    *(("UZB", year) for year in range(2011, 2017)),
}


def _totals(data: Path) -> pd.DataFrame:
    return unodc.country_year(unodc.load(data)).frame.set_index(["iso3", "year", "drug"])


def test_unobserved_zero_and_unweighed_are_three_things(tmp_path: Path) -> None:
    rows = [
        seizure("2012-03-01", "Heroin", 3.0),
        seizure("2012-04-01", "Heroin", 4.0),
        seizure("2012-05-01", "Heroin", None),  # recorded in tablets, say
        seizure("2013-05-01", "Opium", None),
    ]
    totals = _totals(seizures(tmp_path, rows))
    assert len(totals) == 5 * 6 * 2
    cells = dict(zip(totals.index, totals.to_dict("records"), strict=True))
    heroin = cells["UZB", 2012, "heroin"]
    assert (heroin["n_reported"], heroin["kg"]) == (3, 7.0)
    assert heroin["kg_sd"] == 5.0  # sqrt(3^2 + 4^2)
    assert cells["UZB", 2012, "opium"] == {"n_reported": 0, "kg": 0.0, "kg_sd": 0.0}  # reported, none of it
    unweighed = cells["UZB", 2013, "opium"]
    assert unweighed["n_reported"] == 1
    assert np.isnan([unweighed["kg"], unweighed["kg_sd"]]).all()
    silent = totals.drop([("UZB", 2012), ("UZB", 2013)])
    assert silent.isna().all(axis=None)  # no report, no figure: never zero


def test_any_drug_makes_a_country_year_reporting(tmp_path: Path) -> None:
    totals = _totals(seizures(tmp_path, [seizure("2014-01-01", "Ecstasy", iso3="TJK", region="TJ-DU")]))
    reported = totals.index.isin([("TJK", 2014, "heroin"), ("TJK", 2014, "opium")])
    assert (totals[reported] == 0).all(axis=None)
    assert totals[~reported].isna().all(axis=None)


def test_a_place_that_was_not_matched_is_missing(tmp_path: Path) -> None:
    frame = unodc.load(seizures(tmp_path, [seizure("2012-01-01", region=""), seizure("2012-01-02")])).frame
    assert frame["region"].isna().tolist() == [True, False]
    assert frame["drug"].tolist() == ["heroin", "heroin"]


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"unodc_ids_individual_seizures_2011_2016\.csv"):
        unodc.load(tmp_path)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (seizure("2012-01-01", region="UZ-ZZ"), "region_iso", "'UZ-ZZ' breaks the rule 'a known region'"),
        (seizure("2012-01-01", kg=-1), "amount_kg", "'-1.0'"),
        (seizure("2012-01-01", kg="inf"), "amount_kg", "'inf' is not a number"),
        (seizure("2012-01-01", iso3="AFG"), "iso3", "'AFG'"),
        (seizure("01/02/2012"), "date", "not a date"),
        (seizure("2021-01-01"), "date", "2011-01-01 to 2016-12-31"),  # would vanish from the totals
        (seizure("2012-01-01", drug=""), "drug_name", "the cell is empty"),
    ],
)
def test_bad_records_are_refused(tmp_path: Path, row: Row, column: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        unodc.load(seizures(tmp_path, [seizure("2012-01-01"), row]))
    assert words in str(caught.value)
    assert (caught.value.row, caught.value.column) == (3, column)


@pytest.mark.data
def test_real_reporting_country_years(data_dir: Path) -> None:
    totals = _totals(data_dir)
    observed = totals["n_reported"].notna()
    assert {(iso3, year) for iso3, year, _ in totals[observed].index} == REPORTING
    assert totals.loc[~observed].isna().all(axis=None)


@pytest.mark.data
def test_real_totals_are_those_of_the_bundled_table(data_dir: Path) -> None:
    totals = _totals(data_dir).dropna()
    bundled = governance.load("seizures").frame.set_index(["iso3", "year", "drug"]).reindex(totals.index)
    assert (totals["n_reported"] == bundled["n_reported"]).all()
    assert np.abs(totals["kg"] - bundled["kg"]).max() <= 0.05 + 1e-9  # bundled with one decimal


@pytest.mark.data
def test_real_records(data_dir: Path) -> None:
    frame = unodc.load(data_dir).frame
    assert len(frame) == 1476  # 1,504 less 28 exact repeats
    assert frame["region"].notna().mean() == pytest.approx(0.73, abs=0.005)  # SOURCE.md: 73 % matched
    prefix = frame["region"].dropna().str[:2].map({"KZ": "KAZ", "KG": "KGZ", "TJ": "TJK", "TM": "TKM", "UZ": "UZB"})
    assert (prefix == frame.loc[prefix.index, "iso3"]).all()
    assert not frame["drug"].str.contains("cannabis|marijuana|hashish").any()  # removed by the compiler
