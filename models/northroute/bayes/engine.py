"""From a model to a fit: sampling, gate, retries, file; an unchanged fit is read back, not sampled again."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pymc as pm
import xarray as xr

from northroute import provenance
from northroute.bayes import fit as fits
from northroute.bayes import gate, sampling
from northroute.bayes.fit import BayesFit
from northroute.bayes.spec import Sampling
from northroute.errors import DataError
from northroute.progress import Progress, quiet


@dataclass(frozen=True)
class Job:
    """A model ready to be fitted.

    Attributes
    ----------
    name : str
    build : callable
        Returns the PyMC model; called only if the fit is not there yet.
    code : tuple of module
        The modules that define the model; a change in them makes a new fit.
    structure : mapping
        What decides the compiled code; jobs of equal structure share one compilation.
    arrays : mapping of str to array
        The model's shared data.
    identity : mapping
        What decides the posterior besides code and settings: data hash and specification.
    data_hash : str
    simulated : bool
    info : mapping
        What tables show.
    constants : xarray.Dataset
        Kept with the fit as ``constant_data``.
    recentre : callable, optional
        From posterior medians of the standard deviations to the data that say how far effects are centred.
    """

    name: str
    build: Callable[[], pm.Model]
    code: tuple[ModuleType, ...]
    structure: Mapping[str, Any]
    arrays: Mapping[str, Any]
    identity: Mapping[str, Any]
    data_hash: str
    simulated: bool
    info: Mapping[str, Any]
    constants: xr.Dataset
    recentre: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


def run(
    job: Job,
    settings: Sampling,
    *,
    folder: Path | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit a job, or read its fit back from ``folder`` if nothing that decides it has changed.

    A fit that fails the gate is tried again with harder settings, ``settings.retries`` times at most; the last attempt
    is returned with its gate, passed or not.
    """
    source = provenance.value_hash([inspect.getsource(m) for m in (*job.code, sampling)])
    key = provenance.value_hash(
        {
            "identity": job.identity,
            "settings": asdict(settings),
            "code": source,
            "versions": provenance.versions(("pymc", "pytensor", "nutpie", "numba", "numpy")),
        }
    )
    path = folder / f"{job.name}.nc" if folder else None
    if path and path.exists() and _key_of(path) == key:
        progress(f"{job.name}: unchanged, read back", 1.0)
        return fits.load(path)
    started = time.perf_counter()
    model = job.build()
    structure = provenance.value_hash([job.structure, source])
    attempt, arrays = settings, dict(job.arrays)
    if job.recentre and settings.pilot:
        pilot, _ = sampling.sample(job.name, model, structure, arrays, settings.short(), progress)
        arrays |= job.recentre(_scales(pilot))
    while True:
        began = time.perf_counter()
        posterior, stats = sampling.sample(job.name, model, structure, arrays, attempt, progress)
        sampled = time.perf_counter() - began
        report = gate.examine(sampling.reported(posterior), stats, sampling.MAX_DEPTH)
        if report.passed or attempt.retries == 0:
            break
        failed = {c.name for c in report.checks if not c.passed}
        attempt = attempt.harder(short=bool(failed & gate.TOO_SHORT), diverged="divergences" in failed)
        if job.recentre:
            arrays |= job.recentre(_scales(posterior))
        progress(f"{job.name}: trying again with harder settings ({report.failures[0]})", 0.0)
    progress(f"{job.name}: prior draws and log likelihood", 0.95)
    with model:
        pm.set_data({k: v for k, v in arrays.items() if k in {d.name for d in model.data_vars}})
    prior = sampling.prior_draws(job.name, model, settings)
    likelihood = sampling.log_likelihood(posterior, model)
    groups = {
        "posterior": sampling.reported(posterior),
        "prior": prior,
        "log_likelihood": likelihood,
        "sample_stats": stats,
        "constant_data": job.constants,
    }
    info = dict(job.info) | {
        "key": key,
        "sampler": sampling.SAMPLER,
        "settings": asdict(attempt),
        "attempts": settings.retries - attempt.retries + 1,
        "seconds": time.perf_counter() - started,
        "seconds_sampling": sampled,
    }
    fit = BayesFit(
        name=job.name,
        tree=xr.DataTree.from_dict({name: _plain(group) for name, group in groups.items()}),
        gate=report,
        provenance=provenance.Provenance(job.data_hash, settings.seed, job.simulated, command=command),
        info=info,
    )
    if path:
        fit.save(path)
    return fit


def _scales(posterior: xr.Dataset) -> dict[str, Any]:
    chosen = posterior[[v for v in posterior.data_vars if str(v).startswith("sd_")]]
    return {str(k): v.to_numpy() for k, v in chosen.median(["chain", "draw"]).data_vars.items()}


def _key_of(path: Path) -> str:
    try:
        return str(fits.read_header(path)["info"]["key"])
    except DataError:
        return ""


def _plain(dataset: xr.Dataset) -> xr.Dataset:
    """Drop attributes and cast booleans, so that every group survives NetCDF unchanged."""
    plain = dataset.drop_attrs()
    booleans = {n: plain[n].astype("int8") for n in plain.data_vars if plain[n].dtype == bool}
    return plain.assign(booleans)
