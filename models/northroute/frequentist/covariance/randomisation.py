"""Randomisation inference, by putting the covariate in another order in time.

Blocks of consecutive months of the covariate are put in random order, within each region, or for all regions of a country
alike. The statistic is the score of the covariate at the fit without it, ``|sum(x (y - mean0))|``, which needs no
refit. Under the hypothesis that the covariate does nothing, and that its blocks are exchangeable, the p-value is exact,
whatever the counts' dependence (Young 2019, Quarterly Journal of Economics 134:557, for the case of experiments).
"""

import numpy as np

from northroute.arrays import Array, Ints
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.result import Errors, p_only
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.restricted import restrict
from northroute.panel.periods import in_words
from northroute.seeds import generator


def randomisation(
    fit: Estimate,
    terms: tuple[str, ...] = (),
    *,
    by: str = "country",
    unit: str = "unit",
    time: str = "month",
    block: int = 12,
    draws: int = 999,
    seed: int = DEFAULT_SEED,
) -> Errors:
    """Two-sided p-values of no association, ``(1 + count(|T*| >= |T|)) / (draws + 1)``.

    Parameters
    ----------
    fit : Estimate
        Poisson with or without absorbed effects.
    terms : tuple of str
        By default all but the intercept; each in turn, the others kept.
    by : str
        What is reordered alike: ``country`` keeps the dependence of a country's regions; the unit itself reorders each
        region on its own, which is right only if regions' covariates are independent.
    unit, time : str
        Columns.
    block : int
        Months in a block; serial dependence within blocks is kept.
    draws, seed : int

    Raises
    ------
    ModelError
        For another model, an unbalanced panel, fewer than two blocks, or a unit in two groups.
    """
    units, steps, shape = groups.grid(fit, unit, time)
    months, steps = np.unique(steps, return_inverse=True)
    periods = months.size
    if fit.rows != shape[0] * periods:
        raise ModelError(
            f"{fit.name}: {fit.rows} rows, but {shape[0]} units x {periods} months. Reordering needs every unit in every "
            "month used; choose a window or units without gaps."
        )
    if not 1 <= block <= periods // 2:
        raise ModelError(
            f"{fit.name}: blocks of {block} months in {periods} months; use blocks of at most half of them."
        )
    outer, count = groups.clusters(fit, by)
    of_unit = np.zeros(shape[0], dtype=np.int64)
    of_unit[units] = outer
    if (of_unit[units] != outer).any():
        raise ModelError(f"{fit.name}: a {unit} lies in two groups of '{by}'. Name a grouping of units.")
    orders = block_orders(periods, block, count, draws, seed)
    p = {}
    for term in terms or tuple(t for t in fit.terms if t != "Intercept"):
        column, residual = np.zeros((shape[0], periods)), np.zeros((shape[0], periods))
        column[units, steps] = fit.design.x[:, fit.design.term(term)]
        residual[units, steps] = restrict(fit, term).residual
        p[term] = p_value(column, residual, of_unit, orders)
    length = in_words(groups.periods(fit, time).unit, block)
    note = f"{draws} orders of blocks of {length}, alike within {by}; p cannot be below {1 / (draws + 1):.2g}"
    return p_only(fit, p, f"randomisation by {by}", {by: count}, note)


def block_orders(periods: int, block: int, count: int, draws: int, seed: int = DEFAULT_SEED) -> Ints:
    """Random orders of the months, shape (draw, group, month): blocks are permuted, months within them are not."""
    rng = generator(f"block orders {periods} {block} {count} {draws}", seed)
    starts = np.arange(0, periods, block)
    ranks = np.argsort(rng.random((draws, count, starts.size)), axis=-1)
    key = ranks[:, :, np.arange(periods) // block] * periods + np.arange(periods)
    return np.argsort(key, axis=-1)


def p_value(
    column: Array,
    residual: Array,
    of_unit: Ints,
    orders: Ints,
) -> float:
    """P-value of one covariate.

    Parameters
    ----------
    column, residual : array, shape (unit, month)
        The covariate, and observed minus expected counts of the fit without it.
    of_unit : array, shape (unit,)
        Group of each unit.
    orders : array, shape (draw, group, month)
    """
    # sum over a group's units of x[u, s] r[u, t]: every order is then a sum of entries of one table
    tables = np.stack([column[of_unit == g].T @ residual[of_unit == g] for g in range(orders.shape[1])])
    periods = np.arange(column.shape[1])
    drawn = np.zeros(len(orders))
    for g in range(orders.shape[1]):
        drawn += tables[g][orders[:, g], periods].sum(axis=1)
    observed = np.trace(tables.sum(axis=0))
    extreme = np.sum(np.abs(drawn) >= np.abs(observed) * (1 - 1e-10))
    return float((1 + extreme) / (1 + len(orders)))
