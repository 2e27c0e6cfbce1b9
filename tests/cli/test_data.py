"""``northroute data build`` and ``northroute check``."""

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute.cli import app
from northroute.errors import DataError
from northroute.sources import bundled, licences, mlp
from tests.sources.synthetic import mlp_folder, mlp_row

runner = CliRunner()


def test_building_from_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    result = runner.invoke(app, ["data", "build", "--from", str(tmp_path), "--to", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "has no provider's files; nothing was written" in result.output
    assert result.output.count("not there") == len(bundled.BUNDLE)
    nowhere = runner.invoke(app, ["data", "build", "--from", str(tmp_path / "nowhere")])
    assert nowhere.exit_code == 1
    assert "is not a folder" in nowhere.output


@pytest.mark.data
def test_building_says_what_became_of_each_table(data_dir: Path, tmp_path: Path) -> None:
    name = "uz_regions_crime_density"
    shutil.copytree(data_dir / name, tmp_path / "in" / name, copy_function=shutil.copyfile)
    command = ["data", "build", "--from", str(tmp_path / "in"), "--to", str(tmp_path / "out")]
    for outcome in ("written", "unchanged"):
        result = runner.invoke(app, command)
        assert result.exit_code == 0
        line = next(line for line in result.output.splitlines() if outcome in line)
        assert line.split() == ["uz_regions.csv", outcome, "223", "rows"]


def test_check_reads_every_bundled_table() -> None:
    result = runner.invoke(app, ["check"], env={"NORTHROUTE_DATA": ""})
    assert result.exit_code == 0
    for name in (
        *("offences", "region_population", "kg_regions", "uz_regions", "placed_seizures", "annual_seizures"),
        *("crime_index", "article_counts", "shocks", "boundaries", "adjacency", "register", "constructs", "priors"),
    ):
        assert f"\n{name} " in result.output, name


def test_check_goes_on_after_a_fault_and_fails(tmp_path: Path) -> None:
    data = mlp_folder(tmp_path, [mlp_row("2015-13"), mlp_row("2015-02")])
    (data / mlp.FOLDER / "Kyrgyzstan.csv").write_bytes(b"\xff")
    (data / mlp.FOLDER / "Kazakstan.csv").write_text("date\n", encoding="utf-8")
    (data / "uz_regions_crime_density" / "uz_region_year.csv").mkdir(parents=True)
    result = runner.invoke(app, ["check", "--data", str(data)])
    assert result.exit_code == 1
    errors = [line for line in result.output.splitlines() if line.startswith("Error")]
    for words in (
        "Kazakhstan.csv, line 2, column 'date': '2015-13-01' is not a date",
        "Kyrgyzstan.csv: not UTF-8",
        "Uzbekistan.csv: 133 of 135 rows of the bundled Uzbekistan.csv are not in what replaces it",
        "uz_region_year.csv: a folder, not a file",
    ):
        assert sum(words in line for line in errors) == 1, (words, result.output)
    assert "Kazakstan.csv is not read" in result.output


@pytest.mark.parametrize("what", ["nowhere", "empty", "a file"])
def test_check_fails_where_there_is_nothing_to_check(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file").write_text("", encoding="utf-8")
    result = runner.invoke(app, ["check", "--data", str(tmp_path / what)])
    assert result.exit_code == 1
    assert len([line for line in result.output.splitlines() if line.startswith("Error")]) == 1


@pytest.mark.data
def test_check_finds_the_providers_files_sound(data_dir: Path) -> None:
    result = runner.invoke(app, ["check", "--data", str(data_dir)])
    assert result.exit_code == 0, result.output
    assert "Error" not in result.output


def test_check_looks_at_the_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> tuple[Path, ...]:
        raise DataError("the licence file is gone", file="notice.txt", remedy="Restore it.")

    monkeypatch.setattr(licences, "check", gone)
    result = runner.invoke(app, ["check"], env={"NORTHROUTE_DATA": ""})
    assert result.exit_code == 1
    assert "notice.txt: the licence file is gone. Restore it." in result.output


def test_a_refusal_while_modules_are_loaded_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreadable:
        def __getattr__(self, name: str) -> object:
            raise DataError("not valid YAML: it breaks off", file="priors.yaml", remedy="Restore it.")

    monkeypatch.setitem(sys.modules, "northroute.claims.catalogue", Unreadable())
    result = runner.invoke(app, ["claims"])
    assert result.exit_code == 1
    assert result.output == "Error priors.yaml: not valid YAML: it breaks off. Restore it.\n"
