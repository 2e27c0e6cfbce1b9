"""The questions put to official statistics, seizures, indices and transit countries: every fit once, then every answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from northroute import provenance
from northroute.bayes import BayesFit, Origin, Sampling, fit_model
from northroute.claims import Answer, Register, catalogue
from northroute.claims import inquiry as inquiries
from northroute.claims.inquiry import Job, Stated, Tables
from northroute.workflow.line import Line, Run, answered

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


def state(tables: Tables, register: Register) -> Questions:
    """State every specification of every registered question on the tables; of a reduced register those of one fit.

    Raises
    ------
    ModelError
        If two different fits have one name.
    """
    stated = {
        name: inquiry.state(tables, register.asked(name)[0], register) for name, inquiry in catalogue.INQUIRIES.items()
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
        *(job.model, job.frame, settings), origin=origin, folder=run.folder, command=run.command, progress=run.progress
    )
    return run.released(made)


def run(tables: Tables, inputs: Mapping[str, str], register: Register, run: Run) -> Line:
    """Fit and answer."""
    asked = state(tables, register)
    fits = {name: fit(job, run) for name, job in asked.jobs.items()}
    answers: list[Answer] = []
    for name, own in asked.stated.items():
        question, inquiry = register.asked(name)[1], catalogue.INQUIRIES[name]
        answers.append(
            answered(register, name, lambda q=question, i=inquiry, s=own: inquiries.estimate(q, i, s, fits))  # type: ignore[misc]
        )
    for name, direct in catalogue.DIRECT.items():
        answers.append(answered(register, name, lambda d=direct: d(tables, register, run.seed)))  # type: ignore[misc]
    return Line(tuple(answers), tuple(fits.values()), inputs=inputs)
