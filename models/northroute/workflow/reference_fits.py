"""The reference specification of a question, on its own data or on simulated ones, with any seed; results kept on disk."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from northroute import keeping, provenance
from northroute.bayes import Origin, Sampling, fit_model
from northroute.bayes.gate.probability import probability_mcse
from northroute.claims import Estimate, Quantity, Register, catalogue
from northroute.claims.inquiry import REFERENCE, Reader, Stated, Tables
from northroute.claims.register import Claim, Question
from northroute.errors import ModelError, RegisterError
from northroute.progress import Progress, quiet
from northroute.workflow.questions import RETRIES


@dataclass(frozen=True)
class Found:
    """What one fit says of a claim.

    Attributes
    ----------
    probability : float
        Of the claim's event; NaN where the fit failed the gate.
    mcse : float
        Its Monte Carlo standard error as the page states it; NaN likewise.
    decisive : int
        Quantities that have to lie in their regions together.
    failures : tuple of str
        Checks that the fit failed, in words.
    """

    probability: float
    mcse: float
    decisive: int
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True if the fit passed its diagnostics."""
        return not self.failures


def names() -> tuple[str, ...]:
    """Return the functions of all questions that are put to the tables."""
    return (*catalogue.INQUIRIES, *catalogue.DIRECT)


def chosen(only: tuple[str, ...], register: Register) -> tuple[str, ...]:
    """Return functions by their own names or by the ids of their questions; all of :func:`names` where none is given.

    Raises
    ------
    RegisterError
        For a name that is neither.
    """
    by_id = {register.asked(name)[1].id: name for name in names()}
    wanted = [by_id.get(name, name) for name in only]
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise RegisterError(f"No question '{unknown[0]}' is put to the tables; there are {', '.join(sorted(by_id))}.")
    return tuple(name for name in names() if not only or name in wanted)


def stated(name: str, tables: Tables, register: Register) -> Stated:
    """Return the reference specification of a question that fits a model.

    Raises
    ------
    RegisterError
        If it states no reference.
    """
    claim, question = register.asked(name)
    found = catalogue.INQUIRIES[name].state(tables, claim, register)
    if REFERENCE not in found:
        raise RegisterError(f"{question.id}: no specification is named '{REFERENCE}'.")
    return found[REFERENCE]


def settings(own: Stated, seed: int, *, halved: bool = False) -> Sampling:
    """Return the settings of the page's fit with another seed, with half its draws where ``halved``."""
    draws = own.job.draws // 2 if halved else own.job.draws
    return Sampling(draws=draws, target_accept=own.job.target_accept, retries=RETRIES, seed=seed)


def fitted(
    own: Stated, frame: pd.DataFrame, claim: Claim, seed: int, *, simulated: bool, progress: Progress = quiet
) -> Found:
    """Fit a specification's model to a frame and read the claim's probability, behind the gate.

    Simulated worlds get half the draws of the page's fit first: a decision needs fewer digits than the page shows.

    Parameters
    ----------
    own : Stated
    frame : pandas.DataFrame
        Its own, or one of a simulated world.
    claim : Claim
    seed : int
    simulated : bool
    progress : callable
    """
    mark = Origin(provenance.frame_hash(frame), simulated=simulated, source=own.job.source)
    how = settings(own, seed, halved=simulated)
    fit = fit_model(own.job.model, frame, how, origin=mark, check_prior=False, progress=progress)
    if not fit.gate.passed:
        return Found(float("nan"), float("nan"), 0, fit.gate.failures)
    values = own.read(Reader(fit), replace(own.job, frame=frame))
    quantities = tuple(Quantity(n, m.draws, region=m.region) for n, m in values.items())
    return of(Estimate(claim.id, quantities, (own.job.source,), simulated=simulated))


def of(estimate: Estimate) -> Found:
    """Return the probability of an estimate's event with its Monte Carlo standard error.

    Raises
    ------
    ModelError
        If no quantity decides.
    """
    decisive = [q.draws for q in estimate.quantities if q.decisive]
    if not decisive:
        raise ModelError(f"Claim {estimate.claim_id}: no quantity has a region, so that nothing can be decided.")
    event = estimate.event
    error = probability_mcse(event, decisive[0] if len(decisive) == 1 else None)  # as an answer states it
    return Found(float(event.mean()), error, len(decisive))


def kept(folder: Path | None, name: str, key: Mapping[str, Any], make: Callable[[], Found]) -> Found:
    """Return what was found under a key before, or find it and keep it.

    Parameters
    ----------
    folder : Path or None
        Of the results; without one nothing is kept.
    name : str
        Beginning of the file's name.
    key : mapping
        Everything that decides the result; its hash ends the file's name.
    make : callable
    """
    own = provenance.value_hash(key)
    path = folder / f"{name}_{own[:16]}.json" if folder else None
    known = keeping.read(path, own, _read) if path else None
    if known:
        return known
    found = make()
    if path:
        keeping.write(path, f"{json.dumps(asdict(found))}\n".encode(), own)
    return found


def _read(content: bytes) -> Found:
    raw = json.loads(content)
    return Found(raw["probability"], raw["mcse"], raw["decisive"], tuple(raw["failures"]))


def key(
    own: Stated, frame: pd.DataFrame, question: Question, claim: Claim, seed: int, *, simulated: bool
) -> dict[str, Any]:
    """Return what decides the result of :func:`fitted`: model, data, settings, thresholds, code of the reading."""
    return {
        "model": own.job.model.describe(),
        "frame": provenance.frame_hash(frame),
        "settings": asdict(settings(own, seed, halved=simulated)),
        "simulated": simulated,
        "question": question.id,
        "thresholds": dict(claim.thresholds),
        "code": source_of(own.read),
        "versions": provenance.versions(("northroute", "numpy", "scipy", "nutpie", "numba")),
    }


def source_of(function: Callable[..., Any]) -> str:
    """Return the SHA-256 of the file that a function is written in, as it was when first asked for: the code that runs."""
    return _sha256_of_module(getattr(function, "__module__", "") or "northroute")


@cache
def _sha256_of_module(name: str) -> str:
    return provenance.file_sha256(Path(str(sys.modules[name].__file__)))
