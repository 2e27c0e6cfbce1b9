"""P of every estimand on SIMULATED worlds, by side: one column a side, one line a question, one mark a world."""

from typing import Final

import numpy as np
import pandas as pd

from northroute.claims.inquiry import SIDES
from northroute.conventions import CONTRADICTED_AT, SUPPORTED_AT
from northroute.look import BOUND, INK, MAIN, QUIET, Figure, blank, look, mark

_TITLES: Final = {"true": "claim true", "threshold": "exactly at its threshold", "false": "claim false"}
_LINE: Final = 0.24
"""Height of a question's line, inches."""
_SPREAD: Final = 0.32


def draw(table: pd.DataFrame) -> Figure:
    """Draw the trials; marks in the colour of a bound are false decisions of a claim that is true or false.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`northroute.workflow.trials.table` returns it.
    """
    questions = list(dict.fromkeys(table["question"]))
    with look():
        figure = blank(9.0, 1.3 + _LINE * len(questions))
        columns = figure.subplots(1, len(SIDES), sharey=True, squeeze=False).ravel()
        for axes, side in zip(columns, SIDES, strict=True):
            axes.axvspan(SUPPORTED_AT, 1.03, color=MAIN, alpha=0.10, lw=0)
            axes.axvspan(-0.03, CONTRADICTED_AT, color=BOUND, alpha=0.10, lw=0)
            axes.hlines(range(len(questions)), 0, 1, color=QUIET, lw=0.4, alpha=0.6)
            for line, question in enumerate(questions):
                rows = table[(table["question"] == question) & (table["side"] == side)]
                p = np.array([float(v) for text in rows["probabilities"] for v in str(text).split()])
                wrong = {"true": p <= CONTRADICTED_AT, "false": p >= SUPPORTED_AT}.get(side, np.zeros(p.size, bool))
                # worlds in their order from top to bottom, so that equal values stay apart
                at = line + np.linspace(-_SPREAD, _SPREAD, p.size) if p.size > 1 else np.full(p.size, float(line))
                axes.plot(
                    p[~wrong], at[~wrong], "o", ms=2.4, mew=0, color=MAIN if side != "threshold" else INK, alpha=0.6
                )
                axes.plot(p[wrong], at[wrong], "o", ms=3.0, mew=0, color=BOUND)
            axes.set_title(_TITLES[side], fontsize=9)
            axes.set_xlim(-0.03, 1.03)
            axes.set_xticks([0.05, 0.5, 0.95])
            axes.tick_params(labelsize=7.5)
        columns[0].set_yticks(range(len(questions)), questions)
        columns[0].set_ylim(len(questions) - 0.5, -0.5)
        figure.supxlabel(
            "P of the claim in the reference model: blue ground is supported, brown is contradicted", fontsize=8
        )
    return mark(figure, simulated=True)
