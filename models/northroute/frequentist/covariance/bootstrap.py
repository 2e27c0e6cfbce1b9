"""The wild score bootstrap with the null imposed (Kline and Santos 2012, Journal of Econometric Methods 1:23).

Scores at the restricted estimate, cleared of the other parameters, are summed by cluster and multiplied by Webb's six-point
weights (Webb 2023, Canadian Journal of Economics 56:839). With six clusters or fewer all 6^G combinations are enumerated, so
that nothing is random. For clustered Poisson models its size is off when clusters are few: a check, not the primary method.
"""

import numpy as np
from numpy.typing import NDArray

from northroute.arrays import Array
from northroute.conventions import DEFAULT_SEED
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.result import Errors, p_only
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.restricted import restrict
from northroute.seeds import generator

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
ENUMERATED = 6
"""Up to this many clusters (46,656 combinations) all are enumerated."""


def score_bootstrap(
    fit: Estimate, by: str, terms: tuple[str, ...] = (), *, draws: int = 9_999, seed: int = DEFAULT_SEED
) -> Errors:
    """Two-sided p-values of zero coefficients.

    Parameters
    ----------
    fit : Estimate
        Poisson with or without absorbed effects.
    by : str
        Cluster column.
    terms : tuple of str
        By default all but the intercept.
    draws : int
        Number of draws where there are too many clusters to enumerate.
    seed : int

    Raises
    ------
    ModelError
        For another model, an unknown term, or one cluster only.
    """
    codes, count = groups.clusters(fit, by)
    multipliers = weights(count, draws, seed)
    chosen = terms or tuple(t for t in fit.terms if t != "Intercept")
    p = {t: p_value(groups.sums(restrict(fit, t).scores[:, None], codes, count)[:, 0], multipliers) for t in chosen}
    if count <= ENUMERATED:
        note = f"all {len(multipliers):,} Webb weights; p cannot be below {attainable(count):.2g}"
    else:
        note = f"{draws:,} draws of Webb weights; p cannot be below {1 / (draws + 1):.2g}"
    return p_only(fit, p, f"wild score bootstrap by {by}", {by: count}, note)


def weights(count: int, draws: int = 9_999, seed: int = DEFAULT_SEED) -> Array:
    """Webb weights, shape (draw, cluster): every combination for six clusters or fewer, else the observed one and draws."""
    values = np.concatenate([-WEBB[::-1], WEBB])
    if count <= ENUMERATED:
        cells: NDArray[np.intp] = np.indices((6,) * count).reshape(count, -1).T
        return values[cells]
    rng = generator(f"Webb weights {count} {draws}", seed)
    return np.vstack([np.ones(count), rng.choice(values, (draws, count))])


def p_value(summed: Array, multipliers: Array) -> float:
    """Share of |t*| at least as large as |t|, where ``t = sum(s) / sqrt(sum(s^2))`` over clusters' scores ``s``."""
    with np.errstate(invalid="ignore"):
        drawn = np.abs(multipliers @ summed) / np.sqrt(multipliers**2 @ summed**2)
        observed = np.abs(summed.sum()) / np.sqrt(np.sum(summed**2))
    return float(np.mean(drawn >= observed * (1 - 1e-10)))


def attainable(count: int) -> float:
    """Smallest p-value that enumeration can give: the six draws with equal weights always tie with the data."""
    return 6.0 / 6.0**count
