"""Annual seizures in time: after the Taliban's return (C23), and Kazakhstan's synthetic drugs (C24).

Weights below half a kilogram count as half a kilogram where single drugs are compared (C23): editions print them as zero,
and a few grams are no smaller a flow than a hundred. The trend of C24 is of a ratio of all synthetic to all other drugs and
has no such floor; a printed zero has the error of its rounding.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import Model
from northroute.bayes.terms import Effects, Intercept, Linear
from northroute.claims.inquiries.annual import NORMAL, REVISED, law, noisy
from northroute.claims.inquiries.annual_frames import (
    KNOWN,
    OPIATES,
    VALUE,
    amounts,
    figures,
    log_ratio,
    revision_sd,
    words,
)
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Question, Register
from northroute.errors import ModelError
from northroute.sources.annual_seizures import DRUGS, SYNTHETICS

_CANNABIS: Final = ("cannabis_herb", "cannabis_resin", "cannabis_plants", "cannabis_other")
_NEAR: Final = ("TJK", "UZB")
_FLOOR: Final = 0.5
_UNIT: Final = 100.0
_SHIFT: Final = "after_near"


def interrupted(
    tables: Tables,
    asked: Question,
    *,
    before: range = range(2015, 2021),
    after: range = range(2022, 2024),
    drugs: Sequence[str] = (*OPIATES, "methamphetamine"),
) -> pd.DataFrame:
    """Return log kilograms by country, year and drug, before and after 2021.

    Returns
    -------
    pandas.DataFrame
        ``iso3``, ``year``, ``drug``, ``value`` (log of 100 kg), ``known_sd``, ``after``, ``after_near`` (after, and in
        Tajikistan or Uzbekistan), ``period``.

    Raises
    ------
    ModelError
        If one of the four groups of rows is empty.
    """
    frame = tables["annual_seizures"].frame
    found, revision = figures(frame), revision_sd(frame, asked.countries, drugs)
    parts = []
    for drug in drugs:
        own = amounts(found, asked.countries, asked.years, (drug,)).reset_index()
        small = own["kg"] < _FLOOR
        value = own["log_kg"].mask(small, np.log(_FLOOR)) - np.log(_UNIT)
        known = np.sqrt(own["log_sd"].mask(small, 0.0) ** 2 + revision**2)
        parts.append(own[["iso3", "year"]].assign(**{"drug": drug, VALUE: value, KNOWN: known}))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["year"].isin([*before, *after])].reset_index(drop=True)
    later, near = table["year"].isin(after), table["iso3"].isin(_NEAR)
    if pd.crosstab(later, near).size < 4 or (pd.crosstab(later, near) == 0).any(axis=None):
        raise ModelError(f"{asked.id}: seizures before and after are not reported on both sides; nothing to compare.")
    return table.assign(
        after=later.astype(float),
        period=np.where(later, "after", "before"),
        **{_SHIFT: (later & near).astype(float)},
    )


def _taliban(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C23: difference in differences of log kilograms; a series may shift between the periods for reasons of its own."""
    _, asked = register.asked("annual_seizures.taliban")

    def stated(short: str, frame: pd.DataFrame, *, normal: bool = False) -> Stated:
        year_sd = register.prior("year_sd")
        terms = (
            Intercept(register.prior("log_ratio_level")),
            Effects(("iso3", "drug"), sd=register.prior("log_ratio_sd"), name="series"),
            Effects(("drug", "year"), sd=year_sd, name="drug_year"),
            Effects(("iso3", "drug", "period"), sd=year_sd, name="series_shift"),
            Linear(("after",), register.prior("contrast"), by="drug", name="after"),
            Linear((_SHIFT,), register.prior("contrast"), name="contrast", dim="contrasted"),
        )
        model = Model(f"A_C23_{short}", VALUE, law(register, normal=normal), terms)
        return Stated(Job(model, frame, words(frame, "heroin, opium and methamphetamine, kg")), read)

    def read(reader: Reader, job: Job) -> Values:
        values = {
            "rate ratio after to before, TJK and UZB to KAZ and KGZ": Measured(
                np.exp(reader("contrast").sel(contrasted=_SHIFT).to_numpy()),
                (claim.threshold("rate_ratio"), None),
                log_scale=True,
            )
        }
        after = reader("after").squeeze("covariate", drop=True)
        return values | {
            f"after to before in KAZ and KGZ, {drug}": Measured(
                np.exp(np.asarray(after.sel(drug=drug).to_numpy())), log_scale=True
            )
            for drug in after["drug"].to_numpy().astype(str)
        }

    reference = interrupted(tables, asked)
    return {
        REFERENCE: stated("all", reference),
        "with 2021 as after": stated("2021", interrupted(tables, asked, after=range(2021, 2024))),
        "heroin and opium only": stated("opiates", interrupted(tables, asked, drugs=OPIATES)),
        NORMAL: stated("normal", reference, normal=True),
        "2018-2023": stated("2018", interrupted(tables, asked, before=range(2018, 2021))),
    }


def _taliban_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate series of their own level, with a known shift: eightfold up, eightfold down or none."""
    known = np.log(claim.threshold("rate_ratio")) + np.log(8) * {"true": 1.0, "false": -1.0, "threshold": 0.0}[side]
    series = job.frame["iso3"] + job.frame["drug"]
    level = dict(zip(series.unique(), rng.normal(0, 1.5, series.nunique()), strict=True))
    mean = series.map(level).to_numpy(float) + known * job.frame[_SHIFT].to_numpy(float)
    return job.frame.assign(**{VALUE: noisy(rng, mean, job.frame[KNOWN].to_numpy(float), 0.5)})


def synthetic_share(
    tables: Tables,
    asked: Question,
    *,
    last: int | None = None,
    synthetics: Sequence[str] = SYNTHETICS,
    cannabis: bool = True,
) -> pd.DataFrame:
    """Return the log odds of synthetic drugs by weight and year, where any is reported.

    Returns
    -------
    pandas.DataFrame
        ``iso3``, ``year``, ``value`` (minus its mean), ``known_sd``, ``time`` (standardised) and ``year_sd`` (the standard
        deviation of the years).

    Raises
    ------
    ModelError
        If fewer than three years report both.
    """
    frame = tables["annual_seizures"].frame
    others = [d for d in DRUGS if d not in SYNTHETICS and (cannabis or d not in _CANNABIS)]
    span = (asked.years[0], last or asked.years[1])
    found = figures(frame)
    revision = revision_sd(frame, asked.countries, (*synthetics, *OPIATES))
    some, rest = (amounts(found, asked.countries, span, drugs) for drugs in (synthetics, others))
    table = log_ratio(some, rest, revision)
    if len(table) < 3:
        raise ModelError(f"{asked.id}: {len(table)} years report synthetic drugs; a trend needs three.")
    year = table["year"].to_numpy(float)
    return table.assign(
        **{VALUE: table[VALUE] - table[VALUE].mean()}, time=(year - year.mean()) / year.std(), year_sd=year.std()
    )


def _synthetics(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C24: the trend is a log ratio of weights, so it has the prior of one."""
    _, asked = register.asked("annual_seizures.synthetics")

    def read(reader: Reader, job: Job) -> Values:
        slope = np.asarray(reader("slope").sel(covariate="time").to_numpy())
        yearly = slope / float(job.frame["year_sd"].iloc[0])
        return {
            "yearly trend of the log odds of synthetic drugs": Measured(yearly, (claim.threshold("trend"), None)),
            "factor a year": Measured(np.exp(yearly), log_scale=True),
        }

    def stated(short: str, frame: pd.DataFrame, *, normal: bool = False) -> Stated:
        level = register.prior("log_ratio_level")
        model = Model(
            f"A_C24_{short}", VALUE, law(register, normal=normal), (Intercept(level), Linear(("time",), level))
        )
        return Stated(Job(model, frame, words(frame, "synthetic to other drugs, kg")), read)

    reference = synthetic_share(tables, asked)
    stimulants = ("methamphetamine", "amphetamine")
    return {
        REFERENCE: stated("all", reference),
        "without 2022": stated("to_2021", synthetic_share(tables, asked, last=2021)),
        NORMAL: stated("normal", reference, normal=True),
        "methamphetamine and amphetamine only": stated("ats", synthetic_share(tables, asked, synthetics=stimulants)),
        "without cannabis": stated("no_cannabis", synthetic_share(tables, asked, cannabis=False)),
    }


def _trend_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate a trend of one log unit a year up, down, or none."""
    known = claim.threshold("trend") + {"true": 1.0, "false": -1.0, "threshold": 0.0}[side]
    mean = known * job.frame["time"].to_numpy(float) * job.frame["year_sd"].to_numpy(float)
    return job.frame.assign(**{VALUE: noisy(rng, mean, job.frame[KNOWN].to_numpy(float), 0.5)})


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "annual_seizures.taliban": Inquiry(
        _taliban,
        _taliban_world,
        (
            REVISED,
            "weights below half a kilogram count as half a kilogram",
            "2021 is in neither period",
            "a country's series of a drug may shift between the periods for reasons of its own",
        ),
    ),
    "annual_seizures.synthetics": Inquiry(
        _synthetics, _trend_world, (REVISED, "years without any synthetic drug reported are unobserved, not zero")
    ),
}
