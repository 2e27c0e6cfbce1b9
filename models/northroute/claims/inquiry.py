"""An inquiry: how a registered question is put to tables, as fits and as what is read from them.

Every specification of an estimand is a :class:`Stated`: a :class:`Job` (a model on a frame) and a reading, one function of
a fit's parameters that serves posterior and prior alike. Specifications may share a job: a fit is made once a name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from northroute import seeds
from northroute.arrays import Array
from northroute.bayes import BayesFit, Model
from northroute.claims.estimate import Estimate, Estimated, Quantity, Requirement, Specification
from northroute.claims.register import Claim, Question, Register
from northroute.errors import ModelError, RegisterError
from northroute.sources import Table

Group = Literal["posterior", "prior"]
Region = tuple[float | None, float | None]
Tables = Mapping[str, Table]
"""Tables of the sources, by the name of the module that reads them (``offences``, ``regions``...)."""
Side = Literal["true", "false", "threshold"]
SIDES: Final[tuple[Side, ...]] = ("true", "threshold", "false")
REFERENCE: Final = "reference"


@dataclass(frozen=True)
class Job:
    """A model on a table.

    Attributes
    ----------
    model : Model
        Its name is the fit's; jobs of one name are one fit.
    frame : pandas.DataFrame
        One row an observation; may have columns that the model does not use and the reading does.
    source : str
        The data in words, with the number of rows or units.
    draws : int
        A chain; more where a posterior mixes slowly.
    target_accept : float
    """

    model: Model
    frame: pd.DataFrame
    source: str
    draws: int = 1500
    target_accept: float = 0.9


@dataclass(frozen=True)
class Measured:
    """A quantity as a reading returns it.

    Attributes
    ----------
    draws : array, shape (chain, draw)
    region : (float or None, float or None)
        Where the claim holds; ``(None, None)`` where the quantity only informs.
    log_scale : bool
        A ratio: plots have a logarithmic axis.
    discrete : bool
        Whole numbers only.
    """

    draws: Array
    region: Region = (None, None)
    log_scale: bool = False
    discrete: bool = False


@dataclass(frozen=True)
class Reader:
    """A fit's parameters under the posterior or the prior, behind the gate."""

    fit: BayesFit
    group: Group = "posterior"

    def __call__(self, name: str) -> xr.DataArray:
        """Return a reported quantity with dimensions chain and draw first, then its own.

        Raises
        ------
        GateError
            If the fit failed its diagnostics and was not allowed.
        """
        return self.fit.parameter(name, self.group).transpose("chain", "draw", ...)

    def array(self, name: str) -> Array:
        """Return the same as an array."""
        return np.asarray(self(name).to_numpy(), dtype=np.float64)

    def generator(self, stream: str) -> np.random.Generator:
        """Return a generator on a stream named after the fit, the group and ``stream``."""
        return seeds.generator(f"{self.fit.name} {self.group} {stream}", self.fit.provenance.seed)

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Array:
        """Return uniform numbers on (0, 1) from a stream of :meth:`generator`."""
        return self.generator(stream).random(shape)


Values = dict[str, Measured]
Reading = Callable[[Reader, Job], Values]


@dataclass(frozen=True)
class Stated:
    """One specification of an estimand: a fit to make, and what is read from it."""

    job: Job
    read: Reading


class State(Protocol):
    """From tables to the specifications of a question: ``reference`` first, then every registered variant."""

    def __call__(self, tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
        """State the specifications."""


World = Callable[[Job, Claim, Side, np.random.Generator], pd.DataFrame]
"""From the reference job to its frame with an outcome simulated from its own model: the claim true, false, or at its
threshold. It is data of the real data's size, for trials of the estimand, and always SIMULATED."""


@dataclass(frozen=True)
class Inquiry:
    """A question's estimand.

    Attributes
    ----------
    state : callable
    world : callable
    assumes : tuple of str
        Assumptions of the model beyond those registered.
    """

    state: State
    world: World
    assumes: tuple[str, ...] = ()


def jobs(stated: Iterable[Stated]) -> dict[str, Job]:
    """Return the fits to make, by name.

    Raises
    ------
    ModelError
        If two different models have one name.
    """
    found: dict[str, Job] = {}
    for own in stated:
        job = found.setdefault(own.job.model.name, own.job)
        if job.model != own.job.model or not job.frame.equals(own.job.frame):
            raise ModelError(f"Two different fits are named '{job.model.name}'. Name them apart.")
    return found


def estimate(
    question: Question, inquiry: Inquiry, stated: Mapping[str, Stated], fits: Mapping[str, BayesFit]
) -> Estimated:
    """Read a question's estimate from its fits.

    Parameters
    ----------
    question : Question
    inquiry : Inquiry
    stated : mapping of str to Stated
        Its specifications.
    fits : mapping of str to BayesFit
        By name of the model.

    Raises
    ------
    GateError
        If a fit failed its diagnostics and was not allowed.
    RegisterError
        If the reference is not among the specifications.
    """
    if next(iter(stated), "") != REFERENCE:
        raise RegisterError(f"{question.id}: its first specification is not '{REFERENCE}'.")
    reference, fit = stated[REFERENCE], fits[stated[REFERENCE].job.model.name]
    used = {s.job.model.name: fits[s.job.model.name] for s in stated.values()}
    found = read_estimate(
        question.claim,
        lambda group: reference.read(Reader(fit, group), reference.job),
        tuple(used.values()),
        data=(reference.job.source,),
        assumptions=inquiry.assumes,
    )
    others = tuple(
        Specification(label, held(s.read(Reader(used[s.job.model.name]), s.job)))
        for label, s in stated.items()
        if label != REFERENCE
    )
    return Estimated(found, others)


def read_estimate(
    claim_id: str,
    read: Callable[[Group], Values],
    fits: Sequence[BayesFit],
    *,
    data: tuple[str, ...],
    proxies: Mapping[str, str] | None = None,
    assumptions: tuple[str, ...] = (),
    requirements: tuple[Requirement, ...] = (),
    truth: Values | None = None,
) -> Estimate:
    """Read an estimate, its prior likewise, with the names and the stamps of the fits that it rests on.

    Parameters
    ----------
    claim_id : str
    read : callable
        From ``posterior`` or ``prior`` to the quantities; one that the prior lacks has no proper prior.
    fits : sequence of BayesFit
    data, proxies, assumptions, requirements
        As :class:`northroute.claims.estimate.Estimate` has them.
    truth : Values, optional
        The same quantities of a simulated world, one number each.
    """
    values, prior, true = read("posterior"), read("prior"), truth or {}
    return Estimate(
        claim_id=claim_id,
        quantities=tuple(
            Quantity(
                name,
                m.draws,
                prior[name].draws.ravel() if name in prior else np.empty(0),
                m.region,
                m.log_scale,
                truth=float(true[name].draws) if name in true else None,
                discrete=m.discrete,
            )
            for name, m in values.items()
        ),
        data=data,
        proxies=proxies or {},
        assumptions=assumptions,
        requirements=requirements,
        fits=tuple(f.name for f in fits),
        stamps=tuple(f.stamp for f in fits if f.stamp),
        simulated=any(f.simulated for f in fits),
    )


def held(values: Values) -> float:
    """Probability that every decisive quantity lies in its region."""
    inside = [Quantity(name, m.draws, region=m.region) for name, m in values.items() if m.region != (None, None)]
    return float(np.logical_and.reduce([q.inside(q.draws) for q in inside]).mean())
