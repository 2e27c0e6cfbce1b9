"""From a model and data to a fit: check the prior, sample, gate, try again, save; an unchanged fit is read back."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from northroute import provenance, seeds
from northroute.arrays import Array, Ints
from northroute.bayes import fit as fits
from northroute.bayes.checks import psis
from northroute.bayes.coordinates import adaptation, curvature, envelope, prior_coordinates
from northroute.bayes.coordinates.adaptation import Adapted
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.fit import BayesFit
from northroute.bayes.gate import (
    convergence,
    gate,
    improper,
    own_rows,
    prior_check,
    prior_predictive,
    prior_shares,
    row_check,
    single_row,
)
from northroute.bayes.kernel import batch, syntax, warm
from northroute.bayes.program import priors, quantities
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.data_groups import constant_data, observed_data
from northroute.bayes.program.quantities import named
from northroute.bayes.program.table_rows import row_labels, table_order
from northroute.bayes.samplers import drafts, sampling
from northroute.bayes.samplers.draws import Draws, of_coordinates
from northroute.bayes.samplers.settings import Sampler, Sampling
from northroute.bayes.statement.model import Model
from northroute.errors import ModelError
from northroute.progress import Progress, quiet

MAX_STORED: Final = 50_000_000
"""Largest number of row log likelihoods kept in a fit's file; beyond, they are computed by blocks when asked for."""
DRAFTS: Final = frozenset({"laplace"})
_GATE: Final = (convergence, gate, prior_check, prior_predictive, prior_shares, psis, own_rows, row_check, single_row)
_ADAPTED: Final = (adaptation, curvature, envelope)
_LIBRARIES: Final[Mapping[Sampler, tuple[str, ...]]] = {
    "nutpie": ("nutpie",),
    "pymc": ("pymc", "pytensor"),
    "numpyro": ("numpyro", "jax", "pymc", "pytensor"),
    "laplace": (),
}

Derive = Callable[[xr.Dataset], xr.Dataset]


def nothing(_values: xr.Dataset) -> xr.Dataset:
    """Derive nothing more."""
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
    derive: Derive = nothing,
    check_prior: bool | None = None,
    folder: Path | str | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit a model to a table with one row an observation.

    Priors that are not given suit the data (:mod:`northroute.bayes.statement.suited`); ``info["priors"]`` has all that were
    used. With ``check_prior=True``, as every step of the ladder is fitted, a model whose prior expects implausible counts is
    not sampled, unless ``settings.force``: the fit is returned without draws, with the gate that says why. A fit that fails
    the sampler's diagnostics is tried again with harder settings, ``settings.retries`` times at most; the last attempt is
    returned with its gate, passed or not, which also holds the share of rows with a large Pareto k. A draft
    (``settings.sampler`` is laplace) always fails it. A fit by pymc or numpyro keeps no coordinates, so checks
    that evaluate the density again cannot be run on it.

    Parameters
    ----------
    model : Model
    frame : pandas.DataFrame
    settings : Sampling, optional
    origin : Origin, optional
        By default the table itself, real.
    derive : callable
        From the dataset of reported quantities to others that are reported with them, by posterior and prior draw.
    check_prior : bool, optional
        By default data drawn from the prior are compared with the scale of the data, which is told and refuses nothing
        (``gate.not_computed`` lists what is only told): published priors are often far wider than that. After sampling, the
        gate fails if a prior that the data contradict moves an estimate by more than its posterior standard deviation.
        True: the prior has to be on the scale of the data. False: neither is looked at.
    folder : Path or str, optional
        Where fits are kept as ``<name>.nc``, of samplers but nutpie ``<name>-<sampler>.nc``; one there with the same data,
        model, settings, code and library versions is read back, and finished chains of an interrupted one are not sampled
        again.
    command : str
        Recorded in the provenance.
    progress : callable
        Called with a message and the share done.

    Raises
    ------
    ModelError
        If the data are no table, or the model does not suit them.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ModelError(
            f"{model.name}: the data are a {type(frame).__name__}. Give a pandas DataFrame, a row an outcome."
        )
    folder, settings = Path(folder) if folder else None, settings or Sampling()
    origin = origin or Origin(provenance.frame_hash(frame))
    assembled = assemble(model, frame)
    key = _key(assembled, settings, origin, derive, check_prior)
    own = "" if settings.sampler == "nutpie" else f"-{settings.sampler}"
    path = folder / f"{model.name}{own}.nc" if folder else None
    kept = fits.kept(path, key) if path else None
    if kept and (kept.sampled or not settings.force):
        progress(f"{model.name}: unchanged, read back", 1.0)
        return replace(kept, assembled=assembled)
    started = time.perf_counter()
    keep = folder / ".chains" / f"{model.name}-{key[:16]}" if folder else None
    warm.ready(assembled.program, progress)
    before = gate.Gate((gate.not_computed(prior_check.NAME, "it was not asked for (check_prior)."),))
    if check_prior is not False:
        progress(f"{model.name}: data drawn from the prior", 0.0)
        look = prior_check.check_prior if check_prior else prior_check.tell_prior
        before = gate.Gate(look(assembled, simulated=origin.simulated, seed=settings.seed))
    found = attempts(assembled, settings, derive, keep, progress) if before.passed or settings.force else None
    progress(f"{model.name}: prior draws, log likelihood, Pareto k", 0.98)
    groups = {
        "posterior": xr.Dataset(),
        "prior": _prior(assembled, settings, derive),
        **_groups(assembled, frame.index, origin.constants, found),
    }
    report = gate.Gate((*before.checks, *(_after(assembled, found, check_prior) if found else ())))
    info = {
        "key": key,
        "model": model.describe(),
        "outcome": model.outcome,
        "panel": origin.source,
        "rows": assembled.rows,
        "dropped": dict(assembled.dropped),
        "priors": priors.used(assembled),
        "spec": dict(origin.description),
        "sampler": settings.sampler,
        "settings": asdict(found.settings if found else settings),
        "attempts": settings.retries - found.settings.retries + 1 if found else 0,
        "seconds": time.perf_counter() - started,
        "seconds_sampling": found.seconds if found else 0.0,
    }
    fit = BayesFit(
        name=model.name,
        tree=xr.DataTree.from_dict({name: _plain(group) for name, group in groups.items()}),
        gate=report,
        provenance=provenance.Provenance(origin.data_hash, settings.seed, origin.simulated, command=command),
        info=info,
        assembled=assembled,
    )
    if path:
        fit.save(path)
        for attempt in range(settings.retries + 1):
            sampling.forget(_stage(keep, attempt), settings.chains)
    return fit


@dataclass(frozen=True)
class Attempt:
    """One run of all chains."""

    draws: Draws
    posterior: xr.Dataset
    gate: gate.Gate
    settings: Sampling
    seconds: float

    @property
    def values(self) -> Array:
        """Draws of every value, shape (chain, draw, value)."""
        return self.draws.values


def attempts(
    assembled: Assembled,
    settings: Sampling,
    derive: Derive = nothing,
    keep: Path | None = None,
    progress: Progress = quiet,
) -> Attempt:
    """Sample an assembled model, again with harder settings while the gate fails and ``settings.retries`` are left.

    A draft is made once: harder settings do not mend an approximation.
    """
    improper.require_proper(assembled)
    warm.ready(assembled.program, progress)
    name, adapted = assembled.model.name, None
    if settings.sampler == "nutpie":
        adapted = adaptation.first(assembled)
        if settings.pilot:
            pilot = sampling.sample(f"{name} pilot", adapted.program, adapted.z, settings.short(), progress=progress)
            adapted = adaptation.learnt(assembled, adapted, pilot.theta)
    attempt = settings
    while True:
        began = time.perf_counter()
        stage = _stage(keep, settings.retries - attempt.retries)
        draws = _draws(assembled, attempt, adapted, stage, progress)
        seconds = time.perf_counter() - began
        posterior = _with(named(assembled, draws.values), derive)
        report = _gate(posterior, draws, attempt)
        if report.passed or attempt.retries == 0 or attempt.sampler in DRAFTS:
            return Attempt(draws, posterior, report, attempt, seconds)
        failed = {c.name for c in report.checks if not c.passed}
        attempt = attempt.harder(short=bool(failed & gate.TOO_SHORT), diverged="divergences" in failed)
        if adapted is not None:
            adapted = adaptation.learnt(assembled, adapted, draws.coordinates["theta"].to_numpy())
        progress(f"{name}: trying again with harder settings ({report.failures[0]})", 0.0)


def _groups(
    assembled: Assembled, index: pd.Index, constants: xr.Dataset, found: Attempt | None
) -> dict[str, xr.Dataset]:
    """Return what is kept of the data and of draws, rows in the order of the table, whose ``index`` labels them."""
    order, labels = table_order(assembled.frame), row_labels(index, assembled.frame)
    data = {
        "observed_data": observed_data(assembled, labels),
        "constant_data": constant_data(assembled, labels, constants),
    }
    if found is None:
        return data
    return {
        **data,
        "posterior": found.posterior,
        "log_likelihood": _log_likelihood(assembled, found.values, order, labels),
        "log_prior": quantities.log_prior(assembled, found.values),
        "sample_stats": found.draws.stats,
        "coordinates": found.draws.coordinates,
    }


def _after(assembled: Assembled, found: Attempt, check_prior: bool | None) -> tuple[gate.Check, ...]:
    """Return the sampler's checks, by default that of priors against the data, and those of rows."""
    against: tuple[gate.Check, ...] = ()
    if check_prior is None and found.settings.sampler not in DRAFTS:
        against = (prior_check.check_against(assembled, found.values),)
    return (*found.gate.checks, *against, *row_checks(assembled, found))


def row_checks(assembled: Assembled, found: Attempt) -> tuple[gate.Check, ...]:
    """Return the gate's checks of rows: how many the model does not expect, and how far one alone moves it."""
    if found.settings.sampler in DRAFTS:
        reason = "draws of a draft are not the posterior's."
        return tuple(gate.not_computed(name, reason) for name in (row_check.NAME, single_row.NAME))
    return row_check.check_rows(assembled, found.draws), single_row.check_single_rows(assembled, found.draws)


def _draws(
    assembled: Assembled, settings: Sampling, adapted: Adapted | None, keep: Path | None, progress: Progress
) -> Draws:
    """Run a sampler or make a draft; nutpie, and it alone, needs coordinates that are ``adapted``."""
    name = assembled.model.name
    if adapted is not None:
        chains = sampling.sample(name, adapted.program, adapted.z, settings, keep=keep, progress=progress)
        return of_coordinates(assembled, adapted.program, chains.theta, chains.stats)
    progress(f"{name}: {settings.sampler}", 0.0)
    if settings.sampler == "pymc" or settings.sampler == "numpyro":
        from northroute.bayes.samplers import fallback

        return fallback.sample_plain(assembled, settings, settings.sampler)
    return drafts.laplace(assembled, settings, seeds.generator(f"{settings.sampler} {name}", settings.seed))


def _gate(posterior: xr.Dataset, draws: Draws, settings: Sampling) -> gate.Gate:
    if settings.sampler in DRAFTS:
        return gate.draft(settings.sampler, float(draws.stats["pareto_k"]), psis.pareto_limit(draws.values.shape[1]))
    return gate.examine(posterior, draws.stats, sampling.MAX_DEPTH)


def _prior(assembled: Assembled, settings: Sampling, derive: Derive) -> xr.Dataset:
    """Prior draws of every reported quantity; none if some prior is improper."""
    if any(s.prior is not None and s.prior.family == "flat" for s in assembled.layout.scalars):
        return xr.Dataset()
    rng = seeds.generator(f"prior {assembled.model.name}", settings.seed)
    values = prior_values(assembled, settings.prior_draws, rng)
    return _with(named(assembled, values[None]), derive)


def _log_likelihood(assembled: Assembled, values: Array, order: Ints, labels: NDArray[Any]) -> xr.Dataset:
    """Log likelihood by row, or by cell; none if it is too large to keep, or the sampler left out a value."""
    chains, draws, _ = values.shape
    if chains * draws * assembled.rows > MAX_STORED or np.isnan(values[0, 0]).any():
        return xr.Dataset()
    flat = batch.log_likelihood(assembled.program, values.reshape(chains * draws, -1))
    cell = assembled.segments[0].cell
    dim = "row"
    if cell > 1:  # a cell's likelihood stands at its first row
        own = assembled.frame[str(assembled.model.cell)]
        order, labels, dim = np.arange(0, assembled.rows, cell), own.to_numpy()[::cell].astype(str), "cell"
    kept = flat[:, order].reshape(chains, draws, -1).astype(np.float32)
    return xr.Dataset({"y": (("chain", "draw", dim), kept)}, {dim: labels})


def _with(found: xr.Dataset, derive: Derive) -> xr.Dataset:
    return found.assign(derive(found).data_vars)


def _modules(sampler: Sampler) -> tuple[ModuleType, ...]:
    """Return the modules that a sampler's draws come from; PyMC is loaded with those that state a model to it."""
    match sampler:
        case "nutpie":
            return (*_ADAPTED, sampling)
        case "laplace":
            return (*_ADAPTED, drafts)
    from northroute.bayes.samplers import fallback, plain, plain_outcomes

    return plain, plain_outcomes, fallback


def _key(assembled: Assembled, settings: Sampling, origin: Origin, derive: Derive, check_prior: bool | None) -> str:
    """Return the hash of all that decides a fit: the program's tables, which hold model, priors and data, and the code.

    Of code the syntax counts, so that a comment or a docstring refits nothing.
    """
    module = inspect.getmodule(derive)
    return provenance.value_hash(
        {
            "program": [provenance.array_hash(table) for table in assembled.program.tables],
            "names": {name: p.dims for name, p in assembled.layout.parameters.items()},
            "labels": assembled.layout.coords,
            "model": repr(assembled.model),
            "origin": [origin.data_hash, origin.simulated, dict(origin.description), check_prior],
            "settings": {k: v for k, v in asdict(settings).items() if k != "force"},
            "code": [
                syntax.of_kernel(),
                syntax.of_modules((*_modules(settings.sampler), *_GATE, prior_coordinates, quantities)),
                syntax.of_modules((module,)) if module else "",
            ],
            "versions": provenance.versions((*_LIBRARIES[settings.sampler], "numba", "numpy", "scipy")),
        }
    )


def _stage(keep: Path | None, attempt: int) -> Path | None:
    return None if keep is None else keep.with_name(f"{keep.name}-{attempt}")


def _plain(dataset: xr.Dataset) -> xr.Dataset:
    """Drop attributes and cast booleans, so that every group survives NetCDF unchanged."""
    plain = dataset.drop_attrs()
    booleans = {n: plain[n].astype("int8") for n in plain.data_vars if plain[n].dtype == bool}
    return plain.assign(booleans)
