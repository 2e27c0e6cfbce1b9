"""Pictures of calibration: ECDF differences in their envelopes, and coverage; always marked SIMULATED."""

from math import ceil
from typing import Final

import numpy as np

from northroute.bayes.calibration.assess import FAMILY_ERROR, Calibration, Curves
from northroute.conventions import interval_label
from northroute.errors import ModelError
from northroute.look import BOUND, COLOURS, INK, MAIN, QUIET, Axes, Figure, blank, look, mark

_ACROSS: Final = 4


def ecdf_differences(calibration: Calibration) -> Figure:
    """Small multiples, one a quantity: a thin line a scalar, a thick one for their mean, and the envelope of a scalar.

    A line that leaves its envelope is a scalar that fails; envelopes are joint over all scalars and quantities. A quantity
    whose title has the colour of such a line fails, for that or for a shift or width that all its scalars share.

    Raises
    ------
    ModelError
        If no replication passed its diagnostics.
    """
    curves = _curves(calibration)
    passed = dict(zip(calibration.table["quantity"], calibration.table["passed"], strict=True))
    with look():
        figure, grid = panels(len(curves))
        for axes, one in zip(grid, curves, strict=True):
            at = np.concatenate([[0.0], one.envelope.at, [1.0]])
            low, high = (np.pad(v - one.envelope.at, 1) for v in (one.envelope.low, one.envelope.high))
            axes.fill_between(at, low, high, color=QUIET, alpha=0.35, lw=0, step="mid")
            lines = np.pad(one.differences, ((0, 0), (1, 1)))
            many = len(lines) > 1
            for line, out in zip(lines, one.outside, strict=True):
                axes.plot(at, line, color=BOUND if out else MAIN, lw=0.5 if many else 1.3, alpha=0.5 if many else 1)
            if many:
                axes.plot(at, lines.mean(axis=0), color=INK, lw=1.3)
            title = f"{one.name} ({len(lines)})" if many else one.name
            axes.set_title(title, fontsize=8, color=INK if passed[one.name] else BOUND)
        figure.supxlabel(
            f"rank of the truth, as a share; envelopes hold all lines with {1 - FAMILY_ERROR:.0%}", fontsize=8
        )
        figure.supylabel("ECDF less uniform", fontsize=8)
    return mark(figure, simulated=True)


def panels(count: int, *, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure of small multiples for differences of ECDFs from the uniform one, and its ``count`` panels."""
    across = min(_ACROSS, count)
    down = ceil(count / across)
    figure = blank(max(2.4 * across, 4.5), 2.0 * down + 0.9)
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=sharey).ravel()
    for axes in grid:
        axes.tick_params(labelsize=7, labelbottom=True)
        axes.set_xlim(0, 1)
        axes.axhline(0, color=QUIET, lw=0.8)
    for axes in grid[count:]:
        axes.set_visible(False)
    return figure, list(grid[:count])


def coverage(calibration: Calibration) -> Figure:
    """Draw shares of central intervals that hold the truth by quantity: range of scalars, mean, and joint binomial bounds.

    Raises
    ------
    ModelError
        If no replication passed its diagnostics.
    """
    curves = _curves(calibration)
    with look():
        figure = blank(6.5, 1.2 + 0.26 * len(curves))
        axes = figure.subplots()
        y = -np.arange(len(curves))
        for colour, found in zip(COLOURS, zip(*(c.coverages for c in curves), strict=True), strict=False):
            nominal = found[0].prob
            axes.axvspan(found[0].low, found[0].high, color=colour, alpha=0.12, lw=0)
            axes.axvline(nominal, color=colour, lw=0.8, ls="--")
            axes.hlines(y, [c.share.min() for c in found], [c.share.max() for c in found], color=colour, lw=1.6)
            axes.plot([c.share.mean() for c in found], y, "o", color=colour, ms=4, label=interval_label(nominal))
        axes.set_yticks(y, [c.name for c in curves])
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"share of intervals that hold the truth; bounds joint at {1 - FAMILY_ERROR:.0%}")
        figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return mark(figure, simulated=True)


def _curves(calibration: Calibration) -> tuple[Curves, ...]:
    if not calibration.curves:
        raise ModelError(
            f"'{calibration.model}': none of {calibration.replications} fits passed its diagnostics: nothing to draw."
        )
    return calibration.curves
