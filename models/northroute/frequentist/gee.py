"""Generalised estimating equations for a Poisson mean (Liang and Zeger 1986, Biometrika 73:13), by statsmodels.

The mean is consistent whatever the working correlation; the errors have to be clustered, by the group or a larger unit.
"""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray

from northroute.errors import ModelError
from northroute.frequentist.design import Array, Design, design
from northroute.frequentist.estimate import Estimate, scaled_gradient
from northroute.frequentist.likelihood import concentrate, mean_block
from northroute.frequentist.separation import Separated, without_separated
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

FAMILY = "gee"
Correlation = Literal["independence", "exchangeable", "autoregressive"]
_STRUCTURES: dict[str, Any] = {
    "independence": sm.cov_struct.Independence,
    "exchangeable": sm.cov_struct.Exchangeable,
    "autoregressive": lambda: sm.cov_struct.Autoregressive(grid=True),
}


def gee(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    group: str = "unit",
    correlation: Correlation = "exchangeable",
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "refuse",
) -> Estimate:
    """Fit with a working correlation of a group's rows; effects after the bar enter as dummies.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
        For ``autoregressive``, rows in order of time within groups, one period apart.
    spec : str or Regression
    group : str
    correlation : {"independence", "exchangeable", "autoregressive"}
    exposure, offset, name : str, optional
    on_separated : {"refuse", "drop"}

    Returns
    -------
    Estimate
        With scores by group, so that clusters must contain whole groups; ``extra["correlation"]`` is the working one.

    Raises
    ------
    ModelError
        For data that the design refuses, an unknown correlation, or no convergence.
    """
    built = design(data, regression(spec, exposure=exposure, offset=offset, name=name))
    built = without_separated(built, on_separated)
    if group not in built.frame.columns or built.frame[group].isna().any():
        raise ModelError(f"{built.name}: '{group}' is not a complete column of {built.label}. Name the groups' column.")
    if correlation not in _STRUCTURES:
        raise ModelError(f"{built.name}: no correlation '{correlation}'; choose among {', '.join(_STRUCTURES)}.")
    return fit_design(built, group, correlation)


def fit_design(built: Design, group: str, correlation: Correlation) -> Estimate:
    """Fit to a design whose separated rows are out."""
    block = mean_block(built)
    names = built.frame[group].astype(str).to_numpy()
    with warnings.catch_warnings(record=True) as caught:  # turned into an error below
        warnings.simplefilter("always")
        model = sm.GEE(
            built.y,
            block.x,
            names,
            family=sm.families.Poisson(),
            cov_struct=_STRUCTURES[correlation](),
            offset=block.offset,
        )
        result = model.fit(maxiter=200, ctol=1e-9)
    if not result.converged:
        said = "; ".join(dict.fromkeys(str(w.message) for w in caught))
        raise ModelError(f"{built.name}: GEE did not converge ({said}). Simplify the mean or the correlation.")
    first = {str(label): i for i, label in reversed(list(enumerate(names)))}
    scores, information = _equations(model, result, [first[str(g)] for g in model.group_labels], built.y.size)
    bread = np.linalg.inv(information)
    kept: NDArray[np.int64] = np.arange(built.x.shape[1])
    cleared, slopes = concentrate(information, scores, block.x, kept)
    coef = np.asarray(result.params)
    association = model.cov_struct.dep_params
    return Estimate(
        name=built.name,
        model=f"GEE, {correlation} within {group}, of {built.regression.describe()}",
        family=FAMILY,
        design=built,
        terms=built.terms,
        coef=coef[kept],
        scores=cleared,
        bread=bread[np.ix_(kept, kept)],
        mean=np.exp(block.x @ coef + block.offset),
        loglik=float("nan"),
        likelihood=False,
        iterations=len(result.fit_history["params"]),
        gradient=scaled_gradient(scores, bread),
        dropped=built.dropped,
        extra={"correlation": 0.0 if association is None else float(association)},
        x_within=slopes,
        groups=(group,),
        again=lambda other: fit_design(without_separated(other, "drop"), group, correlation),
    ).checked()


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
