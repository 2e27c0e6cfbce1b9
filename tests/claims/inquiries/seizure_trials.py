"""Bundled tables of seizures, stand-ins for fits, and fits of simulated worlds, for the tests of inquiries into seizures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import numpy as np
import xarray as xr

from northroute import seeds
from northroute.bayes import BayesFit, Origin, Sampling, fit_model
from northroute.claims import Register, load
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Reader, Side, Stated, Tables, held
from northroute.provenance import frame_hash
from northroute.sources import annual_seizures, governance, placed_seizures, region_population, regions


@cache
def tables() -> Tables:
    """Return the bundled tables."""
    return {
        "placed_seizures": placed_seizures.load(),
        "regions": regions.load("first-level"),
        "region_population": region_population.load(),
        "annual_seizures": annual_seizures.load(),
        "vdem": governance.load("vdem"),
    }


@cache
def register() -> Register:
    """Return the claims register."""
    return load()


def stated(inquiries: Mapping[str, Inquiry], function: str) -> Mapping[str, Stated]:
    """Return the specifications of a function on the bundled tables."""
    claim, _ = register().asked(function)
    return inquiries[function].state(tables(), claim, register())


def as_registered(inquiries: Mapping[str, Inquiry], function: str) -> bool:
    """Whether a function's specifications are the registered ones, the reference first."""
    labels = list(stated(inquiries, function))
    return labels[0] == REFERENCE and sorted(labels[1:]) == sorted(register().asked(function)[1].variants)


def simulated(inquiries: Mapping[str, Inquiry], function: str, side: Side, seed: int = 1) -> tuple[Job, BayesFit]:
    """Return the reference job on a SIMULATED frame, and its fit."""
    claim, _ = register().asked(function)
    reference = stated(inquiries, function)[REFERENCE].job
    frame = inquiries[function].world(reference, claim, side, seeds.generator(f"{function} {side}", seed))
    job = replace(reference, frame=frame)
    origin = Origin(frame_hash(frame), simulated=True, source="SIMULATED")
    return job, fit_model(job.model, frame, Sampling(draws=500, target_accept=job.target_accept), origin=origin)


def probability(
    inquiries: Mapping[str, Inquiry], function: str, side: Side, label: str = REFERENCE, seed: int = 1
) -> float:
    """Return the claim's probability in a SIMULATED world, read as a specification of the reference's fit reads it."""
    job, fit = simulated(inquiries, function, side, seed)
    return held(stated(inquiries, function)[label].read(Reader(fit), job))


@dataclass(frozen=True)
class _Named:
    name: str = "by hand"

    @property
    def provenance(self) -> Any:
        return type("Seeded", (), {"seed": 1})


@dataclass(frozen=True)
class Given:
    """A stand-in for a reader: parameters that are given, and uniform numbers that are all the same."""

    values: Mapping[str, xr.DataArray]
    even: float = 0.5
    group: str = "posterior"
    fit: _Named = _Named()

    def __call__(self, name: str) -> xr.DataArray:
        """Return a parameter."""
        return self.values[name]

    def array(self, name: str) -> Any:
        """Return it as an array."""
        return self.values[name].to_numpy()

    def generator(self, stream: str) -> np.random.Generator:
        """Return a generator of the stream's own."""
        return seeds.generator(f"{self.fit.name} {self.group} {stream}", self.fit.provenance.seed)

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Any:
        """Return the same number everywhere."""
        return np.full(shape, self.even)


def given(even: float = 0.5, **values: Any) -> Reader:
    """Return a reader of one draw; each parameter is a number, or a mapping from a dimension to labels and numbers."""
    found = {}
    for name, value in values.items():
        if isinstance(value, dict):
            ((dim, inner),) = value.items()
            numbers = np.array(list(inner.values()), dtype=float).reshape(1, 1, -1)
            found[name] = xr.DataArray(numbers, dims=("chain", "draw", dim), coords={dim: list(inner)})
        else:
            found[name] = xr.DataArray(np.full((1, 1), float(value)), dims=("chain", "draw"))
    return cast(Reader, Given(found, even))
