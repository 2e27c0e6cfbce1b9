"""The few shapes that checks' figures have."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from northroute.look import BOUND, MAIN, QUIET, Axes, Figure, blank, look, mark


@look()
def bars(labels: Iterable[object], values: Any, label: str, *, simulated: bool, bound: float | None = None) -> Figure:
    """One horizontal bar a label, with a bound as a dashed line."""
    names = [str(v) for v in labels]
    figure, axes = _canvas(6.5, 1.0 + 0.26 * max(len(names), 1))
    axes.barh(names[::-1], list(values)[::-1], color=MAIN)
    if bound is not None:
        axes.axvline(bound, color=BOUND, lw=1, ls="--")
    axes.set_xlabel(label)
    return mark(figure, simulated=simulated)


@look()
def intervals(table: pd.DataFrame, labels: str, label: str, *, simulated: bool) -> Figure:
    """Dots with bars from columns ``coef``, ``low`` and ``high``, one row a line."""
    figure, axes = _canvas(6.5, 1.0 + 0.28 * len(table))
    y = -np.arange(len(table))
    axes.axvline(0.0, color=QUIET, lw=1)
    axes.hlines(y, table["low"], table["high"], color=MAIN, lw=1.6)
    axes.plot(table["coef"], y, "o", color=MAIN, ms=4)
    axes.set_yticks(y, [str(v) for v in table[labels]])
    axes.set_ylim(0.5 - len(table), 0.5)
    axes.set_xlabel(label)
    return mark(figure, simulated=simulated)


@look()
def dots(x: Any, y: Any, labels: tuple[str, str], *, simulated: bool) -> Figure:
    """Scatter, with the line of equal values over the range of ``x``."""
    figure, axes = _canvas(5.5, 4)
    axes.plot(x, y, "o", color=MAIN, ms=3, alpha=0.5)
    ends = [min(x), max(x)]
    axes.plot(ends, ends, color=BOUND, lw=1.2, ls="--")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    return mark(figure, simulated=simulated)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure = blank(width, height)
    return figure, figure.subplots()
