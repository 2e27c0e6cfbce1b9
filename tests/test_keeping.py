"""A kept file is used if it is what was written, and is else discarded with one line."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northroute import keeping
from northroute.errors import DataError

KEY = "the key"
CONTENT = b"what was written"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return keeping.write(tmp_path / "made" / "a file", CONTENT, KEY)


def read(path: Path, key: str = KEY) -> bytes | None:
    return keeping.read(path, key, bytes)


def test_a_file_is_read_back_under_its_key_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read(path) == CONTENT
    assert keeping.sound(path, KEY)
    assert read(path, "another key") is None
    assert keeping.sound(path, "another key") is None
    assert read(path.with_name("another")) is None
    assert read(path) == CONTENT, "what is of another key is left until it is written again"
    assert not caplog.messages, "a changed key and a first run are nothing to tell of"
    assert sorted(p.name for p in path.parent.iterdir()) == ["a file", "a file.sha256"]


def test_the_record_is_read_by_sha256sum(path: Path) -> None:
    subprocess.run(
        ["sha256sum", "--check", "--strict", "a file.sha256"], cwd=path.parent, check=True, stdout=subprocess.DEVNULL
    )


@given(data=st.data())
def test_any_flipped_bit_is_seen(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = keeping.write(tmp_path_factory.mktemp("kept") / "a file", CONTENT, KEY)
    damaged = data.draw(st.sampled_from([path, keeping.beside(path)]))
    content = bytearray(damaged.read_bytes())
    at = data.draw(st.integers(0, 8 * len(content) - 1))
    content[at // 8] ^= 1 << at % 8
    damaged.write_bytes(content)
    assert read(path) is None
    assert list(path.parent.iterdir()) == []


def harm(path: Path, how: str) -> None:
    record = keeping.beside(path)
    match how:
        case "cut":
            path.write_bytes(CONTENT[:-1])
        case "longer":
            path.write_bytes(CONTENT + b"\n")
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case "folder":
            path.unlink()
            path.mkdir()
            (path / "somebody's").write_text("work", encoding="utf-8")
        case "pipe":
            path.unlink()
            os.mkfifo(path)
        case "dangling link":
            path.unlink()
            path.symlink_to("nowhere")
        case "no record":
            record.unlink()
        case "empty record":
            record.write_bytes(b"")
        case "cut record":
            record.write_bytes(record.read_bytes()[:-1])
        case "binary record":
            record.write_bytes(b"\xff\xfe" * 40)
        case "record of another file":
            other = keeping.write(path.with_name("other"), CONTENT, KEY)
            keeping.beside(other).replace(record)
        case "record folder":
            record.unlink()
            record.mkdir()


HARMS = (
    *("cut", "longer", "empty", "gone", "folder", "pipe", "dangling link", "no record", "empty record", "cut record"),
    *("binary record", "record of another file", "record folder"),
)


@pytest.mark.parametrize("how", HARMS)
def test_what_is_not_what_was_written_is_discarded_in_one_line(
    path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    harm(path, how)
    assert (keeping.sound(path, KEY) if how in ("longer", "folder", "pipe") else read(path)) is None
    assert len(caplog.messages) == 1
    assert str(path) in caplog.messages[0]
    assert "made anew" in caplog.messages[0]
    assert "\n" not in caplog.messages[0]
    assert not os.path.lexists(path)
    assert not os.path.lexists(keeping.beside(path))
    assert read(path) is None
    assert len(caplog.messages) == 1, "and it is said once"
    keeping.write(path, CONTENT, KEY)
    assert read(path) == CONTENT
    if how == "folder":
        assert (path.with_name("a file.aside1") / "somebody's").read_text(encoding="utf-8") == "work"


def test_what_cannot_be_decoded_is_discarded(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert keeping.read(path, KEY, json.loads) is None
    assert "cannot be read (Expecting value" in caplog.messages[0]


def test_a_write_that_fails_leaves_what_was_there(path: Path) -> None:
    def half() -> None:
        with keeping.writing(path, KEY) as partial:
            partial.write_bytes(b"half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        half()
    assert read(path) == CONTENT
    assert len(list(path.parent.iterdir())) == 2


def test_leftovers_of_killed_processes_are_swept_and_those_of_others_left(path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    theirs = [path.with_name(f"{path.name}{end}") for end in (f".{os.getppid()}.partial", ".mine.partial")]
    for old in (*theirs, path.with_name(f"{path.name}.{gone.pid}.partial")):
        old.write_bytes(b"half")
    keeping.write(path, CONTENT, KEY)
    assert sorted(path.parent.glob("*.partial")) == sorted(theirs)


def test_a_folder_of_another_key_is_moved_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.unlink()
    path.mkdir()
    keeping.write(path, CONTENT, KEY)
    assert read(path) == CONTENT
    assert caplog.messages == [f"{path}: a folder was in its place, which is now a file.aside1."]


def test_a_file_in_the_place_of_a_folder_is_named(path: Path) -> None:
    with pytest.raises(DataError, match="a file is where this folder has to be"):
        keeping.write(path / "below", CONTENT)
    with pytest.raises(DataError, match="a file is where this folder has to be"):
        keeping.write(path / "below" / "it", CONTENT)


def test_a_file_that_is_named_is_verified(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert keeping.verified(path, "Mend it.") == CONTENT
    assert not caplog.messages
    keeping.beside(path).rename(path.with_name("away"))
    assert keeping.verified(path, "Mend it.") == CONTENT
    assert len(caplog.messages) == 1
    assert "read unchecked" in caplog.messages[0]
    path.with_name("away").rename(keeping.beside(path))
    path.write_bytes(b"else")
    with pytest.raises(DataError, match=r"not what was written .* Mend it\."):
        keeping.verified(path, "Mend it.")
    path.unlink()
    with pytest.raises(DataError, match="it is not there"):
        keeping.verified(path, "Mend it.")
