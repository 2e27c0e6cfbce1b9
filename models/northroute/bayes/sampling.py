"""Sampling with nutpie: compiled models kept for data sets of the same structure, interruptible, reproducible."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import nutpie
import pymc as pm
import xarray as xr

from northroute import seeds
from northroute.bayes.spec import Sampling
from northroute.errors import ModelError
from northroute.progress import Progress, quiet

MAX_DEPTH: Final = 10
SAMPLER: Final = "nutpie"

_compiled: dict[str, Any] = {}


def sample(
    name: str,
    model: pm.Model,
    structure: str,
    arrays: Mapping[str, Any],
    settings: Sampling,
    progress: Progress = quiet,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Sample a model.

    Parameters
    ----------
    name : str
        Names the random stream.
    model : pymc.Model
        All of its data in ``pm.Data``.
    structure : str
        Key of the compiled code: models of equal structure differ only in their data.
    arrays : mapping of str to array
        The data, by the names of the model's shared data.
    settings : Sampling
    progress : callable
        Called with a message and the share done.

    Returns
    -------
    posterior, stats : xarray.Dataset
        Draws and sampler statistics, without the warm-up; auxiliary variables (``z_...``) are still there.
    """
    if structure not in _compiled:
        progress(f"{name}: compiling", 0.0)
        _compiled[structure] = nutpie.compile_pymc_model(model, backend="numba")
    compiled = _compiled[structure]
    used = {v.name for v in compiled.shared_var_keys}  # a model without slopes has no use for the country of a row
    ready = compiled.with_data(**{k: v for k, v in arrays.items() if k in used})
    state = {"share": 0.0}

    def count(chains: Any) -> None:
        state["share"] = sum(c.finished_draws for c in chains) / max(1, sum(c.total_draws for c in chains))

    sampler = nutpie.sample(
        ready,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=seeds.integer(f"nutpie {name}", settings.seed),
        target_accept=settings.target_accept,
        maxdepth=MAX_DEPTH,
        save_warmup=False,
        progress_bar=False,
        progress_callback=count,
        blocking=False,
    )
    tree = _wait(sampler, name, progress, state)
    posterior = tree["posterior"].to_dataset()
    if posterior.sizes["draw"] != settings.draws or posterior.sizes["chain"] != settings.chains:
        raise ModelError(
            f"{name}: the sampler stopped after {dict(posterior.sizes)} draws of {settings.draws}. Run it again."
        )
    stats = tree["sample_stats"].to_dataset()[["diverging", "depth", "energy", "n_steps", "step_size"]]
    return relabel(posterior, model), stats


def reported(dataset: xr.Dataset) -> xr.Dataset:
    """Leave out the auxiliary variables (``z_...``) of a non-centred parametrisation."""
    return dataset.drop_vars([v for v in dataset.data_vars if str(v).startswith("z_")])


def relabel(dataset: xr.Dataset, model: pm.Model) -> xr.Dataset:
    """Give a dataset the labels of the model in hand; compiled code carries those of the model it was made from."""
    labels = {d: list(model.coords[d]) for d in dataset.dims if d in model.coords and model.coords[d] is not None}
    return dataset.assign_coords(labels)


def prior_draws(name: str, model: pm.Model, settings: Sampling) -> xr.Dataset:
    """Draw every reported parameter from the prior, with dimensions chain (one) and draw."""
    names = [v.name for v in (*model.free_RVs, *model.deterministics) if not v.name.startswith("z_")]
    with _pymc_silent():
        tree = pm.sample_prior_predictive(
            settings.prior_draws,
            model=model,
            var_names=names,
            random_seed=seeds.integer(f"prior {name}", settings.seed),
            compile_kwargs={"mode": "FAST_COMPILE"},
        )
    prior: xr.Dataset = tree["prior"].to_dataset()
    return prior


def log_likelihood(posterior: xr.Dataset, model: pm.Model) -> xr.Dataset:
    """Log likelihood by row and draw, in single precision; from the same distribution that was sampled.

    ``posterior`` must still hold the auxiliary variables.
    """
    tree = xr.DataTree.from_dict({"posterior": posterior})
    values: xr.Dataset = pm.compute_log_likelihood(tree, model=model, extend_inferencedata=False, progressbar=False)
    single: xr.Dataset = values.astype(np.float32)
    return single


@contextmanager
def _pymc_silent() -> Iterator[None]:
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _wait(sampler: Any, name: str, progress: Progress, state: Mapping[str, float]) -> xr.DataTree:
    try:
        while not _finished(sampler):
            progress(f"{name}: sampling", state["share"])
            time.sleep(0.1)
        done: xr.DataTree = sampler.wait()
    except BaseException:
        sampler.cancel()
        raise
    return done


def _finished(sampler: Any) -> bool:
    try:
        return bool(sampler.is_finished)
    except TimeoutError:  # nutpie's way of saying that its workers are too busy to answer
        return False
