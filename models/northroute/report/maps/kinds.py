"""Maps of regions with their boundaries: a posterior rate and beside it its uncertainty, or the raw count that it came from.

Areas are true (Lambert's azimuthal equal-area projection). A map of several countries enlarges the part where regions are
small, so that each region has its name in letters of at least 7 points. Every region without data is hatched.
"""

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, PathPatch

from northroute.conventions import COUNTRIES
from northroute.look import INK, look
from northroute.report import style
from northroute.report.maps import figure as layout
from northroute.report.maps import ink, outlines
from northroute.report.maps import sheet as sheets
from northroute.report.maps import values as map_values
from northroute.sources.boundaries import Boundaries

_COUNTRY_COLOURS: Final = ("#a9c6d9", "#cfc0e3", "#b5d6bf", "#efd3a4", "#e8bcbc")
_COUNTED: Final = "#d5ddd9"


def rate_map(
    values: pd.DataFrame,
    boundaries: Boundaries,
    *,
    title: str,
    label: str,
    countries: Sequence[str],
    simulated: bool,
    log: bool = True,
    note: str = "",
    tall: bool = False,
) -> Figure:
    """Draw a posterior rate by region and, beside it, how uncertain it is.

    Parameters
    ----------
    values : DataFrame
        Indexed by region (ISO 3166-2): ``median``, ``low`` and ``high``, the posterior median and the bounds of its interval
        (:func:`northroute.conventions.interval_label`), in the label's unit. A region that is absent or empty has no data.
    boundaries : Boundaries
        Outlines: ``sources.boundaries.load()``.
    title : str
        What the figure is about.
    label : str
        What the colour is, with its unit: ``registered drug offences per 100,000 residents``.
    countries : sequence of str
        ISO 3166 alpha-3 codes of the countries to draw in colour.
    simulated : bool
        Whether the values are simulated: marks the figure.
    log : bool
        Whether equal ratios are equal steps of colour, and the uncertainty is the upper bound over the lower; else even
        steps, and the upper bound less the lower.
    note : str
        A sentence to stand under the maps.
    tall : bool
        Put the maps one under the other, for a narrow screen.

    Returns
    -------
    Figure
        11 inches wide, or half of that if tall.

    Raises
    ------
    DataError
        For values that break the rules above, regions that are not of the countries, or names that find no room.
    """
    where = map_values.places([str(r) for r in values.index], countries)
    rows = map_values.checked(values, log=log)
    wide = map_values.uncertainty(rows, log=log)
    right = ink.scale(wide, log=log and bool(wide.max() > 5 * wide.min()), colours="magma")
    left = ink.scale(rows["median"], log=log, colours="viridis")
    unit = "ratio; 1 would be certainty" if log else label
    columns = [
        layout.coloured("Posterior median", label, rows["median"], left, len(where)),
        layout.coloured(f"Uncertainty: {map_values.width_label(log=log)}", unit, wide, right, len(where)),
    ]
    geometry = layout.geometry_of(where, boundaries, countries)
    return layout.figure_of(columns, geometry, boundaries, title, note, simulated, tall)


def count_and_rate_map(
    counts: "pd.Series[float]",
    rates: pd.DataFrame,
    boundaries: Boundaries,
    *,
    title: str,
    count_label: str,
    rate_label: str,
    countries: Sequence[str],
    simulated: bool,
    log: bool = True,
    note: str = "",
    tall: bool = False,
) -> Figure:
    """Draw the raw count by region as a circle and, beside it, the posterior rate: the brief's Map 1 and Map 2.

    Parameters
    ----------
    counts : Series
        Indexed by region: whole numbers; empty or absent where nothing was observed, which is not zero.
    rates : DataFrame
        As ``values`` of :func:`rate_map`; its median is drawn.
    boundaries, title, countries, simulated, log, note, tall
        As for :func:`rate_map`.
    count_label, rate_label : str
        What was counted, and what the rate is with its unit.

    Returns
    -------
    Figure
        11 inches wide, or half of that if tall.

    Raises
    ------
    DataError
        For counts or rates that break the rules above, regions that are not of the countries, or names that find no room.
    """
    both = [*rates.index, *counts.index.difference(rates.index)]
    if counts.index.has_duplicates:
        both = list(counts.index)  # refused by places
    where = map_values.places([str(r) for r in both], countries)
    rows, filled = map_values.checked(rates, log=log), map_values.counted(counts)
    most = max(float(filled.max()), 1.0)
    numbers = {str(r): float(n) for r, n in filled.items()}
    radius = {r: layout.radius_of(n, most) for r, n in numbers.items()}
    texts, fill = layout.texts_of(numbers, len(where)), dict.fromkeys(radius, _COUNTED)
    scale = ink.scale(rows["median"], log=log, colours="viridis")
    columns = [
        layout.Column("Raw count", count_label, fill, texts, None, radius, numbers),
        layout.coloured("Posterior median of the rate", rate_label, rows["median"], scale, len(where)),
    ]
    geometry = layout.geometry_of(where, boundaries, countries)
    return layout.figure_of(columns, geometry, boundaries, title, note, simulated, tall)


def regions_map(regions_frame: pd.DataFrame, boundaries: Boundaries, *, tall: bool = False) -> Figure:
    """Draw the regions by country, with the brief's hubs (C07) outlined and its rail corridor (C08) hatched.

    Parameters
    ----------
    regions_frame : DataFrame
        ``sources.regions.load(...).frame``, of either division.
    boundaries : Boundaries
        Outlines: ``sources.boundaries.load()``.
    tall : bool
        Put the enlarged part under the whole, for a narrow screen.

    Returns
    -------
    Figure
        11 inches wide, or half of that if tall.

    Raises
    ------
    DataError
        Without regions or their flags, or if a region has no outline and no place inside one.
    """
    hubs, rail = (set(own) for own in map_values.flagged(regions_frame))
    geometry = layout.geometry_of(regions_frame, boundaries, list(COUNTRIES))
    flags = regions_frame.set_index("region")
    palette = dict(zip(COUNTRIES, _COUNTRY_COLOURS, strict=True))
    fill = {str(r): palette[str(c)] for r, c in flags["iso3"].items()}
    marks: list[Patch | Line2D] = [Patch(fc=palette[c], label=COUNTRIES[c]) for c in COUNTRIES]
    marks.append(Patch(fc="none", ec=style.TRUTH, lw=2.0, label="hub of C07"))
    marks.append(Patch(fc="white", ec=INK, lw=0.4, hatch="///", label="rail corridor of C08"))
    marks += ink.key(hatched=False, cities=True, context=True, enlarged=True)
    drawn = [sheet for sheet, _ in layout.parts(geometry)]
    columns = 3 if tall else 5
    head = 15.0 * math.ceil(len(marks) / columns) + 2
    inner = sum(s.height + 6 for s in drawn) if tall else max(s.height for s in drawn)
    across = 1 if tall else len(drawn)
    width = across * (layout.COLUMN + layout.GAP) - layout.GAP + 2 * layout.EDGE
    height = 2 * layout.EDGE + inner + head + 14
    with look():
        figure = Figure(figsize=(width / 72, height / 72))
        left, ceiling = layout.EDGE, height - layout.EDGE - head
        for sheet, labels in zip(drawn, layout.labels_of(geometry), strict=True):
            axes = layout.axes_at(figure, left, ceiling - sheet.height, sheet.width, sheet.height)
            ink.regions(axes, sheet, fill, {r: fill[r] for r in sheet.markers})
            _groups(axes, sheet, hubs, rail)
            layout.frame_axes(axes, geometry, sheet)
            ink.names(axes, sheet, labels, fill)
            left += 0 if tall else layout.COLUMN + layout.GAP
            ceiling -= sheet.height + 6 if tall else 0
        layout.legend(figure, marks, layout.EDGE, height - 4, columns)
        credit = layout.credit(boundaries)
        layout.write(figure, layout.EDGE, layout.EDGE - 4, credit, size=layout.SMALL, colour=layout.PALE)
    return figure


def _groups(axes: Axes, sheet: sheets.Sheet, hubs: set[str], rail: set[str]) -> None:
    """Hatch the rail corridor and outline the hubs."""
    for region in sorted(rail & set(sheet.shapes) - sheet.markers):
        hatched = PathPatch(outlines.compound(sheet.shapes[region]), fc="none", ec=INK, lw=0, hatch="///", alpha=0.45)
        hatched.set_hatch_linewidth(0.6)
        axes.add_artist(hatched)
    rings = {r: rings for r, rings in sheet.shapes.items() if r in hubs}
    edge = outlines.compound(outlines.borders(rings, dict.fromkeys(rings, "hub")))
    axes.add_artist(PathPatch(edge, fc="none", ec=style.TRUTH, lw=1.8, joinstyle="round"))
    for region in sorted(hubs & sheet.markers):
        axes.add_artist(Circle(sheet.points[region], sheets.MARKER_PT, fc="none", ec=style.TRUTH, lw=1.8))
