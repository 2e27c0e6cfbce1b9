"""A figure of one or two maps of the same regions: their columns, colour bars, legends and notes. Lengths are points."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch

from northroute.look import INK, MAIN, look, mark
from northroute.report import formats
from northroute.report.maps import ink
from northroute.report.maps import sheet as sheets
from northroute.report.maps.labels import Place
from northroute.sources.boundaries import Boundaries

COLUMN: Final = 378.0
"""Width of a map, in points; two of them, a gap and margins make 11 inches."""
GAP: Final = 16.0
EDGE: Final = 10.0
_HEIGHTS: Final = (200.0, 310.0)
_LENS_HEIGHT: Final = (200.0, 360.0)
_BAR: Final = 36.0
SMALL: Final = 7.2
_CROWDED_BELOW: Final = 0.2  # points per kilometre
_NUMBERS: Final = 20  # with more regions than these, names alone
_LARGEST: Final = 13.0  # radius of the greatest count's circle, in points
_ZERO: Final = 1.8  # an empty circle
_SMALLEST: Final = 1.0
PALE: Final = "#5c6872"

Names = tuple[tuple[tuple[str, Place], ...], ...]


@dataclass(frozen=True)
class Column:
    """One map of a figure: colours by region and a scale, or circles by count.

    Attributes
    ----------
    title, label : str
        What stands above the map, and under its scale.
    fill : mapping of str to str
        Colour of each region that has data.
    texts : mapping of str to str
        Numbers under the names; none where there are many regions.
    scale : Scale, optional
        The colours' scale; none for counts.
    radius, counts : mapping of str to float
        Radius of each region's circle, in points, and its count.
    """

    title: str
    label: str
    fill: Mapping[str, str]
    texts: Mapping[str, str]
    scale: ink.Scale | None = None
    radius: Mapping[str, float] | None = None
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Geometry:
    """The whole map, the enlarged part if there is one, and the regions that are named in it."""

    whole: sheets.Sheet
    lens: sheets.Sheet | None
    enlarged: frozenset[str]


def geometry_of(where: pd.DataFrame, boundaries: Boundaries, countries: Sequence[str]) -> Geometry:
    """Return the map of some countries, with the crowded part enlarged where there are several countries.

    Parameters
    ----------
    where : DataFrame
        The regions: ``sources.regions.load(...).frame``.
    boundaries : Boundaries
        Outlines in degrees.
    countries : sequence of str
        ISO 3166 alpha-3 codes.
    """
    whole = sheets.sheet(where, boundaries, countries, COLUMN, _HEIGHTS)
    if len(countries) == 1 or whole.scale > _CROWDED_BELOW:
        return Geometry(whole, None, frozenset())
    lens = sheets.sheet(where, boundaries, countries, COLUMN, _LENS_HEIGHT, sheets.CROWDED)
    return Geometry(whole, lens, sheets.in_lens(whole, lens))


def parts(geometry: Geometry) -> list[tuple[sheets.Sheet, frozenset[str]]]:
    """Return the whole map and the enlarged part, each with the regions that it names."""
    whole = (geometry.whole, frozenset(geometry.whole.asked) - geometry.enlarged)
    return [whole] if geometry.lens is None else [whole, (geometry.lens, geometry.enlarged)]


def coloured(title: str, label: str, values: "pd.Series[float]", scale: ink.Scale, regions: int) -> Column:
    """Return a map with a colour for each value; ``regions`` is how many the map has."""
    numbers = {str(r): float(v) for r, v in values.items()}
    fill = {r: scale.colour(v) for r, v in numbers.items()}
    return Column(title, label, fill, texts_of(numbers, regions), scale)


def texts_of(numbers: Mapping[str, float], regions: int) -> dict[str, str]:
    """Return the numbers that stand under the names, if the map has few enough regions."""
    return {r: formats.number(v) for r, v in numbers.items()} if regions <= _NUMBERS else {}


def radius_of(count: float, most: float) -> float:
    """Return a circle's radius: area in proportion to the count, but that zero and the least can be seen."""
    return _ZERO if count == 0 else max(_SMALLEST, _LARGEST * math.sqrt(count / most))


def figure_of(
    columns: Sequence[Column],
    geometry: Geometry,
    boundaries: Boundaries,
    title: str,
    note: str,
    simulated: bool,
    tall: bool,
) -> Figure:
    """Draw the columns side by side, or one under the other if tall."""
    across = 1 if tall else len(columns)
    width = across * COLUMN + (across - 1) * GAP + 2 * EDGE
    inner = width - 2 * EDGE
    head = sheets.wrap(title, 11, inner)
    foot = sheets.wrap(f"{note} {credit(boundaries)}".strip(), SMALL, inner)
    titles = [sheets.wrap(c.title, 9, COLUMN) for c in columns]
    sub = 12.0 * max(t.count("\n") + 1 for t in titles) + 4
    maps = geometry.whole.height + (geometry.lens.height + 6 if geometry.lens else 0)
    block = sub + maps + _BAR + (10 if tall else 0)
    hatched = any(r not in c.fill for c in columns for r in geometry.whole.asked)
    marks = ink.key(
        hatched=hatched,
        cities=bool(geometry.whole.markers),
        context=bool(geometry.whole.context),
        enlarged=geometry.lens is not None,
    )
    lines = math.ceil(len(marks) / 2) if tall else 1 if marks else 0
    top, bottom = 16.0 * (head.count("\n") + 1) + 4, 9.5 * (foot.count("\n") + 1) + 15.0 * lines + 8
    height = EDGE + top + block * (len(columns) // across) + bottom + EDGE
    with look():
        figure = Figure(figsize=(width / 72, height / 72))
        write(figure, EDGE, height - EDGE, head, size=11, weight="bold", top=True)
        placed: list[Names] = []
        for number, column in enumerate(columns):
            own = (column.texts, column.radius)  # which alone decide where names find a place
            same = [p for c, p in zip(columns, placed, strict=False) if (c.texts, c.radius) == own]
            placed.append(same[0] if same else labels_of(geometry, column))
            left = EDGE + (0 if tall else number * (COLUMN + GAP))
            ceiling = height - EDGE - top - (number * block if tall else 0)
            write(figure, left, ceiling, titles[number], size=9, top=True)
            _draw(figure, column, geometry, placed[number], left, ceiling - sub)
        if marks:
            legend(figure, marks, EDGE, EDGE + bottom - 4, 2 if tall else len(marks))
        write(figure, EDGE, EDGE - 4, foot, size=SMALL, colour=PALE)
        mark(figure, simulated=simulated)
    return figure


def _draw(figure: Figure, column: Column, geometry: Geometry, placed: Names, left: float, ceiling: float) -> None:
    floor = ceiling
    for (sheet, only), labels in zip(parts(geometry), placed, strict=True):
        floor -= sheet.height
        axes = axes_at(figure, left, floor, sheet.width, sheet.height)
        marked = {r: column.fill.get(r, "none") for r in sheet.markers}
        if column.radius is not None:
            marked = {r: colour for r, colour in marked.items() if colour == "none"}
        ink.regions(axes, sheet, column.fill, marked)
        if column.radius is not None:
            circles = {r: s for r, s in column.radius.items() if sheet is geometry.whole or r in only}
            _circles(axes, sheet, circles, column.counts)
        frame_axes(axes, geometry, sheet)
        ink.names(axes, sheet, labels, column.fill)
        floor -= 6 if sheet is geometry.whole and geometry.lens is not None else 0
    if column.scale is not None:
        ink.bar(axes_at(figure, left + 40, floor - 13, COLUMN - 80, 8), column.scale, column.label)
    else:
        axes = axes_at(figure, left, floor - _BAR, COLUMN, _BAR - 2)
        _sizes(axes, max(column.counts.values()), column.label)


def frame_axes(axes: Axes, geometry: Geometry, sheet: sheets.Sheet) -> None:
    """Draw the frame of the enlarged part, on the whole map or around the part itself."""
    if geometry.lens is not None and sheet is geometry.whole:
        ink.frame(axes, sheet, geometry.lens)
    elif geometry.lens is not None:
        ink.dashed(axes)


def labels_of(geometry: Geometry, column: Column | None = None) -> Names:
    """Return the placed names of the whole map and of the enlarged part."""
    texts, radius = ({}, None) if column is None else (column.texts, column.radius)
    return tuple(
        sheets.name_labels(sheet, texts, radius, only, geometry.lens if sheet is geometry.whole else None)
        for sheet, only in parts(geometry)
    )


def _circles(axes: Axes, sheet: sheets.Sheet, radius: Mapping[str, float], counts: Mapping[str, float]) -> None:
    for region in sorted(radius, key=lambda r: (-radius[r], r)):
        none = counts[region] == 0
        circle = Circle(sheet.points[region], radius[region], fc="white" if none else MAIN, ec=INK if none else "white")
        circle.set(lw=0.7, alpha=1.0 if none else 0.8, zorder=3)
        axes.add_artist(circle)


def _sizes(axes: Axes, most: float, label: str) -> None:
    """Draw the legend of circles: zero, and three round numbers up to the greatest count."""
    axes.set(xlim=(0, COLUMN), ylim=(0, _BAR - 2))
    axes.axis("off")
    round_ones = [s * 10**d for d in range(9) for s in (1, 2, 5) if s * 10**d <= most]
    x = 40.0
    for count in [0, *round_ones[-5::2]]:
        r = radius_of(count, max(most, 1.0))
        fc, ec = (MAIN, "white") if count else ("white", INK)
        axes.add_artist(Circle((x + r, 21), r, fc=fc, ec=ec, lw=0.7, alpha=0.9))
        text = axes.text(x + 2 * r + 4, 21, formats.number(count), fontsize=7.5, va="center_baseline")
        x += 2 * r + 14 + sheets.text_size(text.get_text(), 7.5)[0]
    axes.text(x + 2, 21, label, fontsize=7.5, va="center_baseline")


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return axes of a size, with their lower left corner at a place in the figure."""
    across, up = figure.get_size_inches() * 72
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    weight: str = "normal",
    colour: str = INK,
    top: bool = False,
) -> None:
    """Write text with its top or bottom left corner at a place in the figure."""
    if top:  # so that first lines with and without descenders stand on one line
        y -= size * (1 + 1.2 * text.count("\n"))
    written = figure.text(x / 72, y / 72, text, fontsize=size, weight=weight, color=colour)
    written.set(va="baseline" if top else "bottom", linespacing=1.2, transform=figure.dpi_scale_trans)


def legend(figure: Figure, marks: Sequence[Patch | Line2D], x: float, top: float, columns: int) -> None:
    """Draw a legend with its top left corner at a place in the figure."""
    at: dict[str, Any] = {"bbox_to_anchor": (x / 72, top / 72), "bbox_transform": figure.dpi_scale_trans}
    box = figure.legend(handles=list(marks), loc="upper left", ncols=columns, frameon=False, **at)
    for text in box.get_texts():
        text.set_fontsize(7.5)


def credit(boundaries: Boundaries) -> str:
    """Return where the outlines are from."""
    return f"Boundaries: {boundaries.citation} ({boundaries.licence}). Equal-area projection."
