"""A map before ink: regions on the plane of one panel, which of them are markers, and where their names stand.

One unit is one point (1/72 inch) of the printed panel, with the origin at its lower left corner.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from scipy import ndimage

from northroute.arrays import Array, Bools, Ints
from northroute.conventions import COUNTRIES
from northroute.errors import DataError
from northroute.report.maps import labels as placement
from northroute.report.maps import outlines
from northroute.report.maps.projection import project
from northroute.sources.boundaries import Boundaries

LABEL_PT: Final = 7.2
"""Size of the names on a map; with a page of 1180 pixels for 11 inches, about 11 pixels."""
MARKER_PT: Final = 3.6
"""Radius of the marker of a city."""
CELL: Final = 2.0
"""Side of a cell of the raster, in points."""
CROWDED: Final = np.array([[-225.0, -905.0], [725.0, -170.0]])
"""Lower left and upper right corner, in kilometres on the projection's plane, of the part between Samarkand, Bishkek and
the Afghan border, where regions are small and many."""
LINE: Final = 1.15
"""Distance of lines in a label, in line heights."""

_TOLERANCE = 0.45
_WRAP = 14
_MARGIN = 0.03


@dataclass(frozen=True)
class Sheet:
    """The regions of a map on the plane of its panel.

    Attributes
    ----------
    shapes : mapping of str to tuple of ndarray (n, 2)
        Rings of each region of the map that has an outline, as far as the panel shows it.
    edges : tuple of ndarray (n, 2)
        Lines where the map's countries end.
    context : tuple of ndarray (n, 2)
        Rings of what is not part of the map: the other countries' regions, and land that is no region's (Baikonur).
    areas : mapping of str to float
        Area of every outline, seen or not, in square points.
    asked : tuple of str
        Regions of the map: those of the countries asked for, in the order of ``regions.csv``.
    markers : frozenset of str
        Regions drawn as a marker: those without an outline, and cities whose outline is smaller than a marker.
    points : mapping of str to tuple of float
        Where each region of the map is named: well inside its outline, or the marker's centre.
    names : mapping of str to str
        English name of each region of the map.
    raster : ndarray of int (rows, columns)
        Position in ``asked`` of the region in each cell; -1 for none.
    width, height : float
        The panel, in points.
    scale : float
        Points per kilometre.
    shift : ndarray (2,)
        Where the projection's centre lies, in points.
    """

    shapes: Mapping[str, outlines.Rings]
    edges: tuple[Array, ...]
    context: tuple[Array, ...]
    areas: Mapping[str, float]
    asked: tuple[str, ...]
    markers: frozenset[str]
    points: Mapping[str, tuple[float, float]]
    names: Mapping[str, str]
    raster: Ints
    width: float
    height: float
    scale: float
    shift: Array


def sheet(
    regions: pd.DataFrame,
    boundaries: Boundaries,
    countries: Sequence[str],
    width: float,
    heights: tuple[float, float],
    box: Array | None = None,
) -> Sheet:
    """Return the regions of some countries on a panel, as large as it holds them.

    Parameters
    ----------
    regions : DataFrame
        Regions to show, with region, name, iso3, city, lon and lat: ``sources.regions.load(...).frame``. In the constant
        division the merged regions are not there, and have no marker.
    boundaries : Boundaries
        Outlines in degrees.
    countries : sequence of str
        ISO 3166 alpha-3 codes.
    width : float
        Width of the panel, in points.
    heights : tuple of float
        Least and greatest height of the panel, in points.
    box : ndarray (2, 2), optional
        Lower left and upper right corner, on the projection's plane in kilometres, of the part to show instead of all.

    Raises
    ------
    DataError
        For no country, an unknown or repeated one, or a region that has neither an outline nor a place inside one.
    """
    check_countries(countries)
    mine = regions[regions["iso3"].isin(list(countries))].set_index("region")
    lost = [r for r in mine.index if r not in boundaries.polygons and r not in boundaries.part_of]
    if lost:
        remedy = "Restore data/reference/boundaries.geojson."
        raise DataError("a region has no outline", file="boundaries", row=str(lost[0]), remedy=remedy)
    plane = {r: tuple(project(ring) for ring in rings) for r, rings in boundaries.polygons.items()}
    low, high = _extent([ring for r in mine.index for ring in plane.get(r, ())]) if box is None else box
    height = float(np.clip(width * (high - low)[1] / (high - low)[0], *heights))
    scale = float((np.array([width, height]) / (high - low)).min())
    shift = np.array([width, height]) / 2 - (low + high) / 2 * scale

    on_paper = {r: tuple(ring * scale + shift for ring in rings) for r, rings in plane.items()}
    areas = {r: outlines.area(rings) for r, rings in on_paper.items()}
    seen = {r: _clipped(rings, width, height) for r, rings in on_paper.items()}
    shapes = outlines.simplify({r: rings for r, rings in seen.items() if rings}, _TOLERANCE)
    asked = tuple(str(r) for r in mine.index)

    at = project(mine[["lon", "lat"]].to_numpy(float)) * scale + shift
    least = 2 * np.pi * MARKER_PT**2
    cities = zip(asked, mine["city"], strict=True)
    markers = frozenset(r for r, city in cities if r not in areas or (city and areas[r] < least))
    raster = outlines.raster([shapes.get(r, ()) if r not in markers else () for r in asked], width, height, CELL)
    points = {}
    for number, (region, own) in enumerate(zip(asked, at, strict=True)):
        inside = None if region in markers else _middle(raster == number)
        points[region] = (float(own[0]), float(own[1])) if inside is None else inside
    drawn = {r: rings for r, rings in shapes.items() if r in asked}
    country = dict(zip(asked, (str(c) for c in mine["iso3"]), strict=True))
    edges, holes = outlines.borders(drawn, country), outlines.open_holes(shapes)
    others = [ring for r, rings in shapes.items() if r not in drawn for ring in rings]
    names = dict(zip(asked, (str(n) for n in mine["name"]), strict=True))
    return Sheet(
        shapes=drawn,
        edges=tuple(edges),
        context=(*others, *holes),
        areas=areas,
        asked=asked,
        markers=markers,
        points=points,
        names=names,
        raster=raster,
        width=width,
        height=height,
        scale=scale,
        shift=shift,
    )


def in_lens(whole: Sheet, lens: Sheet) -> frozenset[str]:
    """Return the regions that are named in the enlarged part: markers in it, and regions with over half their area in it."""
    inside = set()
    for number, region in enumerate(whole.asked):
        if region in lens.markers:
            x, y = lens.points[region]
            share = float(0 < x < lens.width and 0 < y < lens.height)
        else:
            share = float((lens.raster == number).sum()) * CELL**2 / lens.areas[region]
        if share > 0.5:
            inside.add(region)
    return frozenset(inside)


def name_labels(
    sheet: Sheet,
    values: Mapping[str, str],
    radius: Mapping[str, float] | None = None,
    only: frozenset[str] | None = None,
    lens: "Sheet | None" = None,
) -> tuple[tuple[str, placement.Place], ...]:
    """Return the text and place of each label, in the order of ``sheet.asked``.

    Parameters
    ----------
    sheet : Sheet
        The map.
    values : mapping of str to str
        A second line for some regions, such as their number.
    radius : mapping of str to float, optional
        Radius of the marker at each region's point, in points, instead of that of the cities' markers.
    only : frozenset of str, optional
        Regions to name; all by default. The others' markers are still kept clear.
    lens : Sheet, optional
        The enlarged part; no name stands on its frame.

    Raises
    ------
    DataError
        If the panel has no room for the labels.
    """
    texts, labels, marks = [], [], []
    names = _short(sheet)
    for number, region in enumerate(sheet.asked):
        mark = MARKER_PT if region in sheet.markers else 0.0
        own = mark if radius is None else radius.get(region, mark)
        if only is not None and region not in only:
            if own:
                marks.append((*sheet.points[region], own))
            continue
        text = textwrap.fill(names[region], _WRAP)
        if region in values:
            text = f"{text}\n{values[region]}"
        width, height = text_size(text, LABEL_PT)
        shape = -1 if region in sheet.markers else number
        texts.append(text)
        labels.append(placement.Label(width, height, sheet.points[region], own, shape))
    kept_clear = np.array(marks, dtype=np.float64).reshape(-1, 3)
    lines = None if lens is None else _sides(lens_frame(sheet, lens))
    places = placement.place(labels, sheet.raster, CELL, kept_clear, lines)
    return tuple(zip(texts, places, strict=True))


def lens_frame(whole: Sheet, lens: Sheet) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height, on the whole map, of the part that is enlarged."""
    ratio = whole.scale / lens.scale
    left, bottom = whole.shift - lens.shift * ratio
    return float(left), float(bottom), lens.width * ratio, lens.height * ratio


def text_size(text: str, size: float) -> tuple[float, float]:
    """Return the width and height, in points, of lines of text in the project's font."""
    font = FontProperties(family="DejaVu Sans", size=size)
    lines = text.split("\n")
    widths = [text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] for line in lines]
    return float(max(widths)), float(size * (1.0 + LINE * (len(lines) - 1)))


def wrap(text: str, size: float, width: float) -> str:
    """Return text broken into lines that are not wider than ``width`` points."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_size(longer, size)[0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _short(sheet: Sheet) -> dict[str, str]:
    """Return the names without the word city where a marker and no region of the same name say it."""
    stems = {r: sheet.names[r].removesuffix(" (city)") for r in sheet.asked}
    first = [sheet.names[r].split()[0] for r in sheet.asked]
    return {r: stem if first.count(stem.split()[0]) == 1 else sheet.names[r] for r, stem in stems.items()}


def check_countries(countries: Sequence[str]) -> None:
    """Refuse no country, an unknown one, or one named twice, with a ``DataError``."""
    unknown = [c for c in countries if c not in COUNTRIES]
    if isinstance(countries, str) or not countries or unknown or len(set(countries)) < len(countries):
        remedy = f"Name one or more of {', '.join(COUNTRIES)}, each once."
        raise DataError(f"'{countries}' are not countries of the study", file="a map's countries", remedy=remedy)


def _sides(box: tuple[float, float, float, float]) -> Array:
    left, bottom, width, height = box
    corners = np.array([left, bottom]) + np.array([[0, 0], [width, 0], [width, height], [0, height]])
    return np.hstack([corners, np.roll(corners, -1, axis=0)])


def _extent(rings: Sequence[Array]) -> Array:
    corners = np.concatenate(rings)
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = _MARGIN * (high - low).max()
    return np.array([low - margin, high + margin])


def _clipped(rings: outlines.Rings, width: float, height: float) -> outlines.Rings:
    """Return the rings as far as the panel shows them, with a margin that hides the cut."""
    edge = 4.0
    cut = [outlines.clip(ring + edge, width + 2 * edge, height + 2 * edge) for ring in rings]
    return tuple(ring - edge for ring in cut if len(ring) >= 4)


def _middle(own: Bools) -> tuple[float, float] | None:
    """Return the centre of the widest flat ellipse inside the region, as names are wider than high."""
    if not own.any():
        return None
    depth = ndimage.distance_transform_edt(np.pad(own, 1), sampling=(1.0, 0.45))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), own.shape)
    return float((column + 0.5) * CELL), float((row + 0.5) * CELL)
