"""The regions' own rates and shares: what a model says of the regions in hand rather than of regions like these.

A negative binomial count is Poisson with a gamma rate around the region's expected one. Given the count the rate is gamma
again: shape ``1 / dispersion + count`` and mean ``(1 / dispersion + count) / (1 / (dispersion expected) + 1)`` in counts. A
beta-binomial share is beta given its count: ``concentration share + yes`` and ``concentration (1 - share) + no``. Under the
prior there is no count to be given, and both are drawn from the model alone.
"""

from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from northroute.arrays import Array
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept, Linear
from northroute.claims.inquiries.models import ANSWER, COUNT, YES
from northroute.claims.inquiry import Job, Reader
from northroute.errors import ModelError

_LEAST: Final = 1e-10
"""Dispersion below which a count is Poisson for all that a draw can show."""


def log_rates(reader: Reader, job: Job) -> Array:
    """Return the linear predictor of every row, exposure left out.

    Returns
    -------
    array, shape (chain, draw, row)

    Raises
    ------
    ModelError
        If the model has a term other than intercepts, slopes and effects of one column's groups.
    """
    frame, found = job.frame, []
    for term in job.model.terms:
        only = getattr(term, "only", None)
        kept = np.ones(len(frame), dtype=bool) if only is None else frame[job.model.response].isin(only).to_numpy()
        rows = frame[kept]
        match term:
            case Intercept():
                part = _by_row(reader(term.name), rows, term.by)
            case Linear():
                slopes = reader(term.name)
                parts = [
                    _by_row(slopes.sel({term.dim: c}, drop=True), rows, term.by) * rows[c].to_numpy(float)
                    for c in term.columns
                ]
                part = np.sum(parts, axis=0)
            case Effects(group=str(group), columns=("1",), by=None):
                part = _by_row(reader(f"{term.stem}_effect"), rows, group)
            case _:
                raise ModelError(f"{job.model.name}: the regions' own numbers do not know the term {term}.")
        whole = np.zeros((*part.shape[:-1], len(frame)))
        whole[..., kept] = part
        found.append(whole)
    return np.asarray(np.sum(found, axis=0))


def own_log_rates(reader: Reader, job: Job) -> Array:
    """Return the log rate of every row per unit of exposure, given its own count under the posterior.

    Poisson counts have rates of their own through effects only, which are in the predictor.

    Returns
    -------
    array, shape (chain, draw, row)
    """
    expected = log_rates(reader, job)
    if isinstance(job.model.distribution, dist.Poisson):
        return expected
    if not isinstance(job.model.distribution, dist.NegativeBinomial):
        raise ModelError(f"{job.model.name}: its outcome has no rates.")
    dispersion = _by_row(reader("dispersion"), job.frame, job.model.response)
    exposure = np.ones(len(job.frame))
    if job.model.exposure is not None:
        exposure = job.frame[job.model.exposure].to_numpy(float) / job.model.exposure_unit
    return given_counts(reader, expected, dispersion, exposure, job.frame[COUNT].to_numpy(float))


def given_counts(reader: Reader, expected: Array, dispersion: Array, exposure: Array, count: Array) -> Array:
    """Return log rates of negative binomial rows, given their own counts under the posterior.

    Parameters
    ----------
    reader : Reader
    expected : array, shape (chain, draw, row)
        Log rates that the model expects.
    dispersion : array, shape (chain, draw, row) or (chain, draw, 1)
    exposure, count : array, shape (row,)
    """
    shape = 1 / np.maximum(np.broadcast_to(dispersion, expected.shape), _LEAST)
    rate = shape / (exposure * np.exp(expected))  # of the gamma, in counts
    if reader.group == "posterior":
        shape, rate = shape + count, rate + 1
    own = np.maximum(reader.generator("own rates").gamma(shape), 1e-300)
    return np.asarray(np.log(own) - np.log(rate) - np.log(exposure))


def own_shares(reader: Reader, job: Job, yes: str, total: str) -> Array:
    """Return the share of yes of every cell of a model of shares, given its own count under the posterior.

    The expected share is that of the intercept alone; binomial cells add their effect to its logit.

    Parameters
    ----------
    reader : Reader
    job : Job
        On a frame of :func:`~northroute.claims.inquiries.models.cells`.
    yes, total : str
        Its columns of counts.

    Returns
    -------
    array, shape (chain, draw, cell)
        In the order of the frame's rows of yes.
    """
    own = job.frame[job.frame[ANSWER] == YES]
    cell = str(job.model.cell)
    mean = expit(reader.array("intercept"))[..., None]
    if isinstance(job.model.distribution, dist.Multinomial):
        effect = _by_row(reader(f"{cell}_effect"), own, cell)
        return np.asarray(expit(np.log(mean) - np.log1p(-mean) + effect))
    concentration = reader.array("concentration")[..., None]
    a, b = np.broadcast_arrays(concentration * mean, concentration * (1 - mean))
    if reader.group == "posterior":
        k, n = own[yes].to_numpy(float), own[total].to_numpy(float)
        a, b = a + k, b + n - k
    shape = (*a.shape[:-1], len(own))
    return reader.generator("own shares").beta(np.maximum(a, 1e-12), np.maximum(b, 1e-12), shape)


def _by_row(values: xr.DataArray, rows: pd.DataFrame, column: str | None) -> Array:
    """Return values at each row by its label in a column; one value for all rows where there is no column."""
    if column is None:
        return np.asarray(values.to_numpy(), dtype=np.float64)[..., None]
    labels = rows[column].astype(str).tolist()
    return np.asarray(values.transpose("chain", "draw", column).sel({column: labels}).to_numpy(), dtype=np.float64)
