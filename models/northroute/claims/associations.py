"""Slopes of violence on interdiction and of interdiction on corruption: what varies with what, never what moves what.

A slope is the change of a log rate with one standard deviation of the other log rate, or of an index. Months are compared
within a country, regions of one year with each other, years of a region with its other years. Where both counts come from
the same news or the same police, what is counted well is counted well twice: such slopes lean upwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import BayesFit, CountSpec, Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept, Linear, Loads
from northroute.claims import article_counts
from northroute.claims import rate_models as models
from northroute.claims.inquiries import homicide, lookups
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.annual_frames import KNOWN, VALUE, with_index
from northroute.claims.inquiries.models import rates, standardised
from northroute.claims.inquiry import REFERENCE, Job, Reader, Tables
from northroute.claims.register import Grade, Register
from northroute.conventions import INTERVAL_PROB
from northroute.errors import DataError, GateError, MissingDataError
from northroute.frequentist import FrequentistFit

X: Final = "log_x"
"""The standardised covariate of the associations over regions."""
KYRGYZ: Final = "O_C17_homicide"
"""The fit of C17, which is shared."""
CRIMINAL_ON_DRUGS: Final = "articles_side_criminal_violence"
STATE_ON_DRUGS: Final = "articles_C16_state_violence"
"""The fit of C16, which is shared."""
SHARED: Final = "articles_C16"
"""Name of its fixed-effects companion, which is shared too."""
DRUGS_ON_CORRUPTION: Final = "articles_side_drug_incident"
INDEX: Final = "executive_corruption"
_WEIGHT, _LEVEL, _COURSE, _RESPONSE = "weight", "level", "course", "response"
_CORRUPTION: Final = ("corruption",)
_ON_CORRUPTION: Final = "articles on corruption"
_ON_DRUGS: Final = "articles on transnational crime"


@dataclass(frozen=True)
class Pair:
    """Two kinds of offences whose rates are compared between regions.

    Attributes
    ----------
    short : str
        Of the fit.
    outcome, on : str
        In words.
    counted, against : tuple of str
        Articles of the code.
    grade : {"A", "B", "C"}
        The weaker of the two.
    """

    short: str
    outcome: str
    on: str
    counted: tuple[str, ...]
    against: tuple[str, ...]
    grade: Grade


PAIRS: Final = (
    Pair("violence", "violent offences", "drug sale (297)", offences.VIOLENT, offences.SALE, "A"),
    Pair(
        *("complaints", "complaints of torture and exceeding power", "drug sale (297)"),
        *(offences.COMPLAINTS, offences.SALE, "C"),
    ),
    Pair("sale", "drug sale (297)", "corruption offences", offences.SALE, _CORRUPTION, "B"),
)
"""Over the regions of Kazakhstan, 2022."""
GROUPS: Final = {"opiates": "heroin and opium seized, kg", "others": "other drugs seized, kg"}


@dataclass(frozen=True)
class Association:
    """A slope, with what it is of.

    Attributes
    ----------
    outcome, on : str
        What changes with what.
    kind : str
        Kinds of data of the register, such as ``M`` or ``A, I``.
    grade : {"A", "B", "C"}
        The weaker of the two measures.
    place : str
        A country's code.
    units : str
        What is compared.
    median, low, high : float
        Log rate ratio per standard deviation, with the project's interval.
    probability : float
        Posterior probability that it is above zero.
    rows : int
    fit : str
    coefficient, error : float
        Slope and clustered standard error of the frequentist fit beside it; not a number without.
    """

    outcome: str
    on: str
    kind: str
    grade: Grade
    place: str
    units: str
    median: float
    low: float
    high: float
    probability: float
    rows: int
    fit: str
    coefficient: float = float("nan")
    error: float = float("nan")


@dataclass(frozen=True)
class Associations:
    """All slopes, and why some could not be read."""

    rows: tuple[Association, ...]
    refused: tuple[str, ...] = ()


def articles() -> dict[str, CountSpec]:
    """Return the monthly fits beyond those of the claims, by name; slopes vary by country.

    They are made on the panel of :func:`northroute.workflow.articles.with_corruption`.
    """
    specs = (
        ("side_criminal_violence", "criminal_violence", "drug_incident"),
        ("side_drug_incident", "drug_incident", "corruption_reports"),
    )
    made = (article_counts.specification(name, y, (article_counts.within(x),)) for name, y, x in specs)
    return {spec.name: spec for spec in made}


def jobs(tables: Tables, register: Register) -> dict[str, Job]:
    """Return every fit of the associations that is not of article counts, by name.

    Raises
    ------
    MissingDataError
        If a table is not there.
    """
    claim, _ = register.asked("homicide.effectiveness")
    shared = homicide.INQUIRIES["homicide.effectiveness"].state(tables, claim, register)[REFERENCE].job
    made = [
        *(pair_job(tables, register, p) for p in PAIRS),
        *(corruption_job(tables, register, g) for g in GROUPS),
        shared,
    ]
    return {job.model.name: job for job in made}


def pair_frame(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return counts of one kind by region with the log rate of the other, standardised, as ``log_x``.

    Raises
    ------
    DataError
        If a region has no offence of the other kind, whose rate then has no logarithm.
    """
    frame = offences.counted(tables, pair.counted)
    other = offences.summed(tables, pair.against).to_numpy(float)
    if (other <= 0).any():
        row = str(frame["region"][other <= 0].iloc[0])
        remedy = "Take articles that every region has."
        raise DataError(f"no {pair.on}", file=tables["offences"].name, row=row, column="count", remedy=remedy)
    return frame.assign(**{X: standardised(np.log(other / frame["population"].to_numpy(float)))})


def pair_job(tables: Tables, register: Register, pair: Pair) -> Job:
    """Return the negative binomial regression of one kind of offence on another's log rate, over regions."""
    frame = pair_frame(tables, pair)
    name, unit = f"O_side_{pair.short}", offences.unit(frame)
    model = rates(name, register, exposure="population", exposure_unit=unit, slopes=(X,))
    return Job(model, frame, f"{offences.FORM}: {pair.outcome} on {pair.on}, {len(frame)} regions")


def corruption_frame(tables: Tables, register: Register, group: str) -> pd.DataFrame:
    """Return two responses: log kilograms per million inhabitants of a group, and the courses of the index.

    Returns
    -------
    pandas.DataFrame
        Columns ``response`` (``weight``, ``course``), ``iso3``, ``year``, ``value``, ``known_sd`` and ``level``, the
        country's mean index; the index is on the logit scale, standardised over the rows.

    Raises
    ------
    MissingDataError
        If a table is not there.
    """
    weights = models.weight_frame(tables)
    own = weights[weights[models.GROUP] == group]
    own = own[["iso3", "year"]].assign(**{VALUE: own[models.LOG_WEIGHT]}, **{KNOWN: own[models.ERROR]})
    table = with_index(own, lookups.table(tables, "vdem").frame, INDEX, register.constant("index_sd"))
    weight = table[["iso3", "year", _LEVEL, VALUE, KNOWN]].assign(**{_RESPONSE: _WEIGHT})
    values = {VALUE: table[_COURSE], KNOWN: table[f"{_COURSE}_sd"]}
    course = table[["iso3", "year", _LEVEL]].assign(**values).assign(**{_RESPONSE: _COURSE})
    return pd.concat([weight, course], ignore_index=True)


def corruption_job(tables: Tables, register: Register, group: str) -> Job:
    """Return the heavy-tailed regression of seized weights on corruption: a country's level, and its latent course.

    As in C14 the index's course is measured with error on the logit scale. Its level is taken as published, for its error is
    small beside what sets five countries apart. What rises or falls in every country together is in effects of the years.
    """
    frame, prior, one = corruption_frame(tables, register, group), register.prior("contrast"), (_WEIGHT,)
    laws: dict[str, dist.Distribution] = {
        _WEIGHT: dist.StudentT(register.prior("log_ratio_sd"), KNOWN, register.constant("degrees_of_freedom")),
        _COURSE: dist.Normal(None, KNOWN),
    }
    terms = (
        Intercept(register.prior("log_ratio_level"), only=one),
        Linear((_LEVEL,), prior, only=one, name="between"),
        Effects("iso3", only=one, sd=register.prior("log_ratio_sd"), name="country"),
        Effects("year", only=one, sd=register.prior("year_sd")),
        Effects(("iso3", "year"), only=(_COURSE,), sd=register.prior("country_sd"), name=_COURSE),
        Loads("course_effect", ("iso3", "year"), prior, only=one, name="within"),
    )
    model = Model(f"A_side_{group}", VALUE, laws, terms, response=_RESPONSE)
    n = int((frame[_RESPONSE] == _WEIGHT).sum())
    return Job(model, frame, f"UNODC annual seizures, {GROUPS[group]}; V-Dem {INDEX}: {n} country-years")


def read(
    jobs: Mapping[str, Job],
    fits: Mapping[str, BayesFit],
    beside: Mapping[str, FrequentistFit] | None = None,
) -> Associations:
    """Read every association; those on article counts only where their fits are given.

    Parameters
    ----------
    jobs : mapping of str to Job
        Of :func:`jobs`.
    fits : mapping of str to BayesFit
        By name.
    beside : mapping of str to FrequentistFit, optional
        Regressions beside the fits, by the fits' names.

    Raises
    ------
    MissingDataError
        If a fit of the jobs is absent.
    """
    missing = sorted(set(jobs) - set(fits))
    if missing:
        raise MissingDataError(f"No fit of {missing}; make every job first.")
    beside = beside or {}
    found: list[Association] = []
    refused: list[str] = []

    news = (
        (STATE_ON_DRUGS, "articles on state coercion", _ON_DRUGS),
        (CRIMINAL_ON_DRUGS, "articles on criminal violence", _ON_DRUGS),
        (DRUGS_ON_CORRUPTION, _ON_DRUGS, _ON_CORRUPTION),
    )
    blocks: list[Callable[[], list[Association]]] = [
        *(partial(_months, fits[name], y, x, beside.get(name)) for name, y, x in news if name in fits),
        *(partial(_regions, fits[f"O_side_{pair.short}"], pair, jobs, beside) for pair in PAIRS),
        *(partial(_countries, fits[f"A_side_{group}"], group, jobs) for group in GROUPS),
        partial(_kyrgyz, fits[KYRGYZ], jobs[KYRGYZ], beside.get(KYRGYZ)),
    ]
    for block in blocks:
        try:
            found += block()
        except GateError as refusal:
            refused.append(str(refusal))
    return Associations(tuple(found), tuple(refused))


def summed_up(draws: Array) -> tuple[float, float, float, float]:
    """Return median, interval and the probability of being above zero."""
    tail = (1 - INTERVAL_PROB) / 2
    low, median, high = (float(q) for q in np.quantile(draws, [tail, 0.5, 1 - tail]))
    return median, low, high, float((draws > 0).mean())


def _months(fit: BayesFit, outcome: str, on: str, companion: FrequentistFit | None) -> list[Association]:
    slopes, units = fit.parameter("slope_country").isel(varying=0), "months"
    constants = fit.tree["constant_data"].to_dataset()
    per = np.bincount(constants["country_of_row"].to_numpy(), minlength=constants.sizes["country"])
    n = dict(zip(constants["country"].to_numpy().astype(str).tolist(), per.tolist(), strict=True))
    rows = []
    for country in slopes["country"].to_numpy().astype(str).tolist():
        draws = np.asarray(slopes.sel(country=country).to_numpy())
        rows.append(Association(outcome, on, "M", "C", country, units, *summed_up(draws), n[country], fit.name))
    return [_beside(r, companion, companion.terms[0] if companion else "") for r in rows]


def _regions(
    fit: BayesFit, pair: Pair, jobs: Mapping[str, Job], beside: Mapping[str, FrequentistFit]
) -> list[Association]:
    draws = np.asarray(Reader(fit)("slope").sel(covariate=X).to_numpy())
    rows = len(jobs[fit.name].frame)
    units = f"{rows} regions, {offences.YEAR}"
    own = Association(pair.outcome, pair.on, "O", pair.grade, "KAZ", units, *summed_up(draws), rows, fit.name)
    return [_beside(own, beside.get(fit.name), X)]


def _countries(fit: BayesFit, group: str, jobs: Mapping[str, Job]) -> list[Association]:
    reader, frame = Reader(fit), jobs[fit.name].frame
    weighed = frame[frame[_RESPONSE] == _WEIGHT]
    n, countries = len(weighed), weighed["iso3"].nunique()
    years = f"{weighed['year'].min()}-{weighed['year'].max()}"
    on = "executive corruption (V-Dem, logit)"
    return [
        Association(
            *(GROUPS[group], on, "A, I", "B", "all", units, *summed_up(reader.array(name)), rows, fit.name),
        )
        for name, units, rows in (
            ("within", f"within {countries} countries, {years}", n),
            ("between", f"between {countries} countries, {years}", countries),
        )
    ]


def _kyrgyz(fit: BayesFit, job: Job, companion: FrequentistFit | None) -> list[Association]:
    draws = np.asarray(Reader(fit)("slope").sel(covariate=homicide.PERCEPTION).to_numpy())
    years = f"{job.frame['year'].min()}-{job.frame['year'].max()}"
    own = Association(
        *("homicide victims", "corruption perception (higher = better)", "O", "B", "KGZ"),
        f"years of {job.frame['region'].nunique()} regions, {years}",
        *summed_up(draws),
        *(len(job.frame), fit.name),
    )
    return [_beside(own, companion, homicide.PERCEPTION)]


def _beside(own: Association, companion: FrequentistFit | None, term: str) -> Association:
    if companion is None:
        return own
    i = companion.terms.index(term)
    coefficient, error = float(companion.coef[i]), float(companion.se[i])
    return replace(own, coefficient=coefficient, error=error)
