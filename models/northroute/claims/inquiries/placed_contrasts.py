"""Placed seizures per inhabitant and reporting year, some regions against others of their country: C07, C08, C09, C12.

The reference reads the model's coefficient, the rate ratio of regions of one kind to regions of the other, and adds the
seizures without a place (:mod:`northroute.claims.inquiries.unplaced`), of which an unknown share around that of the placed
ones lies inside; the others lie in the regions that are compared with. Where regions are in neither group none of them has
any, the widest case. Over several countries the log ratio is averaged with the number of regions inside.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from northroute.bayes import Model
from northroute.claims.inquiries import placed_rates, unplaced
from northroute.claims.inquiries.models import COUNT, negative_binomial
from northroute.claims.inquiries.seizure_frames import EXPOSURE, INSIDE, OPIATES, by_region, words
from northroute.claims.inquiries.unplaced import Lying
from northroute.claims.inquiry import (
    REFERENCE,
    Array,
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
    World,
)
from northroute.claims.register import Claim, Register
from northroute.errors import ModelError
from northroute.sources.placed_seizures import DRUGS

Of = Literal["kinds", "regions"]
Grouping = Callable[[pd.DataFrame], pd.DataFrame]
OPIATES_ONLY: Final = "heroin and opium only"
BY_WEIGHT: Final = "by weight"
_THEMSELVES: Final = "ratio of the regions themselves"
_LYING: Final[Mapping[str, Lying]] = {
    "unplaced in proportion": "in proportion",
    "unplaced with any share": "any share",
    "unplaced all inside": "inside",
    "unplaced all outside": "outside",
}
_DISPERSION: Final = 0.2
"""Of simulated counts; less than in the data, so that a few regions can show a ratio at all."""


@dataclass(frozen=True)
class Contrasts:
    """What a claim compares.

    Attributes
    ----------
    function : str
        Of the register.
    grouping : callable
        From the regions' frame to the rows compared, with a column of 0 and 1 for each contrast.
    columns : mapping of str to str
        Column of each contrast, and its name for readers.
    below : bool
        Whether the claim holds below the threshold.
    apart : float
        Log rate ratio of simulated worlds in which the claim is clearly true.
    """

    function: str
    grouping: Grouping
    columns: Mapping[str, str]
    below: bool = False
    apart: float = float(np.log(4))


def hubs(frame: pd.DataFrame) -> pd.DataFrame:
    """C07: the hubs of the brief, the Ferghana Valley's in Uzbekistan and Kyrgyzstan."""
    valley = frame["hub_ferghana"] & frame["iso3"].isin(["UZB", "KGZ"])
    flags = {"tajik_afghan": frame["hub_tajik_afghan"], "ferghana": valley, "caspian": frame["hub_caspian"]}
    return frame.assign(**{name: flag.astype(float) for name, flag in flags.items()})


def corridor(frame: pd.DataFrame) -> pd.DataFrame:
    """C08: regions of the railway from Dushanbe to Astrakhan."""
    return frame.assign(**{INSIDE: frame["rail_dushanbe_astrakhan"].astype(float)})


def urgench(frame: pd.DataFrame) -> pd.DataFrame:
    """C09: Khorezm and Karakalpakstan; the Afghan border, the Ferghana Valley and the capital are left out."""
    inside = frame["region"].isin(["UZ-XO", "UZ-QR"])
    apart = frame["borders_afghanistan"] | frame["in_ferghana_valley"] | frame["capital"]
    return frame.assign(**{INSIDE: inside.astype(float)})[inside | ~apart].reset_index(drop=True)


def russian_border(frame: pd.DataFrame) -> pd.DataFrame:
    """C12: oblasts on the Russian border; the three cities are left out."""
    return frame.assign(**{INSIDE: frame["borders_russia"].astype(float)})[~frame["city"]].reset_index(drop=True)


def ratio(reader: Reader, job: Job, column: str, lying: Lying, of: Of = "kinds") -> Array:
    """Return the rate ratio of a contrast, seizures without a place among them.

    Parameters
    ----------
    reader : Reader
    job : Job
    column : str
        Of the contrast.
    lying : float or str
        How seizures without a place lie.
    of : {"kinds", "regions"}
        The model's coefficient, or the ratio of the regions' own rates.

    Returns
    -------
    array, shape (chain, draw)
        By weight where the model has weights.
    """
    frame = placed_rates.places(job)
    weights = placed_rates.MEASURE in job.frame.columns
    amount, without = ("kg", "unplaced_kg") if weights else (COUNT, "unplaced")
    logs, sizes = [], []
    for iso3, own in by_country(reader, job, column, of).items():
        here = frame[frame["iso3"] == iso3]
        inside = here[column].to_numpy(float) > 0
        people = here[EXPOSURE].to_numpy(float)
        odds = people[inside].sum() / people[~inside].sum()
        each = float(here[without].iloc[0]) / placed(here, amount)
        uniform = reader.uniform(f"unplaced {column} {iso3}", own.shape)
        logs.append(unplaced.log_rate_ratio(own, odds, each, lying, uniform))
        sizes.append(int(inside.sum()))
    return np.exp(np.average(logs, axis=0, weights=sizes))


def placed(here: pd.DataFrame, amount: str) -> float:
    """Return what a country's regions hold, or raise :class:`ModelError` where they hold nothing."""
    total = float(here[amount].sum())
    if total <= 0:
        raise ModelError(f"No placed seizure in the regions compared of {here['iso3'].iloc[0]}.")
    return total


def by_country(reader: Reader, job: Job, column: str, of: Of) -> dict[str, Array]:
    """Return the log rate ratio of placed seizures by country with regions inside."""
    frame = placed_rates.places(job)
    countries = list(dict.fromkeys(frame["iso3"][frame[column] > 0]))
    if not countries:
        raise ModelError(f"{job.model.name}: no region is inside '{column}'.")
    if of == "kinds":
        own = np.asarray(reader("contrast").sel(contrasted=column).to_numpy())
        if placed_rates.MEASURE in job.frame.columns:
            own = own + reader("weight_contrast").sel(contrasted=column).to_numpy()
        return dict.fromkeys(countries, own)
    rates = placed_rates.own_rates(reader, job)
    people = frame[EXPOSURE].to_numpy(float)

    def mean(rows: "pd.Series[bool]") -> Array:
        kept = rows.to_numpy()
        return np.asarray((rates[..., kept] * people[kept]).sum(-1) / people[kept].sum())

    found = {}
    for iso3 in countries:
        here = frame["iso3"] == iso3
        found[iso3] = np.log(mean(here & (frame[column] > 0))) - np.log(mean(here & (frame[column] == 0)))
    return found


def _reading(columns: Mapping[str, str], region: Region, lying: Lying, of: Of = "kinds", more: bool = False) -> Reading:
    def read(reader: Reader, job: Job) -> Values:
        values = {
            f"rate ratio, {label}": Measured(ratio(reader, job, column, lying, of), region, log_scale=True)
            for column, label in columns.items()
        }
        if more:
            for column, label in columns.items():
                name = f"placed seizures alone, {label}"
                values[name] = Measured(ratio(reader, job, column, "in proportion"), log_scale=True)
                for iso3, own in _apart(reader, job, column).items():
                    values[f"{name}, {iso3} itself"] = Measured(np.exp(own), log_scale=True)
        return values

    return read


def _apart(reader: Reader, job: Job, column: str) -> dict[str, Array]:
    """Return the regions' own ratios by country where a contrast has several."""
    found = by_country(reader, job, column, "regions")
    return found if len(found) > 1 else {}


def job(name: str, register: Register, frame: pd.DataFrame, contrasts: Sequence[str], what: str = "seizures") -> Job:
    """Return a fit of counts by region."""
    return _checked(frame, contrasts, placed_rates.counts(name, register, frame, contrasts), what)


def weighed_job(name: str, register: Register, frame: pd.DataFrame, contrasts: Sequence[str]) -> Job:
    """Return a fit of counts and mean weights by region."""
    made = _checked(frame, contrasts, placed_rates.weighed(name, register, frame, contrasts), "seizures, weighed,")
    return Job(made.model, placed_rates.with_weights(frame, register.constant("seizure_cv")), made.source)


def _checked(frame: pd.DataFrame, contrasts: Sequence[str], model: Model, what: str) -> Job:
    for column in contrasts:
        for iso3, here in frame.groupby("iso3"):
            if (here[column] > 0).any() and not (here[column] == 0).any():
                raise ModelError(f"{model.name}: every region of {iso3} is inside '{column}'; none to compare with.")
    return Job(model, frame, words(frame, what))


def _state(asked: Contrasts, tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    _, question = register.asked(asked.function)
    limit = claim.threshold("rate_ratio")
    region: Region = (None, limit) if asked.below else (limit, None)
    stem, columns = f"S_{claim.id}", tuple(asked.columns)
    frame = asked.grouping(by_region(tables, question))
    opiates = asked.grouping(by_region(tables, question, OPIATES))
    reference = job(f"{stem}_all", register, frame, columns)
    around = register.constant("unplaced_logit_sd")
    read = _reading(asked.columns, region, around)
    stated = {REFERENCE: Stated(reference, _reading(asked.columns, region, around, more=True))}
    stated |= {label: Stated(reference, _reading(asked.columns, region, lying)) for label, lying in _LYING.items()}
    stated[_THEMSELVES] = Stated(reference, _reading(asked.columns, region, around, "regions"))
    stated[OPIATES_ONLY] = Stated(
        job(f"{stem}_opiates", register, opiates, columns, "seizures of heroin or opium"), read
    )
    if BY_WEIGHT in question.variants:
        stated[BY_WEIGHT] = Stated(weighed_job(f"{stem}_weight", register, frame, columns), read)
    return stated


def world(asked: Contrasts) -> World:
    """Return worlds with a known rate ratio; seizures without a place are as many as there are, and lie in proportion."""

    def simulate(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
        sign = {"true": 1.0, "false": -1.0, "threshold": 0.0}[side] * (-1.0 if asked.below else 1.0)
        known = np.log(claim.threshold("rate_ratio")) + sign * asked.apart
        frame = job.frame
        rate = np.exp(known * frame[list(asked.columns)].to_numpy(float).sum(axis=1)) * frame[EXPOSURE].to_numpy(float)
        return frame.assign(**{COUNT: counted(rng, frame, rate)})

    return simulate


def counted(rng: np.random.Generator, frame: pd.DataFrame, rate: Array) -> Array:
    """Draw counts whose expected sum by country is that of the frame, in proportion to ``rate``."""
    total = frame.groupby("iso3")[COUNT].transform("sum").to_numpy(float)
    sums = pd.Series(rate, index=frame.index).groupby(frame["iso3"]).transform("sum").to_numpy(float)
    return negative_binomial(rng, total * rate / sums, _DISPERSION)


def _inquiry(asked: Contrasts, *assumes: str) -> Inquiry:
    def state(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
        return _state(asked, tables, claim, register)

    return Inquiry(state, world(asked), (_WITHOUT_PLACE, *assumes))


_WITHOUT_PLACE: Final = (
    "seizures without a place lie in the regions compared, none elsewhere in the country; population of the years of "
    "report, or of the nearest year known"
)
_REST: Final = f"groups of drugs: {', '.join(DRUGS)}; cannabis is not in the file"
INQUIRIES: Final[Mapping[str, Inquiry]] = {
    asked.function: _inquiry(asked, _REST)
    for asked in (
        Contrasts(
            "placed_seizures.hubs",
            hubs,
            {"tajik_afghan": "Tajik-Afghan border", "ferghana": "Ferghana Valley", "caspian": "Caspian coast"},
            apart=float(np.log(8)),
        ),
        Contrasts("placed_seizures.rail_corridor", corridor, {INSIDE: "corridor to other regions"}),
        Contrasts("placed_seizures.urgench_line", urgench, {INSIDE: "Khorezm and Karakalpakstan to others"}),
        Contrasts("placed_seizures.russian_border", russian_border, {INSIDE: "border to other oblasts"}, below=True),
    )
}
