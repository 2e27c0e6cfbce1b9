"""Expected counts for other rows: their covariates, their exposure, the fitted levels of their effects."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph, linalg

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist import conditional
from northroute.frequentist.design import Effect, codes_of, row_offset, table_of
from northroute.frequentist.design import parts_of as parts_of_effect
from northroute.frequentist.encoding import Encoding
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import DISPERSION
from northroute.frequentist.two_part import expected, parts_of
from northroute.panel import Panel
from northroute.seeds import generator


def predict(fit: Estimate, data: Panel | pd.DataFrame) -> "pd.Series[float]":
    """Return the expected count of each row, with the row's own exposure; the outcome need not be there.

    Parameters
    ----------
    fit : Estimate
        Of any family but conditional Poisson, whose means are given the groups' totals.
    data : Panel or pandas.DataFrame
        Rows of levels that the fit has seen.

    Raises
    ------
    ModelError
        For a conditional fit, absent or missing columns, exposure that is not positive, a level that the fit has not seen,
        or a mean that the data do not identify, such as that of a unit in a month that no rows connect with it.
    """
    if fit.family == conditional.FAMILY:
        raise ModelError(
            f"{fit.name}: a conditional model has no means without the groups' totals. Fit Poisson with effects."
        )
    frame, spec = table_of(data), fit.design.regression
    parts = (p for e in spec.effects for p in parts_of_effect(e, fit.design.frame))
    needed = [c for c in (spec.exposure, spec.offset, *parts) if c]
    absent = [c for c in needed if c not in frame.columns]
    if absent:
        raise ModelError(f"{fit.name}: the table has no column {absent}; it has {list(frame.columns)}.")
    if frame.empty:
        return pd.Series(np.empty(0), index=frame.index, name=spec.outcome, dtype=float)
    x = columns(fit, fit.design.encoding, frame)
    own = fit.design.own().names
    eta = x[:, [own.index(t) for t in fit.design.terms]] @ fit.coef[: fit.design.x.shape[1]]
    eta = eta + row_offset(frame, spec) + _levels(fit, frame, x)
    two = parts_of(fit.family)
    if two is None:
        with np.errstate(over="ignore"):
            return _finite(fit, np.exp(eta), frame)
    index = [eta]
    start = fit.design.x.shape[1]
    for block in fit.blocks[1:]:
        coef = fit.coef[start : start + block.x.shape[1]]
        dispersion = block.names == (DISPERSION,)
        x = np.ones((len(frame), 1)) if dispersion else columns(fit, fit.design.second, frame)
        index.append(x @ coef)
        start += block.x.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        return _finite(fit, expected(*two, np.column_stack(index)), frame)


def columns(fit: Estimate, encoding: Encoding | None, frame: pd.DataFrame) -> Array:
    """Return the model matrix of any rows by what the fit learned, shape (row, column of the encoding).

    Raises
    ------
    ModelError
        If a column depends on all rows of the table, such as ``x - x.mean()``, so that other rows have none; or if
        :meth:`Encoding.matrix` refuses the rows.
    """
    if encoding is None:
        raise ModelError(f"{fit.name}: its columns did not come from a formula, so other rows have none.")
    whole = encoding.reads_other_rows(fit.design.frame)
    if whole:
        raise ModelError(
            f"{fit.name}: '{whole}' depends on the other rows of its table, so that new rows have none. Use center() or "
            "scale(), which remember, or make a column of it."
        )
    return encoding.matrix(frame)


def _finite(fit: Estimate, mean: Array, frame: pd.DataFrame) -> "pd.Series[float]":
    bad = ~np.isfinite(mean)
    if bad.any():
        row = frame.index[int(np.flatnonzero(bad)[0])]
        raise ModelError(
            f"{fit.name}: the expected count of row {row} is beyond all bounds; it is far from the fit's rows."
        )
    return pd.Series(mean, index=frame.index, name=fit.design.regression.outcome)


def _levels(fit: Estimate, frame: pd.DataFrame, x: Array) -> Array:
    """Sum of the fitted levels of the effects at new rows; refused where the data do not identify the mean."""
    built = fit.design
    if not built.effects and not fit.collinear and not built.empty:
        return np.zeros(len(frame))
    if built.effects and parts_of(fit.family) is not None:
        raise ModelError(f"{fit.name}: predictions of two-part models with effects as dummies are not offered.")
    target = np.log(fit.mean) - built.offset - built.x @ fit.coef[: built.x.shape[1]]
    width = np.cumsum([0, *(e.levels for e in built.effects)])
    here = [start + _codes(fit, e, frame) for e, start in zip(built.effects, width, strict=False)]
    codes = [e.codes + w for e, w in zip(built.effects, width, strict=False)]
    _identified(fit, codes, here, frame, x)
    if not built.effects:
        return np.zeros(len(frame))
    levels = _solved(_dummies(codes, int(width[-1]), target.size), target)
    return np.asarray(sum(levels[h] for h in here))


def _codes(fit: Estimate, effect: Effect, frame: pd.DataFrame) -> Ints:
    built = fit.design
    parts = parts_of_effect(effect.name, built.frame)
    both = pd.concat([built.frame[list(parts)], frame[list(parts)]], ignore_index=True)
    codes = codes_of(both, parts)
    known = np.full(int(codes.max()) + 2, -1)
    known[codes[: built.y.size]] = effect.codes
    here = known[codes[built.y.size :]]
    if (here < 0).any():
        row = frame.index[int(np.flatnonzero(here < 0)[0])]
        raise ModelError(f"{fit.name}: row {row} has a level of {effect.name} that the fit has not seen. Leave it out.")
    return np.asarray(here, dtype=np.int64)


def _identified(fit: Estimate, old: Sequence[Ints], new: Sequence[Ints], frame: pd.DataFrame, x: Array) -> None:
    """Refuse rows whose mean changes when nothing that was fitted does.

    Two effects: levels must lie in one connected set. Otherwise a random change of the parameters has a part that no fitted
    mean sees; a mean is identified if that part does not move it. Terms left out as collinear are found alike.
    """
    lost = (*fit.collinear, *fit.design.empty)
    if len(old) < 2 and not lost:
        return
    width = sum(e.levels for e in fit.design.effects)
    before, after = _dummies(old, width, fit.rows), _dummies(new, width, len(frame))
    if len(old) == 2 and not lost:
        joined = sparse.csr_array((np.ones(fit.rows), (old[0], old[1])), shape=(width, width))
        part = csgraph.connected_components(joined, directed=False)[1]
        moved = part[new[0]] != part[new[1]]
    else:
        if lost:
            own = columns(fit, fit.design.encoding, fit.design.frame)
            # a column that never moved says nothing of a row where it would
            still = np.ptp(own, axis=0) == 0
            spread = np.where(still, np.maximum(np.abs(own).max(axis=0), 1.0), own.std(axis=0))
            before = _beside(before, (own - own.mean(axis=0)) / spread)
            after = _beside(after, (x - own.mean(axis=0)) / spread)
        rng = generator("identified means", 0)
        moved = np.zeros(len(frame), bool)
        for _ in range(2):
            change = rng.normal(size=before.shape[1])
            unseen = change - _solved(before, before @ change)
            moved |= np.abs(after @ unseen) > 1e-6 * np.asarray(abs(after).sum(axis=1)).ravel()
    if moved.any():
        row = frame.index[int(np.flatnonzero(moved)[0])]
        what = ", ".join((*(e.name for e in fit.design.effects), *lost))
        raise ModelError(
            f"{fit.name}: the data do not identify the mean of row {row}. No rows connect its values of {what}, so that "
            "other estimates fit as well and predict another mean. Leave it out, or predict within connected sets."
        )


def _beside(dummies: sparse.csr_array, x: Array) -> sparse.csr_array:
    return sparse.csr_array(sparse.hstack([dummies, sparse.csr_array(np.column_stack([np.ones(len(x)), x]))]))


def _dummies(codes: Sequence[Ints], width: int, rows: int) -> sparse.csr_array:
    at = np.tile(np.arange(rows), len(codes))
    columns = np.concatenate(codes) if len(codes) else np.empty(0, dtype=np.int64)
    return sparse.csr_array((np.ones(columns.size), (at, columns)), shape=(rows, width))


def _solved(matrix: sparse.csr_array, target: Array) -> Array:
    return np.asarray(linalg.lsqr(matrix, target, atol=1e-14, btol=1e-14, iter_lim=20_000)[0])
