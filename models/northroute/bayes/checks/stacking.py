"""Compare models by pointwise predictive densities, and weigh them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, minimize
from scipy.special import softmax

from northroute import shapes
from northroute.arrays import Array
from northroute.bayes.checks.arrays import Groups
from northroute.check import CheckResult, result
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.look import MAIN, QUIET, Figure, look, mark
from northroute.seeds import generator

GAP: Final = 1e-6
"""Largest distance, in mean log score, of stacking weights from the optimum."""
MAX_STEPS: Final = 20_000


def stacking_weights(elpd: Array) -> Array:
    """Weights of models that maximise the log score of their mixture (Yao, Vehtari, Simpson and Gelman 2018, BA 13:917).

    The problem is concave; the weights returned are within 1e-6 of the best mean log score, which the largest derivative
    proves (Frank-Wolfe gap).

    Parameters
    ----------
    elpd : numpy.ndarray, shape (row, model)
        Leave-one-out (or -group-out) log predictive densities.

    Raises
    ------
    ModelError
        If a density is not finite, or the optimum is not reached.
    """
    density = np.exp(_finite(elpd) - elpd.max(axis=1, keepdims=True))
    models = density.shape[1]

    def loss(w: Array) -> float:
        return float(-np.log(density @ w).mean())

    def slope(w: Array) -> Array:
        return np.asarray(-(density / (density @ w)[:, None]).mean(axis=0))

    weights = np.full(models, 1 / models)
    if models > 1:
        solved = minimize(
            loss,
            weights,
            jac=slope,
            method="SLSQP",
            bounds=Bounds(np.full(models, 1e-12), np.ones(models)),
            constraints=LinearConstraint(np.ones((1, models)), 1.0, 1.0),
            options={"ftol": 1e-12, "maxiter": 500},
        )
        if np.isfinite(solved.x).all() and (solved.x >= 0).all():
            weights = solved.x / solved.x.sum()
    for _ in range(MAX_STEPS):
        gain = -slope(weights)
        if gain.max() - 1 <= GAP:
            return np.asarray(weights)
        weights = weights * gain  # the EM step of a mixture's weights: never lowers the score
        weights = weights / weights.sum()
    raise ModelError(
        f"Stacking weights of {models} models did not converge. Leave out models that are nearly the same."
    )


def pseudo_bma_weights(elpd: Array, *, draws: int = 1000, seed: int = DEFAULT_SEED) -> Array:
    """Pseudo-BMA+ weights: softmax of sums over rows, averaged over the Bayesian bootstrap (Yao et al. 2018, section 3.4).

    Parameters
    ----------
    elpd : numpy.ndarray, shape (row, model)
    draws : int
        Bootstrap draws.
    seed : int

    Raises
    ------
    ModelError
        If a density is not finite.
    """
    _finite(elpd)
    rng = generator("pseudo-BMA+", seed)
    rows = elpd.shape[0]
    totals = np.empty((draws, elpd.shape[1]))
    for s in range(draws):
        share = np.asarray(rng.standard_exponential(rows))
        totals[s] = rows * (share / share.sum()) @ elpd
    return np.asarray(softmax(totals, axis=1).mean(axis=0))


@dataclass(frozen=True)
class Comparison:
    """Models by predictive density.

    Attributes
    ----------
    names : tuple of str
    elpd, se : numpy.ndarray, shape (model,)
        Sum over rows, and its standard error.
    difference, difference_se : numpy.ndarray, shape (model,)
        To the best model; standard error from the paired differences.
    stacking, pseudo_bma : numpy.ndarray, shape (model,)
        Weights.
    clusters : str
        What was taken as independent in the standard errors: ``row``, or the kind of groups.
    """

    names: tuple[str, ...]
    elpd: Array
    se: Array
    difference: Array
    difference_se: Array
    stacking: Array
    pseudo_bma: Array
    clusters: str


def compare(models: dict[str, Array], *, clusters: Groups | None = None, seed: int = DEFAULT_SEED) -> Comparison:
    """Compare models on the same rows.

    Parameters
    ----------
    models : dict of str to numpy.ndarray, shape (row,)
        Pointwise log predictive densities, of the same rows in the same order.
    clusters : Groups, optional
        Rows of one group count as one in standard errors; rows of one region are seldom independent.
    seed : int
        Of the bootstrap of pseudo-BMA+.

    Raises
    ------
    ModelError
        With fewer than two models, or models of different rows, or densities that are not finite.
    """
    shapes = {v.shape for v in models.values()}
    if len(models) < 2 or len(shapes) != 1:
        raise ModelError("Give two models or more, each with one density a row, of the same rows.")
    elpd = _finite(np.column_stack(list(models.values())))
    if clusters is not None and len(clusters.codes) != len(elpd):
        raise ModelError(f"{len(clusters.codes)} labels of {clusters.kind} for {len(elpd)} rows. Give one a row.")
    best = elpd[:, [int(elpd.sum(axis=0).argmax())]]
    return Comparison(
        tuple(models),
        elpd.sum(axis=0),
        _sum_se(elpd, clusters),
        (elpd - best).sum(axis=0),
        _sum_se(elpd - best, clusters),
        stacking_weights(elpd),
        pseudo_bma_weights(elpd, seed=seed),
        "row" if clusters is None else clusters.kind,
    )


def check_comparison(found: Comparison, *, simulated: bool, failed: Sequence[int] | None = None) -> CheckResult:
    """List models from the best, with differences and weights; there is nothing to pass.

    Parameters
    ----------
    found : Comparison
    simulated : bool
    failed : sequence of int, optional
        Number of rows of each model whose k is above its limit.
    """
    table = pd.DataFrame(asdict(found)).rename(columns={"names": "model", "clusters": "se_over"})
    if failed is not None:
        table["rows_failed"] = list(failed)
    table = table.sort_values("elpd", ascending=False, kind="stable", ignore_index=True)
    best, second = table.iloc[0], table.iloc[1]
    sentence = (
        f"{best['model']} predicts best; {second['model']} follows at {second['difference']:.1f} "
        f"(SE {second['difference_se']:.1f} over {'rows' if found.clusters == 'row' else found.clusters + ' sums'})."
    )
    if abs(second["difference"]) < 4 or abs(second["difference"]) < 2 * second["difference_se"]:
        sentence += " That does not tell them apart: report both, or their stack."
    if failed is not None and max(failed) > 0:
        sentence += " Some rows' densities are not to be trusted (k): match moments before comparing."
    return result("comparison of models", None, table, sentence, partial(_figure, table), simulated=simulated)


def _finite(elpd: Array) -> Array:
    if elpd.ndim != 2 or not np.isfinite(elpd).all():
        raise ModelError(
            f"Densities of shape {elpd.shape} must be finite, (row, model). "
            "A row that a model holds impossible has no weight: look at it first."
        )
    return elpd


def _sum_se(values: Array, clusters: Groups | None) -> Array:
    sums = values if clusters is None else np.asarray(clusters.indicator().T @ values)
    return np.asarray(np.sqrt(len(sums) * sums.var(axis=0, ddof=1)))


@look()
def _figure(table: pd.DataFrame, simulated: bool) -> Figure:
    weighted = [f"{m} ({w:.2f})" for m, w in zip(table["model"], table["stacking"], strict=True)]
    figure, axes, y = shapes.lines(weighted, "elpd less the best, with 2 SE; stacking weight in brackets", 0.3)
    gap, se = table["difference"].to_numpy(float), table["difference_se"].to_numpy(float)
    axes.axvline(0, color=QUIET, lw=1)
    axes.hlines(y, gap - 2 * se, gap + 2 * se, color=MAIN, lw=1.6)
    axes.plot(gap, y, "o", color=MAIN, ms=4)
    return mark(figure, simulated=simulated)
