"""Leave-one-out densities of difficult rows by moving the draws towards the posterior without the row.

Paananen, Piironen, Burkner and Vehtari (2021), Implicitly adaptive importance sampling, Statistics and Computing 31:16.
The total map is kept as one composed affine map, so that the density of the split proposal is exact also where shifts and
scales follow one another.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from northroute.bayes.checks.affine import Affine, identity, match_covariance, match_mean, match_variance
from northroute.bayes.checks.arrays import Floats, Integers
from northroute.bayes.checks.loo import Loo
from northroute.bayes.checks.psis import log_sum_exp, smooth
from northroute.errors import ModelError

MAX_STEPS: Final = 30
DRAWS_PER_DIMENSION: Final = 10
"""Covariances are matched only where there are more draws than this for each dimension."""


class Density(Protocol):
    """A posterior on the unconstrained scale, Jacobians included."""

    @property
    def draws(self) -> Floats:
        """Draws, shape (draw, dim)."""

    def log_posterior(self, theta: Floats) -> Floats:
        """Log posterior, up to a constant, of points of shape (draw, dim); shape (draw,)."""

    def log_likelihood_rows(self, theta: Floats, rows: Integers) -> Floats:
        """Log likelihood of rows at points; shape (draw, k)."""


@dataclass(frozen=True)
class MatchedRow:
    """One row's density after matching: its value, its k, and the maps that were taken."""

    elpd: float
    k: float
    steps: int


@dataclass(frozen=True)
class _State:
    """Where the draws are: the map, the points, log weights of the target without the row, and its k."""

    total: Affine
    theta: Floats
    row: Floats
    log_weights: Floats
    k: float
    k_full: float


def match_rows(
    found: Loo,
    density: Density,
    *,
    rows: Integers | None = None,
    covariance: bool = True,
    split: bool = True,
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
        Also match covariances, where draws are more than ten a dimension.
    split : bool
        Weigh half of the draws moved and half not against their mixture; it helps where the likelihood of the row is large
        in another place than the posterior without it.
    relative_ess : float
        Effective over actual number of draws.

    Raises
    ------
    ModelError
        If draws of the density and of the densities found differ in number.
    """
    if density.draws.shape[0] != found.draws:
        raise ModelError(f"{density.draws.shape[0]} draws of the density, but {found.draws} of the log likelihood.")
    elpd, k, matched = found.elpd.copy(), found.k.copy(), found.matched.copy()
    log_posterior = density.log_posterior(density.draws)
    for i in found.failed if rows is None else rows:
        one = match_row(density, int(i), found.limit, log_posterior, covariance, split, relative_ess)
        if one.k < k[i]:
            elpd[i], k[i], matched[i] = one.elpd, one.k, True
    return replace(found, elpd=elpd, k=k, matched=matched)


def match_row(
    density: Density,
    row: int,
    limit: float,
    log_posterior: Floats,
    covariance: bool,
    split: bool,
    relative_ess: float,
) -> MatchedRow:
    """Move the draws until the weights of one row's leave-one-out posterior have k below the limit, or nothing helps.

    Maps are tried from the mildest, and the first that lowers k is taken: the mean, then variances, then covariances.
    ``log_posterior``, shape (draw,), is that of the draws where they are. Without the split, the k returned is the larger of
    the weights' and of the weights' times the row's likelihood, as the density is a ratio of the two.
    """
    maps: list[Callable[[Floats, Floats], Affine]] = [match_mean, match_variance]
    draws, dim = density.draws.shape
    if covariance and dim > 1 and draws > DRAWS_PER_DIMENSION * dim:
        maps.append(match_covariance)

    def state(total: Affine, theta: Floats, moved: Floats) -> _State:
        ll = density.log_likelihood_rows(theta, np.array([row], np.int64))[:, 0]
        full = _usable(moved - log_posterior)
        without = smooth(_usable(full - ll)[:, None], relative_ess)
        k_full = -np.inf if moved is log_posterior else float(smooth(full[:, None], relative_ess).k[0])
        return _State(total, theta, ll, without.log_weights[:, 0], float(without.k[0]), k_full)

    now, steps = state(identity(dim), density.draws, log_posterior), 0
    while now.k > limit and steps < MAX_STEPS:
        for match in maps:
            step = match(now.theta, np.exp(now.log_weights))
            theta = step(now.theta)
            tried = state(step.after(now.total), theta, density.log_posterior(theta))
            if tried.k < now.k:
                now, steps = tried, steps + 1
                break
        else:
            break
    if split and steps:
        return _split(density, row, now.total, steps, relative_ess)
    return MatchedRow(float(log_sum_exp(now.log_weights + now.row)), max(now.k, now.k_full), steps)


def _split(density: Density, row: int, total: Affine, steps: int, relative_ess: float) -> MatchedRow:
    """Weigh every other draw moved, the rest where they are, against the mixture of both densities.

    Weights times the row's likelihood are the posterior over that mixture, at most 2: only the weights need a tail.
    """
    here = density.draws
    moves = np.arange(len(here)) % 2 == 0
    theta = np.where(moves[:, None], total(here), here)
    back = np.where(moves[:, None], here, total.inverse(here))
    at, behind = density.log_posterior(theta), density.log_posterior(back) - total.log_determinant
    ll = density.log_likelihood_rows(theta, np.array([row], np.int64))[:, 0]
    without = smooth(_usable(at - np.logaddexp(at, behind) - ll)[:, None], relative_ess)
    return MatchedRow(float(log_sum_exp(without.log_weights[:, 0] + _usable(ll))), float(without.k[0]), steps)


def _usable(log_ratios: Floats) -> Floats:
    return np.where(np.isnan(log_ratios) | np.isposinf(log_ratios), -np.inf, log_ratios)
