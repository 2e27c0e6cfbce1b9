"""What the package wrote and reads back, damaged in every way that a disk, a sync or a hand can: never used, made anew.

Every fault is of the same shape: something is made, a file of it is damaged, and the same call is made again. It survives if
the second call gives what the first gave, having said in one line what it discarded. Files that a user names cannot be made
anew: there the fault survives if they are refused by name.
"""

import functools
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute import keeping
from northroute.errors import DataError
from northroute.frequentist.study import run as study
from northroute.frequentist.study.world import SCENARIOS
from northroute.panel import Panel
from northroute.panel import load as load_panel
from northroute.panel import save as save_panel
from northroute.panel.incidents import PanelChoices, incident_panel
from northroute.sources.gdelt import Extract, Incidents, build_incidents, extract, files_of, load, save
from northroute.sources.gdelt.formats import TableName
from northroute.sources.gdelt.simulated import CLEAN, ArchiveWorld, write

SURVIVED: Final = "survived"
Fault = Callable[[Path], str]
Damage = Callable[[Path], None]


def faults() -> Iterator[tuple[str, str, Fault]]:
    """Yield every fault: its family, its name, and what tries it in an empty folder."""
    for name in ("events/month=2015-01/part.parquet", "gkg/month=2015-02/part.parquet"):
        for how, damage in damages(name, bits=12).items():
            yield "caches: event extract", f"{name}, {how}", functools.partial(_extract, name, damage)
    for name in ("events/month=2015-02/report.json", "counts/month=2015-01/aside.csv"):
        for how, damage in damages(name, bits=4).items():
            yield "caches: event extract", f"{name}, {how}", functools.partial(_extract, name, damage)
    for how, deed in _MONTHS.items():
        yield "caches: event extract", how, functools.partial(_extract_whole, deed)
    for name in ("events/month=2015-01/part.parquet", "gkg/month=2015-02/part.parquet"):
        for how in ("gone", "flipped bit 0", "folder"):
            yield "caches: event extract", f"{name}, {how} before the build", functools.partial(_late, name, how)
    yield "caches: event extract", "a folder named like a pattern", _like_a_pattern
    for name in ("incidents", "flow", "background", "covered"):
        for how, damage in damages(name, bits=2).items():
            if how != "no record":
                yield "caches: incidents", f"{name}, {how}", functools.partial(_incidents, f"{name}.parquet", damage)
    for how, damage in damages("panel", bits=8).items():
        if how != "no record":
            yield "caches: panels", how, functools.partial(_panel, damage)
    for how, damage in damages("study", bits=4).items():
        yield "caches: studies", how, functools.partial(_study, damage)


def damages(name: str, bits: int) -> dict[str, Damage]:
    """Return what can befall a file, by name; the bits that flip are drawn by the file's name."""
    found: dict[str, Damage] = {f"flipped bit {i}": functools.partial(flip, seed=f"{name} {i}") for i in range(bits)}
    found |= {f"flipped bit {i} of the record": functools.partial(_of_record, flip, f"{name} {i}") for i in range(2)}
    return found | {
        "cut": lambda p: os.truncate(p, p.stat().st_size - 1),
        "half": lambda p: os.truncate(p, p.stat().st_size // 2),
        "empty": lambda p: os.truncate(p, 0),
        "longer": lambda p: _append(p, b"\0"),
        "nulls": _nulls,
        "gone": Path.unlink,
        "folder": _folder,
        "dangling link": _dangling,
        "no record": lambda p: keeping.beside(p).unlink(),
        "record cut": lambda p: os.truncate(keeping.beside(p), 60),
        "record empty": lambda p: os.truncate(keeping.beside(p), 0),
        "record of another": _other_record,
    }


def flip(path: Path, seed: str) -> None:
    """Flip one bit, drawn by ``seed``."""
    content = bytearray(path.read_bytes())
    at = int(np.random.default_rng(list(seed.encode())).integers(8 * len(content)))
    content[at // 8] ^= 1 << at % 8
    path.write_bytes(content)


def _of_record(damage: Callable[[Path, str], None], seed: str, path: Path) -> None:
    damage(keeping.beside(path), seed)


def _append(path: Path, more: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(more)


def _nulls(path: Path) -> None:
    """Leave what a crashed machine may: the right length, and nothing in it."""
    path.write_bytes(bytes(path.stat().st_size))


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "somebody's.txt").write_text("work", encoding="utf-8")


def _other_record(path: Path) -> None:
    other = keeping.write(path.with_name("other"), b"other", "another key")
    keeping.beside(other).replace(keeping.beside(path))
    other.unlink()


@contextmanager
def lines() -> Iterator[list[str]]:
    """Collect the lines that are said of what is discarded."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("northroute")
    log.addHandler(handler)
    before, log.propagate = log.propagate, False
    try:
        yield said
    finally:
        log.removeHandler(handler)
        log.propagate = before


def told(said: list[str], path: Path) -> None:
    """Hold that one line was said, of this file."""
    assert len(said) == 1, f"{len(said)} lines instead of one: {said}"
    assert path.name in said[0], f"the file is not named: {said[0]}"
    assert "\n" not in said[0], f"more than a line: {said[0]!r}"


@functools.cache
def scratch() -> Path:
    """Return a folder for what is made once; it goes when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="northroute-faults-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: Final[list[tempfile.TemporaryDirectory[str]]] = []


@functools.cache
def _archive() -> tuple[Path, ...]:
    world = ArchiveWorld(days=45, incidents_per_day=4, background_per_day=10, world_per_day=10, faults=CLEAN)
    return files_of(write(scratch() / "archive", world).site)


@functools.cache
def _whole() -> Mapping[TableName, Extract]:
    """An extract that nothing has befallen."""
    return extract(_archive(), scratch() / "extract")


@functools.cache
def _built() -> Incidents:
    return build_incidents(_whole())


@functools.cache
def _true_panel() -> Panel:
    return incident_panel(_built(), PanelChoices(unit="country"))


def _copied(folder: Path) -> None:
    _whole()
    shutil.copytree(scratch() / "extract", folder, dirs_exist_ok=True)


def _same(found: Mapping[TableName, Extract], folder: Path) -> None:
    """Hold that every part is the first one byte for byte: the incidents are then the same too."""
    for table, true in _whole().items():
        assert found[table].files == true.files, f"the reports of {table} are others"
        parts = {p.relative_to(folder): s for p, s in found[table].parts.items()}
        assert parts == {p.relative_to(scratch() / "extract"): s for p, s in true.parts.items()}
        found[table].require_whole()


def _extract(name: str, damage: Damage, folder: Path) -> str:
    _copied(folder)
    damage(folder / name)
    with lines() as said:
        found = extract(_archive(), folder)
    told(said, folder / name)
    _same(found, folder)
    with lines() as said:
        extract(_archive(), folder)
    assert not said, f"said again after it was mended: {said}"
    return SURVIVED


def _extract_whole(deed: Callable[[Path], None], folder: Path) -> str:
    _copied(folder)
    deed(folder)
    with lines() as said:
        found = extract(_archive(), folder)
    assert all("\n" not in s for s in said)
    _same(found, folder)
    return SURVIVED


def _swap(folder: Path) -> None:
    months = [folder / f"events/month=2015-0{m}" for m in (1, 2)]
    months[0].rename(folder / "away")
    months[1].rename(months[0])
    (folder / "away").rename(months[1])


def _swap_parts(folder: Path) -> None:
    parts = [folder / f"events/month=2015-0{m}/part.parquet" for m in (1, 2)]
    for name in map(keeping.beside, parts), parts:
        one, two = name
        one.rename(folder / "away")
        two.rename(one)
        (folder / "away").rename(two)


def _copy_month(folder: Path) -> None:
    shutil.copytree(folder / "events/month=2015-01", folder / "events/month=2015-02", dirs_exist_ok=True)


def _other_table(folder: Path) -> None:
    shutil.copytree(folder / "counts/month=2015-01", folder / "gkg/month=2015-01", dirs_exist_ok=True)


def _file_for_month(folder: Path) -> None:
    shutil.rmtree(folder / "events/month=2015-01")
    (folder / "events/month=2015-01").write_bytes(b"a file")


def _copy_beyond(folder: Path) -> None:
    shutil.copytree(folder / "events/month=2015-01", folder / "events/month=2031-01")


def _file_beyond(folder: Path) -> None:
    (folder / "events/month=2031-01").write_bytes(b"a file")


_MONTHS: Final[dict[str, Callable[[Path], None]]] = {
    "two months swapped": _swap,
    "two months' parts swapped, records and all": _swap_parts,
    "one month in the place of another, records and all": _copy_month,
    "a month of another table, records and all": _other_table,
    "a file in the place of a month": _file_for_month,
    "a month's folder gone": lambda f: shutil.rmtree(f / "events/month=2015-01"),
    "a month that was not asked for": _copy_beyond,
    "a file named like a month": _file_beyond,
}


def _late(name: str, how: str, folder: Path) -> str:
    found = extract(_archive(), folder)
    damages(name, bits=1)[how](folder / name)
    try:
        build_incidents(found)
    except DataError as refusal:
        assert name in str(refusal), f"the file is not named: {refusal}"
        return SURVIVED
    raise AssertionError("incidents were built from a damaged extract")


def _like_a_pattern(folder: Path) -> str:
    """DuckDB takes ``run[1]`` for a pattern that means ``run1``, where the extract of other files may lie."""
    extract([f for f in _archive() if "201501" in f.name], folder / "run1")
    found = build_incidents(extract(_archive(), folder / "run[1]"))
    pd.testing.assert_frame_equal(found.frame, _built().frame)
    return SURVIVED


def _incidents(name: str, damage: Damage, folder: Path) -> str:
    save(_built(), folder)
    damage(folder / name)
    try:
        load(folder)
    except DataError as refusal:
        assert name in str(refusal), f"the file is not named: {refusal}"
        return SURVIVED
    raise AssertionError("damaged incidents were read")


def _panel(damage: Damage, folder: Path) -> str:
    path = save_panel(_true_panel(), folder / "panel.parquet")
    damage(path)
    try:
        load_panel(path)
    except DataError as refusal:
        assert path.name in str(refusal), f"the file is not named: {refusal}"
        return SURVIVED
    raise AssertionError("a damaged panel was read")


def _studied(folder: Path) -> pd.DataFrame:
    return study(1, 0, folder=folder, draws=19, scenarios=SCENARIOS[2:3]).table


@functools.cache
def _true_study() -> pd.DataFrame:
    return _studied(scratch() / "study")


def _study(damage: Damage, folder: Path) -> str:
    true = _true_study()
    shutil.copytree(scratch() / "study", folder, dirs_exist_ok=True)
    (path,) = folder.glob("*.parquet")
    damage(path)
    with lines() as said:
        again = _studied(folder)
    told(said, path)
    pd.testing.assert_frame_equal(again, true)
    return SURVIVED
