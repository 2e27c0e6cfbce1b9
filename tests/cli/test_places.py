"""Where verbs write: refused first, in one line, and full disks told."""

import errno
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute.cli import app, places
from northroute.cli.console import disk_is_full, errors

runner = CliRunner()


def test_a_file_a_device_and_a_path_below_a_file_are_no_folders(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for place in (taken, fifo, taken / "below", Path("/dev/null")):
        for words in (["reproduce", "--out"], ["ladder", "pooled", "--output"], ["events", "build", "--out"]):
            result = runner.invoke(app, [*words, str(place)])
            assert result.exit_code == 1, result.output
            assert result.output.count("\n") == 1
            assert words[-1] in result.output
            assert "Name a folder that can be written." in result.output
    assert taken.read_text() == "mine"


def test_a_file_to_write_is_no_folder_and_no_device(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/dev/null")):
        result = runner.invoke(app, ["simulate", "regions", "--out", str(place)])
        assert result.exit_code == 1
        assert "is no file. Name a file that can be written." in result.output


@pytest.mark.parametrize("name", ["run?", "run*", "[run]", "[red]run", "run {x}", "прогон"])
def test_names_of_folders_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    (tmp_path / "run1").mkdir()
    words = ["simulate", "archive", "--out", str(tmp_path / name), "--days", "1", "--incidents", "1", "--world", "0"]
    result = runner.invoke(app, words)
    assert result.exit_code == 0, result.output
    assert name in result.output
    assert (tmp_path / name / "truth.parquet").exists()
    assert not list((tmp_path / "run1").iterdir())


@pytest.mark.parametrize("seed", ["-1", str(2**63), "one"])
def test_a_seed_is_a_number_that_seeds(seed: str) -> None:
    result = runner.invoke(app, ["reproduce", "--seed", seed])
    assert result.exit_code == 2
    assert "--seed" in result.output


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["--countries", "KZ,XX"], "no country XX"),
        (["--countries", " , "], "no country named"),
        (["--start", "2020-01-02", "--end", "2020-01-01"], "lies before"),
        (["--end", "2020-01-01"], "go together"),
    ],
)
def test_options_of_a_build_are_read_before_its_files(tmp_path: Path, words: list[str], needed: str) -> None:
    result = runner.invoke(app, ["events", "build", "--data", str(tmp_path), "--out", str(tmp_path / "out"), *words])
    assert result.exit_code == 1
    assert needed in result.output
    assert result.output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line_with_folder_and_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    behind = RuntimeError("the library's own words")
    behind.__cause__ = full
    for problem in (full, behind, RuntimeError('IO Error: Could not write file "x": No space left on device')):
        assert disk_is_full(problem)
        with pytest.raises(Exception) as stopped, errors("Finished fits are kept.", tmp_path / "not" / "yet"):
            raise problem
        assert getattr(stopped.value, "exit_code", None) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert "is full (" in said
        assert "MB free)" in said
        assert "Finished fits are kept." in said
    assert not disk_is_full(RuntimeError("another"))


def test_a_disk_without_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        pytest.raises(Exception) as stopped,
        places.writing(tmp_path, 1e12, "", lambda message, _share: said.append(message)),
    ):
        said.append("begun")
    assert getattr(stopped.value, "exit_code", None) == 1
    assert not said


def test_a_fault_of_the_package_itself_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), errors():
        raise ZeroDivisionError
