"""The questions put to official statistics, seizures, indices and transit countries: every fit once, then every answer."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from northroute import provenance
from northroute.bayes import BayesFit, Origin, Sampling, fit_model
from northroute.claims import Estimated, Register, catalogue
from northroute.claims import inquiry as inquiries
from northroute.claims.inquiry import Job, Stated, Tables
from northroute.errors import RegisterError
from northroute.workflow.line import Line, Run, answers

RETRIES: Final = 2


@dataclass(frozen=True)
class Questions:
    """Every question with its specifications and the fits that they share.

    Attributes
    ----------
    stated : mapping of str to mapping of str to Stated
        Specifications by function.
    jobs : mapping of str to Job
        Fits to make, by name.
    """

    stated: Mapping[str, Mapping[str, Stated]]
    jobs: Mapping[str, Job]


def state(tables: Tables, register: Register, only: Collection[str] = ()) -> Questions:
    """State every specification of every registered question on the tables; of a reduced register those of one fit.

    Parameters
    ----------
    tables : mapping of str to Table
    register : Register
    only : collection of str
        Functions to state; by default all.

    Raises
    ------
    ModelError
        If two different fits have one name.
    RegisterError
        If no question has such a function.
    """
    unknown = [name for name in only if name not in catalogue.INQUIRIES and name not in catalogue.DIRECT]
    if unknown:
        known = ", ".join(sorted({*catalogue.INQUIRIES, *catalogue.DIRECT}))
        raise RegisterError(f"No function '{unknown[0]}' on tables. There are {known}.")
    stated = {
        name: inquiry.state(tables, register.asked(name)[0], register)
        for name, inquiry in catalogue.INQUIRIES.items()
        if not only or name in only
    }
    if register.partial:
        stated = {name: _of_one_fit(own) for name, own in stated.items()}
    return Questions(stated, inquiries.jobs([s for own in stated.values() for s in own.values()]))


def _of_one_fit(stated: Mapping[str, Stated]) -> dict[str, Stated]:
    """Keep the specifications that read the reference's fit."""
    reference = stated[inquiries.REFERENCE].job.model.name
    return {label: own for label, own in stated.items() if own.job.model.name == reference}


def fit(job: Job, run: Run) -> BayesFit:
    """Make one fit, or read it back where it is there and unchanged."""
    settings = run.settings(Sampling(draws=job.draws, target_accept=job.target_accept, retries=RETRIES))
    origin = Origin(provenance.frame_hash(job.frame), source=job.source)
    made = fit_model(
        *(job.model, job.frame, settings),
        origin=origin,
        check_prior=False,  # registered priors are as they are
        folder=run.folder,
        command=run.command,
        progress=run.progress,
    )
    return run.released(made)


def run(tables: Tables, register: Register, run: Run, only: Collection[str] = ()) -> Line:
    """Fit and answer.

    Parameters
    ----------
    tables : mapping of str to Table
        As :func:`northroute.sources.tables.load` reads them.
    register : Register
    run : Run
    only : collection of str
        Functions to answer, such as ``offences.lethal_share``; by default all.
    """
    asked = state(tables, register, only)
    fits = {name: fit(job, run) for name, job in asked.jobs.items()}
    estimands: dict[str, Callable[[], Estimated]] = {
        name: partial(inquiries.estimate, register.asked(name)[1], catalogue.INQUIRIES[name], own, fits)
        for name, own in asked.stated.items()
    }
    for name, direct in catalogue.DIRECT.items():
        if not only or name in only:
            estimands[name] = partial(direct, tables, register, run.seed)
    return Line(answers(register, estimands), tuple(fits.values()))
