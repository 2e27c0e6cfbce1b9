"""Tipping points: how strong an assumption has to be to overturn a claim."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from northroute.arrays import Bools
from northroute.bayes.fit import BayesFit
from northroute.bayes.gate.probability import probability_mcse
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.priors import Prior, replaced
from northroute.conventions import SIMULATED_MARK, SUPPORTED_AT
from northroute.errors import GateError, ModelError
from northroute.look import BOUND, MAIN, QUIET, Figure, blank, look, mark
from northroute.progress import Progress, quiet

Refit = Callable[[float], BayesFit]
Claim = Callable[[BayesFit], Bools]
LEVELS: Final = (SUPPORTED_AT, 0.5)
TIGHT: Final = 0.01
"""Standard deviation of a prior that holds a slope at a value."""


@dataclass(frozen=True)
class TippingPoint:
    """The probability of a claim over assumed values of a parameter.

    Attributes
    ----------
    assumption : str
        What was assumed, in words.
    table : pandas.DataFrame
        One row a value: ``value``, ``probability``, ``mcse``, ``fit``, ``passed`` (the gate), ``stamp``, ``source``. A fit
        that failed has no probability.
    crossings : pandas.DataFrame
        One row a crossing: ``level``, between which values it lies (``lower``, ``upper``), and where the probit of the
        probability, drawn straight between them, meets the level (``value``); ``source``.
    sentence : str
    simulated : bool
    """

    assumption: str
    table: pd.DataFrame
    crossings: pd.DataFrame
    sentence: str
    simulated: bool

    def figure(self) -> Figure:
        """Draw the probability over the assumed values, with two Monte Carlo standard errors, levels and crossings."""
        with look():
            figure = blank(6.0, 3.4)
            axes = figure.subplots()
            t = self.table
            axes.errorbar(t["value"], t["probability"], 2 * t["mcse"], fmt="o-", color=MAIN, ms=4, lw=1.2)
            for value in t.loc[~t["passed"] & t["probability"].isna(), "value"]:
                axes.axvline(value, color=QUIET, lw=4, alpha=0.4)
            for level in LEVELS:
                axes.axhline(level, color=QUIET, lw=0.8, ls="--")
            axes.plot(self.crossings["value"], self.crossings["level"], "D", color=BOUND, ms=5)
            axes.set_ylim(-0.03, 1.03)
            axes.set_xlabel(self.assumption)
            axes.set_ylabel("posterior probability of the claim")
        return mark(figure, simulated=self.simulated)


def tipping_point(
    values: Sequence[float],
    refit: Refit,
    claim: Claim,
    *,
    assumption: str = "assumed slope of detection",
    refine: int = 0,
    progress: Progress = quiet,
) -> TippingPoint:
    """Refit under each assumed value and record the claim's probability.

    Parameters
    ----------
    values : sequence of float
        Assumed values; two or more.
    refit : callable
        From a value to a fit. Name each fit by its value and keep it in a folder (:func:`held_detection` and the ``folder``
        of ``fit_counts``): a sweep that was interrupted then goes on where it stopped.
    claim : callable
        From a fit to where the claim holds, shape (chain, draw).
    assumption : str
        In words, for the table and the figure.
    refine : int
        How often the gap that holds a crossing is halved by a further fit.
    progress : callable
        Called with a message and the share done.

    Returns
    -------
    TippingPoint

    Raises
    ------
    ModelError
        If values are fewer than two, not finite, or a claim is not true or false by chain and draw.
    GateError
        If every fit failed its diagnostics. Where only some fail, their probability is left empty, and no crossing is
        reported next to them.
    """
    wanted = np.unique(np.asarray(values, dtype=float))
    if wanted.size < 2 or not np.isfinite(wanted).all():
        raise ModelError(f"Assumed values {list(values)}: give two or more different finite numbers.")
    rows: dict[float, dict[str, object]] = {}
    simulated = False
    steps = 1 + refine
    for step in range(steps):
        for i, value in enumerate(wanted):
            progress(f"{assumption} {value:g}", (step + i / max(len(wanted), 1)) / steps)
            fit = refit(float(value))
            simulated |= fit.simulated
            rows[float(value)] = _row(float(value), fit, claim)
        wanted = np.asarray([(c["lower"] + c["upper"]) / 2 for c in _crossings(_table(rows))])
        wanted = np.setdiff1d(wanted, list(rows))
    progress(assumption, 1.0)
    table = _table(rows)
    if table["probability"].isna().all():
        raise GateError(f"{assumption}: every fit failed its diagnostics. Mend the model, or sample longer.")
    source = SIMULATED_MARK if simulated else "real"
    found = pd.DataFrame(_crossings(table), columns=["level", "lower", "upper", "value"]).assign(source=source)
    return TippingPoint(
        assumption, table.assign(source=source), found, _sentence(assumption, table, found, simulated), simulated
    )


def held_detection(spec: CountSpec, value: float, *, sd: float = TIGHT) -> CountSpec:
    """Return a specification of step ``reporting`` with the slope of detection held at a value, and named by it.

    Parameters
    ----------
    spec : CountSpec
    value : float
        Of the slope on the logit of detection.
    sd : float
        Of the tight normal that holds it.

    Raises
    ------
    ModelError
        If the step is not ``reporting``, or detection has several covariates, whose slopes share one prior.
    """
    if spec.step != "reporting" or len(spec.detection) != 1:
        raise ModelError(
            f"{spec.name}: step '{spec.step}' with detection {spec.detection}. A slope of detection is held for step "
            "'reporting' with one covariate in 'detection'."
        )
    prior = Prior("normal", sd, f"assumed: the slope of detection is {value:g}", location=value)
    name = f"{spec.name}_detection_{value:g}"
    return replace(spec, name=name, priors=replaced(spec.priors, detection_slope=prior))


def _row(value: float, fit: BayesFit, claim: Claim) -> dict[str, object]:
    row: dict[str, object] = {"value": value, "probability": np.nan, "mcse": np.nan}
    row |= {"fit": fit.name, "passed": fit.gate.passed, "stamp": fit.stamp}
    if not fit.gate.passed and not fit.allowed:
        return row | {"stamp": f"failed its diagnostics: {' '.join(fit.gate.failures)}"}
    holds = np.asarray(claim(fit))
    if holds.ndim != 2 or not np.isin(holds, (0, 1)).all():
        raise ModelError(
            f"The claim about '{fit.name}' has shape {holds.shape}. Return true or false by chain and draw, such as "
            "fit.parameter('slope').squeeze() > 0."
        )
    error = probability_mcse(holds.astype(float))
    return row | {"probability": float(holds.mean()), "mcse": error, "draws": holds.size}


def _table(rows: dict[float, dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame([rows[v] for v in sorted(rows)])
    return table if "draws" in table else table.assign(draws=np.nan)


def _crossings(table: pd.DataFrame) -> list[dict[str, float]]:
    """Find where the probability crosses a level between neighbouring values that both have one."""
    found = []
    records = table[["value", "probability", "draws"]].astype(float).to_dict("records")
    for level in LEVELS:
        for a, b in pairwise(records):
            if np.isnan(a["probability"]) or np.isnan(b["probability"]):
                continue
            if (a["probability"] >= level) == (b["probability"] >= level):
                continue
            # a probability of nought or one is only known to be within half a draw of it
            p, q = (ndtri(np.clip(r["probability"], 0.5 / r["draws"], 1 - 0.5 / r["draws"])) for r in (a, b))
            share = (ndtri(level) - p) / (q - p)
            at = a["value"] + float(np.clip(share, 0, 1)) * (b["value"] - a["value"])
            found.append({"level": level, "lower": a["value"], "upper": b["value"], "value": at})
    return found


def _sentence(assumption: str, table: pd.DataFrame, crossings: pd.DataFrame, simulated: bool) -> str:
    known = table[table["probability"].notna()]
    low, high = known["probability"].min(), known["probability"].max()
    parts = [
        f"With {assumption} from {known['value'].min():g} to {known['value'].max():g} the claim's probability runs from "
        f"{low:.2f} to {high:.2f}"
    ]
    for level in LEVELS:
        own = crossings[crossings["level"] == level]
        where = " and ".join(f"{v:.2g}" for v in own["value"])
        parts.append(f"it crosses {level:g} at about {where}" if where else f"it does not cross {level:g}")
    failed = int(table["probability"].isna().sum())
    if failed:
        parts.append(f"{failed} of {len(table)} fits failed their diagnostics and say nothing")
    return "; ".join(parts) + (f" ({SIMULATED_MARK})." if simulated else ".")
