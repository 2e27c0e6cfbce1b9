"""From a model and data to a fit: adapt, sample, gate, try again, save; an unchanged fit is read back."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from northroute import provenance, seeds
from northroute.bayes import adaptation, centring, gate, sampling
from northroute.bayes import fit as fits
from northroute.bayes.fit import BayesFit
from northroute.bayes.kernel import batch, jit
from northroute.bayes.kernel.program import Program
from northroute.bayes.model import Assembled, Model, assemble
from northroute.bayes.prior_coordinates import prior_theta
from northroute.bayes.quantities import named
from northroute.bayes.spec import Sampling
from northroute.errors import DataError
from northroute.progress import Progress, quiet

MAX_STORED: Final = 50_000_000
"""Largest number of row log likelihoods kept in a fit's file; beyond, they are computed by blocks when asked for."""
_MODULES: Final = (adaptation, sampling)

Array = NDArray[np.float64]
Derive = Callable[[xr.Dataset], xr.Dataset]


def _nothing(_values: xr.Dataset) -> xr.Dataset:
    return xr.Dataset()


@dataclass(frozen=True)
class Origin:
    """Where data come from, for a fit's provenance and tables.

    Attributes
    ----------
    data_hash : str
    simulated : bool
    source : str
        Name of the panel or table.
    description : mapping
        Plain dictionary that joins the fit's key and header.
    constants : xarray.Dataset
        Kept with the fit as ``constant_data``.
    """

    data_hash: str
    simulated: bool = False
    source: str = ""
    description: Mapping[str, Any] = field(default_factory=dict)
    constants: xr.Dataset = field(default_factory=xr.Dataset)


def fit_model(
    model: Model,
    frame: pd.DataFrame,
    settings: Sampling | None = None,
    *,
    origin: Origin | None = None,
    derive: Derive = _nothing,
    folder: Path | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit a model to a table with one row an observation.

    A fit that fails the gate is tried again with harder settings, ``settings.retries`` times at most; the last attempt is
    returned with its gate, passed or not.

    Parameters
    ----------
    model : Model
    frame : pandas.DataFrame
    settings : Sampling, optional
    origin : Origin, optional
        By default the table itself, real.
    derive : callable
        From the dataset of reported quantities to others that are reported with them, by posterior and prior draw.
    folder : Path, optional
        Where fits are kept as ``<name>.nc``; one there with the same data, model, settings, code and library versions is
        read back, and finished chains of an interrupted one are not sampled again.
    command : str
        Recorded in the provenance.
    progress : callable
        Called with a message and the share done.

    Raises
    ------
    ModelError
        If the model does not suit the data.
    """
    settings = settings or Sampling()
    origin = origin or Origin(provenance.frame_hash(frame))
    key = _key(model, settings, origin, derive)
    path = folder / f"{model.name}.nc" if folder else None
    if path and path.exists() and _key_of(path) == key:
        progress(f"{model.name}: unchanged, read back", 1.0)
        return fits.load(path)
    started = time.perf_counter()
    progress(f"{model.name}: building", 0.0)
    assembled = assemble(model, frame)
    keep = folder / ".chains" / f"{model.name}-{key[:16]}" if folder else None
    found = attempts(assembled, settings, derive, keep, progress)
    progress(f"{model.name}: prior draws and log likelihood", 0.98)
    groups = {
        "posterior": found.posterior,
        "prior": _prior(assembled, settings, derive),
        "log_likelihood": _log_likelihood(assembled, found.values),
        "sample_stats": found.chains.stats,
        "constant_data": origin.constants,
        "observed_data": xr.Dataset({"y": ("row", assembled.frame[model.outcome].to_numpy(float))}),
        "coordinates": xr.Dataset(
            {
                "theta": (("chain", "draw", "coordinate"), found.chains.theta),
                "centring": (("number", "coordinate"), found.centring),
            }
        ),
    }
    info = {
        "key": key,
        "model": model.describe(),
        "outcome": model.outcome,
        "panel": origin.source,
        "rows": assembled.rows,
        "dropped": dict(assembled.dropped),
        "spec": dict(origin.description),
        "sampler": "nutpie",
        "settings": asdict(found.settings),
        "attempts": settings.retries - found.settings.retries + 1,
        "seconds": time.perf_counter() - started,
        "seconds_sampling": found.seconds,
    }
    fit = BayesFit(
        name=model.name,
        tree=xr.DataTree.from_dict({name: _plain(group) for name, group in groups.items()}),
        gate=found.gate,
        provenance=provenance.Provenance(origin.data_hash, settings.seed, origin.simulated, command=command),
        info=info,
    )
    if path:
        fit.save(path)
        for attempt in range(settings.retries + 1):
            sampling.forget(_stage(keep, attempt), settings.chains)
    return fit


@dataclass(frozen=True)
class Attempt:
    """One run of all chains."""

    chains: sampling.Chains
    values: Array
    centring: Array
    posterior: xr.Dataset
    gate: gate.Gate
    settings: Sampling
    seconds: float


def attempts(
    assembled: Assembled,
    settings: Sampling,
    derive: Derive = _nothing,
    keep: Path | None = None,
    progress: Progress = quiet,
) -> Attempt:
    """Sample an assembled model, again with harder settings while the gate fails and ``settings.retries`` are left."""
    name = assembled.model.name
    adapted = adaptation.first(assembled)
    if settings.pilot:
        pilot = sampling.sample(f"{name} pilot", adapted.program, adapted.z, settings.short(), progress=progress)
        adapted = adaptation.learnt(assembled, pilot.theta)
    attempt = settings
    while True:
        began = time.perf_counter()
        number = settings.retries - attempt.retries
        chains = sampling.sample(
            name, adapted.program, adapted.z, attempt, keep=_stage(keep, number), progress=progress
        )
        seconds = time.perf_counter() - began
        values = _values(assembled, adapted.program, chains.theta)
        posterior = _with(named(assembled, values), derive)
        report = gate.examine(posterior, chains.stats, sampling.MAX_DEPTH)
        if report.passed or attempt.retries == 0:
            return Attempt(
                chains, values, centring.read(assembled, adapted.program), posterior, report, attempt, seconds
            )
        failed = {c.name for c in report.checks if not c.passed}
        attempt = attempt.harder(short=bool(failed & gate.TOO_SHORT), diverged="divergences" in failed)
        adapted = adaptation.learnt(assembled, chains.theta)
        progress(f"{name}: trying again with harder settings ({report.failures[0]})", 0.0)


def _values(assembled: Assembled, program: Program, theta: Array) -> Array:
    flat = theta.reshape(-1, theta.shape[-1])
    return np.asarray(batch.values_of(program, flat)[0].reshape(*theta.shape[:2], -1))


def _prior(assembled: Assembled, settings: Sampling, derive: Derive) -> xr.Dataset:
    """Prior draws of every reported quantity; none if some prior is improper."""
    if any(s.prior is not None and s.prior.family == "flat" for s in assembled.layout.scalars):
        return xr.Dataset()
    rng = seeds.generator(f"prior {assembled.model.name}", settings.seed)
    plain = assembled.unswept()
    values, _ = batch.values_of(plain.program, prior_theta(plain, settings.prior_draws, rng))
    return _with(named(assembled, values[None]), derive)


def _log_likelihood(assembled: Assembled, values: Array) -> xr.Dataset:
    chains, draws, _ = values.shape
    if chains * draws * assembled.rows > MAX_STORED:
        return xr.Dataset()
    flat = batch.log_likelihood(assembled.program, values.reshape(chains * draws, -1))
    return xr.Dataset({"y": (("chain", "draw", "row"), flat.reshape(chains, draws, -1).astype(np.float32))})


def _with(found: xr.Dataset, derive: Derive) -> xr.Dataset:
    return found.assign(derive(found).data_vars)


def _key(model: Model, settings: Sampling, origin: Origin, derive: Derive) -> str:
    module = inspect.getmodule(derive)
    return provenance.value_hash(
        {
            "model": repr(model),
            "origin": [origin.data_hash, origin.simulated, dict(origin.description)],
            "settings": asdict(settings),
            "code": [
                jit.SOURCE,
                *(inspect.getsource(m) for m in _MODULES),
                inspect.getsource(module) if module else "",
            ],
            "versions": provenance.versions(("nutpie", "numba", "numpy", "scipy")),
        }
    )


def _key_of(path: Path) -> str:
    try:
        return str(fits.read_header(path)["info"]["key"])
    except DataError:
        return ""


def _stage(keep: Path | None, attempt: int) -> Path | None:
    return None if keep is None else keep.with_name(f"{keep.name}-{attempt}")


def _plain(dataset: xr.Dataset) -> xr.Dataset:
    """Drop attributes and cast booleans, so that every group survives NetCDF unchanged."""
    plain = dataset.drop_attrs()
    booleans = {n: plain[n].astype("int8") for n in plain.data_vars if plain[n].dtype == bool}
    return plain.assign(booleans)
