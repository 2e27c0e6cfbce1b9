"""The script that trims the bundled tables from the providers' files."""

import shutil
from pathlib import Path

import pytest

from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sources import bundled
from northroute.sources.rows import provider_file


def test_every_name_is_a_bundled_file() -> None:
    for name in bundled.BUNDLE:
        assert resource(f"data/reference/{name}").is_file()


def test_a_folder_without_providers_changes_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    built = bundled.build(tmp_path, tmp_path / "out", lambda message, _: told.append(message))
    assert {table.outcome for table in built} == {"not there"}
    assert told == [table.file for table in built]
    assert all(str(tmp_path) in table.note for table in built)
    assert not (tmp_path / "out").exists()
    with pytest.raises(MissingDataError, match="is not a folder"):
        bundled.build(tmp_path / "nowhere")


def test_a_provider_s_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"has no some_provider/a\.csv"):
        provider_file(tmp_path, "some_provider", "a.csv")


@pytest.mark.data
def test_every_table_is_what_the_providers_files_give(data_dir: Path, tmp_path: Path) -> None:
    built = bundled.build(data_dir, tmp_path / "out")
    assert {table.outcome for table in built} == {"written"}
    for table in built:
        made = (tmp_path / "out" / table.file).read_bytes()
        assert made == resource(f"data/reference/{table.file}").read_bytes(), table.file
        assert b"\r" not in made
    again = bundled.build(data_dir, tmp_path / "out")
    assert {table.outcome for table in again} == {"unchanged"}


@pytest.mark.data
def test_one_provider_builds_its_own_table_alone(data_dir: Path, tmp_path: Path) -> None:
    name = "uz_regions_crime_density"
    shutil.copytree(data_dir / name, tmp_path / "in" / name, copy_function=shutil.copyfile)
    built = {table.file: table.outcome for table in bundled.build(tmp_path / "in", tmp_path / "out")}
    assert [file for file, outcome in built.items() if outcome == "written"] == ["uz_regions.csv"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["uz_regions.csv"]


def test_a_bad_file_of_one_provider_leaves_every_table_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "uz_regions_crime_density"
    folder.mkdir(parents=True)
    (folder / "uz_region_year.csv").write_text("series,iso,year\nregistered_crimes,UZ,2010\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        bundled.build(tmp_path / "in", tmp_path / "out")
    assert (caught.value.row, caught.value.column) == (1, "value")
    assert not (tmp_path / "out").exists()
