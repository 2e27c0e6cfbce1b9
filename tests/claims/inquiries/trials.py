"""Bundled tables, and fits of simulated worlds, for the tests of inquiries."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from northroute import seeds
from northroute.bayes import BayesFit, Origin, Sampling, fit_model
from northroute.claims import Register, load
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Reader, Side, Stated, Tables, Values, held
from northroute.provenance import frame_hash
from northroute.sources import kg_regions, offences, region_population, regions, uz_regions


@cache
def tables() -> Tables:
    """Return the bundled tables of regions."""
    return {
        "offences": offences.load(),
        "regions": regions.load("first-level"),
        "region_population": region_population.load(),
        "kg_regions": kg_regions.load(),
        "uz_regions": uz_regions.load(),
    }


@cache
def register() -> Register:
    """Return the claims register."""
    return load()


def stated(inquiries: Mapping[str, Inquiry], function: str) -> Mapping[str, Stated]:
    """Return the specifications of a function on the bundled tables."""
    claim, _ = register().asked(function)
    return inquiries[function].state(tables(), claim, register())


def simulated(inquiries: Mapping[str, Inquiry], function: str, side: Side, seed: int = 1) -> tuple[Stated, Job]:
    """Return the reference, and its job on a SIMULATED frame."""
    claim, _ = register().asked(function)
    reference = stated(inquiries, function)[REFERENCE]
    rng = seeds.generator(f"{function} {side}", seed)
    return reference, replace(reference.job, frame=inquiries[function].world(reference.job, claim, side, rng))


def fit(job: Job, draws: int = 500) -> BayesFit:
    """Fit a job's simulated frame."""
    origin = Origin(frame_hash(job.frame), simulated=True, source="SIMULATED")
    return fit_model(job.model, job.frame, Sampling(draws=draws, target_accept=job.target_accept), origin=origin)


def read(inquiries: Mapping[str, Inquiry], function: str, side: Side, draws: int = 500) -> tuple[float, Values]:
    """Return the claim's probability in a SIMULATED world, and what was read."""
    reference, job = simulated(inquiries, function, side)
    values = reference.read(Reader(fit(job, draws)), job)
    return held(values), values
