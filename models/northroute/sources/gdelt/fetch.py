"""From the provider's index to verified files on disk, with a manifest; interrupted and run again, it goes on."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from northroute.errors import DataError, FetchError
from northroute.progress import Progress, quiet
from northroute.sources.gdelt import index, manifest
from northroute.sources.gdelt.formats import TableName, Version
from northroute.sources.gdelt.index import Index, Listed
from northroute.sources.gdelt.inflate import is_simulated
from northroute.sources.gdelt.manifest import Entry, Manifest
from northroute.sources.gdelt.transfer import Policy, download, file_md5, text

ADDRESS: Final = "http://data.gdeltproject.org/"
FOLDERS: Final = {(1, "events"): "events/", (1, "gkg"): "gkg/", (1, "counts"): "gkg/"}
FOLDER_2: Final = "gdeltv2/"
MASTER: Final = "masterfilelist.txt"
TRANSLATED: Final = "masterfilelist-translation.txt"
MANIFEST: Final = "manifest.csv"
CITATION: Final = "The GDELT Project, gdeltproject.org"
LICENCE: Final = "open for any use with citation and a link to gdeltproject.org"
_SAVE_EVERY: Final = 5.0


@dataclass(frozen=True)
class Fetched:
    """What a run of :func:`fetch_gdelt` left on disk.

    Attributes
    ----------
    folder : Path
        Holds a folder a table, ``index/`` and ``manifest.csv``.
    manifest : Manifest
    listed : tuple of Listed
        Files that were asked for and are in the provider's list.
    gaps : mapping of table to days
        Days in the range that the list lacks, whole or in part.
    outages : mapping of table to days
        Days whose files are far smaller than those around.
    repeated : tuple of str
        Names that the list has more than once.
    downloaded : int
        Files that this run brought.
    """

    folder: Path
    manifest: Manifest
    listed: tuple[Listed, ...] = field(repr=False)
    gaps: dict[TableName, tuple[date, ...]]
    outages: dict[TableName, tuple[date, ...]]
    repeated: tuple[str, ...]
    downloaded: int

    @property
    def lacking(self) -> tuple[Entry, ...]:
        """Entries of listed files that are not complete."""
        wanted = {f.name for f in self.listed}
        return tuple(e for n, e in sorted(self.manifest.entries.items()) if n in wanted and e.status != "complete")


def folder_of(data: Path, version: Version) -> Path:
    """Return where the files of a version lie under the data folder."""
    return data / "gdelt" / f"v{version}"


def read_index(
    base: str, version: Version, tables: Sequence[TableName], policy: Policy, keep: Path, *, translated: bool = False
) -> Index:
    """Read the provider's lists, keep a copy of each under ``keep`` and return them as one."""
    keep.mkdir(parents=True, exist_ok=True)

    def lists(relative: str) -> str:
        content = text(f"{base}{relative}", policy)
        (keep / relative.replace("/", ".")).write_text(content, encoding="utf-8")
        return content

    if version == 2:
        names = (MASTER, TRANSLATED) if translated else (MASTER,)
        parts = [index.read_master(lists(f"{FOLDER_2}{name}"), source=name) for name in names]
    else:
        parts = [
            index.read_daily(lists(f"{folder}md5sums"), lists(f"{folder}filesizes"), f"{folder}md5sums")
            for folder in sorted({FOLDERS[1, t] for t in tables})
        ]
    return Index(
        tuple(f for p in parts for f in p.files),
        tuple(n for p in parts for n in p.repeated),
        sum(p.ignored for p in parts),
    )


def fetch_gdelt(
    data: Path,
    start: date,
    end: date,
    tables: Sequence[TableName] = ("events",),
    *,
    version: Version = 1,
    translated: bool = False,
    base: str = ADDRESS,
    connections: int = 4,
    policy: Policy | None = None,
    progress: Progress = quiet,
) -> Fetched:
    """Bring the files that cover a closed range of days.

    Files that are there and right are left alone, broken-off ones are gone on with, so that a run that was interrupted
    and run again ends in the state of one that was not.

    Parameters
    ----------
    data : Path
        The data folder; files go to ``gdelt/v1`` or ``gdelt/v2`` below it.
    start, end : date
        First and last day.
    tables : sequence of {"events", "gkg", "counts"}
    version : {1, 2}
        Daily files, or those of a quarter of an hour.
    translated : bool
        Bring the stream of translated articles too (version 2); Russian and Kazakh papers are only there.
    base : str
        The provider's address, with the final slash.
    connections : int
        Files at a time.
    policy : Policy, optional
        Tries, pauses and time-outs.
    progress : Progress

    Raises
    ------
    FetchError
        If the index cannot be had, or a combination of table and version does not exist. A single file that fails does
        not stop the run: see :attr:`Fetched.lacking`.
    """
    if version == 2 and "counts" in tables:
        raise FetchError(
            "Version 2 has no counts files; its GKG holds the counts. Leave 'counts' out, or use version 1."
        )
    if version == 1 and translated:
        raise FetchError("Version 1 has no translated stream of its own. Leave --translated out, or use version 2.")
    if end < start:
        raise FetchError(f"The last day {end} is before the first {start}. Swap --start and --end.")
    policy = policy or Policy()
    folder = folder_of(data, version)
    progress("reading the provider's lists", 0.0)
    known = read_index(base, version, tables, policy, folder / "index", translated=translated)
    wanted = known.select(start, end, tables)
    record = folder / MANIFEST
    before = manifest.load(record)
    done, missing = _sort(folder, base, wanted, before)
    after = before.with_entries(done)
    after.save(record)
    after = _bring(folder, base, missing, after, connections, policy, progress)
    return Fetched(
        folder=folder,
        manifest=after,
        listed=wanted,
        gaps={t: index.gaps(wanted, start, end, t) for t in tables},
        outages={t: tuple(d for d in index.outages(known.files, t) if start <= d <= end) for t in tables},
        repeated=tuple(n for n in known.repeated if any(f.name == n for f in wanted)),
        downloaded=sum(after.entries[f.name].status == "complete" for f in missing),
    )


def path_of(folder: Path, listed: Listed) -> Path:
    """Return where a file lies."""
    return folder / listed.kind.layout.table / listed.name


def _address(base: str, listed: Listed) -> str:
    layout = listed.kind.layout
    return f"{base}{FOLDER_2 if layout.version == 2 else FOLDERS[1, layout.table]}{listed.name}"


def _sort(folder: Path, base: str, wanted: Sequence[Listed], before: Manifest) -> tuple[list[Entry], list[Listed]]:
    """Tell the files that are in place and right from those to bring."""
    done, missing = [], []
    for listed in wanted:
        path, entry = path_of(folder, listed), before.entries.get(listed.name)
        size = path.stat().st_size if path.exists() else -1
        if size < 0 or (listed.size is not None and size != listed.size):
            missing.append(listed)
        elif entry and entry.status == "complete" and entry.size == size and listed.md5 in (None, entry.md5):
            done.append(entry)
        elif listed.md5 in (None, found := file_md5(path)):
            done.append(_entry(path, listed, _address(base, listed), "complete", size, found))
        else:
            missing.append(listed)
    return done, missing


def _bring(
    folder: Path,
    base: str,
    missing: Sequence[Listed],
    record: Manifest,
    connections: int,
    policy: Policy,
    progress: Progress,
) -> Manifest:
    stop = threading.Event()
    total = sum(f.size or 0 for f in missing) or 1
    began = saved = time.monotonic()
    arrived = finished = told = 0

    def one(listed: Listed) -> Entry:
        path, address = path_of(folder, listed), _address(base, listed)
        outcome = download(address, path, listed.size, listed.md5, policy, stop)
        return _entry(path, listed, address, outcome.status, outcome.size, outcome.md5)

    with ThreadPoolExecutor(max_workers=connections) as pool:
        waiting: set[Future[Entry]] = set()
        queue = iter(missing)
        try:
            while True:
                while len(waiting) < 2 * connections and (listed := next(queue, None)) is not None:
                    waiting.add(pool.submit(one, listed))
                if not waiting:
                    break
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                entries = [f.result() for f in ended]
                record = record.with_entries(entries)
                finished += len(entries)
                arrived += sum(e.size for e in entries)
                now = time.monotonic()
                share = min(arrived / total, 1.0)
                if int(100 * share) > told:
                    progress(_message(finished, len(missing), arrived, total, now - began), share)
                    told = int(100 * share)
                if now - saved > _SAVE_EVERY:
                    record.save(folder / MANIFEST)
                    saved = now
        finally:
            stop.set()
            record.save(folder / MANIFEST)
    progress(_message(finished, len(missing), arrived, total, time.monotonic() - began), 1.0)
    return record


def _message(finished: int, files: int, arrived: int, total: int, seconds: float) -> str:
    left = seconds * (total - arrived) / arrived if arrived else 0.0
    return f"{finished} of {files} files, {arrived / 1e6:.0f} of {total / 1e6:.0f} MB, about {left / 60:.0f} min left"


def _entry(path: Path, listed: Listed, address: str, status: manifest.Status, size: int, md5: str) -> Entry:
    simulated = False
    if status == "complete":
        try:
            simulated = is_simulated(path)
        except DataError:
            status = "unreadable"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    table = listed.kind.layout.table
    return Entry(listed.name, table, address, status, size, md5, simulated=simulated, time=now)
