"""Outcomes that the covariate should leave alone, and rows whose sources report covariate and outcome together."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.errors import ModelError
from northroute.frequentist import ppml
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.design import design
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.refit import refit


def placebo_outcomes(fit: Estimate, term: str, outcomes: Sequence[str], *, by: str = "country") -> CheckResult:
    """Fit the same Poisson mean to other outcomes of the table; p-values are multiplied by their number (Bonferroni).

    Raises
    ------
    ModelError
        For a model other than Poisson, no outcomes, or outcomes that cannot be fitted.
    """
    if fit.family != ppml.FAMILY or not outcomes:
        raise ModelError(f"{fit.name}: name outcomes for a Poisson fit; the fit is {fit.family}.")
    rows = []
    for outcome in (fit.design.regression.outcome, *outcomes):
        spec = replace(fit.design.regression, outcome=outcome, name=f"{fit.name}, {outcome}")
        # each outcome has rows of its own in the whole table
        again = ppml.fit_design(design(fit.design.table, spec, label=fit.design.label))
        one = cluster(again, by).table(0.95).set_index("term").loc[term]
        rows.append({"outcome": outcome, "rows": again.rows, **one[["coef", "se", "df", "p", "low", "high"]].to_dict()})
    table = pd.DataFrame(rows)
    smallest = min(1.0, float(table["p"].iloc[1:].min()) * len(outcomes))
    worst = outcomes[int(table["p"].iloc[1:].to_numpy(float).argmin())]
    sentence = (
        f"Of {len(outcomes)} placebo outcomes {worst} has the smallest p x {len(outcomes)}, {smallest:.3f}, by {by} "
        f"({int(table['rows'].iloc[1:].min()):,} to {int(table['rows'].iloc[1:].max()):,} rows)."
    )
    advice = "The covariate goes with what it should leave alone, such as coverage: add an exposure or a control."
    figure = partial(shapes.intervals, table, "outcome", f"coefficient of {term}, 95 %")
    return result(fit, "placebo outcomes", smallest > 0.05, table, sentence, figure, advice)


def shared_source(fit: Estimate, term: str, flag: str, *, by: str = "country") -> CheckResult:
    """Fit again without the rows flagged as resting on sources that report covariate and outcome together.

    Passes if the slope keeps its sign and moves by less than one standard error.

    Raises
    ------
    ModelError
        If the flag is absent, missing somewhere, or true or false throughout.
    """
    frame = fit.design.frame
    if flag not in frame.columns or frame[flag].isna().any():
        raise ModelError(f"{fit.name}: '{flag}' is not a complete column of {fit.design.label}.")
    marks = frame[flag]
    if not set(marks.unique()) <= {0, 1}:
        raise ModelError(
            f"{fit.name}: '{flag}' is neither true nor false in some rows. Write True and False, or 1 and 0."
        )
    shared = marks.astype(bool).to_numpy()
    if shared.all() or not shared.any():
        raise ModelError(f"{fit.name}: '{flag}' is the same in every row; there is nothing to leave out.")
    again = refit(fit, ~shared)
    tables = [cluster(f, by).table(0.95).set_index("term").loc[term] for f in (fit, again)]
    table = pd.DataFrame([t[["coef", "se", "df", "p", "low", "high"]] for t in tables]).reset_index(drop=True)
    table.insert(0, "rows", [f"all {fit.rows}", f"without shared sources {again.rows}"])
    moved = float(table["coef"][1] - table["coef"][0])
    passed = bool(np.sign(table["coef"][1]) == np.sign(table["coef"][0]) and abs(moved) < float(table["se"][0]))
    sentence = f"Without {int(shared.sum())} rows of shared sources {term} moves by {moved:+.3f}."
    advice = "Part of the association is made by articles that report both: show the fit without them."
    figure = partial(shapes.intervals, table, "rows", f"coefficient of {term}, 95 %")
    return result(fit, "shared sources", passed, table, sentence, figure, advice)
