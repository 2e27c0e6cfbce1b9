"""Figures: a claim's posterior against its threshold, the overview of all claims, the map of regions."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from scipy import ndimage

from northroute.claims import Answer, Estimate, Quantity
from northroute.conventions import (
    CONTRADICTED_AT,
    COUNTRIES,
    INTERVAL_PROB,
    SUPPORTED_AT,
    interval_label,
)
from northroute.look import INK, look, mark
from northroute.report import style

Array = NDArray[np.float64]


def posterior(estimate: Estimate) -> Figure:
    """Draw every quantity of a claim as a row: density, median and interval, the prior's interval, threshold, truth."""
    groups: dict[tuple[bool, tuple[float | None, float | None], str], list[Quantity]] = {}
    for q in estimate.quantities:
        groups.setdefault((q.log_scale, q.region, q.name.rsplit(",", 1)[0]), []).append(q)
    sizes = [len(g) for g in groups.values()]
    with look():
        figure = Figure(figsize=(7.2, 0.75 + sum(0.5 * n + 0.75 for n in sizes)), layout="constrained")
        panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=[n + 0.5 for n in sizes])[:, 0]
        for axes, members in zip(panels, groups.values(), strict=True):
            _rows(axes, members)
        figure.legend(handles=_legend(estimate), loc="outside lower center", ncols=3, frameon=False, fontsize=7.5)
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
        labels.append(q.name)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        axes.xaxis.set_minor_formatter(lambda v, _: f"{v:g}" if high < 10 * low else "")
    axes.set_xlim(low, high)
    axes.set_ylim(-len(members) + 0.6, 0.85)
    axes.set_yticks([-i for i in range(len(members))], labels)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.spines["left"].set_visible(False)


def _limits(shown: Sequence[Array], members: Sequence[Quantity], log: bool) -> tuple[float, float]:
    ends = [v for d in shown for v in np.quantile(d, [0.002, 0.998])]
    ends += [e for e in members[0].region if e is not None] + [q.truth for q in members if q.truth is not None]
    if log:
        low, high = np.log(min(ends)), np.log(max(ends))
        pad = 0.06 * (high - low) + 0.02
        return float(np.exp(low - pad)), float(np.exp(high + pad))
    low, high = min(ends), max(ends)
    pad = 0.06 * (high - low) or 0.5
    return float(low - pad), float(high + pad)


def _density(draws: Array, low: float, high: float, log: bool) -> tuple[Array, Array]:
    forward, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    edges = np.linspace(forward(low), forward(high), 241)
    counts = np.histogram(forward(draws), bins=edges)[0].astype(float)
    step = float(edges[1] - edges[0])
    width = max(1.0, 0.9 * float(np.std(forward(draws))) * draws.size**-0.2 / step)
    smooth = ndimage.gaussian_filter1d(counts, width, mode="constant")
    return np.asarray(back((edges[1:] + edges[:-1]) / 2)), smooth / smooth.max()


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
    """Draw P(claim) for every answer that has one, with each equivalent specification and the prior beside it."""
    shown = [a for a in answers if a.estimate is not None]
    with look():
        figure = Figure(figsize=(7.2, 1.3 + 0.32 * len(shown)), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(SUPPORTED_AT, 1.0, color="#dcebd0", lw=0)
        axes.axvspan(0.0, CONTRADICTED_AT, color="#f3ddd2", lw=0)
        for row, v in enumerate(shown):
            others = [s.probability for s in v.specifications]
            axes.plot([min(others), max(others)], [-row, -row], color=style.PRIOR, lw=1)
            axes.plot(others, [-row] * len(others), "|", color=style.PRIOR, ms=9)
            axes.plot(v.prior_probability, -row, "x", color=style.THRESHOLD, ms=5)
            axes.plot(v.probability, -row, "o", color=style.POSTERIOR, ms=6)
        axes.set_yticks([-i for i in range(len(shown))], [f"{v.question.id}  {v.claim.slug}" for v in shown])
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-len(shown) + 0.4, 0.6)
        axes.set_xlabel("posterior probability that the claim's inequality holds")
        marks = (
            Line2D([], [], color=style.POSTERIOR, marker="o", ls="", label="reference model"),
            Line2D([], [], color=style.PRIOR, marker="|", ms=9, label="equivalent specifications"),
            Line2D([], [], color=style.THRESHOLD, marker="x", ls="", label="prior probability"),
        )
        figure.legend(handles=marks, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
        mark(figure, simulated=simulated)
    return figure


def region_map(
    regions: pd.DataFrame, values: Mapping[str, float] | None = None, *, label: str = "", simulated: bool = False
) -> Figure:
    """Schematic map: one circle a region at its centre, area by population.

    Without ``values`` the colour is the country and rings mark the brief's hub and corridor regions; with them it is
    the value by region code. Boundaries are not drawn: none may be redistributed with the package.
    """
    size = 26 + 340 * regions["population_2020"].to_numpy(float) / 4e6
    lon, lat = regions["lon"].to_numpy(float), regions["lat"].to_numpy(float)
    with look():
        figure = Figure(figsize=(8.2, 5.2), layout="constrained")
        axes = figure.subplots()
        if values is None:
            palette = dict(zip(COUNTRIES, ("#7aa6c2", "#b7a3d0", "#8dbf9f", "#e0b87a", "#d99a9a"), strict=True))
            for iso3, colour in palette.items():
                at = regions["iso3"].eq(iso3).to_numpy()
                axes.scatter(lon[at], lat[at], s=size[at], color=colour, label=COUNTRIES[iso3], lw=0)
            hub = regions[["hub_tajik_afghan", "hub_ferghana", "hub_caspian"]].to_numpy(bool).any(axis=1)
            rail = regions["rail_dushanbe_astrakhan"].to_numpy(bool)
            for flag, ring, text in ((hub, style.TRUTH, "hub of C07"), (rail, INK, "rail corridor of C08")):
                extra = 40 if text.startswith("rail") else 0
                axes.scatter(
                    lon[flag],
                    lat[flag],
                    s=size[flag] + 50 + extra,
                    facecolors="none",
                    edgecolors=ring,
                    lw=1.3,
                    label=text,
                )
            figure.legend(
                loc="outside upper center", ncols=7, fontsize=7.5, frameon=False, markerscale=0.6, columnspacing=1.0
            )
        else:
            shade = np.array([values[r] for r in regions["region"]])
            dots = axes.scatter(lon, lat, s=size, c=shade, cmap="viridis", edgecolors="white", lw=0.5)
            figure.colorbar(dots, ax=axes, shrink=0.7, label=label)
        for x, y, code in zip(lon, lat, regions["region"], strict=True):
            name = axes.annotate(str(code), (x, y), fontsize=5.5, ha="center", va="center", color=INK)
            name.set_path_effects([withStroke(linewidth=1.6, foreground="white")])
        axes.set_aspect(1 / np.cos(np.deg2rad(43)))
        axes.set_xlabel("degrees east")
        axes.set_ylabel("degrees north")
        mark(figure, simulated=simulated)
    return figure
