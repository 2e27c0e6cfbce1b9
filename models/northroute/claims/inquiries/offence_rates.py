"""Rates of registered offences per inhabitant over the regions of Kazakhstan: C01, C08, C11, C12.

Counts are negative binomial: a region's own rate is gamma around what the model expects of a region of its kind. The
reference reads the model's coefficient, so that differences between regions count; "of the regions themselves" reads the
contrast of the regions' own rates (:mod:`northroute.claims.inquiries.own_numbers`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import Model
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.models import COUNT, rates, standardised
from northroute.claims.inquiries.own_numbers import own_log_rates
from northroute.claims.inquiry import (
    REFERENCE,
    Inquiry,
    Job,
    Measured,
    Reader,
    Reading,
    Region,
    Side,
    Stated,
    Tables,
    Values,
)
from northroute.claims.region_events import log_ratio
from northroute.claims.register import Claim, Register

_POPULATION: Final = "population"
_KIND: Final = "kind"
_STATE, _CRIMINAL = "complaints", "violence"
_DISPERSION: Final = 0.15
"""Of simulated counts: rates of regions vary by 40 %, as those of sale offences do."""
_CORRIDOR, _BORDER, _CITY, _CRIME = "corridor", "border", "city", "log_crime"
_POISSON: Final = "poisson with region effects"
_OWN: Final = "ratio of the regions themselves"


def contrasted(own: Array, inside: Array, among: Array) -> Array:
    """Return the ratio of mean own rates inside to outside, among some regions.

    Parameters
    ----------
    own : array, shape (chain, draw, region)
        Log rates.
    inside, among : array of 0 and 1, shape (region,)
    """
    kept = among > 0
    return np.exp(log_ratio(own[..., kept], (inside > 0)[kept], np.zeros(int(kept.sum()))))


def crime_frame(tables: Tables, articles: Sequence[str]) -> pd.DataFrame:
    """Return counts with the log of other registered crime per inhabitant, standardised; no drug offence is in it."""
    frame = offences.counted(tables, articles)
    total, drugs = (offences.summed(tables, (a,)).to_numpy(float) for a in (offences.TOTAL, *offences.DRUGS))
    return frame.assign(**{_CRIME: standardised(np.log((total - drugs) / frame[_POPULATION].to_numpy(float)))})


def kinds_frame(tables: Tables, state: Sequence[str], criminal: Sequence[str]) -> pd.DataFrame:
    """Return two rows a region: complaints of abuse and violent offences."""
    parts = [offences.counted(tables, a).assign(**{_KIND: k}) for k, a in ((_CRIMINAL, criminal), (_STATE, state))]
    return pd.concat(parts, ignore_index=True)


def _job(name: str, frame: pd.DataFrame, what: str, model: Model) -> Job:
    source = f"{offences.FORM}: {frame[COUNT].sum():.0f} {what} in {frame['region'].nunique()} regions"
    return Job(replace(model, name=f"O_{name}", exposure_unit=offences.unit(frame)), frame, source, draws=4000)


def _ratio(what: str, contrast: str, region: Region, beside: Mapping[str, str], reader: Reader, job: Job) -> Values:
    """Read a contrast's rate ratio, which decides, and others beside it."""
    found = {c: np.exp(reader("contrast").sel(contrasted=c).to_numpy()) for c in (contrast, *beside)}
    return {what: Measured(found[contrast], region, log_scale=True)} | {
        label: Measured(found[column], log_scale=True) for column, label in beside.items()
    }


def _of_themselves(what: str, contrast: str, region: Region, apart: str | None, reader: Reader, job: Job) -> Values:
    """Read the ratio of the regions' own rates, cities left out where they stand apart."""
    frame = job.frame
    among = np.ones(len(frame)) if apart is None else 1 - frame[apart].to_numpy(float)
    own = contrasted(own_log_rates(reader, job), frame[contrast].to_numpy(float), among)
    return {what: Measured(own, region, log_scale=True)}


def _both(first: Reading, second: Reading, reader: Reader, job: Job) -> Values:
    """Read the first, and beside it what the second decides on."""
    (own,) = second(reader, job).values()
    return first(reader, job) | {_OWN: replace(own, region=(None, None))}


def _state_over_criminal(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C01: complaints of abuse against violent offences, with a level and a dispersion each."""
    torture, all_state = ("146", "415"), (*offences.COMPLAINTS, "415")
    mild = offences.without(offences.VIOLENT, offences.EXTORTION)

    def job(short: str, state: Sequence[str], criminal: Sequence[str]) -> Job:
        frame = kinds_frame(tables, state, criminal)
        model = rates("offences", register, exposure=_POPULATION, country=_KIND)
        what = f"offences, {frame.loc[frame[_KIND] == _STATE, COUNT].sum():.0f} of them complaints of abuse,"
        return _job(f"C01_{short}", frame, what, replace(model, response=_KIND))

    def own(reader: Reader, job: Job) -> dict[str, Array]:
        levels = np.exp(own_log_rates(reader, job))
        return {k: levels[..., (job.frame[_KIND] == k).to_numpy()] for k in (_STATE, _CRIMINAL)}

    def people(job: Job) -> Array:
        return job.frame.loc[job.frame[_KIND] == _STATE, _POPULATION].to_numpy(float)

    def read(reader: Reader, job: Job) -> Values:
        level = reader("intercept")
        ratio = np.exp(level.sel({_KIND: _STATE}).to_numpy() - level.sel({_KIND: _CRIMINAL}).to_numpy())
        levels = own(reader, job)
        themselves = (levels[_STATE] * people(job)).sum(-1) / (levels[_CRIMINAL] * people(job)).sum(-1)
        return {
            "rate ratio, complaints of abuse to violent offences": Measured(
                np.asarray(ratio), (claim.threshold("rate_ratio"), None), log_scale=True
            ),
            "rate ratio of the regions themselves": Measured(themselves, log_scale=True),
            "share of regions with more complaints": Measured((levels[_STATE] > levels[_CRIMINAL]).mean(-1)),
        }

    def spread(reader: Reader, job: Job) -> Values:
        levels = own(reader, job)
        more = (levels[_STATE] > levels[_CRIMINAL]).mean(-1)
        return {
            "share of regions where complaints exceed violence, minus where they do not": Measured(
                2 * more - 1, (claim.threshold("share_difference"), None)
            )
        }

    reference = job("kinds", all_state, offences.VIOLENT)
    return {
        REFERENCE: Stated(reference, read),
        "without extortion": Stated(job("kinds_no_extortion", all_state, mild), read),
        "torture and coerced testimony only": Stated(job("kinds_torture", torture, offences.VIOLENT), read),
        "share of regions where complaints exceed violence": Stated(reference, spread),
    }


def _rail_corridor(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C08: complaints in the two regions of the corridor."""
    frame, region = offences.counted(tables, offences.COMPLAINTS), (claim.threshold("rate_ratio"), None)
    what = "rate ratio of complaints, Mangystau and Atyrau to other regions"

    def job(short: str, rows: pd.DataFrame, poisson: str | None = None) -> Job:
        model = rates("offences", register, exposure=_POPULATION, contrasts=(_CORRIDOR,), poisson=poisson)
        return _job(f"C08_{short}", rows, "complaints of torture and exceeding power", model)

    reference = job("corridor", frame)
    read = partial(_ratio, what, _CORRIDOR, region, {})
    own = partial(_of_themselves, what, _CORRIDOR, region, None)
    return {
        REFERENCE: Stated(reference, partial(_both, read, own)),
        _POISSON: Stated(job("corridor_poisson", frame, "region"), read),
        _OWN: Stated(reference, own),
        "without Almaty": Stated(job("corridor_no_almaty", offences.without_almaty(frame)), read),
    }


def _crime_and_sale(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C11: sale offences on other crime per inhabitant."""

    def job(short: str, rows: pd.DataFrame, what: str = "sale offences (297)", poisson: str | None = None) -> Job:
        model = rates("offences", register, exposure=_POPULATION, slopes=(_CRIME,), poisson=poisson)
        return _job(f"C11_{short}", rows, what, model)

    def read(reader: Reader, job: Job) -> Values:
        slope = np.asarray(reader("slope").sel(covariate=_CRIME).to_numpy())
        what = "slope of log sale offences on log other crime, per standard deviation"
        return {
            what: Measured(slope, (claim.threshold("slope"), None)),
            "rate ratio, a standard deviation more of other crime": Measured(np.exp(slope), log_scale=True),
        }

    frame = crime_frame(tables, offences.SALE)
    kept = offences.without_almaty(frame)
    kept = kept.assign(**{_CRIME: standardised(kept[_CRIME])})
    return {
        REFERENCE: Stated(job("sale", frame), read),
        "all drug offences": Stated(job("drugs", crime_frame(tables, offences.DRUGS), "drug offences"), read),
        _POISSON: Stated(job("sale_poisson", frame, poisson="region"), read),
        "without Almaty": Stated(job("sale_no_almaty", kept), read),
    }


def _russian_border(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C12: sale offences in oblasts on the Russian border against other oblasts."""
    region = (None, claim.threshold("rate_ratio"))
    what = "rate ratio, border to other oblasts"
    read = partial(_ratio, what, _BORDER, region, {_CITY: "rate ratio, the three cities to other oblasts"})
    own = partial(_of_themselves, what, _BORDER, region, _CITY)

    def job(short: str, articles: Sequence[str], what: str, poisson: str | None = None) -> Job:
        model = rates("offences", register, exposure=_POPULATION, contrasts=(_BORDER, _CITY), poisson=poisson)
        return _job(f"C12_{short}", offences.counted(tables, articles), what, model)

    sale = "sale offences (297)"
    reference = job("sale", offences.SALE, sale)
    return {
        REFERENCE: Stated(reference, partial(_both, read, own)),
        "possession (296)": Stated(job("possession", offences.POSSESSION, "possession offences (296)"), read),
        "all drug offences": Stated(job("drugs", offences.DRUGS, "drug offences"), read),
        "smuggling (286)": Stated(job("smuggling", offences.SMUGGLING, "smuggling offences (286)"), read),
        _POISSON: Stated(job("sale_poisson", offences.SALE, sale, "region"), read),
        _OWN: Stated(reference, own),
    }


def _world(
    column: str, far: float, dispersion: float, job: Job, claim: Claim, side: Side, rng: np.random.Generator
) -> pd.DataFrame:
    """Simulate a log rate that grows by a known number with a column, where false as much the other way."""
    known = {"true": far, "false": -far, "threshold": 0.0}[side]
    return offences.simulated_counts(job, rng, known * job.frame[column].to_numpy(float), dispersion)


def _kinds_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    known = {"true": np.log(2), "false": -np.log(2), "threshold": np.log(claim.threshold("rate_ratio"))}[side]
    state = (job.frame[_KIND] == _STATE).to_numpy(float)
    return offences.simulated_counts(job, rng, known * state, _DISPERSION)


_MIDDLE: Final = "population of the middle of 2022, as the census of 2021 counts it"
INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "offences.state_over_criminal": Inquiry(
        _state_over_criminal,
        _kinds_world,
        (_MIDDLE, "open robbery (191) is counted whole: the form does not tell it with violence from it without"),
    ),
    "offences.rail_corridor": Inquiry(_rail_corridor, partial(_world, _CORRIDOR, np.log(5), 0.3), (_MIDDLE,)),
    "offences.crime_and_sale": Inquiry(
        _crime_and_sale, partial(_world, _CRIME, 0.4, _DISPERSION), (_MIDDLE, "other crime is all but drug offences")
    ),
    "offences.russian_border": Inquiry(_russian_border, partial(_world, _BORDER, -np.log(2), _DISPERSION), (_MIDDLE,)),
}
