"""Monthly article counts: unobserved months stay unobserved, and damaged files are refused."""

from pathlib import Path

import pandas as pd
import pytest

from northroute.conventions import WINDOW
from northroute.errors import DataError, MissingDataError
from northroute.panel import build
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import mlp
from tests.sources.synthetic import Row, altered, mlp_folder, mlp_row, write


def _kazakh(data: Path) -> pd.DataFrame:
    return mlp.load(data).frame.query("country == 'KAZ'").set_index("month").drop(columns="country")


def test_every_country_has_every_month(tmp_path: Path) -> None:
    table = mlp.load(mlp_folder(tmp_path, [mlp_row("2014-11"), mlp_row("2015-04")]))
    months = table.frame.groupby("country")["month"].agg(list)
    assert set(months.index) == {"KAZ", "KGZ", "UZB", "COL"}
    assert all(m == list(pd.date_range("2014-11", "2015-04", freq="MS")) for m in months)
    assert list(table.frame.columns) == ["country", "month", mlp.EXPOSURE, *mlp.COUNTS]
    assert not table.simulated
    assert sorted(table.files) == ["Colombia.csv", "Kazakhstan.csv", "Kyrgyzstan.csv", "Uzbekistan.csv"]


def test_absent_month_is_unobserved_not_zero(tmp_path: Path) -> None:
    counts = _kazakh(mlp_folder(tmp_path, [mlp_row("2015-01", arrest=0), mlp_row("2015-03")]))
    assert counts.loc["2015-02-01"].isna().all()
    assert counts.loc["2015-01-01", "arrest"] == 0  # a true zero stays one


@pytest.mark.parametrize("total", [0, None])
def test_month_in_which_nothing_was_read_is_unobserved(tmp_path: Path, total: int | None) -> None:
    cell = 0 if total == 0 else None
    unread = mlp_row("2015-02", total=total, **dict.fromkeys(mlp.COUNTS, cell))
    counts = _kazakh(mlp_folder(tmp_path, [mlp_row("2015-01"), unread]))
    assert counts.loc["2015-02-01"].isna().all()
    assert counts.loc["2015-01-01"].notna().all()


def test_order_of_lines_and_extra_columns_do_not_matter(tmp_path: Path) -> None:
    rows = [mlp_row(f"2015-{m:02}", arrest=m, total=100 * m) for m in range(1, 7)]
    expected = _kazakh(mlp_folder(tmp_path / "a", rows))
    extra: list[Row] = [row | {"arrestNorm": 0.25, "rus_influence": "x"} for row in reversed(rows)]
    pd.testing.assert_frame_equal(_kazakh(mlp_folder(tmp_path / "b", extra)), expected)


def test_folder_itself_or_its_parent(tmp_path: Path) -> None:
    data = mlp_folder(tmp_path, [mlp_row("2015-01")])
    assert mlp.folder_of(data) == mlp.folder_of(data / mlp.FOLDER) == data / mlp.FOLDER
    pd.testing.assert_frame_equal(mlp.load(data).frame, mlp.load(data / mlp.FOLDER).frame)


def test_absent_files_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="northroute fetch mlp"):
        mlp.load(tmp_path)


def test_a_country_outside_the_project(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"TJK.*covers KAZ, KGZ, UZB, COL"):
        mlp.load(mlp_folder(tmp_path, [mlp_row("2015-01")]), ("KAZ", "TJK"))


def test_the_bundle_has_all_20_countries() -> None:
    table = mlp.load(countries=tuple(mlp.FILES))
    assert len(mlp.FILES) == 20
    assert sorted(table.files) == ["article_counts.csv"]
    assert "MIT" in table.licence
    observed = table.frame.dropna(subset=[mlp.EXPOSURE])
    assert len(observed) == 2943
    assert (observed["month"].min(), observed["month"].max()) == (pd.Timestamp("2012-01"), pd.Timestamp("2024-09"))
    empty = {c: observed.loc[observed["country"] == c, list(mlp.COUNTS)].isna().all() for c in mlp.FILES}
    assert {c: tuple(e.index[e]) for c, e in empty.items() if e.any()} == {
        "GTM": ("transnational_organization_crime",),
        "HND": ("transnational_organization_crime",),
        "DOM": ("transnational_organization_crime",),
        "JAM": ("bribery_economic_corruption", "transnational_organization_crime"),
    }


def test_the_bundle_alone_gives_the_four_countries_unless_told_otherwise() -> None:
    assert list(mlp.load().frame["country"].unique()) == ["KAZ", "KGZ", "UZB", "COL"]
    assert list(mlp.load(None, ("PER", "KAZ")).frame["country"].unique()) == ["PER", "KAZ"]


def test_given_files_take_the_place_of_bundled_rows(tmp_path: Path) -> None:
    data = mlp_folder(tmp_path, [mlp_row("2015-01", total=777)])
    for name in ("Colombia", "Kyrgyzstan", "Uzbekistan"):
        (data / mlp.FOLDER / f"{name}.csv").unlink()
    table, bundle = mlp.load(data), mlp.load()
    assert "KAZ from the folder given" in table.name
    assert sorted(table.files) == ["Kazakhstan.csv", "article_counts.csv"]
    kazakh = table.frame.query("country == 'KAZ'").set_index("month")[mlp.EXPOSURE].dropna()
    assert kazakh.to_dict() == {pd.Timestamp("2015-01"): 777}  # the file stands for the whole country
    for iso3 in ("KGZ", "UZB", "COL"):
        ours, theirs = (t.frame[t.frame["country"] == iso3].dropna() for t in (table, bundle))
        pd.testing.assert_frame_equal(ours.reset_index(drop=True), theirs.reset_index(drop=True))


def test_a_file_without_a_column_that_its_country_lacks(tmp_path: Path) -> None:
    folder = tmp_path / mlp.FOLDER
    folder.mkdir()
    row = mlp_row("2015-01", "Honduras")
    write(folder / "Honduras.csv", [{k: v for k, v in row.items() if k != "transnational_organization_crime"}])
    first = mlp.load(tmp_path, ("HND",)).frame.iloc[0]
    assert pd.isna(first["transnational_organization_crime"]) and first["arrest"] == 1
    write(folder / "Honduras.csv", [row])  # a later file may have it
    assert mlp.load(tmp_path, ("HND",)).frame["transnational_organization_crime"].tolist() == [1]


FIRST = "KAZ,2012-01,1546,14,"
SECOND = "KAZ,2012-02,1588,7,"


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "words"),
    [
        (SECOND, "KAZ,2012-02,1588,-7,", 3, "arrest", "'-7'"),
        (SECOND, "KAZ,2012-02,1588,7.5,", 3, "arrest", "'7.5' is not a whole number"),
        (SECOND, "KAZ,2012-02,1588,7000,", 3, "arrest", "7000 articles of this kind, and 1588 articles read"),
        (SECOND, "KAZ,2012-02,15880000,7,", 3, "article_total", "'15880000'"),
        (SECOND, "KAZ,2012-02,,7,", 3, "article_total", "the cell is empty"),
        (SECOND, "KAZ,2012-02,1588,,", 3, "arrest", "the cell is empty"),
        (SECOND, "KAZ,2012-01,1588,7,", 3, "iso3, month", "already on line 2"),
        (SECOND, "KAZ,2012-13,1588,7,", 3, "month", "a month of 2012-01 to 2026-12"),
        (SECOND, "KAZ,2011-02,1588,7,", 3, "month", "a month of 2012-01 to 2026-12"),
        (SECOND, "DEU,2012-02,1588,7,", 3, "iso3", "'DEU'"),
        (FIRST, FIRST.replace("14,", "one,"), 2, "arrest", "'one' is not a number"),
        ("violencelethal", "violence_lethal", 1, "violencelethal", "the column is missing"),
    ],
)
def test_a_damaged_bundle_is_refused(tmp_path: Path, old: str, new: str, row: int, column: str, words: str) -> None:
    path = altered(tmp_path, mlp.BUNDLED, old, new)
    with pytest.raises(DataError) as caught:
        mlp.bundled(path)
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(path), row, column)
    assert caught.value.remedy


def test_a_bundle_without_a_country_is_refused(tmp_path: Path) -> None:
    path = altered(tmp_path, mlp.BUNDLED, "", "")
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("NIC,")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"article_counts\.csv.*no rows of NIC"):
        mlp.bundled(path)


@pytest.mark.data
def test_the_bundle_is_the_provider_s(data_dir: Path) -> None:
    text = resource(f"data/reference/{mlp.BUNDLED}").read_text(encoding="utf-8")
    assert csv_text(mlp.trim(data_dir)) == text
    ours, theirs = mlp.load(None, tuple(mlp.FILES)), mlp.load(data_dir, tuple(mlp.FILES))
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)
    assert "all from the folder given" in theirs.name


def _without_raid() -> list[Row]:
    return [{("raids" if k == "raid" else k): v for k, v in mlp_row("2015-01").items()}]


BAD: dict[str, tuple[list[Row], int, str, str]] = {
    "negative": ([mlp_row("2015-01"), mlp_row("2015-02", raid=-1)], 3, "raid", "'-1'"),
    "fraction": ([mlp_row("2015-01", arrest=2.5)], 2, "arrest", "'2.5' is not a whole number"),
    "not a number": ([mlp_row("2015-01", arrest="many")], 2, "arrest", "'many' is not a number"),
    "month twice": ([mlp_row("2015-01"), mlp_row("2015-01")], 3, "date", "already on line 2"),
    "middle of a month": ([mlp_row("2015-01") | {"date": "2015-01-15"}], 2, "date", "not the first of a month"),
    "another country": (
        [mlp_row("2015-01"), mlp_row("2015-02", "Uzbekistan")],
        3,
        "country",
        "'Uzbekistan', not Kazakhstan",
    ),
    "NaN exposure": ([mlp_row("2015-01", total="NaN")], 2, mlp.EXPOSURE, "'NaN' is not a number"),
    "part above the whole": ([mlp_row("2015-01", arrest=1001)], 2, "arrest", "1001 articles of this kind, and 1000"),
    "senseless": ([mlp_row("2015-01", total=10**7 + 1)], 2, mlp.EXPOSURE, "'10000001'"),
    "before the project": ([mlp_row("2011-12")], 2, "date", "2012-01-01 to 2026-12-31"),
    "after it": ([mlp_row("2027-01")], 2, "date", "2012-01-01 to 2026-12-31"),
    "no exposure": (
        [mlp_row("2015-01"), mlp_row("2015-02", total=None)],
        3,
        mlp.EXPOSURE,
        "counts without an exposure",
    ),
    "exposure zero": ([mlp_row("2015-01", total=0)], 2, mlp.EXPOSURE, "counts without an exposure"),
    "wrong column": (_without_raid(), 1, "raid", "Did you mean 'raids'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused(tmp_path: Path, case: str) -> None:
    rows, line, column, words = BAD[case]
    data = mlp_folder(tmp_path, rows)
    with pytest.raises(DataError) as caught:
        mlp.load(data)
    assert words in str(caught.value)
    assert (caught.value.row, caught.value.column) == (line, column)
    assert caught.value.file == str(data / mlp.FOLDER / "Kazakhstan.csv")
    assert caught.value.remedy


def test_a_file_put_in_another_s_place(tmp_path: Path) -> None:
    data = mlp_folder(tmp_path, [mlp_row("2015-01")])
    write(data / mlp.FOLDER / "Colombia.csv", [mlp_row("2015-01", "Kyrgyzstan")])
    with pytest.raises(DataError, match=r"Colombia\.csv, line 2, column 'country': 'Kyrgyzstan', not Colombia"):
        mlp.load(data)


# First and last month as SOURCE.md states them; Colombia's as the file has them.
SPANS = {
    "KAZ": ("2012-01", "2024-08", 152),
    "KGZ": ("2012-01", "2024-07", 151),
    "UZB": ("2013-06", "2024-08", 135),
    "COL": ("2012-01", "2024-07", 151),
}


@pytest.mark.data
@pytest.mark.parametrize("iso3", SPANS)
def test_real_spans(data_dir: Path, iso3: str) -> None:
    frame = mlp.load(data_dir).frame.query("country == @iso3").set_index("month")
    first, last, observed = SPANS[iso3]
    read = frame[mlp.EXPOSURE].notna()
    assert (frame.index[read].min(), frame.index[read].max()) == (pd.Timestamp(first), pd.Timestamp(last))
    assert read.sum() == observed
    assert len(frame) == 152  # the union of all four
    assert frame.loc[~read, list(mlp.COUNTS)].isna().all(axis=None)  # before and after: unobserved, never zero
    assert frame.loc[read, list(mlp.COUNTS)].notna().all(axis=None)


@pytest.mark.data
def test_real_cells_are_the_file_s(data_dir: Path) -> None:
    by_country = dict(list(mlp.load(data_dir).frame.groupby("country")))
    for iso3 in mlp.COMMON:
        name = mlp.FILES[iso3]
        raw = pd.read_csv(data_dir / mlp.FOLDER / f"{name}.csv", parse_dates=["date"]).set_index("date")
        ours = by_country[iso3].set_index("month")
        read = ours[ours[mlp.EXPOSURE].notna()].drop(columns="country")
        pd.testing.assert_frame_equal(read, raw[read.columns], check_dtype=False, check_names=False, check_freq=False)


@pytest.mark.data
def test_first_kazakh_month(data_dir: Path) -> None:
    """The first line of the file, read by eye."""
    row = mlp.load(data_dir, ("KAZ",)).frame.iloc[0]
    assert (row["month"], row["article_total"]) == (pd.Timestamp("2012-01-01"), 1546)
    assert (row["arrest"], row["raid"], row["legalaction"], row["violencelethal"]) == (14, 1, 15, 3)
    assert (row["ncr_arrest"], row["ncr_legalaction"], row["ncr_violencelethal"]) == (32, 16, 4)


@pytest.mark.data
def test_real_window(data_dir: Path) -> None:
    panel = build(mlp.load(data_dir), unit="country", outcomes=mlp.COUNTS, exposures=(mlp.EXPOSURE,), window=WINDOW)
    assert panel.frame.shape[0] == 4 * 96
    assert panel.countries == ("KAZ", "KGZ", "UZB", "COL")
    assert all(panel.observed(c).all() for c in mlp.COUNTS)  # no gap inside the brief's window
    assert (panel.frame["violencelethal"] == 0).any()  # and true zeros are zeros
