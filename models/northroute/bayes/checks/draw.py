"""The few shapes that figures of posterior checks have."""

from collections.abc import Sequence

import numpy as np

from northroute.bayes.checks.arrays import Floats
from northroute.look import BOUND, MAIN, QUIET, Axes, Figure, blank, look, mark


def canvas(width: float = 6.5, height: float = 3.8) -> tuple[Figure, Axes]:
    """One empty pair of axes."""
    figure = blank(width, height)
    return figure, figure.subplots()


@look()
def ranges(
    labels: Sequence[str], low: Floats, high: Floats, observed: Floats, label: str, *, simulated: bool
) -> Figure:
    """One line a label: the range of the replicates, and the observed value as a dot."""
    figure, axes = canvas(height=1.0 + 0.24 * max(len(labels), 1))
    y = -np.arange(len(labels))
    axes.hlines(y, low, high, color=QUIET, lw=5, alpha=0.6)
    out = (observed < low) | (observed > high)
    axes.plot(observed[~out], y[~out], "o", color=MAIN, ms=4)
    axes.plot(observed[out], y[out], "D", color=BOUND, ms=4)
    axes.set_yticks(y, list(labels))
    axes.set_ylim(0.5 - len(labels), 0.5)
    axes.set_xlabel(label)
    return mark(figure, simulated=simulated)


@look()
def bars(labels: Sequence[str], values: Floats, label: str, *, simulated: bool, bound: float | None = None) -> Figure:
    """One horizontal bar a label, with a bound as a dashed line."""
    figure, axes = canvas(height=1.0 + 0.24 * max(len(labels), 1))
    y = -np.arange(len(labels))
    axes.barh(y, values, color=MAIN, height=0.7)
    if bound is not None:
        axes.axvline(bound, color=BOUND, lw=1, ls="--")
    axes.set_yticks(y, list(labels))
    axes.set_ylim(0.5 - len(labels), 0.5)
    axes.set_xlabel(label)
    return mark(figure, simulated=simulated)
