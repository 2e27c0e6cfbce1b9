"""The ladder on the page: a row a step and data set, and how level and slope change as ideas are added."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from northroute.bayes import BayesFit
from northroute.conventions import SIMULATED_MARK, interval_label
from northroute.look import QUIET, look, mark
from northroute.report import style


@dataclass(frozen=True)
class Number:
    """Posterior median and interval of one number, and its truth where the world is simulated."""

    name: str
    median: float
    low: float
    high: float
    truth: float | None = None


@dataclass(frozen=True)
class Score:
    """What a fit predicts: leave-one-out density, and features of the counts against replicates.

    Attributes
    ----------
    elpd, se : float
        Sum over rows, and its standard error were the rows independent.
    unreliable : int
        Rows whose Pareto k is above its limit.
    predictive : str
        Verdict of the posterior predictive check.
    sentence : str
        What the check found.
    difference, difference_se : float, optional
        To the best step on the same rows; absent where the rows are of other counts.
    """

    elpd: float
    se: float
    unreliable: int
    predictive: str
    sentence: str
    difference: float | None = None
    difference_se: float | None = None


@dataclass(frozen=True)
class LadderRow:
    """One step on one data set.

    Attributes
    ----------
    step, data : str
    outcome : str
        What is counted.
    simulated : bool
    fit : BayesFit, optional
        None where the step was not fitted.
    reason : str
        Why there is no fit.
    note : str
        What the specification assumes on these data.
    level : Number, optional
        Log rate per unit of exposure.
    slope : Number, optional
        Of the outcome on interdiction.
    others : tuple of Number
        Slopes on anything else.
    score : Score, optional
        None without a fit that passed.
    """

    step: str
    data: str
    outcome: str
    simulated: bool
    fit: BayesFit | None = None
    reason: str = ""
    note: str = ""
    level: Number | None = None
    slope: Number | None = None
    others: tuple[Number, ...] = ()
    score: Score | None = None

    @property
    def gate(self) -> str:
        """``passed``, ``FAILED`` or ``not fitted``."""
        if self.fit is None:
            return "not fitted"
        return "passed" if self.fit.gate.passed else "FAILED"

    @property
    def smallest_ess(self) -> float:
        """Smallest effective sample size of any reported number, bulk or tail; not a number without a fit."""
        return min(self.fit.gate.value(f"{kind} ESS") for kind in ("bulk", "tail")) if self.fit else np.nan

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every slope: that of interdiction first."""
        return (*((self.slope,) if self.slope else ()), *self.others)


def table(rows: Sequence[LadderRow]) -> pd.DataFrame:
    """One row a step and data set, and a further one for each further slope."""
    found = []
    for row in rows:
        score = row.score
        common = {
            "source": SIMULATED_MARK if row.simulated else "real",
            "step": row.step,
            "data": row.data,
            "outcome": row.outcome,
            "rows": row.fit.info["rows"] if row.fit else 0,
            "gate": row.gate,
            "seconds": row.fit.info["seconds"] if row.fit else np.nan,
            "smallest_ess": row.smallest_ess,
            "elpd": score.elpd if score else np.nan,
            "elpd_se": score.se if score else np.nan,
            "unreliable_rows": score.unreliable if score else np.nan,
            "difference": _value(score.difference if score else None),
            "difference_se": _value(score.difference_se if score else None),
            "predictive": score.predictive if score else "",
        }
        for number in row.numbers or (None,):
            found.append(
                common
                | {
                    "slope": number.name if number else "",
                    "median": number.median if number else np.nan,
                    "low": number.low if number else np.nan,
                    "high": number.high if number else np.nan,
                    "interval": interval_label() if number else "",
                    "truth": _value(number.truth if number else None),
                    "note": row.reason or row.note,
                }
            )
    return pd.DataFrame(found)


def forest(rows: Sequence[LadderRow]) -> Figure:
    """Draw level and slope of interdiction by step, with the truth where the world is simulated.

    Parameters
    ----------
    rows : sequence of LadderRow
        Of one data set; rows without a level are left out.
    """
    shown = [r for r in rows if r.level]
    simulated = any(r.simulated for r in shown)
    with look():
        figure = Figure(figsize=(7.8, 1.35 + 0.3 * len(shown)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        _column(left, [r.level for r in shown], "level: log rate per 100")
        _column(right, [r.slope for r in shown], "slope of interdiction: log rate ratio per sd")
        right.axvline(0, color=QUIET, lw=1, zorder=0)
        left.set_yticks([-i for i in range(len(shown))], [r.step.replace("_", " ") for r in shown])
        left.set_ylim(0.6 - len(shown), 0.6)
        truth = "; dashed: the simulated truth" if simulated else ""
        figure.supxlabel(f"posterior median and {interval_label()}{truth}", fontsize=8)
        mark(figure, simulated=simulated)
    return figure


def _column(axes: Axes, numbers: Sequence[Number | None], label: str) -> None:
    for i, number in enumerate(numbers):
        if number:
            axes.plot([number.low, number.high], [-i, -i], color=style.POSTERIOR, lw=2.2, solid_capstyle="butt")
            axes.plot(number.median, -i, "o", color=style.POSTERIOR, ms=4.5)
    for truth in {n.truth for n in numbers if n and n.truth is not None}:
        axes.axvline(truth, color=style.TRUTH, ls="--", lw=1.2)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(label)


def _value(number: float | None) -> float:
    return np.nan if number is None else number
