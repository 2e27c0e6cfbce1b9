"""A bundled table that is not the one registered is read nowhere: by no reader, no verb, and not in silence."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute import pins, resources
from northroute.cli import app
from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sources import boundaries, governance, regions, shocks, tables
from northroute.sources.gdelt import places

TABLES = sorted(p.name for p in resource("data/reference").iterdir())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the bundled files, which the package then reads."""
    shutil.copytree(resource("data/reference").parent, tmp_path / "data")
    (tmp_path / "analysis").mkdir()
    shutil.copy(resource(pins.LOCK), tmp_path / pins.LOCK)
    shutil.copy(resource("analysis/claims.yaml"), tmp_path / "analysis")
    shutil.copytree(resource("reports/templates"), tmp_path / "reports" / "templates")
    monkeypatch.setattr(resources, "_ROOTS", (tmp_path,))
    yield tmp_path


def halve(path: Path) -> None:
    """Cut a file in half, at a line end."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: 1 + len(lines) // 2]), encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_half_of_any_table_is_refused_with_its_rows(root: Path, name: str) -> None:
    path = root / "data" / "reference" / name
    halve(path)
    with pytest.raises(DataError, match=r"\d+ rows, where \d+ are registered") as caught:
        resource(f"data/reference/{name}")
    assert caught.value.file == str(path)
    assert "northroute claims --lock" in caught.value.remedy


def test_every_reader_refuses(root: Path) -> None:
    for path in (root / "data" / "reference").iterdir():
        halve(path)
    halve(root / "data" / "codebook" / "gdelt_places.csv")
    readers: list[Callable[[], object]] = [partial(governance.load, name) for name in governance.NAMES]
    readers += [partial(read, None) for _, read in tables.READERS.values()]
    readers += [shocks.load, regions.load, regions.adjacency, boundaries.load, places.load, tables.load]
    for read in readers:
        with pytest.raises(DataError, match="are registered"):
            read()


def test_one_digit_is_noticed_and_a_table_that_is_not_registered_too(root: Path) -> None:
    path = root / "data" / "reference" / "seizures.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("526.5", "526.6"), encoding="utf-8")
    with pytest.raises(DataError, match="altered"):
        governance.load("seizures")
    (root / "data" / "reference" / "more.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match="no such bundled table is registered"):
        resource("data/reference/more.csv")


def test_without_a_lock_no_table_is_read(root: Path) -> None:
    (root / pins.LOCK).write_text('{"file": {"data/reference/cpi.csv": "0"}}', encoding="utf-8")
    with pytest.raises(DataError, match="not a lock of this version"):
        governance.load("cpi")
    (root / pins.LOCK).unlink()
    with pytest.raises(MissingDataError, match="is missing"):
        governance.load("cpi")


def test_every_verb_notices_and_a_change_that_is_meant_is_announced(root: Path) -> None:
    halve(root / "data" / "reference" / "seizures.csv")

    def verb(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, words, env={"NORTHROUTE_DATA": ""})
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return " ".join(result.output.split())

    for words in (("check",), ("reproduce", "--quick", "--out", str(root / "page"))):
        told = verb(*words, code=1)
        assert "seizures.csv: not the bundled table of this version (16 rows, where 32 are registered)" in told
    change = "data/reference/seizures.csv changed (32 -> 16 rows)"
    assert change in verb("claims")
    assert change in verb("claims", "--lock")
    assert "Notice" not in verb("claims")
    assert len(governance.load("seizures").frame) == 16
