"""Shares of placed seizures: in border, railway and large-city regions (C06), and synthetics off the routes (C25).

C06 is about the regions there are: shares come from the regions' own rates given their counts. Every region of the two
countries has some railway, so a flag for any railway would hold all of them; the railway is the one that the brief names,
from Dushanbe to Astrakhan. Borders are those with Afghanistan, Russia, China and Iran: nearly every region of Uzbekistan
borders a neighbour among the five.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit

from northroute.arrays import Array
from northroute.claims.inquiries import placed_rates, unplaced
from northroute.claims.inquiries.models import ANSWER, COUNT, YES, beta_binomial, cells, shares
from northroute.claims.inquiries.own_numbers import log_rates
from northroute.claims.inquiries.placed_contrasts import BY_WEIGHT, OPIATES_ONLY, job, placed
from northroute.claims.inquiries.seizure_frames import EXPOSURE, OPIATES, by_region, words
from northroute.claims.inquiries.unplaced import Lying
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Question, Register
from northroute.errors import ModelError

_BORDERS: Final = ("borders_afghanistan", "borders_russia", "borders_china", "borders_iran")
_RAILWAY: Final = "rail_dushanbe_astrakhan"
_CITY: Final = "city"
_FLAGGED: Final = "flagged"
_OFF: Final = "off_routes"
_SIDE: Final = "side"
"""Half off the routes, minus a half on them: neither side's share has the wider prior."""
_SYNTHETICS: Final = "synthetics"
_TOTAL: Final = "total"
_LYING: Final[Mapping[str, Lying]] = {
    "unplaced in proportion": "in proportion",
    "unplaced with any share": "any share",
    "unplaced all on the flags": "inside",
    "unplaced all off the flags": "outside",
}
_FAR: Final = 0.15
"""Distance in share of clearly true and false worlds (C06)."""


def flagged(frame: pd.DataFrame, *, railway: bool = True) -> pd.DataFrame:
    """Mark regions that lie on a border or the railway or are large cities, with a contrast by country.

    Raises
    ------
    ModelError
        If a country has no region on one side.
    """
    flags = [*_BORDERS, _CITY, *([_RAILWAY] if railway else [])]
    inside = frame[flags].any(axis=1)
    for iso3, own in inside.groupby(frame["iso3"]):
        if own.all() or not own.any():
            raise ModelError(f"All regions of {iso3} are marked alike; a share of them tells nothing.")
    by = {f"{_FLAGGED}_{c}": (inside & (frame["iso3"] == c)).astype(float) for c in dict.fromkeys(frame["iso3"])}
    return frame.assign(**{_FLAGGED: inside.astype(float), **by})


def population_share(frame: pd.DataFrame, iso3: str) -> float:
    """Return the marked regions' share of a country's population, over its reporting years."""
    here = frame[frame["iso3"] == iso3]
    return float((here[EXPOSURE] * here[_FLAGGED]).sum() / here[EXPOSURE].sum())


def share(reader: Reader, job: Job, iso3: str, lying: Lying) -> Array:
    """Return the share of a country's seizures in marked regions, by weight where the model has weights."""
    frame = placed_rates.places(job)
    weights = placed_rates.MEASURE in job.frame.columns
    amounts = placed_rates.own_rates(reader, job) * frame[EXPOSURE].to_numpy(float)
    if weights:
        amounts = amounts * placed_rates.own_weights(reader, job)
    here = (frame["iso3"] == iso3).to_numpy()
    inside = here & (frame[_FLAGGED] > 0).to_numpy()
    of_placed = np.asarray(amounts[..., inside].sum(-1) / amounts[..., here].sum(-1))
    amount, without = ("kg", "unplaced_kg") if weights else (COUNT, "unplaced")
    each = float(frame[without][here].iloc[0]) / placed(frame[here], amount)
    return unplaced.of_all(of_placed, each, lying, reader.uniform(f"unplaced {iso3}", of_placed.shape))


def _read(claim: Claim, lying: Lying, reader: Reader, job: Job) -> Values:
    frame = placed_rates.places(job)
    values: Values = {}
    for iso3 in dict.fromkeys(frame["iso3"]):
        own, of = share(reader, job, iso3, lying), population_share(frame, iso3)
        excess = (claim.threshold("excess_over_population"), None)
        values[f"share of seizures, {iso3}"] = Measured(own, (claim.threshold("share"), None))
        values[f"share of seizures minus share of population, {iso3}"] = Measured(own - of, excess)
    return values


def _places(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C06."""
    _, question = register.asked("placed_seizures.seizure_places")
    every = by_region(tables, question)
    frame = flagged(every)
    columns = [f"{_FLAGGED}_{c}" for c in dict.fromkeys(frame["iso3"])]
    reference = job("S_C06_all", register, frame, columns)
    bare = job("S_C06_no_railway", register, flagged(every, railway=False), columns)
    opiates = flagged(by_region(tables, question, OPIATES))
    read = partial(_read, claim, register.constant("unplaced_logit_sd"))
    return {
        REFERENCE: Stated(reference, read),
        **{label: Stated(reference, partial(_read, claim, lying)) for label, lying in _LYING.items()},
        BY_WEIGHT: Stated(job("S_C06_weight", register, frame, columns, weighed=True), read),
        "without the railway flag": Stated(bare, read),
        OPIATES_ONLY: Stated(job("S_C06_opiates", register, opiates, columns, "seizures of heroin or opium"), read),
    }


def _places_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate counts whose expected share is known: at what the claim asks for, 15 points above it, or below."""
    frame = job.frame
    far = {"true": _FAR, "false": -_FAR, "threshold": 0.0}[side]
    mean = frame[EXPOSURE].to_numpy(float) * rng.gamma(5.0, 0.2, len(frame))
    for iso3 in dict.fromkeys(frame["iso3"]):
        here = (frame["iso3"] == iso3).to_numpy()
        inside = here & (frame[_FLAGGED] > 0).to_numpy()
        least = population_share(frame, iso3) + claim.threshold("excess_over_population")
        target = max(claim.threshold("share"), least) + far
        total = frame[COUNT][here].sum()
        mean[inside] *= target * total / mean[inside].sum()
        mean[here & ~inside] *= (1 - target) * total / mean[here & ~inside].sum()
    return frame.assign(**{COUNT: rng.poisson(mean).astype(float)})


def off_routes(tables: Tables, question: Question) -> pd.DataFrame:
    """Return synthetics and all seizures by region, with ``off_routes`` and the unplaced of each country (C25).

    On the routes are regions of the railway from Dushanbe to Astrakhan, on the Russian or the Afghan border, or on the
    Caspian coast; large cities are off them, as the brief says.
    """
    every = by_region(tables, question)
    part = by_region(tables, question, (_SYNTHETICS,))
    on = every[[_RAILWAY, "borders_russia", "borders_afghanistan", "caspian_coast"]].any(axis=1)
    return every.assign(
        **{_OFF: (~on).astype(float), _SYNTHETICS: part[COUNT], _TOTAL: every[COUNT], "without": part["unplaced"]},
        **{_SIDE: 0.5 - on.astype(float)},
    )


def with_unplaced(table: pd.DataFrame, off: float) -> pd.DataFrame:
    """Add the seizures without a place as a region of each country, on the routes or off them."""
    rows = table.drop_duplicates("iso3")
    counted: dict[str, Any] = {_SYNTHETICS: rows["without"], _TOTAL: rows["unplaced"]}
    extra = rows.assign(region=rows["iso3"] + " without a place", **{_OFF: off, _SIDE: off - 0.5}, **counted)
    return pd.concat([table, extra[extra[_TOTAL] > 0]], ignore_index=True)


def difference(reader: Reader, job: Job) -> dict[str, Array]:
    """Return the share of synthetics off the routes minus on them by country, cells weighted by their seizures."""
    rows = (job.frame[ANSWER] == YES).to_numpy()
    mean = expit(log_rates(reader, job)[..., rows])
    frame = job.frame[rows]
    total = frame[_TOTAL].to_numpy(float)
    found = {}
    for iso3 in dict.fromkeys(frame["iso3"]):
        off, on = (((frame["iso3"] == iso3) & (frame[_OFF] == side)).to_numpy(float) * total for side in (1.0, 0.0))
        if not off.sum() or not on.sum():
            raise ModelError(f"{job.model.name}: {iso3} has seizures on one side of the routes alone.")
        found[iso3] = np.asarray((mean * off).sum(-1) / off.sum() - (mean * on).sum(-1) / on.sum())
    return found


def _off_routes(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C25."""
    _, question = register.asked("placed_seizures.off_routes")
    table = off_routes(tables, question)

    def read(reader: Reader, job: Job) -> Values:
        by = difference(reader, job)
        weights = job.frame[job.frame[ANSWER] == YES].groupby("iso3")[_TOTAL].sum()
        mean = np.average(list(by.values()), axis=0, weights=[float(weights[c]) for c in by])
        region = (claim.threshold("difference"), None)
        values = {"share of synthetics, off the routes minus on them": Measured(np.asarray(mean), region)}
        return values | ({f"the same, {c}": Measured(d) for c, d in by.items()} if len(by) > 1 else {})

    def stated(short: str, rows: pd.DataFrame, *, binomial: bool = False) -> Stated:
        country = placed_rates.country(rows)
        model = shares(f"S_C25_{short}", register, contrasts=(_SIDE,), country=country, binomial=binomial)
        source = f"{words(rows)}; {rows[_SYNTHETICS].sum():.0f} of the seizures counted are of synthetics"
        return Stated(Job(model, cells(rows, _SYNTHETICS, _TOTAL), source), read)

    return {
        REFERENCE: stated("placed", table),
        "binomial with region effects": stated("binomial", table, binomial=True),
        "KAZ only": stated("KAZ", table[table["iso3"] == "KAZ"].reset_index(drop=True)),
        "unplaced all on the flags": stated("unplaced_on", with_unplaced(table, 0.0)),
        "unplaced all off the flags": stated("unplaced_off", with_unplaced(table, 1.0)),
    }


def _off_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate shares of 5 and 25 per cent on the two sides, 10 on both at the threshold: the real ones are near none."""
    low, high = {"true": (0.05, 0.25), "false": (0.25, 0.05), "threshold": (0.1, 0.1)}[side]
    table = job.frame[job.frame[ANSWER] == YES].drop(columns=[ANSWER, COUNT]).reset_index(drop=True)
    mean = np.where(table[_OFF] > 0, high, low)
    drawn = beta_binomial(rng, table[_TOTAL].to_numpy(float), mean, 20.0)
    return cells(table.assign(**{_SYNTHETICS: drawn}), _SYNTHETICS, _TOTAL)


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "placed_seizures.seizure_places": Inquiry(
        _places,
        _places_world,
        (
            "the railway is the brief's, from Dushanbe to Astrakhan: every region of the two countries has some railway",
            "borders with Afghanistan, Russia, China and Iran; most regions border a neighbour among the five",
            "shares are those of the regions themselves, from their own rates",
        ),
    ),
    "placed_seizures.off_routes": Inquiry(
        _off_routes,
        _off_world,
        (
            "on the routes: the railway from Dushanbe to Astrakhan, the Russian and the Afghan border, the Caspian coast",
            "seizures without a place are left out of the reference",
        ),
    ),
}
