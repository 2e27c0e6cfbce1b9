"""Several calibrations at a glance: one table, one figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes.calibration.assess import FAMILY_ERROR, Calibration, Curves
from northroute.bayes.calibration.figure import panels
from northroute.conventions import SIMULATED_MARK
from northroute.look import BOUND, INK, MAIN, QUIET, Axes, Figure, look, mark, save
from northroute.sheets import write_csv

TABLE: Final = "overview.csv"
FIGURE: Final = "overview.svg"
_POINTS: Final = 26


def table(calibrations: Sequence[Calibration]) -> pd.DataFrame:
    """Return one row a model.

    ``quantities`` and ``scalars`` are counted; ``p`` is the smallest of the quantities' p values, each joint over all
    quantities, and ``quantity`` whose it is, both missing where no fit passed; ``seconds`` is a replication's mean.
    """
    rows = []
    for one in calibrations:
        row = {
            "source": SIMULATED_MARK,
            "model": one.model,
            "replications": one.replications,
            "failed": len(one.failures),
            "quantities": len(one.table),
            "scalars": len(one.scalars),
            "p": np.nan,
            "quantity": "",
            "verdict": one.verdict,
            "seconds": one.seconds,
        }
        if one.curves:
            worst = one.table.iloc[int(one.table["p_joint"].to_numpy().argmin())]
            row |= {"p": float(worst["p_joint"]), "quantity": str(worst["quantity"])}
        rows.append(row)
    return pd.DataFrame(rows)


def draw(calibrations: Sequence[Calibration]) -> Figure:
    """Small multiples, one a model: a line a quantity, that of its scalar nearest to failing, and the range of all scalars.

    A quantity of more scalars has a wider envelope: the narrowest of a model is drawn dark, the widest light. A line that
    leaves its own has the colour of a failure.
    """
    with look():
        figure, grid = panels(len(calibrations), sharey=True)
        for axes, one in zip(grid, calibrations, strict=True):
            axes.set_title(f"{one.model}: {one.verdict}", fontsize=8, color=BOUND if one.passed is False else INK)
            if one.curves:
                _model(axes, one.curves)
        figure.supxlabel(
            f"rank of the truth, as a share; a model's envelopes hold all its lines with {1 - FAMILY_ERROR:.0%}",
            fontsize=8,
        )
        figure.supylabel("ECDF less uniform", fontsize=8)
    return mark(figure, simulated=True)


def write(calibrations: Sequence[Calibration], folder: Path) -> list[Path]:
    """Write :data:`TABLE` and :data:`FIGURE` into a folder and return their paths."""
    write_csv(table(calibrations), folder / TABLE)
    return [folder / TABLE, save(draw(calibrations), folder / FIGURE)]


def _model(axes: Axes, curves: Sequence[Curves]) -> None:
    at = _thinned(curves[0].envelope.at, 1.0)
    by_width = sorted(curves, key=lambda c: c.envelope.reach)
    for one, strength in ((by_width[-1], 0.25), (by_width[0], 0.35)):
        low, high = (_thinned(v - one.envelope.at) for v in (one.envelope.low, one.envelope.high))
        axes.fill_between(at, low, high, color=QUIET, alpha=strength, lw=0)
    every = np.concatenate([c.differences for c in curves])
    axes.fill_between(at, _thinned(every.min(axis=0)), _thinned(every.max(axis=0)), color=MAIN, alpha=0.12, lw=0)
    for one in curves:
        worst = int(one.beyond.argmax())
        colour = BOUND if one.outside[worst] else MAIN
        axes.plot(at, _thinned(one.differences[worst]), color=colour, lw=0.6, alpha=0.8)


def _thinned(values: Array, last: float = 0.0) -> Array:
    """Put the ends on a line and keep :data:`_POINTS` of its points: a small multiple shows no more, in a smaller file."""
    whole = np.concatenate([[0.0], values, [last]])
    return np.asarray(whole[np.unique(np.linspace(0, len(whole) - 1, _POINTS).round().astype(int))])
