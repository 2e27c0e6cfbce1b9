"""An inquiry: how a registered question is put to tables, as fits and as what is read from them.

Every specification of an estimand is a :class:`Stated`: a :class:`Job` (a model on a frame) and a reading, one function of
a fit's parameters that serves posterior and prior alike. Specifications may share a job: a fit is made once a name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from northroute import seeds
from northroute.bayes import BayesFit, Model
from northroute.claims.estimate import Estimate, Quantity, Requirement, Specification
from northroute.claims.estimated import Estimated
from northroute.claims.register import Claim, Question, Register
from northroute.errors import ModelError, RegisterError
from northroute.sources import Table

Array = NDArray[np.float64]
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
    group: Literal["posterior", "prior"] = "posterior"

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

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Array:
        """Return uniform numbers on (0, 1) from a stream named after the fit, the group and ``stream``."""
        name = f"{self.fit.name} {self.group} {stream}"
        return seeds.generator(name, self.fit.provenance.seed).random(shape)


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
    requirements : callable, optional
        From the fits by specification to further conditions.
    """

    state: State
    world: World
    assumes: tuple[str, ...] = ()
    requirements: Callable[[Mapping[str, BayesFit]], tuple[Requirement, ...]] | None = None


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
    own = {label: (s, fits[s.job.model.name]) for label, s in stated.items()}
    reference, fit = own[REFERENCE]
    posterior = reference.read(Reader(fit), reference.job)
    prior = reference.read(Reader(fit, "prior"), reference.job)
    used = {f.name: f for _, f in own.values()}
    needed = inquiry.requirements({label: f for label, (_, f) in own.items()}) if inquiry.requirements else ()
    found = Estimate(
        claim_id=question.claim,
        quantities=tuple(
            Quantity(name, m.draws, prior[name].draws.ravel(), m.region, m.log_scale, discrete=m.discrete)
            for name, m in posterior.items()
        ),
        data=(reference.job.source,),
        assumptions=inquiry.assumes,
        requirements=needed,
        fits=tuple(used),
        stamps=tuple(f.stamp for f in used.values() if f.stamp),
        simulated=any(f.simulated for f in used.values()),
    )
    others = tuple(
        Specification(label, held(s.read(Reader(f), s.job))) for label, (s, f) in own.items() if label != REFERENCE
    )
    return Estimated(found, others)


def held(values: Values) -> float:
    """Probability that every decisive quantity lies in its region."""
    inside = [
        Quantity(name, m.draws, region=m.region).inside(m.draws)
        for name, m in values.items()
        if m.region != (None, None)
    ]
    return float(np.logical_and.reduce(inside).mean())
