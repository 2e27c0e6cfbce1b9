"""The command line: a map in --help, an example in every verb, errors as one line, notices."""

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from northroute import __version__
from northroute.cli import app
from northroute.panel import load

runner = CliRunner()


def verbs(command: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    children = getattr(command, "commands", None)
    if not children:
        return [path]
    return [v for name, child in children.items() for v in verbs(child, (*path, name))]


VERBS = verbs(get_command(app))


def plain(text: str) -> str:
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


def test_help_reads_like_a_map() -> None:
    text = plain(runner.invoke(app, ["--help"]).output)
    assert "Start with northroute reproduce" in text
    for verb in {v[0] for v in VERBS}:
        assert f" {verb} " in text


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_an_example_that_names_it(verb: tuple[str, ...]) -> None:
    text = plain(runner.invoke(app, [*verb, "--help"]).output)
    assert f"Example: northroute {' '.join(verb)}" in text


def test_version() -> None:
    assert runner.invoke(app, ["--version"]).output.strip() == __version__


def test_claims_lists_the_register_and_shows_one() -> None:
    listed = runner.invoke(app, ["claims"]).output
    assert listed.count("\n") >= 29
    assert "kazakh-gap" in runner.invoke(app, ["claims", "C10"]).output
    unknown = runner.invoke(app, ["claims", "C99"])
    assert unknown.exit_code == 1
    assert "No claim 'C99'" in unknown.output


def test_check_reads_every_table() -> None:
    result = runner.invoke(app, ["check"], env={"NORTHROUTE_DATA": ""})
    assert result.exit_code == 0
    for name in ("governance/cpi", "governance/seizures", "regions", "adjacency"):
        assert name in result.output


def test_simulate_writes_a_marked_panel(tmp_path: Path) -> None:
    path = tmp_path / "panel.parquet"
    result = runner.invoke(app, ["simulate", "regions", "--months", "12", "--out", str(path)])
    assert result.exit_code == 0
    assert result.output.startswith("SIMULATED")
    assert load(path).simulated


def test_fetch_without_a_connection_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_connection(*_: object, **__: object) -> None:
        raise OSError("unreachable")

    monkeypatch.setattr("socket.create_connection", no_connection)
    result = runner.invoke(app, ["fetch", "mlp", "--to", str(tmp_path / "raw"), "--tries", "1"])
    assert result.exit_code == 1
    assert "Nothing was changed" in plain(result.output)
    assert not (tmp_path / "raw").exists()


def test_an_empty_data_folder_is_one_line(tmp_path: Path) -> None:
    result = runner.invoke(app, ["reproduce", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "holds no provider's files that northroute can read" in plain(result.output)
    assert "Traceback" not in result.output


def test_interruption_says_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from northroute import workflow

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "reproduce", stop)
    result = runner.invoke(app, ["reproduce", "--out", str(tmp_path)])
    assert result.exit_code == 130
    assert "Finished fits are kept" in plain(result.output)
