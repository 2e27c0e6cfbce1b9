"""One measurement of northroute in a process of its own: ``python -m tests.bench.ours TASK``, called by bench_counts.

Tasks: ``reference`` (the textbook's model), ``joint`` (four outcomes), ``growth`` (gradient and fit at a number of units),
``memory`` (leave-one-out with log likelihoods by blocks of rows) and ``sbc`` (calibration of ``slopes``).
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import arviz_stats as azs
import numpy as np
import pandas as pd
import xarray as xr

from northroute import provenance, seeds
from northroute.bayes import BayesFit, Origin, Sampling, fit_counts, fit_model
from northroute.bayes.calibration import run as calibrate
from northroute.bayes.calibration.steps import calibration as calibration_of
from northroute.bayes.checks import RowBlocks
from northroute.bayes.checks.loo import loo
from northroute.bayes.coordinates import adaptation
from northroute.bayes.kernel import batch, density
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.window import log_likelihood_rows
from northroute.conventions import DEFAULT_SEED
from tests.bench import reference
from tests.bench.bench_gdelt import forget_peak, peak_mb

GRADIENTS = 30
BLOCK = 2_000_000
"""Log likelihoods in a block, whatever the draws: 16 MB."""


def smallest_ess(posterior: xr.Dataset) -> tuple[float, str]:
    """Smallest bulk effective sample size over every element, and whose it is."""
    sizes = {str(k): float(v.min()) for k, v in azs.ess(posterior, method="bulk").data_vars.items()}
    worst = min(sizes, key=lambda k: sizes[k])
    return sizes[worst], worst


def of_fit(fit: BayesFit) -> dict[str, Any]:
    """What a fit says of itself."""
    settings = fit.info["settings"]
    ess, where = smallest_ess(fit.tree["posterior"].to_dataset())
    return {
        "rows": fit.info["rows"],
        "fit_s": fit.info["seconds"],
        "sampling_s": fit.info["seconds_sampling"],
        "min_ess": ess,
        "where": where,
        "passed": fit.gate.passed,
        "failures": list(fit.gate.failures),
        "attempts": fit.info["attempts"],
        "divergences": int(fit.tree["sample_stats"]["diverging"].sum()),
        "draws": f"{settings['chains']} x ({settings['tune']} + {settings['draws']}), pilot {settings['pilot']}",
    }


def textbooks_model(options: argparse.Namespace, settings: Sampling) -> dict[str, Any]:
    table = pd.read_parquet(options.frame)
    origin = Origin(provenance.frame_hash(table), simulated=True)
    fit = fit_model(reference.model("bench"), table, settings, origin=origin)
    total = time.time() - options.started
    fit.tree["posterior"].to_dataset().to_netcdf(options.out.with_suffix(".nc"), engine="h5netcdf")
    return of_fit(fit) | {"total_s": total}


def joint(options: argparse.Namespace, settings: Sampling) -> dict[str, Any]:
    built, spec = reference.joint(options.months)
    fit = fit_counts(built, spec, settings)
    return of_fit(fit) | {"total_s": time.time() - options.started}


def growth(options: argparse.Namespace, settings: Sampling) -> dict[str, Any]:
    table = reference.grown(options.units, options.months)
    assembled = assemble(reference.model("bench grown"), table)
    began = time.perf_counter()
    adapted = adaptation.first(assembled)
    adapting = time.perf_counter() - began
    out, times = np.empty_like(adapted.z), []
    for _ in range(GRADIENTS):
        began = time.perf_counter()
        density.Density(adapted.program)(adapted.z, out)
        times.append(time.perf_counter() - began)
    fit = fit_model(assembled.model, table, settings, origin=Origin(provenance.frame_hash(table), simulated=True))
    coordinates = int(adapted.program.dim)
    return of_fit(fit) | {
        "units": options.units,
        "coordinates": coordinates,
        "gradient_ms": 1000 * float(np.median(times)),
        "adapt_s": adapting,
        "peak_mb": peak_mb(),
    }


def memory(options: argparse.Namespace, _settings: Sampling) -> dict[str, Any]:
    """Leave one out with draws around the mode: memory does not depend on how good they are."""
    assembled = assemble(reference.model("bench grown"), reference.grown(options.units, options.months))
    adapted = adaptation.first(assembled)
    rng = seeds.generator("bench memory")
    noise = rng.normal(0, 0.05, (options.draws, adapted.z.size))
    values, _ = batch.values_of(adapted.program, batch.coordinates(adapted.program, adapted.z + noise))

    def likelihoods(draws: int) -> RowBlocks:
        drawn = np.ascontiguousarray(values[:draws])
        block = max(1, BLOCK // draws)
        return RowBlocks(lambda rows: log_likelihood_rows(adapted.program, drawn, rows), draws, assembled.rows, block)

    log_likelihood_rows(adapted.program, values[:2], np.arange(2, dtype=np.int64))  # compile
    forget_peak()
    before = peak_mb()
    began = time.perf_counter()
    loo(likelihoods(options.draws))
    return {
        "rows": assembled.rows,
        "draws": options.draws,
        "loo_s": time.perf_counter() - began,
        "peak_mb": peak_mb(),
        "added_mb": peak_mb() - before,
        "whole_mb": options.draws * assembled.rows * 8 / 1e6,
    }


def sbc(options: argparse.Namespace, _settings: Sampling) -> dict[str, Any]:
    """Replications of ``slopes`` on its small design, with the settings of the calibration itself."""
    calibration = calibration_of("slopes")
    calibration.simulate(0)  # compile
    began = time.perf_counter()
    calibrate(calibration, options.replications, options.out.with_suffix(".ranks"), data_hash=calibration.data_hash)
    return {
        "replications": options.replications,
        "seconds": (time.perf_counter() - began) / options.replications,
        "settings": str(calibration.settings),
    }


TASKS: dict[str, Callable[[argparse.Namespace, Sampling], dict[str, Any]]] = {
    "reference": textbooks_model,
    "joint": joint,
    "growth": growth,
    "memory": memory,
    "sbc": sbc,
}


def main() -> None:
    """Measure once and write the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--started", type=float, required=True)
    parser.add_argument("--frame", type=Path)
    parser.add_argument("--months", type=int, default=96)
    parser.add_argument("--units", type=int, default=51)
    parser.add_argument("--draws", type=int, default=1000, help="of a chain; in all for memory")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    settings = Sampling(draws=options.draws, seed=options.seed)
    if options.quick:
        settings = replace(settings, tune=options.draws, pilot=50, retries=0, prior_draws=100)
    options.out.with_suffix(".json").write_text(json.dumps(TASKS[options.task](options, settings)))


if __name__ == "__main__":
    main()
