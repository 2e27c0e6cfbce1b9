"""Side by side by country and region: interdiction, violence and corruption side by side, and what goes with what."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute.claims import measures as of
from northroute.claims.associations import Association, Associations
from northroute.claims.measures import CONSTRUCTS, Measure, Rate
from northroute.claims.rates import Rates
from northroute.conventions import CONTRADICTED_AT, COUNTRIES, SUPPORTED_AT, interval_label
from northroute.errors import MissingDataError
from northroute.provenance import value_hash
from northroute.report import formats
from northroute.report import side_figures as figures
from northroute.report.site import Picture, Section

TITLE: Final = "Interdiction, violence and corruption, side by side"
REGION_FIGURES: Final[tuple[tuple[str, tuple[tuple[str, Measure], ...]], ...]] = (
    (
        "regions_kazakhstan",
        tuple(("KAZ", m) for m in (of.DRUG_OFFENCES, of.COMPLAINTS, of.VIOLENT, of.CORRUPTION_OFFENCES)),
    ),
    ("regions_kyrgyzstan", tuple(("KGZ", m) for m in (of.SINGLE, of.VICTIMS, of.PERCEPTION))),
    ("regions_uzbekistan", tuple(("UZB", m) for m in (of.SINGLE, of.ALL_CRIME))),
    ("regions_tajikistan_turkmenistan", (("TJK", of.SINGLE), ("TKM", of.SINGLE))),
)
"""Figures by region: stem of the file, and the panels."""


def section(rates: Rates, associations: Associations) -> Section:
    """Return the section of the page.

    Parameters
    ----------
    rates : Rates
    associations : Associations

    Raises
    ------
    MissingDataError
        If no country has any number.
    """
    if not any(r.reported for r in rates.countries):
        raise MissingDataError("No rate of any country: there is nothing to put side by side. Restore data/reference.")
    return Section(
        id="side-by-side",
        title=TITLE,
        paragraphs=paragraphs(rates, associations),
        tables=(
            (f"By country: posterior median and {interval_label()}; a dash: nothing reported", country_table(rates)),
        ),
        figures=_pictures(rates, associations),
        folded=_folded(rates, associations),
    )


def cell(rate: Rate) -> str:
    """Return a rate as a table writes it: median and interval, or a dash."""
    return formats.interval(rate.median, rate.low, rate.high) if rate.reported else formats.NONE


def country_table(rates: Rates) -> pd.DataFrame:
    """Return measures by country: a row a measure, with what it is, its grade, and a column a country."""
    rows = []
    for measure in dict.fromkeys(r.measure for r in rates.countries):
        own = {r.place: r for r in rates.countries if r.measure == measure}
        rows.append(
            {
                "Measure": f"{measure.construct.capitalize()}: {measure.words}",
                "Unit": measure.unit,
                "Data (grade)": f"{measure.kind} ({measure.grade})",
                **{name: cell(own[c]) if c in own else formats.NONE for c, name in COUNTRIES.items()},
            }
        )
    return pd.DataFrame(rows)


def region_table(rates: Rates, country: str) -> pd.DataFrame:
    """Return regions by measure of one country; empty where it has none."""
    own = [r for r in rates.regions if r.country == country]
    measures = list(dict.fromkeys(r.measure for r in own))
    rows = []
    for place in dict.fromkeys(r.place for r in own):
        here = {r.measure: r for r in own if r.place == place}
        name = next(iter(here.values())).name
        cells = {
            f"{m.words}, {m.unit} ({m.kind}, grade {m.grade})": cell(here[m]) if m in here else formats.NONE
            for m in measures
        }
        rows.append({"Region": name, **cells})
    return pd.DataFrame(rows)


def association_table(associations: Associations) -> pd.DataFrame:
    """Return the slopes with their probability of being above zero, rows and companion."""
    rows = []
    for a in associations.rows:
        companion = f"{a.coefficient:.3f} ({a.error:.3f})" if np.isfinite(a.coefficient) else formats.NONE
        rows.append(
            {
                "Outcome": a.outcome,
                "On": a.on,
                "Data (grade)": f"{a.kind} ({a.grade})",
                "Compared": ", ".join(filter(None, (COUNTRIES.get(a.place, ""), a.units))),
                "Slope per sd (log rate ratio)": f"{a.median:.3f} ({a.low:.3f} to {a.high:.3f})",
                "P above 0": formats.probability(a.probability),
                "Rows": str(a.rows),
                "Regression beside it (se)": companion,
            }
        )
    return pd.DataFrame(rows)


def paragraphs(rates: Rates, associations: Associations) -> tuple[str, ...]:
    """Return what the numbers say, in words made from them."""
    found = [
        "The brief asks how interdiction, state violence, criminal violence and corruption go together. Here is what "
        "measures each of them, by country and by region, from posteriors of hierarchical models. None of these numbers "
        "decides a claim, and measures of different kinds are not to be compared with each other: compare places within "
        "one measure. Grade A measures the thing itself, B stands near it, C is a weak stand-in."
    ]
    extremes = (_extremes(rates.countries, m) for m in (of.OPIATES, of.COERCION, of.HOMICIDE, of.EXECUTIVE))
    found += [" ".join(filter(None, extremes)), _regions(rates), _slopes(associations.rows)]
    found += [f"Not shown: {reason}" for reason in (*rates.refused, *associations.refused)]
    return tuple(p for p in found if p)


def _extremes(rates: Sequence[Rate], measure: Measure) -> str:
    own = sorted((r for r in rates if r.measure == measure and r.reported), key=lambda r: r.median)
    if len(own) < 2:
        return ""
    low, high = own[0], own[-1]
    apart = " Their intervals overlap." if low.high >= high.low else ""
    what = f"{measure.words[:1].upper()}{measure.words[1:]}, {measure.unit}"
    return f"{what}: most in {high.name}, {cell(high)}, least in {low.name}, {cell(low)}.{apart}"


def _regions(rates: Rates) -> str:
    parts = []
    for country, measure in (("KAZ", of.DRUG_OFFENCES), ("KAZ", of.VIOLENT), ("KGZ", of.VICTIMS), ("UZB", of.SINGLE)):
        own = sorted(
            (r for r in rates.regions if r.country == country and r.measure == measure), key=lambda r: r.median
        )
        if len(own) > 1:
            ratio = formats.number(own[-1].median / own[0].median)
            parts.append(
                f"{measure.words} in {COUNTRIES[country]} from {cell(own[0])} in {own[0].name} to {cell(own[-1])} in "
                f"{own[-1].name}, a factor of {ratio}"
            )
    return f"By region, per 100,000 inhabitants and year: {'; '.join(parts)}." if parts else ""


def _slopes(rows: Sequence[Association]) -> str:
    if not rows:
        return ""
    above = [a for a in rows if a.probability >= SUPPORTED_AT]
    below = [a for a in rows if a.probability <= CONTRADICTED_AT]
    rest = len(rows) - len(above) - len(below)
    sure = f"with a probability of at least {SUPPORTED_AT:g}"
    return (
        f"Of {len(rows)} slopes {len(above)} are above zero {sure}{_named(above)}; {len(below)} are below zero"
        f"{_named(below)}; {rest} cannot be told from zero. "
        "A slope is a change of the log rate with one standard deviation. It says what varies together, not what moves "
        "what: where both counts come from the same newsrooms or the same police, attention alone makes slopes positive."
    )


def _named(rows: Sequence[Association]) -> str:
    if not rows:
        return ""
    groups: dict[str, list[str]] = {}
    for a in rows:
        where = COUNTRIES.get(a.place, a.units.split(",")[0])
        groups.setdefault(f"{a.outcome} on {a.on}", []).append(f"{where}, grade {a.grade}")
    return " (" + "; ".join(f"{what}: {', '.join(where)}" for what, where in groups.items()) + ")"


def _columns(rates: Rates, panels: Sequence[tuple[str, Measure]]) -> list[tuple[Measure, list[Rate]]]:
    """Return the panels that have numbers, regions of a country in the order of its first panel."""
    order: dict[str, list[str]] = {}
    columns = []
    for country, measure in panels:
        own = {r.place: r for r in rates.regions if r.country == country and r.measure == measure}
        if not own:
            continue
        ranked = sorted(own, key=lambda p: -own[p].median)
        places = order.setdefault(country, ranked)
        columns.append((measure, [own[p] for p in places if p in own]))
    return columns


def _pictures(rates: Rates, associations: Associations) -> tuple[Picture, ...]:
    countries, rows = rates.countries, associations.rows
    caption = (
        "Measures that more than one country has; the table above has all. The letter is the grade. Compare countries "
        "within a panel, not panels with each other; scales are logarithmic but for the two indices."
    )
    draw, alt = partial(figures.by_country, countries), figures.country_alt(countries)
    found = [Picture("countries_side_by_side", draw, alt, _key(countries), caption, adapts=True)]
    for name, panels in REGION_FIGURES:
        columns = _columns(rates, panels)
        if columns:
            several = len({own[0].country for _, own in columns}) > 1
            draw, alt = partial(figures.by_region, columns, names_each=several), figures.region_alt(columns)
            key = _key([r for _, own in columns for r in own])
            found.append(Picture(name, draw, alt, key, _caption(columns), adapts=True))
    if rows:
        caption = (
            "What varies with what: months within a country, regions with each other, years within regions or "
            "countries. The grey cross over months is one slope for the three countries. Articles on transnational "
            "crime, in which Russia or China takes part, are a weak stand-in for drugs (grade C)."
        )
        draw, alt, key = partial(figures.forest, rows), figures.forest_alt(rows), value_hash([str(a) for a in rows])
        found.append(Picture("associations", draw, alt, key, caption, adapts=True))
    return tuple(found)


def _caption(columns: Sequence[tuple[Measure, Sequence[Rate]]]) -> str:
    countries = dict.fromkeys(COUNTRIES[own[0].country] for _, own in columns)
    parts = []
    for measure, own in columns:
        parts.append(f"{measure.words} ({measure.kind}, grade {measure.grade}, {formats.years(own[0].years)})")
    text = "; ".join(dict.fromkeys(parts))
    noted = [(own[0], measure) for measure, own in columns if own[0].note]
    notes = dict.fromkeys(f"{COUNTRIES[r.country]}, {measure.words}: {r.note}." for r, measure in noted)
    return " ".join((f"Regions of {' and '.join(countries)}, sorted by the first panel: {text}.", *notes))


def _folded(rates: Rates, associations: Associations) -> tuple[tuple[str, pd.DataFrame], ...]:
    found = []
    if associations.rows:
        found.append((f"What varies with what: slopes with {interval_label()}", association_table(associations)))
    for country, name in COUNTRIES.items():
        table = region_table(rates, country)
        if len(table):
            found.append((f"Regions of {name}: posterior median and {interval_label()}", table))
    absent = [
        {"Country": r.name, "Measure": f"{r.measure.construct}: {r.measure.words}", "Reason": r.note}
        for r in rates.countries
        if not r.reported
    ]
    notes = [
        {
            "Country": r.name,
            "Measure": r.measure.words,
            "Years": formats.years(r.years),
            "Note": r.note,
            "Source": r.source,
        }
        for r in rates.countries
        if r.reported and r.note
    ]
    last = (
        ("Why a number is missing", absent),
        ("Years and assumptions behind the numbers by country", notes),
    )
    return (*found, *((title, pd.DataFrame(rows)) for title, rows in last if rows))


def _key(rates: Sequence[Rate]) -> str:
    return value_hash([CONSTRUCTS, [str(r) for r in rates]])
