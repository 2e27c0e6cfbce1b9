"""Machine code is kept where nobody else writes, or not at all."""

import logging
import os
import stat
from pathlib import Path

import pytest

from northroute.bayes.kernel import jit
from northroute.machine_code import private_folder
from northroute.sources.gdelt import scan


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_for_the_user_alone(tmp_path: Path) -> None:
    made = private_folder(tmp_path / "base", "northroute", "kernel")
    assert made == tmp_path / "base" / "northroute" / "kernel"
    assert mode(made) == mode(made.parent) == 0o700
    assert private_folder(tmp_path / "base", "northroute", "kernel") == made


def test_a_folder_that_others_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "northroute").mkdir(mode=0o755)
    assert private_folder(tmp_path, "northroute") == tmp_path / "northroute"
    assert mode(tmp_path / "northroute") == 0o700


@pytest.mark.parametrize("rights", [0o777, 0o770, 0o702])
def test_a_folder_that_others_write_is_not_used(tmp_path: Path, rights: int, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "northroute"
    folder.mkdir()
    folder.chmod(rights)
    with caplog.at_level(logging.WARNING):
        assert private_folder(tmp_path, "northroute", "kernel") is None
    assert "can be written by others" in caplog.text
    assert mode(folder) == rights
    assert not list(folder.iterdir())


def test_links_and_files_are_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "northroute").symlink_to(tmp_path / "theirs")
    assert private_folder(tmp_path, "northroute") is None
    assert "no folder of its own" in caplog.text
    (tmp_path / "file").write_text("")
    assert private_folder(tmp_path, "file") is None
    assert private_folder(tmp_path / "file", "northroute") is None


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "northroute").mkdir(mode=0o700)
    os.chown(tmp_path / "northroute", 65534, 65534)
    assert private_folder(tmp_path, "northroute") is None
    assert "belongs to another user" in caplog.text


@pytest.mark.parametrize("folder", [jit.FOLDER, scan._FOLDER])
def test_all_that_is_compiled_is_kept_in_such_a_folder(folder: str) -> None:
    assert folder == "" or mode(Path(folder)) == mode(Path(folder).parent) == 0o700
