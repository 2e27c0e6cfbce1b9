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
    counts: "pd.Series[float] | None" = None,
    count_label: str = "",
) -> Figure:
    """Draw a posterior rate by region and, beside it, how uncertain it is; or the raw count: the brief's Map 1 and Map 2.

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
    counts : Series, optional
        Indexed by region: whole numbers, drawn as circles in place of the uncertainty; empty or absent where nothing was
        observed, which is not zero.
    count_label : str
        What was counted.

    Returns
    -------
    Figure
        11 inches wide, or half of that if tall.

    Raises
    ------
    DataError
        For values or counts that break the rules above, regions that are not of the countries, or names that find no room.
    """
    shown = list(values.index)
    if counts is not None:
        shown += [*counts.index[counts.index.duplicated()], *counts.index.difference(values.index)]
    where = map_values.places([str(r) for r in shown], countries)
    rows, number = map_values.checked(values, log=log), len(where)
    scale = ink.scale(rows["median"], log=log, colours="viridis")
    name = "Posterior median" if counts is None else "Posterior median of the rate"
    rate = layout.coloured(name, label, rows["median"], scale, number)
    beside = _width(rows, label, log, number) if counts is None else _counted(counts, count_label, number)
    columns = [rate, beside] if counts is None else [beside, rate]
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


def _width(rows: pd.DataFrame, label: str, log: bool, number: int) -> layout.Column:
    wide = map_values.uncertainty(rows, log=log)
    scale = ink.scale(wide, log=log and bool(wide.max() > 5 * wide.min()), colours="magma")
    unit = "ratio; 1 would be certainty" if log else label
    return layout.coloured(f"Uncertainty: {map_values.width_label(log=log)}", unit, wide, scale, number)


def _counted(counts: "pd.Series[float]", label: str, number: int) -> layout.Column:
    filled = map_values.counted(counts)
    numbers = {str(r): float(n) for r, n in filled.items()}
    radius = {r: layout.radius_of(n, max(float(filled.max()), 1.0)) for r, n in numbers.items()}
    texts, fill = layout.texts_of(numbers, number), dict.fromkeys(radius, _COUNTED)
    return layout.Column("Raw count", label, fill, texts, None, radius, numbers)


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
