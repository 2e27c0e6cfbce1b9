"""A bundled table that is not the one registered is read nowhere: by no reader, no verb, and not in silence."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import northroute
from northroute import pins, resources
from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sources import boundaries, governance, regions, shocks, tables
from northroute.sources.gdelt import places

ROOT = Path(northroute.__file__).parents[2]
TABLES = sorted(p.name for p in resource("data/reference").iterdir())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the bundled files, which the package then reads."""
    shutil.copytree(resource("data/reference").parent, tmp_path / "data")
    (tmp_path / "analysis").mkdir()
    shutil.copy(resource(pins.LOCK), tmp_path / pins.LOCK)
    shutil.copy(resource("analysis/claims.yaml"), tmp_path / "analysis")
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
    readers = [lambda name=n: governance.load(name) for n in governance.NAMES]
    readers += [lambda read=read: read(None) for _, read in tables.READERS.values()]
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


def test_every_verb_notices_and_a_change_that_is_meant_is_announced(tmp_path: Path) -> None:
    for part in ("models", "data", "analysis", "reports/templates"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "raw", "interim"))
    halve(tmp_path / "data" / "reference" / "seizures.csv")

    def verb(*words: str) -> subprocess.CompletedProcess[str]:
        code = "from northroute.cli import app; app()"
        environment = {"PYTHONPATH": str(tmp_path / "models"), "HOME": str(tmp_path), "COLUMNS": "400"}
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    for words in (("check",), ("reproduce", "--quick", "--out", "page")):
        done = verb(*words)
        told = done.stdout + done.stderr
        assert done.returncode == 1, told
        assert "seizures.csv: not the bundled table of this version (16 rows, where 32 are registered)" in told
        assert "Traceback" not in told
    assert "data/reference/seizures.csv changed (32 -> 16 rows)" in verb("claims").stderr
    done = verb("claims", "--lock")
    assert "data/reference/seizures.csv changed (32 -> 16 rows)" in done.stdout
    assert "differs" not in verb("claims").stderr
