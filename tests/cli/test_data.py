"""``northroute data build`` and ``northroute check``."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute.cli import app
from northroute.errors import DataError
from northroute.sources import bundled, licences

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
        *("offences, Kazakhstan 2022", "population by region", "Kyrgyz regions by year", "Uzbek regions by year"),
        *("placed seizures", "annual seizures", "organised crime index", "article counts", "shocks", "boundaries"),
    ):
        assert name in result.output, name


def test_check_looks_at_the_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> tuple[Path, ...]:
        raise DataError("the licence file is gone", file="notice.txt", remedy="Restore it.")

    monkeypatch.setattr(licences, "check", gone)
    result = runner.invoke(app, ["check"], env={"NORTHROUTE_DATA": ""})
    assert result.exit_code == 1
    assert "notice.txt: the licence file is gone. Restore it." in result.output
