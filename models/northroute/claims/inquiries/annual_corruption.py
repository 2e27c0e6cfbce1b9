r"""Heroin among seized opiates and corruption (C14).

The log odds of heroin among heroin and opium of a country and year are Student t around a country's own level and a slope on
latent corruption. Corruption is measured on the logit scale, which keeps it between 0 and 1, as two responses: a country's
level over its years and the course of its years around that, each latent, each with the error that
:func:`northroute.claims.inquiries.annual_frames.with_index` gives it; heroin loads on both with one slope. Levels vary
between five countries only, each of which has an unexplained level of its own, so the slope rests as much on courses.
"Within countries" leaves the levels out: countries have intercepts of their own that are not pooled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept, Loads
from northroute.claims.inquiries.annual import EARLIEST, NORMAL, REVISED, law, noisy
from northroute.claims.inquiries.annual_frames import KNOWN, VALUE, Edition, opium_to_heroin, with_index, words
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Question, Register

HEROIN: Final = "heroin"
LEVEL: Final = "level"
COURSE: Final = "course"
_RESPONSE: Final = "response"
_HEAVY: Final = 2.0
_LARGER: Final = 0.10


@dataclass(frozen=True)
class Specified:
    """What the specifications of C14 differ in.

    Attributes
    ----------
    index : str
        Column of the indices.
    index_sd : float, optional
        Its error on 0 to 1; by default the registered one.
    edition : {"latest", "earliest"}
    normal : bool
    df : float, optional
        Degrees of freedom; by default the registered ones.
    within : bool
        Deviations from the countries' means alone.
    """

    index: str = "executive_corruption"
    index_sd: float | None = None
    edition: Edition = "latest"
    normal: bool = False
    df: float | None = None
    within: bool = False


def joint(tables: Tables, asked: Question, register: Register, how: Specified) -> pd.DataFrame:
    """Return the rows of the three responses: log odds of heroin, the index's levels by country, and its courses.

    Returns
    -------
    pandas.DataFrame
        Columns ``response``, ``iso3``, ``year`` (0 in rows of a level), ``value``, ``known_sd``.
    """
    ratios = opium_to_heroin(tables, asked, edition=how.edition)
    odds = ratios.assign(**{VALUE: -ratios[VALUE]})
    error = register.constant("index_sd") if how.index_sd is None else how.index_sd
    table = with_index(odds, tables["vdem"].frame, how.index, error)
    heroin = table[["iso3", "year", VALUE, KNOWN]].assign(**{_RESPONSE: HEROIN})
    course = _measured(table, COURSE)
    level = _measured(table.drop_duplicates("iso3").assign(year=0), LEVEL)
    return pd.concat([heroin, course] if how.within else [heroin, level, course], ignore_index=True)


def _measured(table: pd.DataFrame, what: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "iso3": table["iso3"],
            "year": table["year"],
            VALUE: table[what],
            KNOWN: table[f"{what}_sd"],
            _RESPONSE: what,
        }
    )


def model(name: str, register: Register, how: Specified) -> Model:
    """Return the joint model; ``slope`` is the log odds of heroin per standard deviation of the index's logit."""
    years = Effects(("iso3", "year"), only=(COURSE,), sd=register.prior("country_sd"), name=COURSE)
    prior, heroin = register.prior("log_ratio_level"), (HEROIN,)
    laws: dict[str, dist.Distribution] = {HEROIN: law(register, normal=how.normal, df=how.df)}
    laws[COURSE] = dist.Normal(None, KNOWN)
    if how.within:
        terms: tuple[Intercept | Effects | Loads, ...] = (
            Intercept(prior, by="iso3", only=heroin),
            years,
            Loads("course_effect", ("iso3", "year"), prior, only=heroin, name="slope"),
        )
        return Model(name, VALUE, laws, terms, response=_RESPONSE)
    laws[LEVEL] = dist.Normal(None, KNOWN)
    terms = (
        Intercept(prior, only=heroin),
        Effects("iso3", only=heroin, sd=register.prior("log_ratio_sd"), name="country"),
        Effects("iso3", only=(LEVEL,), sd=register.prior("country_sd"), name=LEVEL),
        years,
        Loads("level_effect", "iso3", prior, only=heroin, name="slope"),
        Loads("course_effect", ("iso3", "year"), None, only=heroin, name="slope"),
    )
    return Model(name, VALUE, laws, terms, response=_RESPONSE)


def _heroin_protected(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C14."""
    _, asked = register.asked("annual_seizures.heroin_protected")

    def read(reader: Reader, job: Job) -> Values:
        slope = reader.array("slope")
        return {
            "slope of the log odds of heroin, per sd of corruption (logit)": Measured(
                slope, (None, claim.threshold("slope"))
            ),
            "factor of the odds of heroin, per sd of corruption": Measured(np.exp(slope), log_scale=True),
        }

    def stated(short: str, how: Specified) -> Stated:
        frame = joint(tables, asked, register, how)
        source = words(frame[frame[_RESPONSE] == HEROIN], f"heroin among heroin and opium by weight; V-Dem {how.index}")
        return Stated(Job(model(f"A_C14_{short}", register, how), frame, source, target_accept=0.95), read)

    return {
        REFERENCE: stated("executive", Specified()),
        NORMAL: stated("normal", Specified(normal=True)),
        "degrees of freedom 2": stated("df_2", Specified(df=_HEAVY)),
        "overall corruption index": stated("overall", Specified(index="corruption")),
        "index error 0.10": stated("error", Specified(index_sd=_LARGER)),
        "within countries": stated("within", Specified(within=True)),
        EARLIEST: stated("earliest", Specified(edition="earliest")),
    }


def _world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate latent corruption, what is measured of it, and heroin with a slope of three log units a unit of it."""
    known = claim.threshold("slope") + {"true": -3.0, "false": 3.0, "threshold": 0.0}[side]
    frame = job.frame
    key = pd.MultiIndex.from_frame(frame[["iso3", "year"]])
    countries = frame["iso3"].drop_duplicates().tolist()
    level = dict(zip(countries, rng.normal(0, 0.75, len(countries)), strict=True))
    own = dict(zip(countries, rng.normal(0, 1.0, len(countries)), strict=True))
    course = pd.Series(rng.normal(0, 0.35, key.nunique()), index=key.unique())
    levels, courses = frame["iso3"].map(level).to_numpy(float), course.loc[key].to_numpy(float)
    sd = frame[KNOWN].to_numpy(float)
    heroin = noisy(rng, frame["iso3"].map(own).to_numpy(float) + known * (levels + courses), sd, 1.0)
    response = frame[_RESPONSE].to_numpy(str)
    measured = np.where(response == LEVEL, levels, courses) + sd * rng.normal(size=len(frame))
    return frame.assign(**{VALUE: np.where(response == HEROIN, heroin, measured)})


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "annual_seizures.heroin_protected": Inquiry(
        _heroin_protected,
        _world,
        (
            REVISED,
            "nine tenths of the variance of an index's error are the country's own in every year, a tenth the year's",
            "latent corruption is normal on the logit scale, between countries and between years of one",
        ),
    ),
}
