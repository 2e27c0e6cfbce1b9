"""Figures: a claim's posterior against its threshold, the overview of all claims, the map of regions."""

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy import ndimage

from northroute.arrays import Array
from northroute.claims import Answer, Estimate, Quantity
from northroute.conventions import (
    CONTRADICTED_AT,
    INTERVAL_PROB,
    SUPPORTED_AT,
    interval_label,
)
from northroute.look import INK, look, mark
from northroute.report import style

BINS: Final = 140
"""Points of a density: enough for the eye, few enough for the page."""
LABEL: Final = 26
"""Letters in a line of a quantity's name."""
WIDTH: Final = 6.0
LEFT: Final = 1.8
"""Inches of a posterior's figure, and of the names at its left."""
ROW: Final = 0.44
AXIS: Final = 0.3
FOOT: Final = 0.5
"""Inches of a row, of an axis under a group of rows, and of the legend."""


def posterior(estimate: Estimate) -> Figure:
    """Draw every quantity of a claim as a row: density, median and interval, the prior's interval, threshold, truth.

    A quantity that takes whole numbers only is drawn as bars.
    """
    groups: dict[tuple[bool, bool, tuple[float | None, float | None], str], list[Quantity]] = {}
    for q in estimate.quantities:
        groups.setdefault((q.log_scale, q.discrete, q.region, q.name.rsplit(",", 1)[0]), []).append(q)
    sizes = [len(g) for g in groups.values()]
    with look():
        heights = [ROW * (n + 0.45) for n in sizes]
        height = FOOT + sum(heights) + len(sizes) * AXIS
        figure = Figure(figsize=(WIDTH, height))
        top = height
        for members, own in zip(groups.values(), heights, strict=True):
            # placed by hand: a layout engine would draw every figure once more
            box = (LEFT / WIDTH, (top - own) / height, (WIDTH - LEFT - 0.15) / WIDTH, own / height)
            _rows(figure.add_axes(box), members)
            top -= own + AXIS
        figure.legend(handles=_legend(estimate), loc="lower center", ncols=3, frameon=False, fontsize=7)
        mark(figure, simulated=estimate.simulated)
    return figure


def _rows(axes: Axes, members: Sequence[Quantity]) -> None:
    log = members[0].log_scale
    shown = [q.draws.ravel() for q in members]
    low, high = _limits(shown, members, log)
    lower, upper = members[0].region
    if members[0].decisive:
        axes.axvspan(
            low if lower is None else max(lower, low),
            high if upper is None else min(upper, high),
            color=style.HOLDS,
            lw=0,
        )
    for edge in (lower, upper):
        if edge is not None:
            axes.axvline(edge, color=style.THRESHOLD, lw=1.2, ls="--")
    labels = []
    for row, (q, draws) in enumerate(zip(members, shown, strict=True)):
        y = -row
        if q.discrete:
            x, counts = np.unique(np.rint(draws), return_counts=True)
            height = counts / counts.max()
            axes.bar(x, 0.62 * height, width=0.7, bottom=y, color=style.POSTERIOR, alpha=0.35, lw=0)
        else:
            x, height = _density(draws, low, high, log)
            axes.fill_between(x, y, y + 0.62 * height, color=style.POSTERIOR, alpha=0.35, lw=0)
        tail = (1 - INTERVAL_PROB) / 2
        a, median, b = np.quantile(draws, [tail, 0.5, 1 - tail])
        axes.plot([a, b], [y, y], color=style.POSTERIOR, lw=2.4, solid_capstyle="butt")
        axes.plot(median, y, "o", color=style.POSTERIOR, ms=4.5)
        if q.prior.size:
            pa, pb = np.quantile(q.prior, [tail, 1 - tail])
            axes.plot(np.clip([pa, pb], low, high), [y - 0.16] * 2, color=style.PRIOR, lw=1.4)
        if q.truth is not None:
            axes.plot(q.truth, y, "D", color=style.TRUTH, ms=5, mfc="none", mew=1.4)
        labels.append(textwrap.fill(q.name, LABEL))
    if members[0].discrete:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        axes.xaxis.set_minor_formatter(lambda v, _: f"{v:g}" if high < 10 * low else "")
    axes.set_xlim(low, high)
    axes.set_ylim(-len(members) + 0.6, 0.85)
    axes.set_yticks([-i for i in range(len(members))], labels)
    axes.tick_params(which="both", labelsize=8)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _limits(shown: Sequence[Array], members: Sequence[Quantity], log: bool) -> tuple[float, float]:
    ends = [v for d in shown for v in np.quantile(d, [0.002, 0.998])]
    ends += [e for e in members[0].region if e is not None] + [q.truth for q in members if q.truth is not None]
    if log:
        low, high = np.log(min(ends)), np.log(max(ends))
        pad = 0.06 * (high - low) + 0.02
        return float(np.exp(low - pad)), float(np.exp(high + pad))
    low, high = min(ends), max(ends)
    pad = 0.6 if members[0].discrete else 0.06 * (high - low) or 0.5
    return float(low - pad), float(high + pad)


def _density(draws: Array, low: float, high: float, log: bool) -> tuple[Array, Array]:
    forward, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    edges = np.linspace(forward(low), forward(high), BINS + 1)
    counts = np.histogram(forward(draws), bins=edges)[0].astype(float)
    step = float(edges[1] - edges[0])
    width = max(1.0, 0.9 * float(np.std(forward(draws))) * draws.size**-0.2 / step)
    smooth = ndimage.gaussian_filter1d(counts, width, mode="constant")
    kept = smooth > 0.003 * smooth.max()
    return np.asarray(back((edges[1:] + edges[:-1]) / 2))[kept], smooth[kept] / smooth.max()


def _legend(estimate: Estimate) -> list[Line2D | Patch]:
    marks: list[Line2D | Patch] = [
        Line2D(
            [], [], color=style.POSTERIOR, marker="o", ms=4.5, lw=2.4, label=f"posterior median, {interval_label()}"
        ),
        Line2D([], [], color=style.THRESHOLD, ls="--", lw=1.2, label="threshold"),
        Patch(color=style.HOLDS, label="claim holds here"),
    ]
    if any(q.prior.size for q in estimate.quantities):
        marks.append(Line2D([], [], color=style.PRIOR, lw=1.4, label=f"prior, {interval_label()} (cut at the edge)"))
    if any(q.truth is not None for q in estimate.quantities):
        marks.append(Line2D([], [], color=style.TRUTH, marker="D", mfc="none", ls="", label="simulated truth"))
    return marks


def overview(answers: Sequence[Answer], *, simulated: bool) -> Figure:
    """Draw P of every answer, with each equivalent specification and the prior beside it; weak stand-ins are hollow."""
    shown = [a for a in answers if a.estimate is not None]
    with look():
        figure = Figure(figsize=(style.WIDE, 1.2 + 0.25 * len(shown)), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(SUPPORTED_AT, 1.0, color=style.HOLDS, lw=0)
        axes.axvspan(0.0, CONTRADICTED_AT, color=style.HOLDS, lw=0)
        for row, a in enumerate(shown):
            others = [s.probability for s in a.specifications]
            colour = style.WORDS.get(a.word, style.POSTERIOR)
            axes.plot([min(others), max(others)], [-row, -row], color=style.PRIOR, lw=1)
            axes.plot(others, [-row] * len(others), "|", color=style.PRIOR, ms=8)
            axes.plot(a.prior_probability, -row, "x", color=style.THRESHOLD, ms=4.5)
            axes.plot(a.probability, -row, "o", color=colour, ms=6, mfc="none" if a.grade == "C" else colour)
        axes.set_yticks([-i for i in range(len(shown))], [_label(a) for a in shown])
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-len(shown) + 0.4, 0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("posterior probability that the claim's inequality holds; shaded: where the register decides")
        marks = (
            Line2D([], [], color=INK, marker="o", ls="", label="reference model (hollow: grade C)"),
            Line2D([], [], color=style.PRIOR, marker="|", ms=8, label="equivalent specifications"),
            Line2D([], [], color=style.THRESHOLD, marker="x", ls="", label="prior probability"),
        )
        figure.legend(handles=marks, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
        mark(figure, simulated=simulated)
    return figure


def _label(answer: Answer) -> str:
    return f"{answer.claim.slug.replace('-', ' ')}   {answer.question.id} ({answer.grade})"
