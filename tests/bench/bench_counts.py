"""Speed of the reference model side by side: the textbook way with two samplers, and this package, in one run.

``python -m tests.bench.bench_counts`` fits 51 regions x 96 months (SIMULATED) three ways, each in a process of its own, and
prints for each the seconds of compilation and sampling, the smallest bulk effective sample size over the reported
parameters, and effective draws a second, as ratios to the first. It also checks that all posteriors agree within Monte Carlo
error, since a fast wrong answer is worth nothing.
"""

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from pathlib import Path

import arviz_stats as azs
import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr

from northroute import provenance, seeds
from northroute.bayes import CountSpec, Sampling, fit_counts
from northroute.bayes import design as designs
from northroute.bayes.sampling import reported
from northroute.claims import region_events
from northroute.sources.simulated import EXPOSURE_UNIT, simulate_regions
from northroute.workflow import simulated
from tests.bench.textbook import textbook

WAYS = ("textbook, PyMC's sampler", "textbook, nutpie", "northroute")


def job(draws: int) -> tuple[CountSpec, designs.Design, Sampling]:
    panel = simulated.panel(simulate_regions(months=96))
    spec = region_events.catalog(panel, simulated.EXPOSURE, EXPOSURE_UNIT, "bench")["drug_incident"]
    return spec, designs.design(panel, spec), Sampling(draws=draws, tune=draws, retries=0)


def run(way: str, draws: int, folder: str) -> None:
    spec, data, settings = job(draws)
    started = time.perf_counter()
    if way == "northroute":
        panel = simulated.panel(simulate_regions(months=96))
        fit = fit_counts(panel, spec, settings)
        posterior = fit.tree["posterior"].to_dataset()
        total = time.perf_counter() - started
        sampling = fit.info["seconds_sampling"]
    else:
        with textbook(spec, data):
            sampler = "nutpie" if "nutpie" in way else "pymc"
            tree = pm.sample(
                draws=draws,
                tune=draws,
                chains=4,
                cores=2,
                random_seed=seeds.integer(f"bench {way}"),
                nuts_sampler=sampler,
                progressbar=False,
                target_accept=settings.target_accept,
            )
        posterior = reported(tree["posterior"].to_dataset())
        total = time.perf_counter() - started
        sampling = float(tree["posterior"].attrs["sampling_time"])
    names = [n for n in posterior.data_vars if n != "root_dispersion"]
    posterior = posterior[names]
    ess = {str(k): float(v.min()) for k, v in azs.ess(posterior, method="bulk").data_vars.items()}
    stem = str(WAYS.index(way))
    posterior.drop_attrs().to_netcdf(Path(folder) / f"{stem}.nc", engine="h5netcdf")
    worst = min(ess, key=lambda k: ess[k])
    result = {"way": way, "total_s": total, "sampling_s": sampling, "min_ess": ess[worst], "where": worst}
    (Path(folder) / f"{stem}.json").write_text(json.dumps(result))


def agreement(folder: Path) -> float:
    """Largest difference of posterior means from northroute's, in standard errors of the difference."""
    ours = xr.load_dataset(folder / "2.nc", engine="h5netcdf")
    worst = 0.0
    for i in (0, 1):
        path = folder / f"{i}.nc"
        if not path.exists():
            continue
        theirs = xr.load_dataset(path, engine="h5netcdf")
        for name in sorted(set(map(str, ours.data_vars)) & set(map(str, theirs.data_vars))):
            error = np.hypot(*(azs.mcse(d[name], method="mean") for d in (ours, theirs)))
            gap = abs(ours[name].mean(["chain", "draw"]) - theirs[name].mean(["chain", "draw"]))
            worst = max(worst, float((gap / error).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--draws", type=int, default=500, help="draws and warm-up of each of four chains")
    parser.add_argument("--skip-pymc", action="store_true", help="leave out PyMC's own sampler, which takes minutes")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS[int(options.skip_pymc) :]:
            process = context.Process(target=run, args=(way, options.draws, folder))
            process.start()
            process.join()
            if process.exitcode:
                raise SystemExit(f"{way}: failed, see above")
        rows = [json.loads(p.read_text()) for p in sorted(Path(folder).glob("*.json"))]
        gap = agreement(Path(folder))
    table = pd.DataFrame(rows)
    table["ess_per_s_sampling"] = table["min_ess"] / table["sampling_s"]
    table["ess_per_s_total"] = table["min_ess"] / table["total_s"]
    for column in ("ess_per_s_sampling", "ess_per_s_total"):
        table[column.replace("ess_per_s", "ratio")] = table[column] / table[column].iloc[0]
    versions = provenance.versions(("pymc", "nutpie", "pytensor", "numba"))
    print(f"SIMULATED 51 regions x 96 months; {os.cpu_count()} cores, {platform.machine()}; {versions}")
    print(table.round(2).to_string(index=False))
    print(f"largest difference of posterior means: {gap:.1f} standard errors of the difference")


if __name__ == "__main__":
    main()
