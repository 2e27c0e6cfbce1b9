"""From the provider's index to verified files on disk, with a manifest; interrupted and run again, it goes on."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final
from urllib.request import getproxies

from northroute import holding
from northroute.errors import DataError, FetchError
from northroute.progress import Progress, quiet
from northroute.sources.connection import Client, check_address
from northroute.sources.gdelt import index, inflate, lists, manifest
from northroute.sources.gdelt.formats import TableName, Version
from northroute.sources.gdelt.index import Listed
from northroute.sources.gdelt.manifest import Entry, Manifest
from northroute.sources.transfer import Expected, Outcome, download, file_digest, in_words, room, storage_error
from northroute.sources.wire import Policy

ADDRESS: Final = "https://storage.googleapis.com/data.gdeltproject.org/"
"""The provider's bucket, under its store's certificate; http://data.gdeltproject.org/ has the same files, without https."""
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
    failed_lists : tuple of Entry
        Lists of the provider that could not be had or read: their files were not asked for.
    """

    folder: Path
    manifest: Manifest
    listed: tuple[Listed, ...] = field(repr=False)
    gaps: dict[TableName, tuple[date, ...]]
    outages: dict[TableName, tuple[date, ...]]
    repeated: tuple[str, ...]
    downloaded: int
    failed_lists: tuple[Entry, ...] = ()

    @property
    def lacking(self) -> tuple[Entry, ...]:
        """Entries of listed files that are not complete."""
        wanted = {f.name for f in self.listed}
        return tuple(e for n, e in sorted(self.manifest.entries.items()) if n in wanted and e.status != "complete")


def folder_of(data: Path, version: Version) -> Path:
    """Return where the files of a version lie under the data folder."""
    return data / "gdelt" / f"v{version}"


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
    verify: bool = False,
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
        The provider's address, with the final slash. Over plain http the files and their checksums come by one channel,
        which anybody between can change: the checksums then guard against accidents only.
    connections : int
        Files at a time.
    policy : Policy, optional
        Tries, pauses, time-outs, the least rate, and whether redirects to other hosts are followed.
    verify : bool
        Whether the checksum of every file in place is computed anew; else that of a file whose size is right, and that no
        build found unreadable, is taken from the manifest.
    progress : Progress

    Raises
    ------
    FetchError
        If no list can be had, no file is listed in the range, the folder cannot be written or has too little space, or a
        combination of table and version does not exist. A single file or list that fails does not stop the run: see
        :attr:`Fetched.lacking` and :attr:`Fetched.failed_lists`.
    """
    check_address(base)
    if version == 2 and "counts" in tables:
        raise FetchError(
            "Version 2 has no counts files; its GKG holds the counts. Leave 'counts' out, or use version 1."
        )
    if version == 1 and translated:
        raise FetchError("Version 1 has no translated stream of its own. Leave --translated out, or use version 2.")
    if end < start:
        raise FetchError(f"The last day {end} is before the first {start}. Swap --start and --end.")
    folder = folder_of(data, version)
    client = Client(policy or Policy())
    try:
        with holding.folder(folder, "fetch", progress):
            progress("reading the provider's lists", 0.0)
            known = lists.read(client, base, version, tables, folder / "index", translated=translated)
            wanted = known.index.select(start, end, tables)
            before = manifest.load(folder / MANIFEST).with_entries(known.entries)
            before.save(folder / MANIFEST)
            _check_found(known, wanted, start, end, tables)
            done, missing = _sort(folder, base, wanted, before, verify, progress)
            before = before.with_entries(done)
            before.save(folder / MANIFEST)
            _check_room(folder, missing)
            after = _bring(folder, base, missing, before, connections, client, progress)
    except OSError as failure:
        raise storage_error(folder, failure) from failure
    return Fetched(
        folder=folder,
        manifest=after,
        listed=wanted,
        gaps={t: index.gaps(wanted, start, end, t) for t in tables},
        outages={t: tuple(d for d in index.outages(known.index.files, t) if start <= d <= end) for t in tables},
        repeated=tuple(n for n in known.index.repeated if any(f.name == n for f in wanted)),
        downloaded=sum(after.entries[f.name].status == "complete" for f in missing),
        failed_lists=known.lacking,
    )


def path_of(folder: Path, listed: Listed) -> Path:
    """Return where a file lies."""
    return folder / listed.kind.layout.table / listed.name


def _address(base: str, listed: Listed) -> str:
    layout = listed.kind.layout
    return f"{base}{lists.FOLDER_2 if layout.version == 2 else lists.FOLDERS[layout.table]}{listed.name}"


def _check_found(
    known: lists.Lists, wanted: Sequence[Listed], start: date, end: date, tables: Sequence[TableName]
) -> None:
    """Refuse to call a fetch of nothing a success."""
    if wanted:
        return
    if known.lacking:
        reasons = "; ".join(f"{e.address}: {e.reason}" for e in known.lacking)
        proxy = " The environment names a proxy; NO_PROXY leaves it out." if getproxies() else ""
        raise FetchError(
            f"No list of the provider could be read. {reasons}. Files that are here were left alone.{proxy}"
        )
    files = [f for f in known.index.files if f.kind.layout.table in tables]
    span = f"from {files[0].kind.day} to {max(index.last_day(f.kind) for f in files)}" if files else "of no day"
    what = f"of {', '.join(tables)} from {start} to {end}; it lists files {span}"
    raise FetchError(f"The provider lists no file {what}. Choose --start and --end among them.")


def _check_room(folder: Path, missing: Sequence[Listed]) -> None:
    needed = sum(f.size for f in missing if f.size is not None and f.size <= Expected().most)
    if needed > (free := room(folder)):
        raise FetchError(
            f"'{folder}' has {in_words(free)} free and the files that lack are {in_words(needed)}. Make room there, give "
            "another folder, or fewer days."
        )


def _sort(
    folder: Path, base: str, wanted: Sequence[Listed], before: Manifest, verify: bool, progress: Progress
) -> tuple[list[Entry], list[Listed]]:
    """Tell the files that are in place and right from those to bring."""
    done, missing = [], []
    for number, listed in enumerate(wanted):
        if verify:
            progress(f"verifying {number + 1} of {len(wanted)} files", number / len(wanted))
        path, entry = path_of(folder, listed), before.entries.get(listed.name)
        size = path.stat().st_size if path.is_file() else -1
        if size < 0 or listed.size not in (None, size):
            missing.append(listed)
            continue
        recorded = entry.md5 if entry and entry.status == "complete" and entry.size == size else None
        if entry and recorded and listed.md5 in (None, recorded) and not verify:
            done.append(entry)
        elif (found := file_digest(path)) != (right := listed.md5 or recorded or found):
            missing.append(listed)
        elif entry and entry.status == "unreadable" and entry.md5 == right == listed.md5:
            done.append(entry)  # as published: it would come so again
        else:
            made = _entry(path, listed, _address(base, listed), Outcome("complete", "", size, found))
            if made.status == "complete" or listed.md5:
                done.append(made)
            else:
                missing.append(listed)
    return done, missing


def _bring(
    folder: Path,
    base: str,
    missing: Sequence[Listed],
    record: Manifest,
    connections: int,
    client: Client,
    progress: Progress,
) -> Manifest:
    if not missing:
        return record
    total = sum(f.size or 0 for f in missing)
    began = saved = time.monotonic()
    arrived = finished = told = 0

    def one(listed: Listed) -> Entry:
        path, address = path_of(folder, listed), _address(base, listed)
        return _entry(path, listed, address, download(client, address, path, Expected(listed.size, listed.md5)))

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
                share = min(arrived / total, 1.0) if total else finished / len(missing)
                if int(100 * share) > told:
                    progress(_message(finished, len(missing), arrived, total, now - began), share)
                    told = int(100 * share)
                if now - saved > _SAVE_EVERY:
                    record.save(folder / MANIFEST)
                    saved = now
        except BaseException as failure:
            client.stop.set()
            with suppress(FetchError):  # the first failure is the one to tell
                record.save(folder / MANIFEST)
            if isinstance(failure, OSError):
                raise storage_error(folder, failure, total - arrived) from failure
            raise
    record.save(folder / MANIFEST)
    progress(_message(finished, len(missing), arrived, total, time.monotonic() - began), 1.0)
    return record


def _message(finished: int, files: int, arrived: int, total: int, seconds: float) -> str:
    left = seconds * (total - arrived) / arrived if arrived else 0.0
    return f"{finished} of {files} files, {in_words(arrived)} of {in_words(total)}, about {left / 60:.0f} min left"


def _entry(path: Path, listed: Listed, address: str, outcome: Outcome) -> Entry:
    """Return what the manifest shall say; a file that came is read to its end first."""
    made = Entry.of(listed.name, listed.kind.layout.table, address, outcome)
    if made.status != "complete":
        return made
    try:
        inflate.check(path)
        return replace(made, simulated=inflate.is_simulated(path))
    except DataError as failure:
        return replace(made, status="unreadable", reason=failure.problem)
