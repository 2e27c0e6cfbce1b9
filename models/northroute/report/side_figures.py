"""Figures of the constructs side by side: by country, by region, and what varies with what. Each with its words."""

import textwrap
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from northroute.claims import measures as of
from northroute.claims.associations import Association
from northroute.claims.measures import Measure, Rate
from northroute.conventions import COUNTRIES, interval_label
from northroute.look import INK, look
from northroute.report import formats, style

GRID: Final[tuple[tuple[Measure, ...], ...]] = (
    (of.OPIATES, of.OTHERS, of.DRUG_ARTICLES),
    (of.COERCION, of.CRIMINAL_ARTICLES, of.HOMICIDE),
    (of.EXECUTIVE, of.EMBEDDED, of.CORRUPTION_ARTICLES),
)
"""Panels of the figure by country: measures that more than one country has."""
SHORT: Final = {
    of.OPIATES: "heroin and opium, kg\nper million and year",
    of.OTHERS: "other drugs, kg\nper million and year",
    of.SINGLE: "single seizures\nper 100,000 and year",
    of.DRUG_ARTICLES: "transnational crime,\narticles per 100",
    of.DRUG_OFFENCES: "drug offences\nper 100,000",
    of.DRUG_SALE: "drug sale (297)\nper 100,000",
    of.COERCION: "state coercion,\narticles per 100",
    of.COMPLAINTS: "complaints of abuse\nper 100,000",
    of.CRIMINAL_ARTICLES: "criminal violence,\narticles per 100",
    of.HOMICIDE: "homicides per 100,000\nand year",
    of.VIOLENT: "violent offences\nper 100,000",
    of.VICTIMS: "homicide victims\nper 100,000 and year",
    of.ALL_CRIME: "all registered crime\nper 100,000 and year",
    of.EXECUTIVE: "executive, V-Dem index\n0 to 1, higher = worse",
    of.EMBEDDED: "state-embedded actors\n1 to 10, higher = worse",
    of.CORRUPTION_ARTICLES: "corruption,\narticles per 100",
    of.CORRUPTION_OFFENCES: "corruption offences\nper 100,000",
    of.PERCEPTION: "perception by residents\n-100 to 100, higher = better",
}
"""A measure's name over its panel."""
WIDTH: Final = 7.2
"""Inches: letters of 8 points are as large on a phone, and larger on a wide page."""
_STEPS: Final = (1.0, 2.0, 5.0)
_INDENT: Final = 150.0
"""Points by which headings stand left of the axis."""


def by_country(rates: Sequence[Rate]) -> Figure:
    """Draw a panel a measure of :data:`GRID`, countries as rows; a hollow point is a weak stand-in (grade C)."""
    found = {(r.measure, r.place): r for r in rates}
    with look():
        figure = Figure(figsize=(WIDTH, 6.7), layout=ConstrainedLayoutEngine(w_pad=0.12))
        panels = figure.subplots(len(GRID), len(GRID[0]), squeeze=False)
        for row, measures in zip(panels, GRID, strict=True):
            for i, (axes, measure) in enumerate(zip(row, measures, strict=True)):
                own = [found.get((measure, c)) for c in COUNTRIES]
                _panel(axes, measure, own, list(COUNTRIES.values()) if i == 0 else None)
        _legend(figure, weak=any(m.grade == "C" for row in GRID for m in row))
    return figure


def by_region(columns: Sequence[tuple[Measure, Sequence[Rate]]], *, names_each: bool = False) -> Figure:
    """Draw a panel a measure, regions as rows in the order given.

    Parameters
    ----------
    columns : sequence of (Measure, sequence of Rate)
        From left to right; every panel has the regions of the first unless ``names_each``.
    names_each : bool
        Name the regions at every panel, and the country over it.
    """
    rows = max(len(own) for _, own in columns)
    with look():
        figure = Figure(figsize=(WIDTH, 1.5 + 0.235 * rows), layout=ConstrainedLayoutEngine(w_pad=0.12))
        panels = figure.subplots(1, len(columns), squeeze=False)[0]
        for i, (axes, (measure, own)) in enumerate(zip(panels, columns, strict=True)):
            named = names_each or i == 0
            names = [textwrap.fill(r.name, 22) for r in own] if named else None
            _panel(axes, measure, list(own), names, COUNTRIES[own[0].country] if names_each else "")
        _legend(figure, weak=any(m.grade == "C" for m, _ in columns))
    return figure


def forest(rows: Sequence[Association]) -> Figure:
    """Draw the rate ratio per standard deviation of every association, with its fixed-effects companion beside it."""
    groups: dict[tuple[str, str], list[Association]] = {}
    for a in rows:
        groups.setdefault((a.outcome, a.on), []).append(a)
    y, at, labels = 0.0, [], []
    with look():
        height = 1.3 + 0.27 * (len(rows) + 1.15 * len(groups))
        figure = Figure(figsize=(WIDTH, height), layout=ConstrainedLayoutEngine(w_pad=0.12))
        axes = figure.subplots()
        axes.axvline(1.0, color=style.THRESHOLD, ls="--", lw=1.1, zorder=0)
        for (outcome, on), own in groups.items():
            at_left: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
            heading = axes.annotate(f"{outcome}, on {on}", (0, y), (-_INDENT, 0), **at_left)
            heading.set(fontsize=8, weight="bold", va="center")
            for a in own:
                y -= 1
                at.append(y)
                labels.append(f"{_where(a)} ({a.grade})")
                _point(axes, y, *(float(np.exp(v)) for v in (a.median, a.low, a.high)), hollow=a.grade == "C")
                if np.isfinite(a.coefficient):
                    axes.plot(np.exp(a.coefficient), y - 0.34, "x", color=style.PRIOR, ms=5, mew=1.5)
            y -= 1.15
        axes.set_yticks(at, labels)
        axes.set_ylim(y + 0.6, 0.7)
        ends = [np.exp(v) for a in rows for v in (a.low, a.high)]
        _scale(axes, min(*ends, 0.85), max(*ends, 1.18), log=True, most=7)
        axes.tick_params(axis="y", length=0, labelsize=8)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("rate ratio per standard deviation: associations, not effects", fontsize=8.5)
        marks = [*_marks(), Line2D([], [], color=style.PRIOR, marker="x", ms=5, mew=1.5, ls="")]
        names = [f"median, {interval_label()}", "grade C", "fixed-effects or cross-section regression"]
        figure.legend(marks, names, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def _where(a: Association) -> str:
    place = COUNTRIES.get(a.place, "five countries" if "years of a country" in a.units else "")
    units = a.units.replace(" of the country", "").replace("years of a country", "within")
    return ", ".join(filter(None, (place, units)))


def _panel(
    axes: Axes, measure: Measure, rates: Sequence[Rate | None], names: Sequence[str] | None, country: str = ""
) -> None:
    there = [r for r in rates if r is not None and r.reported]
    for i, rate in enumerate(rates):
        if rate is not None and rate.reported:
            _point(axes, -i, rate.median, rate.low, rate.high, hollow=measure.grade == "C")
        else:
            text = axes.text(0.03, -i, "no data", fontsize=7.5, va="center", color=INK, style="italic")
            text.set_transform(axes.get_yaxis_transform())
    title = f"{measure.construct.capitalize()} ({measure.grade}){f', {country}' if country else ''}"
    axes.set_title(title, fontsize=8, weight="bold", loc="left", pad=27)
    under = axes.annotate(SHORT[measure], (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points")
    under.set(fontsize=7.5, va="bottom", linespacing=1.1)
    axes.set_yticks([-i for i in range(len(rates))], names or [""] * len(rates))
    axes.set_ylim(-len(rates) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.tick_params(axis="x", labelsize=7.5)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", color=style.PRIOR, lw=0.3, alpha=0.5)
    axes.set_axisbelow(True)
    if there:
        _scale(axes, min(r.low for r in there), max(r.high for r in there), log=measure.log)


def _point(axes: Axes, y: float, median: float, low: float, high: float, *, hollow: bool) -> None:
    axes.plot([low, high], [y, y], color=style.POSTERIOR, lw=1.8, solid_capstyle="butt")
    face = "#ffffff" if hollow else style.POSTERIOR
    axes.plot(median, y, "o", color=style.POSTERIOR, mfc=face, ms=4.5, mew=1.3)


def _scale(axes: Axes, low: float, high: float, *, log: bool, most: int = 4) -> None:
    """Set limits and at most so many round ticks; on a logarithmic axis 1, 2, 5 and their powers of ten."""
    if not log:
        pad = 0.05 * (high - low)
        axes.set_xlim(low - pad, high + pad)
        axes.locator_params(axis="x", nbins=4)
        return
    pad = 0.05 * np.log(high / low)
    low, high = float(low * np.exp(-pad)), float(high * np.exp(pad))
    axes.set_xscale("log")
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1.0,) if high > 60 * low and most < 5 else _STEPS
    ticks = [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
    if len(ticks) < 3 and high < 12 * low:
        ticks = [
            float(t) for t in MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= t <= high
        ]
    ticks = ticks[:: 1 + (len(ticks) - 1) // most]
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(ticks))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}" if v >= 1000 else f"{v:g}")
    axes.set_xlim(low, high)


def _marks() -> list[Line2D]:
    return [
        Line2D([], [], color=style.POSTERIOR, marker="o", ms=4.5, lw=1.8),
        Line2D([], [], color=style.POSTERIOR, marker="o", ms=4.5, lw=1.8, mfc="#ffffff", mew=1.3),
    ]


def _legend(figure: Figure, *, weak: bool) -> None:
    """Add the legend."""
    words = [f"posterior median, {interval_label()}", "weak stand-in (grade C)"][: 1 + weak]
    figure.legend(_marks()[: 1 + weak], words, loc="outside lower center", ncols=2, frameon=False, fontsize=8)


def said(rates: Sequence[Rate]) -> str:
    """Return one measure of several places in words, from high to low, with intervals and who has no data."""
    there = sorted((r for r in rates if r.reported), key=lambda r: -r.median)
    numbers = [f"{r.name} {formats.interval(r.median, r.low, r.high)}" for r in there]
    absent = [r.name for r in rates if not r.reported]
    none = f"; no data for {', '.join(absent)}" if absent else ""
    return f"{rates[0].measure.words}, {rates[0].measure.unit}: {', '.join(numbers)}{none}"


def country_alt(rates: Sequence[Rate]) -> str:
    """Return what the figure by country shows."""
    parts = []
    for measure in (m for row in GRID for m in row):
        own = [r for r in rates if r.measure == measure]
        if own:
            parts.append(f"{measure.construct.capitalize()}, grade {measure.grade}: {said(own)}.")
    return f"Posterior medians with {interval_label()} by country. {' '.join(parts)}"


def region_alt(columns: Sequence[tuple[Measure, Sequence[Rate]]]) -> str:
    """Return what a figure by region shows: the extremes of every measure; the folded table has all."""
    parts = []
    for measure, own in columns:
        there = sorted((r for r in own if r.reported), key=lambda r: -r.median)
        if len(there) > 5:
            said_of = f"highest {said(there[:2]).split(': ', 1)[1]}; lowest {said(there[-2:]).split(': ', 1)[1]}"
        else:
            said_of = said(there).split(": ", 1)[1] if there else "no data"
        place = COUNTRIES[own[0].country]
        parts.append(f"{place}, {measure.words}, {measure.unit}, grade {measure.grade}: {said_of}.")
    return f"Posterior medians with {interval_label()} by region. {' '.join(parts)}"


def forest_alt(rows: Sequence[Association]) -> str:
    """Return what the figure of associations shows."""
    parts = []
    for a in rows:
        ratio = formats.interval(*(float(np.exp(v)) for v in (a.median, a.low, a.high)))
        chance = formats.probability(a.probability)
        parts.append(f"{a.outcome} on {a.on}, {_where(a)}, grade {a.grade}: {ratio}, P above 1: {chance}")
    said = "; ".join(parts)
    return f"Rate ratios per standard deviation with {interval_label()}, associations and not effects. {said}."
