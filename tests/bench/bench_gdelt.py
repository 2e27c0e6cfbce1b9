"""Speed of the event engine, side by side with its floors in one run; all files are SIMULATED.

Three measurements, each in its own process so that its peak memory is its own:

- ``reader``: one zipped daily file against ``unzip -p FILE | wc -l`` and ``pandas.read_csv``, in turns, as ratios;
- ``scale``: many daily files into an extract; a few different files stand for many under other names, each read in full;
- ``panel``: constructs, de-duplication, joins and both panels from an extract of about three million rows.

Run: ``python -m tests.bench.bench_gdelt --rows 200000 --files 5 50 500`` (see --help).
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from rich.console import Console

from northroute.panel.incidents import PanelChoices, Unit, incident_panel
from northroute.provenance import file_sha256
from northroute.sources.gdelt import Extract, build_incidents, extract, files_of
from northroute.sources.gdelt.extract import FileReport
from northroute.sources.gdelt.formats import TableName, describe
from northroute.sources.gdelt.inflate import blocks
from northroute.sources.gdelt.read import Tally, read
from northroute.sources.gdelt.simulated import CLEAN, ArchiveWorld, write
from tests.sources.gdelt.examples import zipped

console = Console(highlight=False, soft_wrap=True)
DISTINCT = 5
MONTHS = 96
PER_INCIDENT, PER_ROW = 48_000, 3_000
"""Rows asked for over daily incidents and other rows: about one row in ten is then selected by some construct."""


def make_files(folder: Path, rows: int) -> list[Path]:
    """Write a few different daily files of about ``rows`` rows, one in a hundred of them in the five countries."""
    world = ArchiveWorld(
        days=DISTINCT,
        incidents_per_day=rows / 1000,
        background_per_day=rows / 125,
        world_per_day=rows * 0.99,
        faults=CLEAN,
    )
    write(folder, world)
    return sorted((folder / "site" / "events").glob("*.zip"))


def timed(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def forget_peak() -> None:
    """Start the count of peak memory anew, where the kernel allows it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def peak_mb() -> float:
    """Peak resident memory of this process since :func:`forget_peak`."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def real_file(folder: Path, data: Path) -> Path:
    """Zip the rows of the two real samples, again and again, to the size of a day."""
    samples = data / "gdelt_raw_samples"
    text = b"".join((samples / f"{n}.export.CSV").read_bytes() for n in ("20151027220000", "20191024143000"))
    return zipped(folder / "20151027220000.export.CSV.zip", text * 48)


def reader(path: Path, repeats: int) -> dict[str, Any]:
    """Time one file by each means in turns; medians in seconds and ratios to ours."""
    kind = describe(path.name)
    assert kind is not None
    layout = kind.layout
    names = list(layout.columns)

    def ours() -> None:
        for _ in read(path, layout):
            pass

    def pandas_all(columns: list[str]) -> Callable[[], None]:
        def action() -> None:
            frame = pd.read_csv(path, sep="\t", header=None, names=names, usecols=columns, dtype=str, quoting=3)
            frame[frame["ActionGeo_CountryCode"].isin(["KZ", "KG", "TI", "TX", "UZ"])]

        return action

    ways: dict[str, Callable[[], None]] = {
        "northroute": ours,
        "unzip and count lines": lambda: _shell(f"unzip -p '{path}' | wc -l"),
        "unzip alone": lambda: _shell(f"unzip -p '{path}' > /dev/null"),
        "pandas, one column": pandas_all(["ActionGeo_CountryCode"]),
        "pandas, every column": pandas_all(names),
    }
    ours()  # compile
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, action in ways.items():
            taken[name].append(timed(action))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    tally = sum((b.tally for b in read(path, layout)), Tally())
    return {
        "rows": tally.rows,
        "kept": tally.kept,
        "columns": len(names),
        "zipped_mb": path.stat().st_size / 1e6,
        "inflated_mb": sum(len(b) for b in blocks(path)) / 1e6,
        "seconds": medians,
        "ratio": {name: seconds / medians["northroute"] for name, seconds in medians.items()},
    }


def scale(files: list[Path], count: int, scratch: Path) -> dict[str, Any]:
    """Extract ``count`` daily files and measure rows a second and peak memory."""
    folder = scratch / f"files {count}"
    folder.mkdir()
    for i in range(count):
        name = f"{date(2015, 1, 1) + timedelta(days=i):%Y%m%d}.export.CSV.zip"
        (folder / name).hardlink_to(files[i % len(files)])
    found: list[Extract] = []
    extract(files_of(folder)[:1], scratch / f"warm {count}")
    forget_peak()
    seconds = timed(lambda: found.extend(extract(files_of(folder), scratch / f"extract {count}").values()))
    tally = found[0].tally
    return {
        "files": count,
        "rows": tally.rows,
        "kept": tally.kept,
        "seconds": seconds,
        "rows_per_second": tally.rows / seconds,
        "peak_mb": peak_mb(),
    }


def panel(rows: int, scratch: Path) -> dict[str, Any]:
    """Build incidents and panels from about ``rows`` rows over eight years: one simulated month, moved and renumbered."""
    world = ArchiveWorld(
        days=28, incidents_per_day=rows / PER_INCIDENT, background_per_day=rows / PER_ROW, world_per_day=0, faults=CLEAN
    )
    made = write(scratch / "month", world)
    month = extract(files_of(made.site), scratch / "month extract")
    tables: tuple[TableName, ...] = ("events", "gkg")
    moved = {table: _move(month[table], scratch / "eight years" / table) for table in tables}
    incidents = []
    forget_peak()
    seconds = timed(lambda: incidents.append(build_incidents(moved, scratch=scratch)))
    units: tuple[Unit, ...] = ("region", "country")
    both = timed(lambda: [incident_panel(incidents[0], PanelChoices(unit=u)) for u in units])
    return {
        "event_rows": moved["events"].tally.kept,
        "gkg_rows": moved["gkg"].tally.kept,
        "incidents": len(incidents[0].frame),
        "incident_seconds": seconds,
        "panel_seconds": both,
        "peak_mb": peak_mb(),
    }


def _move(month: Extract, folder: Path) -> Extract:
    source = f"read_parquet({[str(p) for p in month.parts]}, hive_partitioning = false)"
    files = []
    for i, start in enumerate(pd.date_range("2015-01-01", periods=MONTHS, freq="MS")):
        part = folder / f"month={start:%Y-%m}" / "part.parquet"
        part.parent.mkdir(parents=True)
        shift = (start.year * 100 + start.month) * 100 - 20150100
        dates = {"events": ("SQLDATE", "DATEADDED"), "gkg": ("DATE",)}.get(month.table, ())
        changed = [f"{d} + {shift} AS {d}" for d in dates] + [f"'{start:%Y%m}' || FileName[7:] AS FileName"]
        if month.table == "events":
            changed += [f"GLOBALEVENTID + {i * 10_000_000} AS GLOBALEVENTID", f"SOURCEURL || '?{i}' AS SOURCEURL"]
        else:
            changed.append(f"SOURCEURLS || '?{i}' AS SOURCEURLS")
            changed.append("'' AS CAMEOEVENTIDS")
        duckdb.execute(f"COPY (SELECT * REPLACE ({', '.join(changed)}) FROM {source}) TO '{part}' (FORMAT parquet)")
        days = [start + pd.Timedelta(days=d) for d in range(start.days_in_month)]
        share = Tally(rows=month.tally.rows // len(days), kept=month.tally.kept // len(days))
        files += [FileReport(f"{d:%Y%m%d}", (str(d.date()), str(d.date())), "day", share) for d in days]
    return Extract(
        *(folder, month.table, month.version, month.countries, tuple(files)),
        simulated=True,
        sha256="benchmark",
        parts={p: file_sha256(p) for p in sorted(folder.glob("month=*/part.parquet"))},
    )


def _shell(command: str) -> None:
    subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.DEVNULL)


def _apart(task: str, arguments: argparse.Namespace, folder: Path, *more: str) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_gdelt", "--task", task, "--folder", str(folder)]
    command += ["--repeats", str(arguments.repeats), "--panel-rows", str(arguments.panel_rows), *more]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of a daily file")
    parser.add_argument("--files", type=int, nargs="*", default=[5, 50], help="daily files of each extract")
    parser.add_argument("--panel-rows", type=int, default=3_000_000, help="rows of the eight-year extract; 0 for none")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--data", type=Path, help="folder of real samples: the reader is timed on their rows too")
    parser.add_argument("--task", choices=["reader", "scale", "panel"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        files = sorted((arguments.folder / "site" / "events").glob("*.zip"))
        with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
            match arguments.task:
                case "reader":
                    path = real_file(Path(scratch), arguments.data) if arguments.data else files[0]
                    result = reader(path, arguments.repeats)
                case "scale":
                    result = scale(files, arguments.files[0], Path(scratch))
                case _:
                    result = panel(arguments.panel_rows, Path(scratch))
        console.print(json.dumps(result), markup=False)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_files(folder, arguments.rows)
        results: dict[str, Any] = {
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f} at the start",
            "versions": {n: metadata.version(n) for n in ("isal", "numba", "pyarrow", "duckdb", "pandas")},
            "reader, SIMULATED rows": _apart("reader", arguments, folder),
            "scale": [_apart("scale", arguments, folder, "--files", str(n)) for n in arguments.files],
        }
        if arguments.data:
            results["reader, real rows"] = _apart("reader", arguments, folder, "--data", str(arguments.data))
        if arguments.panel_rows:
            results["panel"] = _apart("panel", arguments, folder)
    console.print(json.dumps(results, indent=1), markup=False)


if __name__ == "__main__":
    main()
