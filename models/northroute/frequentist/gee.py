"""Generalised estimating equations for a Poisson mean (Liang and Zeger 1986, Biometrika 73:13), by statsmodels.

The mean is consistent whatever the working correlation; the errors have to be clustered, by the group or a larger unit.
"""

import warnings
from dataclasses import replace
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist.design import Design, design
from northroute.frequentist.estimate import Estimate, pearson_spread
from northroute.frequentist.likelihood import mean_block, of_maximum
from northroute.frequentist.maximise import Maximum
from northroute.frequentist.periods import read_periods
from northroute.frequentist.scaling import scaled
from northroute.frequentist.separation import Separated, without_separated
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

FAMILY = "gee"
AR = "autoregressive"
_USUAL = ("month", "date", "time", "period", "t", "day", "week", "quarter", "year")
Correlation = Literal["independence", "exchangeable", "autoregressive"]
_CORRELATIONS: Final[tuple[Correlation, ...]] = get_args(Correlation)


def gee(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    group: str = "unit",
    correlation: Correlation = "exchangeable",
    time: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "refuse",
) -> Estimate:
    """Fit with a working correlation of a group's rows; effects after the bar enter as dummies.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
    group : str
    correlation : {"independence", "exchangeable", "autoregressive"}
    time : str, optional
        For ``autoregressive``: column of periods; by default ``month``, or the one column with another usual name of times
        (``t``, ``date``, ``year``, ...); the model's words name it. Rows may stand in any order. Without gaps the
        correlation comes from neighbours; with gaps from all pairs of a group's rows, as the distance-th power
        (statsmodels' ``grid=False``).
    exposure, offset, name : str, optional
    on_separated : {"refuse", "drop"}

    Returns
    -------
    Estimate
        With scores by group, so that clusters must contain whole groups; ``extra["correlation"]`` is the working one.

    Raises
    ------
    ModelError
        For data that the design refuses, an unknown correlation, two rows of a group in one period, or no convergence.
    """
    built = design(data, regression(spec, exposure=exposure, offset=offset, name=name))
    built = without_separated(built, on_separated)
    if correlation not in _CORRELATIONS:
        raise ModelError(f"{built.name}: no correlation '{correlation}'; choose among {', '.join(_CORRELATIONS)}.")
    return fit_design(built, group, correlation, time)


def fit_design(built: Design, group: str, correlation: Correlation, time: str | None = None) -> Estimate:
    """Fit to a design whose separated rows are out."""
    names = built.groups(group)
    from statsmodels.genmod import cov_struct, families
    from statsmodels.genmod.generalized_estimating_equations import GEE

    block = mean_block(built)
    order, steps, whole = np.arange(names.size), None, True
    if correlation == AR:
        time = time or _times(built)
        order, steps, whole = _in_time(built, group, names, time)
    structures = (cov_struct.Independence(), cov_struct.Exchangeable(), cov_struct.Autoregressive(grid=whole))
    structure = structures[_CORRELATIONS.index(correlation)]
    x, turn = scaled(block.x)
    # statsmodels stops where the score is small: the outcome enters in units of its mean
    level = float(built.y.mean())
    with warnings.catch_warnings(record=True) as caught:  # turned into an error below
        warnings.simplefilter("always")
        model = GEE(
            built.y[order] / level,
            x[order],
            names[order],
            time=steps,
            family=families.Poisson(),
            cov_struct=structure,
            offset=block.offset[order] - np.log(level),
        )
        try:
            # with gaps the correlation comes from a search, which ends at about 1e-8
            result = model.fit(maxiter=200, ctol=1e-9 if whole else 1e-6)
        except ValueError as failure:
            raise ModelError(
                f"{built.name}: the working correlation could not be estimated ({failure}). Use exchangeable or "
                "independence."
            ) from failure
    if not result.converged:
        said = "; ".join(dict.fromkeys(str(w.message) for w in caught))
        raise ModelError(f"{built.name}: GEE did not converge ({said}). Simplify the mean or the correlation.")
    first = np.unique(names, return_index=True)[1]
    scores, information = _equations(model, result, [int(first[g]) for g in model.group_labels], built.y.size)
    coef, iterations = np.asarray(result.params), len(result.fit_history["params"])
    found = Maximum(coef, scores * level, information * level, float("nan"), iterations)
    mean = np.exp(x @ coef + block.offset)
    by = f" by {time}" if correlation == AR else ""
    made = of_maximum(
        built,
        found,
        own=turn,
        x=block.x,
        terms=block.names,
        mean=mean,
        family=FAMILY,
        model=f"GEE, {correlation} within {group}{by}, of {built.regression.describe()}",
        again=lambda other: fit_design(other, group, correlation, time),
    )
    association = model.cov_struct.dep_params
    extra = {"correlation": 0.0 if association is None else float(association)}
    gradient = made.gradient / pearson_spread(built.y, mean)
    return replace(made, likelihood=False, gradient=gradient, extra=extra, groups=(group,)).checked()


def _times(built: Design) -> str:
    """Return the column of periods of a call that names none."""
    found = [c for c in _USUAL if c in built.frame.columns]
    if "month" not in found and len(found) != 1:
        raise ModelError(
            f"{built.name}: autoregressive rows need their times, and {built.label} has {found or 'no column of times'} "
            "that could hold them. Name the column of periods (time=...)."
        )
    return "month" if "month" in found else found[0]


def _in_time(built: Design, group: str, names: Ints, time: str) -> tuple[Ints, Ints, bool]:
    """Order of rows by group and period, their periods in that order, and whether no group has a gap."""
    if time not in built.frame.columns:
        raise ModelError(
            f"{built.name}: {built.label} has no column '{time}'; autoregressive rows need their times. It has "
            f"{list(built.frame.columns)}."
        )
    steps = read_periods(built.frame[time], time).numbers
    order = np.lexsort((steps, names))
    apart = np.diff(steps[order])[np.diff(names[order]) == 0]
    if (apart == 0).any():
        raise ModelError(
            f"{built.name}: a {group} has several rows in one {time}. Aggregate them, or name other groups."
        )
    return order, steps[order] - steps.min(), bool((apart == 1).all())


def _equations(model: Any, result: Any, rows: list[int], count: int) -> tuple[Array, Array]:
    """Estimating function of each group, in the group's first row, and the sum of their expected slopes."""
    k = model.exog.shape[1]
    scores, information = np.zeros((count, k)), np.zeros((k, k))
    for i, row in enumerate(rows):
        linear = model.exog_li[i] @ result.params + (model.offset_li[i] if model.offset_li is not None else 0.0)
        mean = np.exp(linear)
        derivative = mean[:, None] * model.exog_li[i]
        spread = np.sqrt(mean)
        solved = model.cov_struct.covariance_matrix_solve(mean, i, spread, (derivative, model.endog_li[i] - mean))
        information += derivative.T @ solved[0]
        scores[row] = derivative.T @ solved[1]
    return scores, information
