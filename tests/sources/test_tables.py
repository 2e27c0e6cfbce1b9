"""All tables together: the bundled ones, and a folder's files of the same providers in their place."""

from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import DataError, MissingDataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import mlp, tables, uz_regions
from tests.sources.synthetic import mlp_folder, mlp_row

UZBEK = Path("uz_regions_crime_density", "uz_region_year.csv")
DENSITY = "population_density_per_km2,UZ-AN,2015,664.5"


@pytest.fixture(scope="module")
def bundle() -> tables.Loaded:
    return tables.load()


def given(data_dir: Path, to: Path, old: str = "", new: str = "") -> Path:
    """A folder with the Uzbek provider's file alone, one text in it replaced."""
    path = to / UZBEK
    path.parent.mkdir(parents=True)
    text = (data_dir / UZBEK).read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return to


def test_the_bundle_is_read_whole(bundle: tables.Loaded) -> None:
    loaded = bundle
    assert set(loaded.tables) == {*tables.READERS, tables.ARTICLES}
    assert loaded.replaced == ()
    for name, table in loaded.tables.items():
        assert not table.simulated, name
        assert len(table.frame), name
        assert table.licence, name
    articles = loaded.tables[tables.ARTICLES].frame
    assert set(articles["country"]) == set(mlp.FILES)
    bundled = {file for file, _ in tables.READERS.values()} | {mlp.BUNDLED}
    assert {*loaded.inputs} == bundled
    for file in bundled:
        assert loaded.inputs[file] == file_sha256(resource(f"data/reference/{file}"))


@pytest.mark.data
def test_one_provider_s_altered_file_stands_in_the_place_of_its_table(
    data_dir: Path, tmp_path: Path, bundle: tables.Loaded
) -> None:
    loaded = tables.load(given(data_dir, tmp_path, DENSITY, DENSITY.replace("664.5", "665.5")))
    assert loaded.replaced == (uz_regions.FILE,)
    rows = loaded.tables["uz_regions"].frame.set_index(["region", "year"])
    assert rows.loc[("UZ-AN", 2015), "density"] == 665.5
    name = f"{uz_regions.FILE} trimmed from {tmp_path}"
    assert name in loaded.inputs
    assert uz_regions.FILE not in loaded.inputs
    # every other table, and every other row, is the bundle's
    others = bundle.tables["uz_regions"].frame.set_index(["region", "year"])
    assert (rows["density"] != others["density"]).sum() - others["density"].isna().sum() == 1
    assert {n: sha for n, sha in bundle.inputs.items() if n != uz_regions.FILE} == {
        n: sha for n, sha in loaded.inputs.items() if n != name
    }


@pytest.mark.data
def test_a_file_that_says_the_same_replaces_nothing(data_dir: Path, tmp_path: Path, bundle: tables.Loaded) -> None:
    loaded = tables.load(given(data_dir, tmp_path))
    assert loaded.replaced == ()
    assert loaded.inputs == bundle.inputs


@pytest.mark.data
def test_the_providers_files_as_bundled_replace_nothing(data_dir: Path, bundle: tables.Loaded) -> None:
    loaded = tables.load(data_dir)
    assert loaded.replaced == ()
    for name, table in bundle.tables.items():
        pd.testing.assert_frame_equal(loaded.tables[name].frame, table.frame, obj=name)


@pytest.mark.data
def test_a_fault_that_only_the_trimmed_table_shows_names_the_folder(data_dir: Path, tmp_path: Path) -> None:
    folder = given(data_dir, tmp_path, "UZ-AN,2015,5640.0", "UZ-AN,2015,5460.0")
    with pytest.raises(DataError, match=r"regions and UZ-unlocated add up to 87766") as caught:
        tables.load(folder)
    assert caught.value.file == f"{uz_regions.FILE} trimmed from {folder}"
    assert caught.value.column == "registered_crimes"
    assert "Restore the provider's file" in caught.value.remedy


@pytest.mark.data
def test_a_damaged_provider_s_file_is_refused_and_not_passed_over(data_dir: Path, tmp_path: Path) -> None:
    folder = given(data_dir, tmp_path, DENSITY, DENSITY.replace("664.5", "many"))
    with pytest.raises(DataError) as caught:
        tables.load(folder)
    assert caught.value.file == str(folder / UZBEK)
    assert caught.value.column == "value"


def test_article_counts_of_a_folder_are_taken_and_named(tmp_path: Path, bundle: tables.Loaded) -> None:
    mlp_folder(tmp_path, [mlp_row("2015-01", total=77), mlp_row("2015-02")])
    loaded = tables.load(tmp_path)
    assert loaded.replaced == (mlp.BUNDLED,)
    articles = loaded.tables[tables.ARTICLES]
    assert "from the folder given" in articles.name
    rows = articles.frame.set_index(["country", "month"])[mlp.EXPOSURE]
    assert rows["KAZ", pd.Timestamp("2015-01-01")] == 77
    # countries without a file there are the bundle's
    bundled = bundle.tables[tables.ARTICLES].frame.set_index(["country", "month"])[mlp.EXPOSURE]
    assert rows["TUR"].dropna().equals(bundled["TUR"].dropna())
    assert {mlp.BUNDLED, "Kazakhstan.csv"} <= set(loaded.inputs)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"nowhere' is not a folder; name the one"):
        tables.load(tmp_path / "nowhere")


def test_a_folder_with_nothing_readable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    with pytest.raises(MissingDataError, match=r"holds no provider's files.*leave --data out"):
        tables.load(tmp_path)
