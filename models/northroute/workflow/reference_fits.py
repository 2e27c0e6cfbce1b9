"""The reference specification of a question, on its own data or on simulated ones, with any seed; results kept on disk."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from northroute import keeping, provenance
from northroute.bayes import Origin, Sampling, fit_model
from northroute.bayes.gate.probability import probability_mcse
from northroute.claims import Estimate, Quantity, Register, catalogue
from northroute.claims.inquiries import indices
from northroute.claims.inquiry import REFERENCE, Job, Reader, Side, Stated, Tables
from northroute.claims.register import Claim
from northroute.errors import ModelError, RegisterError
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


@dataclass(frozen=True)
class Reference:
    """A question that is put to the tables, with its reference specification where it fits a model.

    Attributes
    ----------
    name : str
        Its function.
    register : Register
    tables : mapping of str to Table
    stated : Stated or None
        None where the question needs no fit.
    simulated : bool
    """

    name: str
    register: Register
    tables: Tables
    stated: Stated | None
    simulated: bool = False

    @property
    def id(self) -> str:
        """Of the question."""
        return self.register.asked(self.name)[1].id

    def world(self, side: Side, rng: np.random.Generator) -> "Reference":
        """Return the same question of a SIMULATED world, the claim true, false or at its threshold."""
        claim, _ = self.register.asked(self.name)
        if self.stated is None:
            return replace(self, tables=indices.WORLDS[self.name](self.tables, claim, side, rng), simulated=True)
        job = self.stated.job
        job = replace(job, frame=catalogue.INQUIRIES[self.name].world(job, claim, side, rng))
        return replace(self, stated=replace(self.stated, job=job), simulated=True)

    def found(self, seed: int, start: str, folder: Path | None) -> Found:
        """Return the claim's probability by the seed; kept in a folder, in a file whose name begins with ``start``."""
        claim, question = self.register.asked(self.name)
        common = {"question": question.id, "thresholds": dict(claim.thresholds)}
        if self.stated is None:
            direct = catalogue.DIRECT[self.name]
            frames = {n: provenance.frame_hash(self.tables[n].frame) for n in ("crime_index", "vdem")}
            key = common | {"frames": frames, "seed": seed, "code": source_of(direct)}
            return kept(folder, start, key, lambda: of(direct(self.tables, self.register, seed).estimate))
        own, job = self.stated, self.stated.job
        key = common | {
            "model": job.model.describe(),
            "frame": provenance.frame_hash(job.frame),
            "settings": asdict(self._settings(job, seed)),
            "simulated": self.simulated,
            "code": source_of(own.read),
            "versions": provenance.versions(("northroute", "numpy", "scipy", "nutpie", "numba")),
        }
        return kept(folder, start, key, lambda: self._fitted(own, claim, seed))

    def _settings(self, job: Job, seed: int) -> Sampling:
        """Return those of the page's fit with another seed.

        Simulated worlds get half the draws first: a decision needs fewer digits than the page shows.
        """
        draws = job.draws // 2 if self.simulated else job.draws
        return Sampling(draws=draws, target_accept=job.target_accept, retries=RETRIES, seed=seed)

    def _fitted(self, own: Stated, claim: Claim, seed: int) -> Found:
        """Fit the specification's model and read the claim's probability, behind the gate."""
        job = own.job
        mark = Origin(provenance.frame_hash(job.frame), simulated=self.simulated, source=job.source)
        fit = fit_model(job.model, job.frame, self._settings(job, seed), origin=mark, check_prior=False)
        if not fit.gate.passed:
            return Found(float("nan"), float("nan"), 0, fit.gate.failures)
        values = own.read(Reader(fit), job)
        quantities = tuple(Quantity(n, m.draws, region=m.region) for n, m in values.items())
        return of(Estimate(claim.id, quantities, (job.source,), simulated=self.simulated))


def reference(name: str, tables: Tables, register: Register) -> Reference:
    """Return the reference of a question that is put to the tables.

    Raises
    ------
    RegisterError
        If there is no such question, or it states no reference.
    """
    if name not in names():
        raise RegisterError(f"No estimand '{name}'; there are {', '.join(names())}.")
    if name not in catalogue.INQUIRIES:
        return Reference(name, register, tables, None)
    claim, question = register.asked(name)
    found = catalogue.INQUIRIES[name].state(tables, claim, register)
    if REFERENCE not in found:
        raise RegisterError(f"{question.id}: no specification is named '{REFERENCE}'.")
    return Reference(name, register, tables, found[REFERENCE])


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


def source_of(function: Callable[..., Any]) -> str:
    """Return the SHA-256 of the file that a function is written in, as it was when first asked for: the code that runs."""
    own = function.func if isinstance(function, partial) else function
    return _sha256_of_module(getattr(own, "__module__", "") or "northroute")


@cache
def _sha256_of_module(name: str) -> str:
    return provenance.file_sha256(Path(str(sys.modules[name].__file__)))
