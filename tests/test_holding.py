"""One process at a time in a folder."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from northroute import holding

HOLD = """
import sys, time
from pathlib import Path
from northroute import holding
with holding.folder(Path(sys.argv[1]), "northroute reproduce"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_waits_says_for_whom_and_goes_on_when_the_first_is_killed(
    tmp_path: Path, held: "subprocess.Popen[str]"
) -> None:
    said: list[str] = []

    def tell(message: str, share: float) -> None:
        said.append(message)
        held.kill()

    began = time.monotonic()
    with holding.folder(tmp_path, "northroute fetch", tell):
        assert held.wait() != 0
        assert f"process {os.getpid()}" in holding.holder(tmp_path)
    assert len(said) == 1
    assert f"process {held.pid} (northroute reproduce, since" in said[0]
    assert time.monotonic() - began < 30
    assert held.stdout is not None
    held.stdout.close()


def test_a_folder_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), holding.folder(tmp_path / "new", "one"):
        raise ZeroDivisionError
    with holding.folder(tmp_path / "new", "two"):
        assert "two" in holding.holder(tmp_path / "new")
    assert holding.holder(tmp_path / "new") == "another process"
    assert {p.name for p in (tmp_path / "new").iterdir()} <= holding.OWN


def test_a_damaged_note_of_the_holder_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / holding.HOLDER).write_bytes(b"\xff{")
    with holding.folder(tmp_path, "one"):
        assert "one" in holding.holder(tmp_path)


def test_who_holds_a_folder_does_not_wait_for_itself(tmp_path: Path) -> None:
    with holding.folder(tmp_path, "one"):
        with holding.folder(tmp_path, "two"):
            pass
        assert "one" in holding.holder(tmp_path)
