"""Many files to one extract: checked rows of the wanted countries in Parquet, partitioned by the month of the file.

Months are read side by side; within a month the files go in order through one open Parquet file, so that memory depends
on neither the archive's size nor any file's. A month whose files have not changed and whose extract is what was written is
not read again.
"""

import csv
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from northroute import keeping
from northroute.errors import DataError, SimulatedDataError
from northroute.progress import Progress, quiet
from northroute.provenance import file_sha256, value_hash
from northroute.sheets import harmless
from northroute.sources.gdelt.formats import (
    CENTRAL_ASIA,
    EVENTS_1,
    SIMULATED_HOST,
    FileKind,
    TableName,
    Version,
    describe,
)
from northroute.sources.gdelt.index import last_day
from northroute.sources.gdelt.inflate import is_simulated
from northroute.sources.gdelt.read import Aside, Tally, read, schema
from northroute.sources.gdelt.sink import Sink

PART: Final = "part.parquet"
REPORT: Final = "report.json"
ASIDE: Final = "aside.csv"
MOST_WORKERS: Final = 3
"""Months read at a time by default, at most: where nearly all rows are kept, each takes about 200 MB."""
ASIDE_LIMIT: Final = 1000
"""Lines set aside that are listed for one file; all are counted."""
_FORMAT: Final = 2
_ADDRESSES: Final = frozenset({"SOURCEURL", "SOURCEURLS", "DocumentIdentifier"})


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Attributes
    ----------
    name : str
    days : tuple of str
        First and last day that it covers, ISO 8601.
    step : str
        ``quarter``, ``day``, ``month`` or ``year``.
    tally : Tally
    problem : str
        Why the file could not be read to its end; none of its rows are then in the extract. Empty if it was read.
    """

    name: str
    days: tuple[str, str]
    step: str
    tally: Tally
    problem: str = ""


@dataclass(frozen=True)
class Extract:
    """Rows of one table on disk.

    Attributes
    ----------
    folder : Path
        Holds ``month=YYYY-MM/part.parquet`` with ``report.json``, and ``aside.csv`` where rows were set aside.
    table : {"events", "gkg", "counts"}
    version : {1, 2}
    countries : tuple of str
        FIPS codes that were kept.
    files : tuple of FileReport
        Every file, in order of time.
    simulated : bool
        Whether the files carry a simulator's mark.
    sha256 : str
        Hash of what went in: names, sizes, countries, and the program's format.
    parts : mapping of Path to str
        The months' Parquet files, each with its SHA-256.
    """

    folder: Path
    table: TableName
    version: Version
    countries: tuple[str, ...]
    files: tuple[FileReport, ...] = field(repr=False)
    simulated: bool
    sha256: str
    parts: Mapping[Path, str] = field(repr=False)

    @property
    def tally(self) -> Tally:
        """Rows of all files."""
        return sum((f.tally for f in self.files), Tally())

    @property
    def unreadable(self) -> tuple[FileReport, ...]:
        """Files without a row in the extract because they could not be read."""
        return tuple(f for f in self.files if f.problem)

    def require_whole(self) -> None:
        """Refuse an extract of which a part is not what was written.

        Raises
        ------
        DataError
        """
        for part, sha256 in self.parts.items():
            if not part.is_file() or file_sha256(part) != sha256:
                remedy = "Run the same command again: the month is then read anew from its files."
                raise DataError("it is gone, or not what was extracted", file=part, remedy=remedy)


@dataclass(frozen=True)
class _Month:
    label: str
    files: tuple[tuple[Path, FileKind], ...]
    simulated: bool

    def key(self, countries: Sequence[str]) -> str:
        sizes = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p, _ in self.files]
        return value_hash([_FORMAT, self.label, sizes, list(countries), self.simulated])


@dataclass(frozen=True)
class _Read:
    """What became of a month's files, and the SHA-256 of its Parquet file."""

    files: tuple[FileReport, ...]
    sha256: str


def extract(
    files: Sequence[Path],
    out: Path,
    countries: Sequence[str] = CENTRAL_ASIA,
    *,
    workers: int | None = None,
    progress: Progress = quiet,
) -> dict[TableName, Extract]:
    """Read files of any tables into ``out/<table>``.

    Parameters
    ----------
    files : sequence of Path
        Named as the provider names them; other names are refused.
    out : Path
        Folder of the extract. Months of an earlier extract that are not asked for now are deleted; one that is not what was
        written is read again, and a line says so.
    countries : sequence of str
        FIPS codes.
    workers : int, optional
        Months read at a time; by default the number of processors, at most :data:`MOST_WORKERS`.
    progress : Progress

    Returns
    -------
    dict of Extract by table

    Raises
    ------
    DataError
        For a name that is not the provider's, or no file at all.
    SimulatedDataError
        If some files carry a simulator's mark and others do not.
    """
    planned = _plan(files)
    results: dict[TableName, dict[str, _Read]] = {t: {} for t in planned}
    total = sum(len(m.files) for months in planned.values() for m in months)
    done = 0
    with ThreadPoolExecutor(workers or min(os.cpu_count() or 1, MOST_WORKERS)) as pool:
        jobs = {
            pool.submit(_month, month, out / table, tuple(countries)): (table, month)
            for table, months in planned.items()
            for month in months
        }
        try:
            for job in as_completed(jobs):
                table, month = jobs[job]
                results[table][month.label] = job.result()
                done += len(month.files)
                progress(f"read {table} {month.label}, {done} of {total} files", done / total)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for table, months in planned.items():
        labels = {f"month={m.label}" for m in months}
        for old in (out / table).glob("month=*"):
            if old.name not in labels:
                _remove(old)
    return {t: _result(out / t, t, planned[t], countries, r) for t, r in results.items()}


def files_of(folder: Path) -> tuple[Path, ...]:
    """Return the files below a folder that northroute can read, a zipped one before its unzipped twin."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and describe(path.name):
            found.setdefault(path.name.lower().removesuffix(".zip"), path)
            if path.suffix.lower() == ".zip":
                found[path.name.lower().removesuffix(".zip")] = path
    return tuple(found.values())


def _plan(files: Sequence[Path]) -> dict[TableName, list[_Month]]:
    remedy = "Names must be the provider's, such as 20150101.export.CSV.zip."
    if not files:
        raise DataError("no file to read", file="the list of files", remedy=f"Fetch some first. {remedy}")
    grouped: dict[tuple[TableName, str], list[tuple[Path, FileKind]]] = {}
    marks: dict[bool, Path] = {}
    for path in files:
        kind = describe(path.name)
        if kind is None:
            raise DataError("not the name of a GDELT file that northroute reads", file=path, remedy=remedy)
        grouped.setdefault((kind.layout.table, f"{kind.day:%Y-%m}"), []).append((path, kind))
        try:
            marks.setdefault(is_simulated(path), path)
        except DataError:
            continue  # told when it is read
    if len(marks) > 1:
        raise SimulatedDataError(
            f"'{marks[True].name}' is SIMULATED and '{marks[False].name}' is not. Simulated and real files are never mixed: "
            "keep them in folders apart."
        )
    simulated = True in marks
    versions = {k.layout.version for group in grouped.values() for _, k in group}
    if len(versions) > 1:
        raise DataError("files of versions 1 and 2 together", file=files[0], remedy="Read one version at a time.")
    plan: dict[TableName, list[_Month]] = {}
    for (table, label), group in sorted(grouped.items()):
        ordered = tuple(sorted(group, key=lambda g: (g[1].start, g[0].name)))
        plan.setdefault(table, []).append(_Month(label, ordered, simulated))
    return plan


def _month(month: _Month, folder: Path, countries: tuple[str, ...]) -> _Read:
    target = folder / f"month={month.label}"
    key = month.key(countries)
    known = keeping.read(target / REPORT, key, _reported)
    if known is not None and (sha256 := keeping.sound(target / PART, key)) and keeping.sound(target / ASIDE, key):
        return _Read(known, sha256)
    _remove(target)
    layout = month.files[0][1].layout
    shape = schema(EVENTS_1 if layout.table == "events" and layout.version == 1 else layout)
    mark = json.dumps({"simulated": month.simulated, "countries": countries})
    reports = []
    with keeping.writing(target / PART, key) as part, keeping.writing(target / ASIDE, key) as listed:
        with listed.open("w", encoding="utf-8", newline="") as listing:
            aside = csv.writer(listing, lineterminator="\n")
            aside.writerow(["file", "line", "reason", "text"])
            with Sink(part, shape.with_metadata({"northroute": mark})) as sink:
                for path, kind in month.files:
                    reports.append(_file(path, kind, countries, sink, aside, month.simulated))
        sha256 = file_sha256(part)
    content = {"simulated": month.simulated, "files": [asdict(r) for r in reports]}
    keeping.write(
        target / REPORT, f"{json.dumps(content, indent=1)}\n".encode(), key
    )  # last: without it, all are made anew
    return _Read(tuple(reports), sha256)


def _reported(content: bytes) -> tuple[FileReport, ...]:
    return tuple(
        FileReport(f["name"], (f["days"][0], f["days"][1]), f["step"], Tally(**f["tally"]), f["problem"])
        for f in json.loads(content)["files"]
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _file(path: Path, kind: FileKind, countries: Sequence[str], sink: Sink, aside: Any, simulated: bool) -> FileReport:
    tally = Tally()
    set_aside: list[Aside] = []
    problem = ""
    try:
        with sink.spool() as spool:
            for batch in read(path, kind.layout, countries):
                _same_mark(batch.table, path, simulated)
                spool.add(batch.table)
                tally += batch.tally
                set_aside += batch.aside[: ASIDE_LIMIT - len(set_aside)]
            if tally.rows and tally.aside == tally.rows:
                raise DataError(
                    f"not one of {tally.rows} lines is a row of {kind.layout.name}",
                    file=path,
                    remedy="The file is another one than its name says.",
                )
    except DataError as failure:
        problem, set_aside, tally = str(failure), [], Tally()
    aside.writerows((path.name, a.line, harmless(a.reason), harmless(a.text)) for a in set_aside)
    if tally.aside > len(set_aside):
        more = tally.aside - len(set_aside)
        aside.writerow((path.name, "", f"and {more} more lines, counted and not listed", ""))
    days = (kind.day.isoformat(), last_day(kind).isoformat())
    return FileReport(path.name, days, kind.step, tally, problem)


def _same_mark(table: pa.Table, path: Path, simulated: bool) -> None:
    """Refuse simulated rows in a file that lost its mark, such as one that was unzipped."""
    if simulated:
        return
    for name in _ADDRESSES.intersection(table.column_names):
        if pc.any(pc.match_substring(table[name], f"//{SIMULATED_HOST}/")).as_py():
            raise SimulatedDataError(
                f"'{path}' holds SIMULATED rows without the simulator's mark. Read the zipped files as they were written."
            )


def _result(
    folder: Path,
    table: TableName,
    months: Sequence[_Month],
    countries: Sequence[str],
    found: Mapping[str, _Read],
) -> Extract:
    inputs = [[p.name, p.stat().st_size] for m in months for p, _ in m.files]
    return Extract(
        folder=folder,
        table=table,
        version=months[0].files[0][1].layout.version,
        countries=tuple(countries),
        files=tuple(f for m in months for f in found[m.label].files),
        simulated=any(m.simulated for m in months),
        sha256=value_hash([_FORMAT, inputs, list(countries)]),
        parts={folder / f"month={m.label}" / PART: found[m.label].sha256 for m in months},
    )
