"""The bundled country-year tables: published figures, coverage, and every cell against the providers' files."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.conventions import COMPARISON_COUNTRIES, COUNTRIES
from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import governance
from northroute.sources.table import Table

NINE = sorted([*COUNTRIES, *COMPARISON_COUNTRIES])
FIPS = {"KZ": "KAZ", "KG": "KGZ", "TI": "TJK", "TX": "TKM", "UZ": "UZB", "MX": "MEX", "CO": "COL", "AF": "AFG"}
FIPS["RS"] = "RUS"

# The publishers' headline figures as known from their releases, typed from memory and not from our files: they would catch
# a column or a country mixed up. The cell-by-cell checks below are the exact ones.
PUBLISHED: dict[tuple[str, str], dict[object, int]] = {
    ("cpi", "score"): {
        ("KAZ", 2022): 36,
        ("KGZ", 2022): 27,
        ("TJK", 2022): 24,
        ("TKM", 2022): 19,
        ("UZB", 2022): 31,
        ("UZB", 2012): 17,
        ("AFG", 2022): 24,
        ("AFG", 2012): 8,
        ("RUS", 2022): 28,
        ("MEX", 2022): 31,
        ("COL", 2022): 39,
    },
    ("opium", "cultivation_ha"): {2017: 328_000, 2018: 263_000, 2019: 163_000, 2020: 224_000, 2022: 233_000},
    ("opium", "production_t"): {2017: 9_000, 2018: 6_400, 2020: 6_300, 2021: 6_800, 2022: 6_200},
}


@pytest.mark.parametrize(("name", "column"), PUBLISHED)
def test_published_figures(name: str, column: str) -> None:
    table = governance.load(name)
    keys = table.frame.set_index(list(table.key)).index
    found = dict(zip(keys, table.frame[column], strict=True))
    for key, value in PUBLISHED[name, column].items():
        assert found[key] == value, key


@pytest.mark.parametrize(
    ("name", "first", "last", "rows"),
    [
        ("cpi", 2012, 2022, 9 * 11),  # the index begins in 2012
        ("wgi", 2010, 2022, 9 * 13 * 6),
        ("vdem", 2010, 2022, 9 * 13),
        ("population", 2010, 2022, 9 * 13),
        ("gdelt_totals", 2010, 2021, 9 * 12),  # the provider's query ran in April 2021
    ],
)
def test_coverage_is_complete(name: str, first: int, last: int, rows: int) -> None:
    frame = governance.load(name).frame
    assert sorted(frame["iso3"].unique()) == NINE
    assert len(frame) == rows
    per_country = frame.groupby("iso3")["year"].agg(["min", "max", "nunique"])
    assert (per_country["min"] == first).all()
    assert (per_country["max"] == last).all()
    assert (per_country["nunique"] == last - first + 1).all()


def test_six_indicators_each_year() -> None:
    wgi = governance.load("wgi").frame
    assert (wgi.groupby(["iso3", "year"])["indicator"].nunique() == 6).all()
    assert sorted(wgi["indicator"].unique()) == ["cc", "ge", "pv", "rl", "rq", "va"]


def test_standard_errors_are_positive() -> None:
    for name in ("cpi", "wgi"):
        assert (governance.load(name).frame["std_error"] > 0).all()


def test_opium_has_every_year_and_its_standing() -> None:
    opium = governance.load("opium").frame.set_index("year")
    assert opium.index.tolist() == list(range(2010, 2023))
    seen = opium["cultivation_status"] == "seen"
    assert opium.index[seen].tolist() == [2017, 2018, 2019, 2020]
    # 2017 stood 63 % above 2016, rounded to whole per cents: 328 / 1.635 to 328 / 1.625
    assert 328_000 / 1.635 < opium["cultivation_ha"].loc[2016] < 328_000 / 1.625
    assert opium.loc[2016, "cultivation_status"] == "derived"


def test_seizures_hold_reporting_country_years_only() -> None:
    seizures = governance.load("seizures").frame
    years = seizures.groupby("iso3")["year"].apply(lambda y: sorted(set(y))).to_dict()
    assert years == {
        "KAZ": [2011, 2012, 2014, 2015],
        "KGZ": [2011, 2012],
        "TJK": [2011, 2012, 2016],
        "TKM": [2011],
        "UZB": [2011, 2012, 2013, 2014, 2015, 2016],
    }
    assert (seizures.groupby(["iso3", "year"])["drug"].nunique() == 2).all()


def test_homicide_gaps_are_gaps() -> None:
    homicide = governance.load("homicide").frame
    assert sorted(homicide["iso3"].unique()) == NINE
    years = homicide.groupby("iso3")["year"].agg(lambda y: sorted(set(y)))
    assert years["TJK"] == [2010, 2011, 2020]
    assert max(years["TKM"]) == 2015


def test_only_the_last_gdelt_year_is_partial() -> None:
    totals = governance.load("gdelt_totals").frame
    assert set(totals.loc[~totals["complete"], "year"]) == {2021}
    assert set(totals.loc[totals["complete"], "year"]) == set(range(2010, 2021))
    kazakh = totals.query("iso3 == 'KAZ'").set_index("year")["events"]
    # the fall in coverage that makes all events an exposure
    assert (kazakh[2017], kazakh[2020]) == (90_782, 33_191)


def test_direction_of_the_indices_agrees() -> None:
    """CPI and WGI rise where a country is cleaner, V-Dem where it is more corrupt."""
    vdem = governance.load("vdem").frame.groupby("iso3")["corruption"].mean()
    cpi = governance.load("cpi").frame.groupby("iso3")["score"].mean()
    control = governance.load("wgi").frame.query("indicator == 'cc'").groupby("iso3")["estimate"].mean()
    # nine countries: the same thing measured three ways; |r| below 0.6 would mean a column turned round or mixed up
    assert np.corrcoef(cpi, control)[0, 1] > 0.6
    assert np.corrcoef(cpi, vdem)[0, 1] < -0.6


def test_corruption_did_not_change_when_civil_society_was_added() -> None:
    """SHA-256 of the table as it was before."""
    before = governance.load("vdem").frame.drop(columns="civil_society_participation")
    sha = hashlib.sha256(csv_text(before).encode()).hexdigest()
    assert sha == "c2a26e94e1096950e943bb67974c2c08b9e8d0935b6baead6b66aa397d019067"


@pytest.mark.parametrize("name", governance.NAMES)
def test_each_table_says_where_it_comes_from(name: str) -> None:
    table = governance.load(name)
    assert isinstance(table, Table)
    assert table.name == f"governance/{name}"
    assert not table.simulated
    assert table.citation
    assert table.licence
    assert not table.frame.duplicated(list(table.key)).any()
    assert not table.frame.isna().any().any()
    assert [len(sha) for sha in table.files.values()] == [64]


def test_unknown_table_lists_the_known() -> None:
    with pytest.raises(MissingDataError, match=r"no table 'gdp'.*cpi, wgi, vdem"):
        governance.load("gdp")


@pytest.mark.parametrize(
    ("name", "old", "new", "column", "row"),
    [
        ("cpi", "KAZ,2012,28", "KAZ,2012,128", "score", 2),
        ("cpi", "KAZ,2012", "KAZ,2009", "year", 2),
        ("cpi", "KAZ,2012", "DEU,2012", "iso3", 2),
        ("wgi", "KAZ,2010,cc", "KAZ,2010,xx", "indicator", 2),
        ("vdem", "0.848", "1.848", "corruption", 2),
        ("vdem", "0.848,0.896,0.696,0.", "0.848,0.896,0.696,1.", "civil_society_participation", 2),
        ("opium", "recalled,3600", "guessed,3600", "cultivation_status", 2),
        ("seizures", "KAZ,2011,heroin,143", "KAZ,2011,heroin,0", "n_reported", 2),
        ("population", "KAZ,2010,16836810", "KAZ,2010,16836810.5", "population", 2),
        ("gdelt_totals", "29310,true", "29310,yes", "complete", 2),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, name: str, old: str, new: str, column: str, row: int) -> None:
    text = resource(f"data/reference/{name}.csv").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        governance.load(name, path)
    assert (caught.value.row, caught.value.column) == (row, column)


def _provider(path: Path, columns: dict[str, str], key: list[str]) -> pd.DataFrame:
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""]).rename(columns=columns)
    return frame[frame["year"].between(2010, 2022)].set_index(key)[[c for c in columns.values() if c not in key]]


def _agree(name: str, provider: pd.DataFrame, tolerance: float) -> None:
    table = governance.load(name)
    ours = table.frame.set_index(list(table.key))[provider.columns]
    pd.testing.assert_frame_equal(
        ours.sort_index(), provider.dropna().sort_index(), check_dtype=False, rtol=0, atol=tolerance
    )


# Half a unit of the last digit kept; 0 where nothing was rounded.
@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "file", "columns", "tolerance"),
    [
        ("cpi", "governance/cpi_country_year.csv", {"cpi_score": "score", "std_error": "std_error"}, 0),
        ("cpi", "governance/cpi_country_year.csv", {"n_sources": "n_sources"}, 0),
        (
            "wgi",
            "governance/wgi_country_year_long.csv",
            {"ind": "indicator", "estimate": "estimate", "std_err": "std_error"},
            5.001e-5,
        ),
        (
            "vdem",
            "governance/vdem_v15_country_year.csv",
            {
                "v2x_corr": "corruption",
                "v2x_execorr": "executive_corruption",
                "v2x_pubcorr": "public_sector_corruption",
                "v2x_cspart": "civil_society_participation",
            },
            0,
        ),
        (
            "opium",
            "drugs/afghanistan_opium_2010_2022.csv",
            {"cultivation_ha": "cultivation_ha", "potential_production_t": "production_t"},
            0,
        ),
        ("population", "population/population_country_year.csv", {"population": "population"}, 0),
    ],
)
def test_every_cell_is_the_provider_s(
    data_dir: Path, name: str, file: str, columns: dict[str, str], tolerance: float
) -> None:
    key = list(governance.load(name).key)
    _agree(name, _provider(data_dir / file, columns, key), tolerance)


@pytest.mark.data
def test_the_vdem_table_is_the_provider_s(data_dir: Path) -> None:
    text = resource("data/reference/vdem.csv").read_text(encoding="utf-8")
    assert csv_text(governance.trim_vdem(data_dir)) == text


def test_vdem_without_the_provider_s_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"vdem_v15_country_year\.csv"):
        governance.trim_vdem(tmp_path)


@pytest.mark.data
def test_every_seizure_total_is_the_provider_s(data_dir: Path) -> None:
    columns = {"drug": "drug", "n_reported_seizures": "n_reported", "kg": "kg"}
    provider = _provider(data_dir / "drugs/unodc_ids_country_year.csv", columns, ["iso3", "year", "drug"])
    _agree("seizures", provider.rename(index=str.lower, level="drug"), 0)


@pytest.mark.data
def test_every_homicide_rate_is_the_provider_s(data_dir: Path) -> None:
    provider = _provider(
        data_dir / "homicide/homicide_country_year.csv",
        {"source": "provider", "homicide_per_100k": "rate_per_100k"},
        ["iso3", "year", "provider"],
    )
    named = provider.rename(index=lambda s: "world_bank" if "World Bank" in s else "owid_unodc", level="provider")
    _agree("homicide", named, 5.001e-4)


@pytest.mark.data
def test_every_gdelt_total_is_the_provider_s(data_dir: Path) -> None:
    path = data_dir / "gdelt_yearly_country_totals/yearly_country_totals.csv"
    frame = pd.read_csv(path, header=None, names=["year", "fips", "events"], keep_default_na=False)
    frame = frame[frame["fips"].isin(FIPS) & frame["year"].between(2010, 2022)]
    provider = frame.assign(iso3=frame["fips"].map(FIPS)).set_index(["iso3", "year"])[["events"]]
    _agree("gdelt_totals", provider, 0)


@pytest.mark.data
def test_figures_said_to_be_recalled_are_the_provider_s_own(data_dir: Path) -> None:
    note = pd.read_csv(data_dir / "drugs/afghanistan_opium_2010_2022.csv").set_index("year")["verification"]
    opium = governance.load("opium").frame.set_index("year")
    expected_area = {2016: "derived", 2017: "seen", 2018: "seen", 2019: "seen", 2020: "seen"}
    expected_production = dict.fromkeys((2016, 2017, 2018, 2020, 2022), "seen")
    for year, words in note.items():
        assert opium.at[year, "cultivation_status"] == expected_area.get(int(str(year)), "recalled")
        assert opium.at[year, "production_status"] == expected_production.get(int(str(year)), "recalled")
        both = {opium.at[year, "cultivation_status"], opium.at[year, "production_status"]}
        assert (words == "recalled") == (both == {"recalled"})
        assert words.startswith("both in excerpts") == (both == {"seen"})
