"""The loop: simulate from the prior, fit, rank the truth, keep the ranks."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from northroute.arrays import Array
from northroute.bayes.calibration import ranks, store
from northroute.conventions import DEFAULT_SEED
from northroute.errors import GateError, ModelError
from northroute.progress import Progress, quiet
from northroute.provenance import Provenance
from northroute.seeds import generator, integer

LOG_LIKELIHOOD: Final = "log_likelihood"
"""The quantity without which a posterior that ignores the data passes (Modrák et al. 2023, section 3)."""


@dataclass(frozen=True)
class Posterior:
    """Draws of a fit to one simulated data set.

    Attributes
    ----------
    draws : mapping of str to numpy.ndarray
        Every quantity by name, shape (draw, ...), chains one after the other; :data:`LOG_LIKELIHOOD` is the joint log
        likelihood of all data, shape (draw,).
    passed : bool
        Whether the fit passed its diagnostics.
    reasons : tuple of str
        Why it did not.
    ess : mapping of str to numpy.ndarray, optional
        Effective sample sizes, shape (...). None: the draws are independent.
    """

    draws: Mapping[str, Array]
    passed: bool = True
    reasons: tuple[str, ...] = ()
    ess: Mapping[str, Array] | None = None


class Calibratable(Protocol):
    """A model that can be simulated from its prior and fitted."""

    @property
    def name(self) -> str:
        """Name of the model."""

    def simulate(self, seed: int) -> tuple[Mapping[str, Array], Any]:
        """Draw from the prior: true values by name, the joint log likelihood at them included, and a data set."""

    def posterior(self, data: Any, seed: int) -> Posterior:
        """Fit the data set."""


def run(
    model: Calibratable,
    replications: int,
    path: Path,
    *,
    data_hash: str,
    seed: int = DEFAULT_SEED,
    draws: int = ranks.DRAWS,
    first: int = 0,
    command: str = "",
    progress: Progress = quiet,
) -> store.RankTable:
    """Run, or go on with, simulation-based calibration.

    Parameters
    ----------
    model : Calibratable
    replications : int
        Replications there shall be in the end; those in the file are not run again, so a larger number extends it.
    path : Path
        File of ranks.
    data_hash : str
        Hash of what decides the model: its specification, its sampler's settings, and any covariates it holds fixed. A file
        begun with another is refused.
    seed : int
        Replication ``i`` takes the streams ``sbc <model> <i> ...``, whatever ran before it.
    draws : int
        Most draws that a truth is ranked against.
    first : int
        First replication of this run: several machines take a range each, with a file each, and :func:`read` joins them.
    command : str
    progress : callable

    Returns
    -------
    RankTable
        Failed replications included: a fit that did not pass, or that ended in ``GateError`` or ``ModelError``; the latter
        have no rank.

    Raises
    ------
    ModelError
        For no replications; if the model reports no log likelihood, or draws that do not match its truth.
    DataError
        If the file belongs to another calibration.
    """
    if not 0 <= first < replications or draws < 1:
        raise ModelError(
            f"Replications {first} to {replications - 1} with {draws} draws each; take at least one, from 0 on, and 1 draw."
        )
    shapes = _shapes(model, _simulate(model, 0, seed)[0])
    description = store.Description(model.name, shapes, draws, Provenance(data_hash, seed, True, command=command))
    with store.growing(path, description) as file:
        waiting = [i for i in range(first, replications) if i not in file.finished]
        failed = 0
        for done, i in enumerate(waiting, 1 + replications - first - len(waiting)):
            began = time.perf_counter()
            truth, data = _simulate(model, i, seed)
            try:
                posterior = model.posterior(data, integer(f"sbc {model.name} {i} posterior", seed))
            except (GateError, ModelError) as failure:
                posterior = Posterior({}, passed=False, reasons=(str(failure),))
            placed, used = _ranked(model.name, i, truth, posterior, description, seed)
            seconds, reason = time.perf_counter() - began, " ".join(posterior.reasons)
            file.append(i, placed, used, passed=posterior.passed, seconds=seconds, reason=reason)
            failed += not posterior.passed
            progress(f"{model.name}: replication {i} done, {failed} failed in this run", done / (replications - first))
    return store.read(path)


def _simulate(model: Calibratable, i: int, seed: int) -> tuple[Mapping[str, Array], Any]:
    return model.simulate(integer(f"sbc {model.name} {i} simulate", seed))


def _shapes(model: Calibratable, truth: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    if LOG_LIKELIHOOD not in truth:
        raise ModelError(
            f"'{model.name}' reports no '{LOG_LIKELIHOOD}'. Without the joint log likelihood a posterior that ignores the "
            "data passes: add it to the truth and to the draws."
        )
    return {name: np.shape(value) for name, value in truth.items() if np.size(value)}


def _ranked(
    model: str,
    i: int,
    truth: Mapping[str, Array],
    posterior: Posterior,
    description: store.Description,
    seed: int,
) -> tuple[list[int | None], list[int]]:
    """Return rank and draws of every scalar; no rank where a failed fit gave none."""
    placed, used = list[int | None](), list[int]()
    for name, shape in description.shapes.items():
        found = None
        if posterior.draws or posterior.passed:
            known = [truth, posterior.draws, *([] if posterior.ess is None else [posterior.ess])]
            if any(name not in values for values in known) or np.shape(truth[name]) != shape:
                raise ModelError(
                    f"'{model}' gives no truth, draws or effective sample size of '{name}' in replication {i}, or of "
                    f"another shape than {shape}. Report the same quantities in every replication."
                )
            ess = None if posterior.ess is None else posterior.ess[name]
            rng = generator(f"sbc {model} {i} ties {name}", seed)
            try:
                found = ranks.rank(truth[name], posterior.draws[name], rng, ess=ess, most=description.draws, name=name)
            except ModelError:
                if posterior.passed:
                    raise
        count = int(np.prod(shape))
        placed += [None] * count if found is None else found.rank.ravel().tolist()
        used += [0] * count if found is None else found.draws.ravel().tolist()
    return placed, used
