"""Speed of the Bayesian count models, side by side in one run on one machine; all data are SIMULATED.

``python -m tests.bench.bench_counts`` measures, each in a process of its own:

- the reference model (51 regions x 96 months) the textbook way with PyMC's own sampler, with nutpie and, if it is installed,
  in Bambi, and in northroute, which states the same model: with an empty compile cache and with a full one;
- ``joint`` with four outcomes, behind the gate;
- growth of gradient and fit with the number of rows (figure ``growth.svg``);
- memory of leave-one-out with log likelihoods by blocks, against draws;
- with ``--sbc N``, seconds of one replication of the calibration of ``slopes``.

It prints the tables and writes them to ``analysis/docs/speed.md``; ``--quick`` takes tiny sizes and writes elsewhere.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from northroute import provenance, seeds
from tests.bench import reference, report
from tests.bench.ours import smallest_ess
from tests.bench.textbook import SCALES

PYMC, NUTPIE, BAMBI, OURS = "textbook, PyMC's sampler", "textbook, nutpie", "Bambi, nutpie", "northroute"
EMPTY, FULL = "empty compile cache", "full compile cache"
PARTS = ("reference", "joint", "growth", "memory")


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    months: int = 96
    pymc_draws: int = 150
    textbook_draws: int = 300
    draws: int = 1000
    units: tuple[int, ...] = (51, 100, 200, 500, 1000)
    memory_units: int = 1000
    memory_draws: tuple[int, ...] = (500, 1000, 2000, 4000)


QUICK = Sizes(18, 20, 50, 50, (12, 24), 24, (200, 400))


@dataclass(frozen=True)
class Bench:
    """Where processes find data and write results."""

    folder: Path
    sizes: Sizes
    quick: bool

    def run(self, module: str, *arguments: str, cache: Path | None = None, out: str) -> dict[str, Any]:
        """Run a measurement; its compile caches are in ``cache``, or where they always are."""
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        if cache is not None:
            environment |= {"NUMBA_CACHE_DIR": str(cache), "PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}"}
        path = self.folder / out
        command = [sys.executable, "-m", module, *arguments, "--out", str(path), "--started", repr(time.time())]
        print(f"... {out}", file=sys.stderr, flush=True)
        finished = subprocess.run(command, env=environment, capture_output=True, text=True)
        if finished.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{finished.stderr[-4000:]}")
        result: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
        return result

    def ours(self, task: str, *arguments: str, cache: Path | None = None, out: str | None = None) -> dict[str, Any]:
        """Run a task of :mod:`tests.bench.ours`."""
        quick = ("--quick",) if self.quick else ()
        return self.run("tests.bench.ours", task, *arguments, *quick, cache=cache, out=out or task)


def side_by_side(bench: Bench, *, skip_pymc: bool) -> tuple[pd.DataFrame, str]:
    """The reference model each way, northroute last, and the hash of its data."""
    table = reference.frame(bench.sizes.months)
    frame = bench.folder / "frame.parquet"
    table.to_parquet(frame)
    rows: list[dict[str, Any]] = []
    posteriors: list[xr.Dataset] = []

    def add(way: str, state: str, result: dict[str, Any], out: str) -> None:
        posteriors.append(xr.load_dataset((bench.folder / out).with_suffix(".nc"), engine="h5netcdf"))
        rows.append({"way": way, "cache": state} | result)

    ways: list[tuple[str, str, int, int, tuple[str, ...]]]
    ways = [] if skip_pymc else [("pymc", PYMC, bench.sizes.pymc_draws, 2, (EMPTY,))]
    ways.append(("nutpie", NUTPIE, bench.sizes.textbook_draws, 4, (EMPTY, FULL)))
    if importlib.util.find_spec("bambi"):
        ways.append(("bambi", BAMBI, bench.sizes.textbook_draws, 4, (EMPTY,)))
    else:
        print("Bambi is not installed: left out.", file=sys.stderr)
    for way, name, draws, chains, states in ways:
        numbers = ("--draws", draws, "--chains", chains, "--seed", seeds.integer(f"bench {name}"))
        arguments = tuple(map(str, ("--way", way, "--frame", frame, *numbers)))
        for state in states:
            cache = bench.folder / f"cache {way}"
            add(name, state, bench.run("tests.bench.textbook", *arguments, cache=cache, out=way), way)
    own = ("--frame", str(frame), "--draws", str(bench.sizes.draws))
    for state in (EMPTY, FULL):
        add(OURS, state, bench.ours("reference", *own, cache=bench.folder / "cache ours"), "reference")
    return compare(rows, [report.plain(p) for p in posteriors]), provenance.frame_hash(table)


def compare(rows: list[dict[str, Any]], posteriors: list[xr.Dataset]) -> pd.DataFrame:
    """Add effective sizes over the shared quantities, rates, northroute's over them, and differences of posterior means.

    A ratio of totals is to northroute's with the same state of the cache. Bambi names its quantities otherwise and has no
    walk: its effective sizes are of its own quantities, and its means are not compared.
    """
    ours = posteriors[-1]
    for row, theirs in zip(rows, posteriors, strict=True):
        own = row["way"] == BAMBI
        shared = [str(n) for n in theirs.data_vars if n in ours.data_vars or (own and not str(n).endswith("_offset"))]
        if not own and not set(SCALES) <= set(shared):
            raise SystemExit(f"{row['way']} does not report {sorted(set(SCALES) - set(shared))}.")
        row["min_ess"], row["where"] = smallest_ess(theirs[shared])
        if row["way"] not in (OURS, BAMBI):
            row["gap"], row["gap_where"] = report.largest_gap(ours[shared], theirs[shared])
        row["rate_total"], row["rate_sampling"] = row["min_ess"] / row["total_s"], row["min_ess"] / row["sampling_s"]
    best = {r["cache"]: r for r in rows if r["way"] == OURS}
    for row in rows:
        for rate in ("total", "sampling"):
            row[f"over_{rate}"] = best[row["cache"]][f"rate_{rate}"] / row[f"rate_{rate}"]
    return pd.DataFrame(rows)


def growth(bench: Bench) -> pd.DataFrame:
    """Gradient and fit against rows."""
    size = ("--months", str(bench.sizes.months), "--draws", str(bench.sizes.draws))
    found = [bench.ours("growth", "--units", str(n), *size, out=f"growth {n}") for n in bench.sizes.units]
    return pd.DataFrame(found)


def memory(bench: Bench) -> pd.DataFrame:
    """Memory of leave-one-out against draws."""
    size = ("--months", str(bench.sizes.months), "--units", str(bench.sizes.memory_units))
    return pd.DataFrame(
        [bench.ours("memory", *size, "--draws", str(n), out=f"memory {n}") for n in bench.sizes.memory_draws]
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try the script; numbers mean nothing")
    parser.add_argument("--skip-pymc", action="store_true", help="leave out PyMC's own sampler, which takes minutes")
    parser.add_argument("--sbc", type=int, default=0, metavar="N", help="replications of the calibration of slopes")
    parser.add_argument("--folder", type=Path, help="where speed.md and growth.svg go; default analysis/docs")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    options = parser.parse_args()
    started = report.machine()
    default = Path(tempfile.mkdtemp()) if options.quick or set(options.only) != set(PARTS) else Path("analysis/docs")
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), QUICK if options.quick else Sizes(), options.quick)
        found = report.Measured(
            machine=started,
            command=f"python -m tests.bench.bench_counts {' '.join(sys.argv[1:])}".strip(),
            quick=options.quick,
            months=bench.sizes.months,
        )
        if "reference" in options.only:
            found.ways, found.data_hash = side_by_side(bench, skip_pymc=options.skip_pymc)
        if set(options.only) != {"reference"}:
            bench.ours("growth", "--units", "12", "--months", "18", "--draws", "50", out="compile")
        if "joint" in options.only:
            size = ("--months", str(bench.sizes.months), "--draws", str(bench.sizes.draws))
            found.joint = bench.ours("joint", *size)
        if "growth" in options.only:
            found.growth = growth(bench)
        if "memory" in options.only:
            found.memory = memory(bench)
        if options.sbc:
            found.sbc = bench.ours("sbc", "--replications", str(options.sbc))
    folder = options.folder or default
    print(report.write(found, folder))
    print(f"Written to {folder}.", file=sys.stderr)


if __name__ == "__main__":
    main()
