"""Leave-one-out densities of difficult rows by moving the draws towards the posterior without the row: ArviZ's, adapted.

Paananen, Piironen, Burkner and Vehtari (2021), Implicitly adaptive importance sampling, Statistics and Computing 31:16.
ArviZ is handed the difficult rows alone, so that no array of all rows is made.
"""

import warnings
from dataclasses import replace
from typing import Protocol

import numpy as np
import xarray as xr

from northroute.arrays import Array, Ints
from northroute.bayes.checks.loo import Loo
from northroute.bayes.checks.psis import smooth
from northroute.errors import ModelError

_DRAWS = ("chain", "draw")


class Density(Protocol):
    """A posterior on the unconstrained scale, Jacobians included."""

    @property
    def draws(self) -> Array:
        """Draws, shape (draw, dim)."""

    def log_posterior(self, theta: Array) -> Array:
        """Log posterior, up to a constant, of points of shape (draw, dim); shape (draw,)."""

    def log_likelihood_rows(self, theta: Array, rows: Ints) -> Array:
        """Log likelihood of rows at points; shape (draw, k)."""


def match_rows(
    found: Loo,
    density: Density,
    *,
    rows: Ints | None = None,
    covariance: bool = True,
    relative_ess: float = 1.0,
) -> Loo:
    """Repair leave-one-out densities of rows whose Pareto k is above the limit.

    Each row costs some ten evaluations of the log posterior at all draws. A row is replaced only if its k falls.

    Parameters
    ----------
    found : Loo
        From :func:`northroute.bayes.checks.loo.loo`, of the same draws.
    density : Density
    rows : numpy.ndarray of int, optional
        Rows to repair; those that failed where absent.
    covariance : bool
        Also match covariances, where draws are ten a dimension or more.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        If draws of the density and of the densities found differ in number.
    """
    import arviz_stats as azs
    from arviz_stats.utils import ELPDDataLOO

    draws = density.draws
    if len(draws) != found.draws:
        raise ModelError(f"{len(draws)} draws of the density, but {found.draws} of the log likelihood.")
    asked = found.failed if rows is None else rows
    bad = asked[~(found.k[asked] <= found.limit)]
    if not bad.size:
        return found
    likelihood = density.log_likelihood_rows(draws, bad)
    k = np.where(np.isfinite(found.k[bad]), found.k[bad], np.finfo(float).max)  # ArviZ takes no infinity for a bad row
    before = ELPDDataLOO(
        elpd=float(found.elpd[bad].sum()),
        se=np.nan,
        p=np.nan,
        n_samples=len(draws),
        n_data_points=bad.size,
        scale="log",
        warning=True,
        good_k=found.limit,
        elpd_i=xr.DataArray(found.elpd[bad], dims="row"),
        pareto_k=xr.DataArray(k, dims="row"),
        log_weights=_chain(smooth(-likelihood, relative_ess).log_weights, "row"),
    )
    groups = {"posterior": xr.Dataset({"theta": _chain(draws, "coordinate")})}
    groups["log_likelihood"] = xr.Dataset({"y": _chain(likelihood, "row")})

    def log_posterior(points: xr.DataArray) -> xr.DataArray:
        return _chain(density.log_posterior(_points(points)))

    def log_likelihood(points: xr.DataArray, i: int) -> xr.DataArray:
        return _chain(density.log_likelihood_rows(_points(points), bad[[i]])[:, 0])

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # rows that stay bad are told by their k
        after = azs.loo_moment_match(
            xr.DataTree.from_dict(groups),
            before,
            log_posterior,
            log_likelihood,
            _chain(draws, "coordinate"),
            var_name="y",
            reff=relative_ess,
            k_threshold=found.limit,
            cov=covariance,
            pointwise=True,
        )
    elpd, matched_k, matched = found.elpd.copy(), found.k.copy(), found.matched.copy()
    better = after.pareto_k.to_numpy() < k
    elpd[bad[better]], matched_k[bad[better]] = after.elpd_i.to_numpy()[better], after.pareto_k.to_numpy()[better]
    matched[bad[better]] = True
    return replace(found, elpd=elpd, k=matched_k, matched=matched)


def _chain(values: Array, *dims: str) -> xr.DataArray:
    """Return draws as one chain."""
    coords = {"chain": [0], "draw": np.arange(len(values))}
    return xr.DataArray(values[None], dims=(*_DRAWS, *dims), coords=coords)


def _points(points: xr.DataArray) -> Array:
    return np.ascontiguousarray(points.transpose(*_DRAWS, ...).to_numpy()[0])
