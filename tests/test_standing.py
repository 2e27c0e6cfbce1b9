"""A finished run stands while nothing that decides it changed and its files are whole."""

import json
from pathlib import Path

import pytest

from northroute import keeping, provenance
from northroute.standing import MANIFEST, Setting, standing


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, str]:
    """A folder as a run leaves it, and its key."""
    page = tmp_path / "index.html"
    page.write_text("page", encoding="utf-8")
    key = Setting({"seed": 1}).key
    manifest = {"key": key, "outputs": {"index.html": provenance.file_sha256(page)}}
    keeping.write(tmp_path / MANIFEST, json.dumps(manifest).encode(), key)
    return tmp_path, key


def test_an_untouched_run_stands(run: tuple[Path, str]) -> None:
    found = standing(*run)
    assert found is not None
    assert found["key"] == run[1] == Setting({"seed": 1}).key


def test_a_changed_option_or_file_asks_for_a_run(run: tuple[Path, str], tmp_path: Path) -> None:
    folder, key = run
    assert Setting({"seed": 2}).key != key
    given = tmp_path / "given.csv"
    given.write_text("a", encoding="utf-8")
    with_file = Setting({"seed": 1}, (given,)).key
    assert with_file != key
    given.write_text("ab", encoding="utf-8")
    assert Setting({"seed": 1}, (given,)).key != with_file
    assert standing(folder, with_file) is None


@pytest.mark.parametrize("damage", ["altered", "gone", "manifest cut", "no manifest", "no outputs", "a word changed"])
def test_damage_asks_for_a_run_and_is_told(
    run: tuple[Path, str], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder, key = run
    manifest = folder / MANIFEST
    match damage:
        case "altered":
            (folder / "index.html").write_text("Page", encoding="utf-8")
        case "gone":
            (folder / "index.html").unlink()
        case "manifest cut":
            manifest.write_text(manifest.read_text(encoding="utf-8")[:-9], encoding="utf-8")
        case "no manifest":
            manifest.unlink()
        case "no outputs":
            keeping.write(manifest, json.dumps({"key": key, "outputs": {}}).encode(), key)
        case "a word changed":
            manifest.write_text(manifest.read_text(encoding="utf-8").replace("index", "other"), encoding="utf-8")
    assert standing(folder, key) is None
    what = "index.html" if damage in ("altered", "gone") else MANIFEST
    assert [what in m for m in caplog.messages] == [True] * (damage != "no outputs")


def test_the_code_and_its_commit_are_known() -> None:
    assert len(provenance.code_sha256()) == 64
    found = provenance.commit()
    assert set(found) == {"commit", "dirty"}
    assert len(found["commit"]) in (0, 40)
