"""Annual seizures by country: opium and heroin (C13).

Log ratios of weights are Student t around what is typical of a country, so that single gross outliers bend nothing; errors
of rounding and revision are added in square.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from northroute.arrays import Array
from northroute.bayes import Model, Prior
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept
from northroute.claims.inquiries.annual_frames import KNOWN, VALUE, opium_to_heroin, words
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Register

NORMAL: Final = "normal likelihood"
EARLIEST: Final = "earliest edition"
REVISED: Final = "figures of the latest edition; each is off by as much as editions have differed"


def law(register: Register, *, normal: bool = False, df: float | None = None) -> dist.Normal | dist.StudentT:
    """Return the likelihood of a log weight: Student t with the registered degrees of freedom, or normal."""
    scale: Prior = register.prior("log_ratio_sd")
    if normal:
        return dist.Normal(scale, KNOWN)
    return dist.StudentT(scale, KNOWN, register.constant("degrees_of_freedom") if df is None else df)


def _opium_over_heroin(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C13."""
    _, asked = register.asked("annual_seizures.opium_over_heroin")

    def stated(short: str, frame: pd.DataFrame, what: str = "opium to heroin", *, normal: bool = False) -> Stated:
        terms = (
            Intercept(register.prior("log_ratio_level")),
            Effects("iso3", sd=register.prior("log_ratio_sd")),
        )
        model = Model(f"A_C13_{short}", VALUE, law(register, normal=normal), terms)

        def read(reader: Reader, job: Job) -> Values:
            typical = typical_ratios(reader, asked.countries)
            count = np.sum([t > np.log(claim.threshold("ratio")) for t in typical.values()], axis=0).astype(float)
            values = {
                f"countries with more {what.split(' to ')[0]} than heroin, of {len(typical)}": Measured(
                    count, (claim.threshold("countries"), None), discrete=True
                )
            }
            return values | {f"{what} by weight, {c}": Measured(np.exp(t), log_scale=True) for c, t in typical.items()}

        return Stated(Job(model, frame, words(frame, f"{what} by weight")), read)

    reference = opium_to_heroin(tables, asked)
    with_others = opium_to_heroin(tables, asked, others=True)
    return {
        REFERENCE: stated("opium", reference),
        "opium with all other drugs": stated("others", with_others, "opium and other drugs to heroin"),
        NORMAL: stated("normal", reference, normal=True),
        EARLIEST: stated("earliest", opium_to_heroin(tables, asked, edition="earliest")),
        "2019-2022": stated("late", opium_to_heroin(tables, asked, years=(2019, 2022))),
    }


def typical_ratios(reader: Reader, countries: Sequence[str]) -> dict[str, Array]:
    """Return each country's typical log ratio; one that did not report is a country like those that did."""
    level, effect = reader.array("intercept"), reader("iso3_effect")
    known = set(effect["iso3"].to_numpy().astype(str))
    found = {}
    for iso3 in countries:
        if iso3 in known:
            own = effect.sel(iso3=iso3).to_numpy()
        else:
            own = reader.array("sd_iso3") * ndtri(reader.uniform(f"unreported {iso3}", level.shape))
        found[iso3] = np.asarray(level + own)
    return found


def _ratio_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate country-years of which all countries, none, or all at one have the typical ratio."""
    middle = np.log(claim.threshold("ratio")) + {"true": 1.5, "false": -1.5, "threshold": 0.0}[side]
    names = job.frame["iso3"].drop_duplicates().tolist()
    effect = dict(zip(names, 0.5 * _standardised(rng.normal(size=len(names))), strict=True))
    mean = middle + job.frame["iso3"].map(effect).to_numpy(float)
    return job.frame.assign(**{VALUE: noisy(rng, mean, job.frame[KNOWN].to_numpy(float), 0.7)})


def _standardised(values: Array) -> Array:
    return np.asarray((values - values.mean()) / values.std())


def noisy(rng: np.random.Generator, mean: Array, known: Array, scale: float, df: float = 4.0) -> Array:
    """Draw Student t outcomes with a scale and known errors, for simulated worlds."""
    return np.asarray(mean + np.sqrt(scale**2 + known**2) * rng.standard_t(df, size=mean.shape))


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "annual_seizures.opium_over_heroin": Inquiry(
        _opium_over_heroin, _ratio_world, (REVISED, "a country without a report is one like those that reported")
    ),
}
