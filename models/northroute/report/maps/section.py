"""The maps of the page: posterior rates by region with their uncertainty, and the brief's two maps of events."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.claims import measures as of
from northroute.claims.measures import Measure, Rate
from northroute.conventions import COUNTRIES, SIMULATED_MARK, interval_label
from northroute.errors import DataError, MissingDataError
from northroute.provenance import value_hash
from northroute.report import formats, maps
from northroute.report.site import Picture, Section
from northroute.sources import regions
from northroute.sources.boundaries import Boundaries

TITLE: Final = "Maps: where, and how sure"
BRIEF_YEARS: Final = (2015, 2021)
"""Years of the brief's maps."""


@dataclass(frozen=True)
class RateMap:
    """A map of one measure in one country.

    Attributes
    ----------
    name : str
        Stem of its files.
    country : str
    measure : Measure
    title : str
    label : str
        The colour, with its unit.
    beware : str
        What it is not.
    """

    name: str
    country: str
    measure: Measure
    title: str
    label: str
    beware: str


_REGISTERED: Final = "Registered is opened in the unified register, not proven; the year is inferred from the forms."
_SINGLE: Final = (
    "Reports are voluntary and partial, cannabis is not among them, and seizures without a place are left out: where police "
    "look and report, not where drugs pass."
)
MAPS: Final = (
    RateMap(
        *("map_drug_offences_kazakhstan", "KAZ", of.DRUG_OFFENCES, "Registered drug offences, Kazakhstan"),
        *("registered drug offences per 100,000 inhabitants", f"{_REGISTERED} It shows what the police met."),
    ),
    RateMap(
        *("map_violent_offences_kazakhstan", "KAZ", of.VIOLENT, "Registered violent offences, Kazakhstan"),
        "murder, grievous harm, robbery, kidnapping and extortion per 100,000 inhabitants",
        f"{_REGISTERED} Open robbery is counted whether violent or not, and no motive is known.",
    ),
    RateMap(
        *("map_homicide_kyrgyzstan", "KGZ", of.VICTIMS, "Homicide victims, Kyrgyzstan"),
        "victims per 100,000 inhabitants and year",
        "Every motive counts: it is not violence of criminal groups. The population of 2020 stands for every year.",
    ),
    RateMap(
        *("map_corruption_perception_kyrgyzstan", "KGZ", of.PERCEPTION, "Corruption perception, Kyrgyzstan"),
        "index from \N{MINUS SIGN}100 to 100, higher = better",
        "What residents say in a survey, not corruption itself. High is good.",
    ),
    RateMap(
        *("map_seizures_uzbekistan", "UZB", of.SINGLE, "Single drug seizures, Uzbekistan"),
        *("seizures per 100,000 inhabitants and reporting year", _SINGLE),
    ),
    RateMap(
        *("map_seizures_kazakhstan", "KAZ", of.SINGLE, "Single drug seizures, Kazakhstan"),
        *("seizures per 100,000 inhabitants and reporting year", _SINGLE),
    ),
)


@dataclass(frozen=True)
class EventMap:
    """What a map of the brief shows, from an events panel.

    Attributes
    ----------
    counts : pandas.Series
        Raw count by region; absent where nothing was observed.
    rates : pandas.DataFrame
        ``median``, ``low``, ``high`` of the posterior rate by region.
    rate_label : str
        What the rate is, with its unit.
    simulated : bool
    period : str
        Years or months that were counted.
    """

    counts: "pd.Series[float]"
    rates: pd.DataFrame
    rate_label: str
    simulated: bool = False
    period: str = formats.years(BRIEF_YEARS)


def section(
    rates: Sequence[Rate],
    boundaries: Boundaries,
    *,
    state_violence: EventMap | None = None,
    drug_incidents: EventMap | None = None,
) -> Section:
    """Return the section of maps.

    Parameters
    ----------
    rates : sequence of Rate
        By region.
    boundaries : Boundaries
    state_violence, drug_incidents : EventMap, optional
        Map 1 and Map 2 of the brief; without them a sentence says what would draw them.

    Raises
    ------
    MissingDataError
        If no map has a region with a number.
    """
    pictures = [p for m in MAPS if (p := _rate_picture(m, rates, boundaries)) is not None]
    if not pictures:
        raise MissingDataError("No region has a rate that is mapped. Restore data/reference, or leave the maps out.")
    events = (
        ("map_1_state_violence", "Map 1 of the brief: state violence", "incidents of state violence", state_violence),
        (
            "map_2_drug_incidents",
            "Map 2 of the brief: drug-related incidents",
            "drug-related incidents",
            drug_incidents,
        ),
    )
    pictures = [orientation(boundaries), *pictures]
    pictures += [_event_picture(name, title, what, e, boundaries) for name, title, what, e in events if e is not None]
    paragraphs = [
        "First the regions, with the hubs and the rail corridor that the brief names. Then rates: one map has the posterior "
        f"median, its neighbour how uncertain it is ({interval_label()}). Hatched there: no data, which is not zero. Cities "
        "that rank as regions are circles. Areas are true.",
    ]
    missing = [what for _, _, what, e in events if e is None]
    if missing:
        first, last = BRIEF_YEARS
        paragraphs.append(
            f"The brief's own maps ({' and '.join(missing)}, {first}–{last}) need events by region and month, which are not "
            "bundled: fetch them with northroute fetch gdelt and build them with northroute events build."
        )
    return Section(id="maps", title=TITLE, paragraphs=tuple(paragraphs), figures=tuple(pictures))


def orientation(boundaries: Boundaries) -> Picture:
    """Return the map of the regions, with the brief's hubs and its rail corridor."""
    table = regions.load("first-level")
    return Picture(
        name="map_regions",
        draw=lambda: maps.regions_map(table.frame, boundaries),
        narrow=lambda: maps.regions_map(table.frame, boundaries, tall=True),
        alt=maps.regions_text(table.frame),
        key=value_hash([sorted(table.files.items()), sorted(boundaries.files.items())]),
        caption=f"The {len(table.frame)} regions. The hubs (C07) and the corridor (C08) are whole regions, "
        "coarser than what the brief means.",
    )


def simulated_rates(table: pd.DataFrame, boundaries: Boundaries) -> Picture:
    """Return the map of SIMULATED rates of drug incidents; it is marked, and belongs on the page of the simulated world.

    Parameters
    ----------
    table : pandas.DataFrame
        ``median``, ``low``, ``high`` by region.
    boundaries : Boundaries
    """
    title, label = "Drug incidents in the simulated world", "drug incidents per 100 events"
    caption = f"{SIMULATED_MARK}: posterior median of {label} by region, and how uncertain it is ({interval_label()})."
    shown = {"title": title, "label": label, "countries": list(COUNTRIES), "simulated": True}
    return _rate_map("map_simulated_rates", table, boundaries, caption, shown)


def values(rates: Sequence[Rate], country: str, measure: Measure) -> pd.DataFrame:
    """Return what a map of one measure in one country draws, by region; empty without any.

    Raises
    ------
    DataError
        If a region has two rates of the measure.
    """
    own = [r for r in rates if r.country == country and r.measure == measure and r.reported]
    places = [r.place for r in own]
    twice = sorted({p for p in places if places.count(p) > 1})
    if twice:
        remedy = "Give each region's rate once."
        raise DataError("a region has two rates", file=measure.words, row=twice[0], remedy=remedy)
    return pd.DataFrame(
        {"median": [r.median for r in own], "low": [r.low for r in own], "high": [r.high for r in own]},
        index=pd.Index(places, name="region"),
        dtype=float,
    )


def _rate_picture(shown: RateMap, rates: Sequence[Rate], boundaries: Boundaries) -> Picture | None:
    table = values(rates, shown.country, shown.measure)
    if table.empty:
        return None
    own = next(r for r in rates if r.country == shown.country and r.measure == shown.measure and r.reported)
    years, log = formats.years(own.years), shown.measure.log
    caption = (
        f"{shown.measure.words[:1].upper()}{shown.measure.words[1:]}, {COUNTRIES[shown.country]} {years}, grade "
        f"{shown.measure.grade}. {shown.beware}"
    )
    what = {"title": f"{shown.title} {years}", "label": shown.label, "countries": [shown.country]}
    return _rate_map(shown.name, table, boundaries, caption, {**what, "simulated": False, "log": log})


def _rate_map(
    name: str,
    table: pd.DataFrame,
    boundaries: Boundaries,
    caption: str,
    shown: dict[str, Any],
    counts: "pd.Series[float] | None" = None,
    count_label: str = "",
) -> Picture:
    """Return a map of rates, with counts or without; ``shown`` is what the map and its words are told alike."""
    draw = partial(maps.rate_map, table, boundaries, **shown, counts=counts, count_label=count_label)
    key = _key(table, shown["title"], shown["label"], boundaries)
    key += "" if counts is None else _key(counts.to_frame(), count_label, "", boundaries)
    alt = maps.alt_text(table, **shown, counts=counts)
    return Picture(name, draw, alt, key, caption, narrow=partial(draw, tall=True))


def _event_picture(name: str, title: str, what: str, event: EventMap, boundaries: Boundaries) -> Picture:
    shown = {"title": f"{title}, {event.period}", "label": event.rate_label, "countries": list(COUNTRIES)}
    caption = f"The raw count of {what}, and the posterior median of {event.rate_label}: reports, not deeds."
    counted = event.counts, f"reported {what}, {event.period}"
    return _rate_map(name, event.rates, boundaries, caption, {**shown, "simulated": event.simulated}, *counted)


def _key(table: pd.DataFrame, title: str, label: str, boundaries: Boundaries) -> str:
    rows = [[str(i), *(float(v) for v in row)] for i, row in zip(table.index, table.to_numpy(np.float64), strict=True)]
    return value_hash([title, label, rows, sorted(boundaries.files.items())])
