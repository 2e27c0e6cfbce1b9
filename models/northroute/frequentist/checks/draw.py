"""The few shapes that checks' figures have."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from northroute.look import BOUND, MAIN, QUIET, look, mark


def bars(
    labels: Sequence[object], values: Sequence[float], label: str, *, simulated: bool, bound: float | None = None
) -> Figure:
    """One horizontal bar a label, with a bound as a dashed line."""
    with look():
        figure = Figure(figsize=(6.5, 1.0 + 0.26 * max(len(labels), 1)), layout="constrained")
        axes = figure.subplots()
        axes.barh([str(v) for v in labels][::-1], list(values)[::-1], color=MAIN)
        if bound is not None:
            axes.axvline(bound, color=BOUND, lw=1, ls="--")
        axes.set_xlabel(label)
    return mark(figure, simulated=simulated)


def intervals(table: pd.DataFrame, labels: str, label: str, *, simulated: bool, reference: float = 0.0) -> Figure:
    """Dots with bars from columns ``coef``, ``low`` and ``high``, one row a line."""
    with look():
        figure = Figure(figsize=(6.5, 1.0 + 0.28 * len(table)), layout="constrained")
        axes = figure.subplots()
        y = -np.arange(len(table))
        axes.axvline(reference, color=QUIET, lw=1)
        axes.hlines(y, table["low"], table["high"], color=MAIN, lw=1.6)
        axes.plot(table["coef"], y, "o", color=MAIN, ms=4)
        axes.set_yticks(y, [str(v) for v in table[labels]])
        axes.set_ylim(0.5 - len(table), 0.5)
        axes.set_xlabel(label)
    return mark(figure, simulated=simulated)


def dots(x: Any, y: Any, labels: tuple[str, str], *, simulated: bool, line: tuple[Any, Any] | None = None) -> Figure:
    """Scatter, with a line."""
    with look():
        figure = Figure(figsize=(5.5, 4), layout="constrained")
        axes = figure.subplots()
        axes.plot(x, y, "o", color=MAIN, ms=3, alpha=0.5)
        if line is not None:
            axes.plot(*line, color=BOUND, lw=1.2, ls="--")
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
    return mark(figure, simulated=simulated)
