"""Speed of the Bayesian count models, side by side in one run on one machine; all data are SIMULATED.

``python -m tests.bench.bench_counts`` measures, each in a process of its own:

- the reference model (51 regions x 96 months) the textbook way with PyMC's own sampler, with nutpie and, if it is installed,
  in Bambi, and in northroute, which states the same model: with an empty compile cache and with a full one;
- ``joint`` with four outcomes, behind the gate;
- growth of gradient and fit with the number of rows (figure ``growth.svg``);
- memory of leave-one-out with log likelihoods by blocks, against draws;
- with ``--means N``, posterior means of the textbook over N untimed draws a chain, where those timed are too few to tell;
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
from itertools import product
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
    textbook_draws: int = 1000
    draws: int = 1000
    seeds: tuple[int, ...] = (1, 2)
    units: tuple[int, ...] = (51, 100, 200, 500, 1000)
    memory_units: int = 1000
    memory_draws: tuple[int, ...] = (500, 1000, 2000, 4000)


QUICK = Sizes(18, 50, 50, (1, 2), (12, 24), 24, (200, 400))


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


def side_by_side(bench: Bench, *, skip_pymc: bool, means: int) -> tuple[pd.DataFrame, str]:
    """The reference model each way, northroute last, and the hash of its data.

    With ``means``, the textbook's means are those of one more run with nutpie, of so many draws a chain.
    """
    table = reference.frame(bench.sizes.months)
    frame = bench.folder / "frame.parquet"
    table.to_parquet(frame)
    rows: list[dict[str, Any]] = []
    posteriors: list[xr.Dataset] = []

    def add(way: str, state: str, seed: int, result: dict[str, Any], out: str) -> None:
        posteriors.append(_drawn(bench, out))
        rows.append({"way": way, "cache": state, "seed": seed} | result)

    ways: list[tuple[str, str, int, tuple[str, ...]]] = [] if skip_pymc else [("pymc", PYMC, 2, (EMPTY,))]
    ways.append(("nutpie", NUTPIE, 4, (EMPTY, FULL)))
    if importlib.util.find_spec("bambi"):
        ways.append(("bambi", BAMBI, 4, (EMPTY,)))
    else:
        print("Bambi is not installed: left out.", file=sys.stderr)

    def textbook(way: str, name: str, chains: int, seed: int, draws: int, out: str) -> dict[str, Any]:
        drawn = seeds.integer(f"bench {name} {seed}")
        numbers = ("--draws", draws, "--chains", chains, "--seed", drawn)
        arguments = tuple(map(str, ("--way", way, "--frame", frame, *numbers)))
        return bench.run("tests.bench.textbook", *arguments, cache=bench.folder / f"cache {way} {seed}", out=out)

    # every seed meets an empty cache of its own, and then that cache full
    for (way, name, chains, states), seed in product(ways, bench.sizes.seeds):
        for state in states:
            out = f"{way} {seed}"
            add(name, state, seed, textbook(way, name, chains, seed, bench.sizes.textbook_draws, out), out)
    if means:
        textbook("nutpie", NUTPIE, 4, bench.sizes.seeds[0], means, "long")
    for seed in bench.sizes.seeds:
        drawn = seeds.integer(f"bench {OURS} {seed}")
        own = ("--frame", str(frame), "--draws", str(bench.sizes.draws), "--seed", str(drawn))
        for state in (EMPTY, FULL):
            cache, out = bench.folder / f"cache ours {seed}", f"reference {seed}"
            add(OURS, state, seed, bench.ours("reference", *own, cache=cache, out=out), out)
    long = report.plain(_drawn(bench, "long")) if means else None
    return compare(rows, [report.plain(p) for p in posteriors], long), provenance.frame_hash(table)


def _drawn(bench: Bench, out: str) -> xr.Dataset:
    return xr.load_dataset((bench.folder / out).with_suffix(".nc"), engine="h5netcdf")


def compare(rows: list[dict[str, Any]], posteriors: list[xr.Dataset], long: xr.Dataset | None = None) -> pd.DataFrame:
    """Add effective sizes over the shared quantities, rates, northroute's over them, and differences of posterior means.

    A ratio is to the mean of northroute's rates with the same state of the cache. Means are compared over the draws of all
    seeds of a way together, of the textbook with nutpie over a ``long`` run if there is one. Bambi names its quantities
    otherwise and has no walk: its effective sizes are of its own quantities, and its means are not compared.
    """
    pooled = {way: report.pooled(rows, posteriors, way) for way in dict.fromkeys(r["way"] for r in rows)}
    if long is not None:
        pooled[NUTPIE] = long
    gaps: dict[str, dict[str, Any]] = {}
    for way, theirs in pooled.items():
        if way in (OURS, BAMBI):
            continue
        shared = [str(n) for n in theirs.data_vars if n in pooled[OURS].data_vars]
        if not set(SCALES) <= set(shared):
            raise SystemExit(f"{way} does not report {sorted(set(SCALES) - set(shared))}.")
        drawn = f"{theirs.sizes['chain']} x {theirs.sizes['draw']} draws"
        gaps[way] = report.gap(pooled[OURS][shared], theirs[shared]) | {"gap_draws": drawn}
    for row, theirs in zip(rows, posteriors, strict=True):
        own = row["way"] == BAMBI
        shared = [
            str(n) for n in theirs.data_vars if n in pooled[OURS].data_vars or (own and not str(n).endswith("_offset"))
        ]
        row["min_ess"], row["where"] = smallest_ess(theirs[shared])
        row |= gaps.get(row["way"], {})
        row["rate_total"], row["rate_sampling"] = row["min_ess"] / row["total_s"], row["min_ess"] / row["sampling_s"]
    found = pd.DataFrame(rows)
    best = found[found["way"] == OURS].groupby("cache")[["rate_total", "rate_sampling"]].mean()
    for rate in ("total", "sampling"):
        found[f"over_{rate}"] = best[f"rate_{rate}"].loc[found["cache"]].to_numpy() / found[f"rate_{rate}"]
    return found


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
    parser.add_argument(
        "--skip-pymc", action="store_true", help="leave out PyMC's own sampler, which takes half an hour"
    )
    parser.add_argument(
        "--means", type=int, default=0, metavar="N", help="draws a chain of a run for the textbook's means"
    )
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
            found.ways, found.data_hash = side_by_side(bench, skip_pymc=options.skip_pymc, means=options.means)
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
