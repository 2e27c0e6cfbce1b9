"""The few shapes that figures of checks have."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.look import BOUND, MAIN, QUIET, Axes, Figure, blank, look, mark


def canvas(width: float = 6.5, height: float = 3.8) -> tuple[Figure, Axes]:
    """One empty pair of axes."""
    figure = blank(width, height)
    return figure, figure.subplots()


def lines(labels: Iterable[object], label: str, height: float) -> tuple[Figure, Axes, Array]:
    """One pair of axes with a line a label, each ``height`` inches high, and the lines' places, the first on top."""
    names = [str(name) for name in labels]
    figure, axes = canvas(height=1.0 + height * max(len(names), 1))
    y = -np.arange(len(names), dtype=float)
    axes.set_yticks(y, names)
    axes.set_ylim(0.5 - len(names), 0.5)
    axes.set_xlabel(label)
    return figure, axes, y


@look()
def bars(labels: Iterable[object], values: Any, label: str, *, simulated: bool, bound: float | None = None) -> Figure:
    """One horizontal bar a label, with a bound as a dashed line."""
    figure, axes, y = lines(labels, label, 0.24)
    axes.barh(y, values, color=MAIN, height=0.7)
    if bound is not None:
        axes.axvline(bound, color=BOUND, lw=1, ls="--")
    return mark(figure, simulated=simulated)


@look()
def ranges(labels: Sequence[str], low: Array, high: Array, observed: Array, label: str, *, simulated: bool) -> Figure:
    """One line a label: the range of the replicates, and the observed value as a dot."""
    figure, axes, y = lines(labels, label, 0.24)
    axes.hlines(y, low, high, color=QUIET, lw=5, alpha=0.6)
    out = (observed < low) | (observed > high)
    axes.plot(observed[~out], y[~out], "o", color=MAIN, ms=4)
    axes.plot(observed[out], y[out], "D", color=BOUND, ms=4)
    return mark(figure, simulated=simulated)


@look()
def intervals(table: pd.DataFrame, labels: str, label: str, *, simulated: bool) -> Figure:
    """Dots with bars from columns ``coef``, ``low`` and ``high``, one row a line."""
    figure, axes, y = lines(table[labels], label, 0.28)
    axes.axvline(0.0, color=QUIET, lw=1)
    axes.hlines(y, table["low"], table["high"], color=MAIN, lw=1.6)
    axes.plot(table["coef"], y, "o", color=MAIN, ms=4)
    return mark(figure, simulated=simulated)


@look()
def dots(x: Any, y: Any, labels: tuple[str, str], *, simulated: bool) -> Figure:
    """Scatter, with the line of equal values over the range of ``x``."""
    figure, axes = canvas(5.5, 4)
    axes.plot(x, y, "o", color=MAIN, ms=3, alpha=0.5)
    ends = [min(x), max(x)]
    axes.plot(ends, ends, color=BOUND, lw=1.2, ls="--")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    return mark(figure, simulated=simulated)
