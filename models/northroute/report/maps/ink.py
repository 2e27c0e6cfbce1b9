"""A map in ink: colour scales with plain ticks, regions, markers, hatching, names, legends. One unit is a point."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.patheffects import Stroke

from northroute.look import INK, QUIET
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
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

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
    if log:
        return (
            Scale(low, high, True, colours) if high > low * _EVEN else Scale(low / _EVEN, high * _EVEN, True, colours)
        )
    least = (_EVEN - 1) * max(abs(low), abs(high), 1e-9)
    if high - low > least:
        return Scale(low, high, False, colours)
    return Scale(low - least, high + least, False, colours)


def ticks(low: float, high: float, *, log: bool, most: int = 7) -> list[float]:
    """Return round numbers between two values: 1, 2, 5, 10 and so on, or even steps where the range is narrow.

    Parameters
    ----------
    low, high : float
        Ends of the scale.
    log : bool
        Whether the scale is logarithmic.
    most : int
        Greatest number of ticks.
    """
    if log and high / low > 5:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
            if len(found) <= most:
                break
        if len(found) >= 3:
            return [float(f"{v:.6g}") for v in found]
    raw = (high - low) / (most - 1)
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(s * unit for s in (1, 2, 2.5, 5, 10) if s * unit >= raw * 0.999)
    return [float(f"{k * step:.10g}") for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def plain(value: float) -> str:
    """Return a number as a reader writes it: ``0.02``, ``1.5``, ``38``, ``12,000``; three digits where it has more."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "\N{MINUS SIGN}")


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
    dark = np.array(
        [r in fill and _luminance(fill[r]) < _DARK for r in sheet.asked] + [False]
    )  # -1 is the last: no region
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
        halo, name = (axes.text(*place.centre, text, fontsize=LABEL_PT, gid=gid) for gid in ("halo", "label"))
        halo.set(path_effects=[Stroke(linewidth=wide, foreground=around, alpha=strength)], zorder=5)
        name.set(color=_LIGHT if light else INK, zorder=6)
        for written in (halo, name):
            written.set(ha="center", va="center", linespacing=LINE)


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


def bar(figure: Figure, scale: Scale, box: tuple[float, float, float, float], label: str) -> None:
    """Draw a horizontal colour bar with ticks in plain numbers; ``box`` is left, bottom, width and height in the figure."""
    axes = figure.add_axes(box)
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
    texts = [plain(v) for v in values]
    if not values or max(map(abs, values)) > 10 * min(abs(v) for v in values if v):
        return texts
    decimals = max(len(t.partition(".")[2]) for t in texts)
    return [f"{v:,.{decimals}f}".replace("-", "\N{MINUS SIGN}") if v else "0" for v in values]


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
