"""Ranks of a true value among posterior draws, thinned until they are nearly independent.

Where data are simulated from a draw of the prior and the posterior is right, that draw's rank among ``L`` independent
posterior draws is uniform on ``0..L`` (Talts et al. 2018, arXiv:1804.06788, theorem 1; section 5.1 for the thinning). This
holds for any function of parameters and data (Modrák et al. 2023, Bayesian Analysis, doi:10.1214/23-BA1404, theorem 1).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from northroute.arrays import Array, Ints
from northroute.errors import ModelError

DRAWS: Final = 99
"""Draws kept of one posterior: 100 possible ranks. The gate's 400 effective draws allow it."""


@dataclass(frozen=True)
class Ranks:
    """Ranks of one quantity in one replication.

    Attributes
    ----------
    rank : numpy.ndarray of int
        Shape of the quantity; each in ``0..draws``.
    draws : numpy.ndarray of int
        Draws that were ranked against, same shape.
    """

    rank: Ints
    draws: Ints


def thinned(length: int, ess: float, most: int = DRAWS) -> Ints:
    """Choose evenly spaced draws, no more than are independent.

    Parameters
    ----------
    length : int
        Draws there are.
    ess : float
        Effective sample size of the quantity, in draws.
    most : int
        Draws wanted.

    Returns
    -------
    numpy.ndarray of int
        ``min(most, ess / 2, length)`` indices, at least one: in a slowly moving chain, draws at the spacing of the effective
        size are still correlated by exp(-2) = 0.14, at twice that spacing by 0.02.
    """
    count = max(1, int(min(most, ess / 2, length)))
    return np.asarray((np.arange(count) + 0.5) * length / count, dtype=np.int64)


def rank(
    truth: Array,
    draws: Array,
    rng: np.random.Generator,
    *,
    ess: Array | None = None,
    most: int = DRAWS,
    name: str = "quantity",
) -> Ranks:
    """Rank true values among draws; ties are broken at random.

    Parameters
    ----------
    truth : numpy.ndarray
        True values, of any shape.
    draws : numpy.ndarray
        Posterior draws, shape (draw, ...).
    rng : numpy.random.Generator
        Breaks ties: a value equal to ``k`` draws is put at each of the ``k + 1`` places with the same probability.
    ess : numpy.ndarray, optional
        Effective sample sizes, shape of ``truth``. None: the draws are independent already.
    most : int
        Most draws to rank against.
    name : str
        Of the quantity, for messages.

    Raises
    ------
    ModelError
        If shapes differ, or a value is not finite.
    """
    truth, draws = np.asarray(truth, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    sizes = np.full(truth.shape, np.inf) if ess is None else np.asarray(ess, dtype=np.float64)
    if draws.ndim == 0 or draws.shape[1:] != truth.shape or sizes.shape != truth.shape or len(draws) == 0:
        raise ModelError(
            f"'{name}': the truth has shape {truth.shape}, the draws {draws.shape}, the effective sample sizes "
            f"{sizes.shape}. Give draws of shape (draw, *truth) and sizes of the truth's shape."
        )
    if not (np.isfinite(truth).all() and np.isfinite(draws).all()) or np.isnan(sizes).any():
        raise ModelError(
            f"'{name}': a true value, a draw or an effective sample size is not finite. Leave constants and undefined "
            "elements out of the reported quantities."
        )
    flat = draws.reshape(len(draws), -1)
    less, equal, used = (np.empty(truth.size, dtype=np.int64) for _ in range(3))
    for j, (value, size) in enumerate(zip(truth.ravel(), sizes.ravel(), strict=True)):
        kept = flat[thinned(len(flat), size, most), j]
        less[j], equal[j], used[j] = np.sum(kept < value), np.sum(kept == value), len(kept)
    placed = less + rng.integers(0, equal + 1)
    return Ranks(placed.reshape(truth.shape), used.reshape(truth.shape))


def spread(ranks: Ints, draws: Ints, uniform: Array) -> Array:
    """Turn ranks into values on [0, 1) that are exactly uniform if the ranks are, whatever the number of draws.

    Parameters
    ----------
    ranks, draws : numpy.ndarray of int
        A rank in ``0..draws``; the number of draws may differ from one to the next, as it does after thinning.
    uniform : numpy.ndarray
        Independent uniform values: where in its cell of width ``1 / (draws + 1)`` a rank is put.
    """
    return np.asarray((ranks + uniform) / (draws + 1), dtype=np.float64)
