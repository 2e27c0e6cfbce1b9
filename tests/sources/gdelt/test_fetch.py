"""Downloads against a server that misbehaves."""

import hashlib
import shutil
import subprocess
import sys
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from northroute.errors import DataError, FetchError
from northroute.sources.gdelt import manifest
from northroute.sources.gdelt.fetch import Fetched, fetch_gdelt
from northroute.sources.wire import Policy
from tests.sources.gdelt.server import serving

QUICK = Policy(attempts=4, pause=0.01, timeout=0.3)
START, END = date(2015, 1, 1), date(2015, 1, 6)
NAMES = [f"{START + timedelta(days=i):%Y%m%d}.export.CSV.zip" for i in range(6)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site" / "events"
    folder.mkdir(parents=True)
    for i, name in enumerate(NAMES):
        with zipfile.ZipFile(folder / name, "w") as archive:  # stored, so that sizes are those of the text
            archive.writestr(name.removesuffix(".zip"), f"{i}\tsome\ttext\n" * 20000)
    _list(folder, NAMES)
    return tmp_path / "site"


def _list(folder: Path, names: list[str]) -> None:
    contents = [(n, (folder / n).read_bytes()) for n in names]
    sums = [f"{hashlib.md5(c, usedforsecurity=False).hexdigest()}  {n}\n" for n, c in contents]
    (folder / "md5sums").write_text("".join(sums), encoding="utf-8")
    (folder / "filesizes").write_text("".join(f"{len(c)} {n}\n" for n, c in contents), encoding="utf-8")


def _state(fetched: Fetched) -> dict[str, object]:
    """Everything on disk and in the manifest, except times."""
    files = {str(p.relative_to(fetched.folder)): p.read_bytes() for p in fetched.folder.rglob("*.zip*")}
    entries = {n: (e.status, e.size, e.md5) for n, e in manifest.load(fetched.folder / "manifest.csv").entries.items()}
    return {"files": files, "entries": entries}


def _fetch(data: Path, address: str, policy: Policy = QUICK, connections: int = 3) -> Fetched:
    return fetch_gdelt(data, START, END, base=address, policy=policy, connections=connections)


@pytest.fixture
def clean(site: Path, tmp_path: Path) -> dict[str, object]:
    with serving(site) as server:
        fetched = _fetch(tmp_path / "clean", server.address)
        assert server.most <= 3
    assert fetched.lacking == () and fetched.downloaded == 6
    return _state(fetched)


@pytest.mark.parametrize("fault", ["cut", "reset", "stall", "short", "503", "other content"])
def test_a_fault_is_overcome(fault: str, site: Path, tmp_path: Path, clean: dict[str, object]) -> None:
    with serving(site, {NAMES[1]: [fault], NAMES[4]: [fault, fault]}) as server:
        fetched = _fetch(tmp_path / "data", server.address)
        assert server.requests[NAMES[1]] == 2 and server.requests[NAMES[4]] == 3
        resumed = {name for name, _ in server.ranges}
    assert _state(fetched) == clean
    if fault in ("cut", "reset", "stall"):
        assert resumed == {NAMES[1], NAMES[4]}


def test_a_server_without_ranges_starts_anew(site: Path, tmp_path: Path, clean: dict[str, object]) -> None:
    with serving(site, {NAMES[2]: ["cut", "no range"]}) as server:
        assert _state(_fetch(tmp_path / "data", server.address)) == clean


def test_interrupted_and_run_again(site: Path, tmp_path: Path, clean: dict[str, object]) -> None:
    class StopError(Exception):
        pass

    def interrupt(_message: str, share: float) -> None:
        if share:
            raise StopError

    data = tmp_path / "data"
    with serving(site, {NAMES[3]: ["cut"] * 9, NAMES[5]: ["404"]}) as server:
        with pytest.raises(StopError):
            fetch_gdelt(data, START, END, base=server.address, policy=QUICK, progress=interrupt, connections=1)
        first = manifest.load(data / "gdelt/v1/manifest.csv").entries
        assert {n: e.status for n, e in first.items() if e.table != manifest.LISTS} == {NAMES[0]: "complete"}
        fetched = _fetch(data, server.address)
        assert {e.name: e.status for e in fetched.lacking} == {NAMES[3]: "failed", NAMES[5]: "absent"}
        assert (data / "gdelt/v1/events" / f"{NAMES[3]}.partial").exists()
    with serving(site) as server:
        fetched = _fetch(data, server.address)
        assert server.requests[NAMES[0]] == 0, "a file that is there is not fetched again"
    assert _state(fetched) == clean


def test_killed_and_run_again(site: Path, tmp_path: Path, clean: dict[str, object]) -> None:
    """The process dies at once, without a chance to tidy up; the next run ends where an undisturbed one does."""
    data = tmp_path / "data"
    with serving(site, {NAMES[2]: ["stall"], NAMES[4]: ["stall"]}, stall=30) as server:
        code = (
            "from datetime import date; from pathlib import Path; from northroute.sources.gdelt.fetch import fetch_gdelt\n"
            f"fetch_gdelt(Path({str(data)!r}), date(2015, 1, 1), date(2015, 1, 6), base={server.address!r})"
        )
        running = subprocess.Popen([sys.executable, "-c", code])
        try:
            while not (server.requests[NAMES[2]] and server.requests[NAMES[4]]):
                assert running.poll() is None
                time.sleep(0.02)
        finally:
            running.kill()
            running.wait()
    partial = {p.name for p in data.rglob("*.partial")}
    assert f"{NAMES[2]}.partial" in partial or f"{NAMES[4]}.partial" in partial
    with serving(site) as server:
        fetched = _fetch(data, server.address)
        assert server.requests[NAMES[0]] == 0, "whole files are taken over, though no manifest knew of them"
    assert _state(fetched) == clean


def test_absent_corrupt_and_unreadable_files_are_recorded(site: Path, tmp_path: Path) -> None:
    (site / "events" / NAMES[2]).write_bytes(b"no archive")
    _list(site / "events", NAMES)
    with serving(site, {NAMES[0]: ["404"], NAMES[1]: ["other content"] * 9}) as server:
        fetched = _fetch(tmp_path / "data", server.address)
        assert server.requests[NAMES[0]] == 1, "an absent file is not asked for again"
    assert {e.name: e.status for e in fetched.lacking} == {
        NAMES[0]: "absent",
        NAMES[1]: "corrupt",
        NAMES[2]: "unreadable",
    }
    assert not list(fetched.folder.rglob("*.partial"))


def test_lists_with_gaps_outages_and_repeats(site: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(site / "events" / NAMES[2], "w") as archive:
        archive.writestr("x.CSV", "little\n")
    _list(site / "events", [NAMES[0], NAMES[0], *NAMES[2:]])
    with serving(site) as server:
        fetched = _fetch(tmp_path / "data", server.address)
    assert fetched.gaps == {"events": (date(2015, 1, 2),)}
    assert fetched.outages == {"events": (date(2015, 1, 3),)}
    assert fetched.repeated == (NAMES[0],)
    assert fetched.downloaded == 5


def test_a_damaged_copy_on_disk_is_replaced(site: Path, tmp_path: Path, clean: dict[str, object]) -> None:
    with serving(site) as server:
        fetched = _fetch(tmp_path / "data", server.address)
        target = fetched.folder / "events" / NAMES[0]
        target.write_bytes(target.read_bytes()[:100])
        (fetched.folder / "manifest.csv").unlink()
        again = _fetch(tmp_path / "data", server.address)
    assert again.downloaded == 1 and _state(again) == clean


def test_refusals(site: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no counts files"):
        fetch_gdelt(tmp_path, START, END, ("counts",), version=2)
    with pytest.raises(FetchError, match="no translated stream"):
        fetch_gdelt(tmp_path, START, END, translated=True)
    with pytest.raises(FetchError, match="Swap"):
        fetch_gdelt(tmp_path, END, START)
    with pytest.raises(FetchError, match="no HTTP address"):
        fetch_gdelt(tmp_path, START, END, base="file:///etc/")
    shutil.rmtree(site / "events")
    with serving(site) as server, pytest.raises(FetchError, match="HTTP 404"):
        _fetch(tmp_path, server.address)
    (tmp_path / "gdelt/v1").mkdir(parents=True, exist_ok=True)
    path = tmp_path / "gdelt/v1/manifest.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="not a manifest"):
        manifest.load(path)


def test_a_manifest_from_before_reasons_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    first = "name,table,address,status,size,md5,rows,kept,simulated,time\n"
    path.write_text(
        f"{first}a.zip,events,http://x/a.zip,complete,5,{'0' * 32},7,2,False,2026-01-01\n", encoding="utf-8"
    )
    known = manifest.load(path)
    assert (known.entries["a.zip"].rows, known.entries["a.zip"].reason, known.entries["a.zip"].final) == (7, "", "")
    marked = known.with_problems({"a.zip": "cut off", "b.zip": "not in the manifest"}).entries
    assert list(marked) == ["a.zip"] and (marked["a.zip"].status, marked["a.zip"].reason) == ("unreadable", "cut off")
    read = manifest.Manifest(marked).with_rows({"a.zip": (9, 3)}).entries["a.zip"]
    assert (read.status, read.reason, read.rows, read.kept) == ("complete", "", 9, 3)
    path.write_text(f"{first}a.zip,events,http://x/a.zip,splendid,5,,,,False,\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: 'splendid' is no status"):
        manifest.load(path)


def test_a_file_of_no_published_checksum_is_read_to_its_end(site: Path, tmp_path: Path) -> None:
    """Two lines dispute the MD5, so that nothing but the archive's own checksum speaks for the file."""
    path = site / "events" / NAMES[1]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    _list(site / "events", NAMES)
    sums = site / "events" / "md5sums"
    sums.write_text(sums.read_text(encoding="utf-8") + f"{'0' * 32}  {NAMES[1]}\n", encoding="utf-8")
    for _ in range(2):  # and again: it is asked for anew, since it may come otherwise
        with serving(site) as server:
            fetched = _fetch(tmp_path / "data", server.address)
            assert server.requests[NAMES[1]] == 1
        assert [(e.name, e.status) for e in fetched.lacking] == [(NAMES[1], "unreadable")]
        assert "checksum" in fetched.lacking[0].reason


def test_verifying_brings_back_what_rotted(site: Path, tmp_path: Path, clean: dict[str, object]) -> None:
    with serving(site) as server:
        fetched = _fetch(tmp_path / "data", server.address)
        target = fetched.folder / "events" / NAMES[0]
        content = bytearray(target.read_bytes())
        content[-5] ^= 1  # where no reader would notice
        target.write_bytes(content)
        assert _fetch(tmp_path / "data", server.address).downloaded == 0
        again = fetch_gdelt(tmp_path / "data", START, END, base=server.address, policy=QUICK, verify=True)
    assert again.downloaded == 1 and _state(again) == clean
