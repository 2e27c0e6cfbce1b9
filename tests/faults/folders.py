"""Kills, full disks, and two at once: what a folder holds afterwards is whole, and the same command goes on."""

import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pandas as pd

SURVIVED: Final = "survived"
Fault = Callable[[Path], str]
_VERBS: Final = {
    "archive": (
        "simulate",
        "archive",
        "--out",
        "{0}/archive",
        "--days",
        "31",
        "--incidents",
        "4",
        "--world",
        "20",
        "--clean",
    ),
    "events": ("events", "build", "--data", "{0}/archive/site", "--out", "{0}/events", "--workers", "1"),
    "regions": ("simulate", "regions", "--out", "{0}/panel.parquet", "--months", "12"),
    "ladder": ("ladder", "pooled", "--months", "12", "--draws", "200", "--priors", "tight", "--output", "{0}/ladder"),
}
_NEEDED: Final = {"events": ("archive",)}


def faults() -> Iterator[tuple[str, str, Fault]]:
    """Yield every fault: its family, its name, and what tries it in an empty folder."""
    for verb in ("archive", "events", "ladder"):
        for share in (0.2, 0.4, 0.6, 0.8, 0.95):
            yield "kills", f"{verb} killed after {share:.0%} of its time", functools.partial(_killed, verb, share)
        for share in (0.3, 0.7):
            yield "kills", f"{verb} interrupted after {share:.0%}", functools.partial(_interrupted, verb, share)
        yield "two at once", verb, functools.partial(_twice, verb)
    if mounts():
        for verb in ("archive", "events", "regions", "ladder"):
            for room in (0, 64, 256, 640):
                yield "full disks", f"{verb} on a disk with {room} kB", functools.partial(_full, verb, room)


def _killed(verb: str, share: float, folder: Path) -> str:
    whole = _seconds(verb)
    _before(verb, folder)
    process = _start(verb, folder)
    try:
        process.communicate(timeout=share * whole)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return _same(verb, folder)


def _interrupted(verb: str, share: float, folder: Path) -> str:
    whole = _seconds(verb)
    _before(verb, folder)
    process = _start(verb, folder)
    try:
        said, _ = process.communicate(timeout=share * whole)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert "Traceback" not in said, said
    return _same(verb, folder)


def _twice(verb: str, folder: Path) -> str:
    _before(verb, folder)
    both = [_start(verb, folder), _start(verb, folder)]
    said = [process.communicate()[0] for process in both]
    for process, text in zip(both, said, strict=True):
        assert process.returncode == 0, text
        assert "Traceback" not in text, text
    return _same(verb, folder)


def _full(verb: str, room: int, folder: Path) -> str:
    _before(verb, folder)
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={max(room, 4)}k", "tmpfs", str(disk)], check=True)
    try:
        if verb == "events":
            (disk / "archive").symlink_to(folder / "archive")
        script = "import northroute.cli.places as p; p.room = lambda folder: 1e9\nfrom northroute.cli import app\napp()"
        process = _start(verb, disk, script)
        said, _ = process.communicate()
        assert "Traceback" not in said, said
        if process.returncode:  # else there was room
            assert process.returncode == 1, f"{process.returncode} {said}"
            assert "is full" in said, said
        subprocess.run(["mount", "-o", "remount,size=200M", str(disk)], check=True)
        return _same(verb, disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _same(verb: str, folder: Path) -> str:
    """Run the verb again and hold its outputs against those of a run that nothing befell."""
    process = _start(verb, folder)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    left = [p.name for p in folder.rglob("*.partial*")]
    assert not left, left
    _compare(verb, folder, _whole(verb))
    return SURVIVED


def _compare(verb: str, folder: Path, whole: Path) -> None:
    names = {
        "archive": ["archive/truth.parquet"],
        "events": ["events/region_month.parquet", "events/incidents/incidents.parquet"],
        "regions": ["panel.parquet"],
        "ladder": ["ladder/ladder_regions_pooled_rootogram.csv"],
    }[verb]
    for name in names:
        read = pd.read_csv if name.endswith("csv") else pd.read_parquet
        pd.testing.assert_frame_equal(read(folder / name), read(whole / name))


@functools.cache
def _whole(verb: str) -> Path:
    """Return a folder in which the verb ran undisturbed, kept for the process's life."""
    folder = Path(tempfile.mkdtemp(prefix="whole"))
    _before(verb, folder)
    process = _start(verb, folder)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return folder


@functools.cache
def _seconds(verb: str) -> float:
    _whole(verb)
    with tempfile.TemporaryDirectory() as folder:
        _before(verb, Path(folder))
        began = time.monotonic()
        _start(verb, Path(folder)).communicate()
        return time.monotonic() - began


def _before(verb: str, folder: Path) -> None:
    for needed in _NEEDED.get(verb, ()):
        process = _start(needed, folder)
        said, _ = process.communicate()
        assert process.returncode == 0, said


def _start(verb: str, folder: Path, script: str = "from northroute.cli import app; app()") -> "subprocess.Popen[str]":
    words = [word.format(folder) for word in _VERBS[verb]]
    return subprocess.Popen(
        [sys.executable, "-c", script, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )


@functools.cache
def mounts() -> bool:
    """Tell whether this process may mount a small disk; without it, full disks are not tried."""
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], capture_output=True, check=False
        )
        if tried.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return tried.returncode == 0
