"""Expected counts for other rows: their covariates, their exposure, the fitted levels of their effects."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import linalg

from northroute.errors import ModelError
from northroute.frequentist import conditional
from northroute.frequentist.design import Array, codes_of, matrix, row_offset, table_of
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import DISPERSION
from northroute.frequentist.two_part import expected, parts_of
from northroute.panel import Panel


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
        For a conditional fit, absent or missing columns, exposure that is not positive, or a level that the fit has not
        seen.
    """
    if fit.family == conditional.FAMILY:
        raise ModelError(
            f"{fit.name}: a conditional model has no means without the groups' totals. Fit Poisson with effects."
        )
    frame, spec = table_of(data), fit.design.regression
    needed = [c for c in (spec.exposure, spec.offset, *(p for e in spec.effects for p in e.split("^"))) if c]
    absent = [c for c in needed if c not in frame.columns]
    if absent:
        raise ModelError(f"{fit.name}: the table has no column {absent}; it has {list(frame.columns)}.")
    eta = _columns(frame, spec.terms, fit.design.terms, fit.name) @ fit.coef[: fit.design.x.shape[1]]
    eta = eta + row_offset(frame, spec) + _levels(fit, frame)
    two = parts_of(fit.family)
    if two is None:
        return pd.Series(np.exp(eta), index=frame.index, name=spec.outcome)
    index = [eta]
    start = fit.design.x.shape[1]
    for block in fit.blocks[1:]:
        own = fit.coef[start : start + block.x.shape[1]]
        x = (
            np.ones((len(frame), 1))
            if block.names == (DISPERSION,)
            else _columns(frame, block.right, block.terms, fit.name)
        )
        index.append(x @ own)
        start += block.x.shape[1]
    return pd.Series(expected(*two, np.column_stack(index)), index=frame.index, name=spec.outcome)


def _columns(frame: pd.DataFrame, right: Sequence[str], names: tuple[str, ...], label: str) -> Array:
    x, found = matrix(frame, " + ".join(("1", *right)), label)
    absent = [n for n in names if n not in found]
    if absent:
        raise ModelError(f"{label}: the rows have no {absent}; give rows with every level of the covariates.")
    return x[:, [found.index(n) for n in names]]


def _levels(fit: Estimate, frame: pd.DataFrame) -> Array:
    """Sum of the fitted levels of the effects at new rows; the levels solve the fitted log means exactly."""
    built = fit.design
    if not built.effects:
        return np.zeros(len(frame))
    if parts_of(fit.family) is not None:
        raise ModelError(f"{fit.name}: predictions of two-part models with effects as dummies are not offered.")
    target = np.log(fit.mean) - built.offset - built.x @ fit.coef[: built.x.shape[1]]
    rows = np.arange(target.size)
    width = np.cumsum([0, *(e.levels for e in built.effects)])
    columns = np.concatenate([e.codes + w for e, w in zip(built.effects, width, strict=False)])
    dummies = sparse.csr_array(
        (np.ones(columns.size), (np.tile(rows, len(built.effects)), columns)), shape=(target.size, int(width[-1]))
    )
    levels = linalg.lsqr(dummies, target, atol=1e-13, btol=1e-13, iter_lim=20_000)[0]
    total = np.zeros(len(frame))
    for effect, start in zip(built.effects, width, strict=False):
        parts = effect.name.split("^")
        both = pd.concat([built.frame[parts], frame[parts]], ignore_index=True)
        codes = codes_of(both, tuple(parts))
        known = np.full(int(codes.max()) + 1, -1)
        known[codes[: target.size]] = effect.codes
        here = known[codes[target.size :]]
        if (here < 0).any():
            row = frame.index[int(np.flatnonzero(here < 0)[0])]
            raise ModelError(
                f"{fit.name}: row {row} has a level of {effect.name} that the fit has not seen. Leave it out."
            )
        total += levels[start + here]
    return total
