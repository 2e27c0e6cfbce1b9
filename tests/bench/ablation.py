"""What each piece of the engine earns: five models with every piece left out in turn; all data are SIMULATED.

``python -m tests.bench.ablation --out FOLDER --jobs 4`` runs every model, variant and seed in a process of its own (four
chains, so four cores a job) and writes one line of JSON for each into the folder; runs that are there are not run again.
``--table`` prints what the folder holds; ``--write`` puts it into ``analysis/docs``. The engine is the package's own: a
variant replaces one function by one that does nothing. All runs have the same settings and one attempt; what a variant needs
beyond them is said with it. Time is the processor's, of all threads, so that other work on the machine hardly matters.
"""

import argparse
import importlib
import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import nutpie
import pandas as pd
import xarray as xr
from scipy.spatial import Delaunay

from northroute import seeds
from northroute.bayes import CountSpec, Model, Sampling, engine
from northroute.bayes.coordinates import adaptation
from northroute.bayes.engine import Derive
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program import assemble
from northroute.bayes.statement.distributions import Poisson
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.panel import Panel
from tests.bench import ablation_table, reference, report

TRACTS, MONTHS = 1921, 96
CORES = 4
LIMIT = 480.0
"""Processor seconds of adapting, pilot and sampling, two minutes on four cores; a run that takes longer is stopped."""
START = 240.0
"""Seconds beyond them after which a process is killed."""
LONG = 1000
"""Warm-up of nutpie's low-rank adaptation where the usual one may be too short for it."""


def _nothing(_values: xr.Dataset) -> xr.Dataset:
    return xr.Dataset()


@dataclass(frozen=True)
class Case:
    """A model on data, and what is reported besides its own quantities."""

    model: Model
    frame: pd.DataFrame
    derive: Derive = _nothing


@dataclass(frozen=True)
class Variant:
    """A piece left out.

    Attributes
    ----------
    replaced : mapping of (str, str) to callable
        Module and name of what is replaced, and what takes its place.
    unswept : bool
    settings : mapping
        Settings of the sampler that differ.
    """

    replaced: Mapping[tuple[str, str], Callable[..., Any]] = field(default_factory=dict)
    unswept: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace functions for as long as this lasts."""
        with ExitStack() as stack:
            for (module, name), other in self.replaced.items():
                stack.enter_context(mock.patch.object(importlib.import_module(module), name, other))
            yield


_ADAPTATION = "northroute.bayes.coordinates.adaptation"
_BUILDER = "northroute.bayes.program.builder"
_STRAIGHT: dict[tuple[str, str], Callable[..., Any]] = {
    (_ADAPTATION, "straighten"): lambda program, mode: adaptation.Adapted(program, mode.theta)
}
_LOW_RANK = _STRAIGHT | {("nutpie", "sample"): partial(nutpie.sample, adaptation="low_rank")}
VARIANTS: dict[str, Variant] = {
    "whole": Variant(),
    "centring": Variant({(_ADAPTATION, "centre"): lambda _layout, program, mode: (program, mode.theta)}),
    "sweeping": Variant(unswept=True),
    "absorption": Variant({(_BUILDER, "parents_of"): lambda blocks, *_uses: [[] for _ in blocks]}),
    "straightening": Variant(_STRAIGHT),
    "folding": Variant({(_BUILDER, "fold"): lambda uses, _free: (list(uses), [], 0)}),
    "pilot": Variant(settings={"pilot": 0}),
    "low rank": Variant(_LOW_RANK),
    "low rank, long": Variant(_LOW_RANK, settings={"tune": LONG}),
}
"""Without centring nothing is absorbed. Both kinds of low rank have nutpie's own adaptation in place of straightening."""


def of_reference(months: int) -> Case:
    """The reference model of the benchmark: 51 regions."""
    return Case(reference.model("ablation reference"), reference.frame(months))


def of_step(panel: Panel, spec: CountSpec) -> Case:
    """A step of the ladder."""
    stated = formulate(panel, spec)
    return Case(stated.model, stated.labelled(), stated.derive)


def of_joint(months: int) -> Case:
    """Four outcomes of the 51 regions."""
    return of_step(*reference.joint(months))


def of_gp(months: int) -> Case:
    """One outcome of the 51 regions, with time a Gaussian process."""
    panel, spec = reference.joint(months)
    return of_step(panel, replace(spec, outcome="drug_incident", outcomes=(), step="dynamic", time="gp"))


def of_places(places: int) -> Case:
    """Counts of tracts, neighbours as in a triangulation: about six each, as census tracts have."""
    rng = seeds.generator(f"ablation places {places}")
    at = rng.uniform(size=(places, 2))
    corners = Delaunay(at).simplices
    pairs = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    waves, phases = rng.normal(0, 8, (40, 2)), rng.uniform(0, 2 * np.pi, 40)
    smooth = np.sqrt(2 / 40) * np.cos(at @ waves.T + phases).sum(axis=1)
    x, exposure = rng.normal(size=places), rng.gamma(4.0, 0.5, places)
    mean = exposure * np.exp(0.3 + 0.2 * x + 0.5 * (np.sqrt(0.7) * smooth + np.sqrt(0.3) * rng.normal(size=places)))
    names = np.char.add("t", np.arange(places).astype(str))
    edges = [(str(names[a]), str(names[b])) for a, b in pairs]
    frame = pd.DataFrame({"tract": names, "count": rng.poisson(mean), "exposure": exposure, "x": x})
    terms = (Intercept(), Linear(("x",)), BYM2("tract", edges))
    return Case(Model("ablation places", "count", Poisson(), terms, exposure="exposure"), frame)


def of_crossed(rows: int) -> Case:
    """Counts with three crossed effects, each level in many rows and no two of them nested."""
    rng = seeds.generator(f"ablation crossed {rows}")
    sizes = {"rater": (80, 0.6), "item": (50, 0.4), "site": (20, 0.3)}
    columns = {name: rng.integers(levels, size=rows) for name, (levels, _) in sizes.items()}
    x = rng.normal(size=rows)
    eta = 0.2 + 0.3 * x + sum(rng.normal(0, sd, levels)[columns[name]] for name, (levels, sd) in sizes.items())
    labels = {name: np.char.add(name[0], codes.astype(str)) for name, codes in columns.items()}
    frame = pd.DataFrame(labels | {"x": x, "count": rng.poisson(np.exp(eta))})
    terms: tuple[Term, ...] = (Intercept(), Linear(("x",)), *map(Effects, sizes))
    return Case(Model("ablation crossed", "count", Poisson(), terms), frame)


CASES: dict[str, tuple[Callable[[int], Case], int, int]] = {
    "joint": (of_joint, MONTHS, 12),
    "places": (of_places, TRACTS, 60),
    "reference": (of_reference, MONTHS, 12),
    "gp": (of_gp, MONTHS, 12),
    "crossed": (of_crossed, 4000, 400),
}
"""By model how it is made, its size, and a tiny one to try the script; the longest first."""


class TimeUpError(Exception):
    """A run went on beyond its limit."""


class Clock:
    """Progress of a run, looked at with a watch of processor time: raises an error beyond the limit."""

    def __init__(self, limit: float) -> None:
        self._limit, self._began = limit, time.process_time()
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def __call__(self, message: str, _share: float) -> None:
        now = time.process_time() - self._began
        self.first.setdefault(message, now)
        self.last[message] = now
        if now > self._limit:
            raise TimeUpError

    @property
    def seconds(self) -> float:
        """Processor seconds, of all threads, when the last draw was there."""
        return max(self.last.values())

    @property
    def adapting(self) -> float:
        """Seconds before and between the runs of the sampler."""
        return self.seconds - sum(self.last[m] - self.first[m] for m in self.first)


def measure(case: Case, variant: Variant, settings: Sampling, limit: float) -> dict[str, Any]:
    """Run a variant once."""
    with variant.in_place():
        assembled = assemble.assemble(case.model, case.frame)
        assembled = assembled.unswept() if variant.unswept else assembled
        settings = replace(settings, retries=0, **variant.settings)
        found: dict[str, Any] = {"rows": assembled.rows, "coordinates": assembled.program.dim}
        clock = Clock(limit)
        try:
            attempt = engine.attempts(assembled, settings, case.derive, progress=clock)
        except TimeUpError:
            return found | {"seconds": limit, "stopped": True}
    smallest = next(c for c in attempt.gate.checks if c.name == "bulk ESS")
    return found | {
        "seconds": clock.seconds,
        "adapting": clock.adapting,
        "ess": smallest.value,
        "where": smallest.parameter,
        "gradients": int(attempt.draws.stats["n_steps"].sum()),
        "failed": [c.name for c in attempt.gate.checks if c.passed is False],
        "stopped": False,
    }


def warm() -> None:
    """Load or compile all that a run needs, so that no run is timed with it."""
    measure(of_joint(12), VARIANTS["whole"], Sampling(chains=2, draws=20, tune=20, pilot=20), LIMIT)
    measure(of_places(40), VARIANTS["whole"], Sampling(chains=2, draws=20, tune=20, pilot=20), LIMIT)


def run_one(options: argparse.Namespace) -> None:
    """Run one model, variant and seed, and write its line."""
    if options.cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, options.cpus)
    make, size, tiny = CASES[options.models[0]]
    case = make(tiny if options.quick else size)
    settings = Sampling(seed=seeds.integer(f"ablation {options.seeds}"))
    if options.quick:
        settings = replace(settings, draws=60, tune=60, pilot=40)
    warm()
    found = measure(case, VARIANTS[options.variants[0]], settings, options.limit)
    run = {"model": options.models[0], "variant": options.variants[0], "seed": options.seeds}
    _write(options.one, run | found | {"machine": report.machine(), "quick": options.quick})


def _write(path: Path, line: Mapping[str, Any]) -> None:
    partial_path = path.with_suffix(".partial")
    partial_path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    partial_path.replace(path)


def run_all(options: argparse.Namespace) -> None:
    """Run what is not there yet, ``jobs`` at a time, each on processors of its own where there are enough."""
    options.out.mkdir(parents=True, exist_ok=True)
    warm()
    every = os.cpu_count() or 1
    slots: queue.Queue[list[int]] = queue.Queue()
    for i in range(options.jobs):
        own = list(range(i * CORES, (i + 1) * CORES))
        slots.put(own if options.jobs * CORES <= every else [])
    runs = [(s, m, v) for s in range(options.seeds) for m in options.models for v in options.variants]

    def run(seed: int, model: str, variant: str) -> None:
        path = options.out / f"{model} {variant} {seed}.jsonl".replace(", ", " ").replace(" ", "-")
        if path.exists() and "error" not in json.loads(path.read_text(encoding="utf-8")):
            return
        cpus = slots.get()
        command = [sys.executable, "-m", "tests.bench.ablation", "--one", str(path), "--models", model]
        command += ["--variants", variant, "--seeds", str(seed), "--limit", str(options.limit)]
        command += ["--quick"] * options.quick + (["--cpus", *map(str, cpus)] if cpus else [])
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        run = {"model": model, "variant": variant, "seed": seed}
        try:
            done = subprocess.run(
                command, env=os.environ | threads, capture_output=True, text=True, timeout=options.limit + START
            )
            if done.returncode:
                _write(path, run | {"error": done.stderr[-2000:]})
        except subprocess.TimeoutExpired:
            _write(path, run | {"seconds": options.limit, "stopped": True})
        finally:
            slots.put(cpus)
        print(path.read_text(encoding="utf-8").strip()[:300], file=sys.stderr, flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(run, *zip(*runs, strict=True)))


def main() -> None:
    """Run, or show what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder of results, one line of JSON a run")
    parser.add_argument("--jobs", type=int, default=1, help=f"runs side by side, {CORES} cores each")
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds")
    parser.add_argument("--models", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--limit", type=float, default=LIMIT, help="processor seconds of a run")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try the script; numbers mean nothing")
    parser.add_argument("--table", action="store_true", help="print what the folder holds, and run nothing")
    parser.add_argument("--write", action="store_true", help="put it into analysis/docs, and run nothing")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cpus", nargs="*", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(options)
        return
    if options.out is None:
        parser.error("--out is where results are.")
    if not (options.table or options.write):
        run_all(options)
    found = ablation_table.read(options.out)
    print(ablation_table.section(found))
    if options.write:
        ablation_table.write(found)


if __name__ == "__main__":
    main()
