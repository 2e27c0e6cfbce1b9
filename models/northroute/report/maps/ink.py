"""A map in ink: colour scales with plain ticks, regions, markers, hatching, names, legends. One unit is a point."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.patheffects import Stroke

from northroute.look import INK, QUIET
from northroute.report.formats import MINUS, number
from northroute.report.maps import outlines
from northroute.report.maps.labels import Place
from northroute.report.maps.sheet import CELL, LABEL_PT, LINE, MARKER_PT, Sheet, lens_frame, text_size

CONTEXT: Final = "#e9ecee"
"""Regions of the countries that the map is not about."""
HATCH: Final = "/////"
NO_DATA: Final = "#7d8891"

_DASHES = (0, (4, 2))
_LIGHT = "#fdfdfd"
_DARK = 0.18  # white on it has a contrast of at least 4.5
_TICKS = 7  # the greatest number on a scale, about
_EVEN = 1.02  # a scale is at least this wide, so that equal values have a colour


@dataclass(frozen=True)
class Scale:
    """A sequential, perceptually uniform colour scale (viridis or magma, dark for much).

    Attributes
    ----------
    low, high : float
        The values at its ends.
    log : bool
        Whether equal ratios are equal steps of colour.
    colours : str
        ``viridis`` or ``magma``.
    """

    low: float
    high: float
    log: bool
    colours: str

    def place(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high end."""
        return float((LogNorm if self.log else Normalize)(self.low, self.high)(value))

    def colour(self, value: float) -> str:
        """Return a value's colour, as a hexadecimal code."""
        return str(mpl.colors.to_hex(self.ramp()(self.place(value))))

    def ramp(self) -> ListedColormap:
        """Return the colours, light to dark; the darkest are left out, so that a name can be read on them."""
        part = {"viridis": (1.0, 0.12), "magma": (0.97, 0.3)}[self.colours]
        return ListedColormap(mpl.colormaps[self.colours](np.linspace(*part, 256)))


def scale(values: "pd.Series[float]", *, log: bool, colours: str) -> Scale:
    """Return a scale that just holds the values; without spread it is widened by one part in fifty on either side."""
    low, high = float(values.min()), float(values.max())
    least = (_EVEN - 1) * max(abs(low), abs(high), 1e-9)
    if log and high <= low * _EVEN:
        low, high = low / _EVEN, high * _EVEN
    elif not log and high - low <= least:
        low, high = low - least, high + least
    return Scale(low, high, log, colours)


def ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Return round numbers between two values: 1, 2, 5, 10 and so on, or even steps where the range is narrow.

    Parameters
    ----------
    low, high : float
        Ends of the scale.
    log : bool
        Whether the scale is logarithmic.
    """
    if log and high / low > 5:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
            if len(found) <= _TICKS:
                break
        if len(found) >= 3:
            return [float(f"{v:.6g}") for v in found]
    raw = (high - low) / (_TICKS - 1)
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(s * unit for s in (1, 2, 2.5, 5, 10) if s * unit >= raw * 0.999)
    return [float(f"{k * step:.10g}") for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def regions(axes: Axes, sheet: Sheet, fill: Mapping[str, str], markers: Mapping[str, str]) -> None:
    """Draw the regions of a sheet in axes whose unit is the point.

    Parameters
    ----------
    axes : Axes
        As wide and high as the sheet.
    sheet : Sheet
        The regions.
    fill : mapping of str to str
        Colour of each region that has data; the map's other regions are hatched.
    markers : mapping of str to str
        Colour of each marker, or ``none`` for a hatched one.
    """
    axes.set(xlim=(0, sheet.width), ylim=(0, sheet.height), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#ccd2d7", lw=0.6)
    if sheet.context:
        axes.add_artist(PathPatch(outlines.compound(sheet.context), fc=CONTEXT, ec="white", lw=0.5))
    for region in sheet.asked:
        if region not in sheet.shapes:
            continue
        path = outlines.compound(sheet.shapes[region])
        if region in fill:
            axes.add_artist(PathPatch(path, fc=fill[region], ec="white", lw=0.5))
        else:
            hatched = PathPatch(path, fc="white", ec=NO_DATA, lw=0.5, hatch=HATCH)
            hatched.set_hatch_linewidth(0.7)
            axes.add_artist(hatched)
    edge = PathPatch(outlines.compound(sheet.edges), fc="none", ec=INK, lw=0.7, alpha=0.75, joinstyle="round")
    axes.add_artist(edge)
    for region, colour in markers.items():
        x, y = sheet.points[region]
        mark = mpl.patches.Circle((x, y), MARKER_PT, fc="white" if colour == "none" else colour, ec=INK, lw=0.8)
        if colour == "none":
            mark.set(hatch=HATCH * 2)
            mark.set_hatch_linewidth(0.5)
        axes.add_artist(mark)


def names(axes: Axes, sheet: Sheet, labels: Sequence[tuple[str, Place]], fill: Mapping[str, str]) -> None:
    """Write the names where they were placed, light on dark regions, with a thin line to what a distant one names."""
    # -1 is the last: no region
    dark = np.array([r in fill and _luminance(fill[r]) < _DARK for r in sheet.asked] + [False])
    for text, place in labels:
        width, height = text_size(text, LABEL_PT)
        rows, columns = (
            slice(max(0, int((at - size / 2) / CELL)), int((at + size / 2) / CELL) + 1)
            for at, size in ((place.centre[1], height), (place.centre[0], width))
        )
        light = bool(dark[sheet.raster[rows, columns]].mean() > 0.85)
        if place.leader:
            ends = tuple(zip(*place.leader, strict=True))
            axes.add_line(Line2D(*ends, color=_LIGHT, lw=1.8, alpha=0.8, zorder=4))
            axes.add_line(Line2D(*ends, color=INK, lw=0.7, zorder=4))
            dot = Line2D(ends[0][1:], ends[1][1:], color=INK, marker="o", ms=3.0, mec=_LIGHT, mew=0.6, zorder=4)
            axes.add_line(dot)
        around, wide, strength = (INK, 1.2, 0.5) if light else (_LIGHT, 1.8, 0.9)
        centred: dict[str, Any] = {"fontsize": LABEL_PT, "ha": "center", "va": "center", "linespacing": LINE}
        halo, name = (axes.text(*place.centre, text, gid=gid, **centred) for gid in ("halo", "label"))
        halo.set(path_effects=[Stroke(linewidth=wide, foreground=around, alpha=strength)], zorder=5)
        name.set(color=_LIGHT if light else INK, zorder=6)


def _luminance(colour: str) -> float:
    """Return relative luminance (WCAG 2.2), 0 for black and 1 for white."""
    channels = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def frame(axes: Axes, whole: Sheet, lens: Sheet) -> None:
    """Draw on the whole map the outline of the part that is enlarged beside it."""
    left, bottom, width, height = lens_frame(whole, lens)
    axes.add_artist(Rectangle((left, bottom), width, height, fc="none", ec=INK, lw=0.9, ls=_DASHES, zorder=6))


def dashed(axes: Axes) -> None:
    """Give the enlarged part the frame that it has on the whole map."""
    for spine in axes.spines.values():
        spine.set(color=INK, lw=0.9, ls=_DASHES)


def bar(axes: Axes, scale: Scale, label: str) -> None:
    """Draw a horizontal colour bar with ticks in plain numbers, in axes of its own."""
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=scale.ramp(), aspect="auto", extent=(0, 1, 0, 1))
    shown = ticks(scale.low, scale.high, log=scale.log)
    axes.set_xticks([scale.place(v) for v in shown], _alike(shown), fontsize=7.5)
    axes.set(yticks=[], xlim=(0, 1))
    axes.tick_params(axis="x", length=2.5, width=0.6, pad=1.5)
    for spine in axes.spines.values():
        spine.set(visible=True, lw=0.5)
    axes.set_xlabel(label, fontsize=7.5, labelpad=2)


def _alike(values: Sequence[float]) -> list[str]:
    """Return numbers with as many decimals as the one that needs most; powers of ten apart, each with its own."""
    texts = [number(v) for v in values]
    if not values or max(map(abs, values)) > 10 * min(abs(v) for v in values if v):
        return texts
    decimals = max(len(t.partition(".")[2]) for t in texts)
    return [f"{v:,.{decimals}f}".replace("-", MINUS) if v else "0" for v in values]


def key(*, hatched: bool, cities: bool, context: bool, enlarged: bool) -> list[Patch | Line2D]:
    """Return the legend's entries for what the map shows beside colours."""
    marks: list[Patch | Line2D] = []
    if hatched:
        patch = Patch(fc="white", ec=NO_DATA, lw=0.5, hatch=HATCH, label="no data")
        patch.set_hatch_linewidth(0.7)
        marks.append(patch)
    if cities:
        label = "city that ranks as a region"
        marks.append(Line2D([], [], marker="o", ms=2 * MARKER_PT, mfc="white", mec=INK, mew=0.8, ls="", label=label))
    if context:
        marks.append(Patch(fc=CONTEXT, ec=QUIET, lw=0.4, label="not part of this map"))
    if enlarged:
        marks.append(Line2D([], [], color=INK, lw=0.9, ls=_DASHES, label="part enlarged"))
    return marks
