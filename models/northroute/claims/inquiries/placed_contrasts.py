"""Placed seizures per inhabitant and reporting year, some regions against others of their country: C07, C08, C09, C12.

The reference reads the model's coefficient, the rate ratio of regions of one kind to regions of the other, and adds the
seizures without a place (:mod:`northroute.claims.inquiries.unplaced`), of which an unknown share around that of the placed
ones lies inside; the others lie in the regions that are compared with. Where regions are in neither group none of them has
any, the widest case. Over several countries the log ratio is averaged with the number of regions inside.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.claims.inquiries import placed_rates, unplaced
from northroute.claims.inquiries.models import COUNT, negative_binomial, rates
from northroute.claims.inquiries.seizure_frames import EXPOSURE, INSIDE, OPIATES, PEOPLE, by_region, words
from northroute.claims.inquiries.unplaced import Lying
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
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

    def region(self, claim: Claim) -> tuple[float | None, float | None]:
        """Return where the claim holds."""
        limit = claim.threshold("rate_ratio")
        return (None, limit) if self.below else (limit, None)


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
    own_rates = placed_rates.own_rates(reader, job)
    people = frame[EXPOSURE].to_numpy(float)

    def mean(rows: "pd.Series[bool]") -> Array:
        kept = rows.to_numpy()
        return np.asarray((own_rates[..., kept] * people[kept]).sum(-1) / people[kept].sum())

    found = {}
    for iso3 in countries:
        here = frame["iso3"] == iso3
        found[iso3] = np.log(mean(here & (frame[column] > 0))) - np.log(mean(here & (frame[column] == 0)))
    return found


def _read(asked: Contrasts, claim: Claim, lying: Lying, of: Of, reader: Reader, job: Job) -> Values:
    return {
        f"rate ratio, {label}": Measured(ratio(reader, job, column, lying, of), asked.region(claim), log_scale=True)
        for column, label in asked.columns.items()
    }


def _read_beside(asked: Contrasts, claim: Claim, lying: Lying, reader: Reader, job: Job) -> Values:
    """Read the contrasts, and beside them those of placed seizures alone; where there are several countries, of each."""
    values = _read(asked, claim, lying, "kinds", reader, job)
    for column, label in asked.columns.items():
        name = f"placed seizures alone, {label}"
        values[name] = Measured(ratio(reader, job, column, "in proportion"), log_scale=True)
        apart = by_country(reader, job, column, "regions")
        for iso3, own in apart.items() if len(apart) > 1 else ():
            values[f"{name}, {iso3} itself"] = Measured(np.exp(own), log_scale=True)
    return values


def job(
    name: str,
    register: Register,
    frame: pd.DataFrame,
    contrasts: Sequence[str],
    what: str = "seizures",
    *,
    weighed: bool = False,
) -> Job:
    """Return a fit of counts by region, or of counts and mean weights."""
    for column in contrasts:
        for iso3, here in frame.groupby("iso3"):
            if (here[column] > 0).any() and not (here[column] == 0).any():
                raise ModelError(f"{name}: every region of {iso3} is inside '{column}'; none to compare with.")
    if weighed:
        rows = placed_rates.with_weights(frame, register.constant("seizure_cv"))
        model = placed_rates.weighed(name, register, frame, contrasts)
        return Job(model, rows, words(frame, "seizures, weighed,"))
    by = placed_rates.country(frame)
    model = rates(name, register, exposure=EXPOSURE, exposure_unit=PEOPLE, contrasts=contrasts, country=by)
    return Job(model, frame, words(frame, what))


def _state(asked: Contrasts, tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    _, question = register.asked(asked.function)
    stem, columns = f"S_{claim.id}", tuple(asked.columns)
    frame = asked.grouping(by_region(tables, question))
    opiates = asked.grouping(by_region(tables, question, OPIATES))
    reference = job(f"{stem}_all", register, frame, columns)
    around = register.constant("unplaced_logit_sd")

    def stated_as(lying: Lying, of: Of = "kinds") -> Stated:
        return Stated(reference, partial(_read, asked, claim, lying, of))

    read = stated_as(around).read
    stated = {REFERENCE: Stated(reference, partial(_read_beside, asked, claim, around))}
    stated |= {label: stated_as(lying) for label, lying in _LYING.items()}
    stated[_THEMSELVES] = stated_as(around, "regions")
    stated[OPIATES_ONLY] = Stated(
        job(f"{stem}_opiates", register, opiates, columns, "seizures of heroin or opium"), read
    )
    if BY_WEIGHT in question.variants:
        stated[BY_WEIGHT] = Stated(job(f"{stem}_weight", register, frame, columns, weighed=True), read)
    return stated


def _world(asked: Contrasts, job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate a known rate ratio; seizures without a place are as many as there are, and lie in proportion."""
    sign = {"true": 1.0, "false": -1.0, "threshold": 0.0}[side] * (-1.0 if asked.below else 1.0)
    known = np.log(claim.threshold("rate_ratio")) + sign * asked.apart
    frame = job.frame
    rate = np.exp(known * frame[list(asked.columns)].to_numpy(float).sum(axis=1)) * frame[EXPOSURE].to_numpy(float)
    return frame.assign(**{COUNT: counted(rng, frame, rate)})


def counted(rng: np.random.Generator, frame: pd.DataFrame, rate: Array) -> Array:
    """Draw counts whose expected sum by country is that of the frame, in proportion to ``rate``."""
    total = frame.groupby("iso3")[COUNT].transform("sum").to_numpy(float)
    sums = pd.Series(rate, index=frame.index).groupby(frame["iso3"]).transform("sum").to_numpy(float)
    return negative_binomial(rng, total * rate / sums, _DISPERSION)


_WITHOUT_PLACE: Final = (
    "seizures without a place lie in the regions compared, none elsewhere in the country; population of the years of "
    "report, or of the nearest year known"
)
_REST: Final = f"groups of drugs: {', '.join(DRUGS)}; cannabis is not in the file"
INQUIRIES: Final[Mapping[str, Inquiry]] = {
    asked.function: Inquiry(partial(_state, asked), partial(_world, asked), (_WITHOUT_PLACE, _REST))
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
