"""Errors of indices that lie between bounds, as draws of what an index measures given what was published.

The error is normal on the logit of the scale, with the standard deviation that gives the assumed one on the scale itself
(:func:`logit_sd`): no draw leaves the bounds, and the published value stays the median.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from northroute import seeds
from northroute.arrays import Array
from northroute.bayes import Prior
from northroute.errors import DataError

SHAPE: Final = (4, 2000)
"""Chains and draws; they are independent."""
LOWEST, HIGHEST, STEP = 1.0, 10.0, 0.5
"""Scale of the organised crime index."""
LARGEST: Final = 0.3
"""Error of an index on 0..1 from which on it says nothing; a uniform one has 0.29."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


def logit_sd(value: float, sd: float) -> float:
    """Return the standard deviation on the logit scale that gives ``sd`` on the scale from 0 to 1.

    It is that of ``x`` in ``expit(logit(value) + x)``, by Gauss-Hermite quadrature.

    Raises
    ------
    DataError
        If the value is not inside its bounds, or the error is not inside (0, :data:`LARGEST`).
    """
    if not 0 < value < 1:
        remedy = "An index at its bound has no logit; leave the country out, or correct the table."
        raise DataError(f"{value:g} is not inside its bounds", file="index on the scale from 0 to 1", remedy=remedy)
    if not 0 < sd < LARGEST:
        raise DataError(
            f"an error of {sd:g}", file="index on the scale from 0 to 1", remedy=f"Give one below {LARGEST:g}."
        )
    weight = _WEIGHTS / _WEIGHTS.sum()

    def excess(scale: float) -> float:
        drawn = expit(logit(value) + scale * _NODES)
        mean = float(weight @ drawn)
        return float(np.sqrt(weight @ np.square(drawn - mean))) - sd

    return float(brentq(excess, 1e-6, 20.0))


def measured(published: Mapping[str, float], sd: float, name: str, seed: int) -> dict[str, Array]:
    """Draw an index on 0..1 given its published values by country, with an error of ``sd`` on that scale.

    ``name`` names the random stream: indices of different names have independent errors.
    """
    return {
        country: expit(
            logit(value) + logit_sd(value, sd) * seeds.generator(f"{name} {country}", seed).standard_normal(SHAPE)
        )
        for country, value in published.items()
    }


def scored(scores: Mapping[str, Sequence[float]], sd: float, name: str, seed: int) -> dict[str, Array]:
    """Draw a score of the organised crime index, 1 to 10, given the published scores of editions by country.

    What the experts meant lies within half a step of each published score; the mean over editions then has an error of
    ``sd``, on the logit of the scale.
    """
    found = {}
    for country, published in scores.items():
        rng = seeds.generator(f"{name} {country}", seed)
        meant = np.mean([rng.uniform(*_step(s), SHAPE) for s in published], axis=0)
        middle = float(np.mean([np.mean(_step(s)) for s in published]))
        error = logit_sd(share(middle), sd / (HIGHEST - LOWEST)) * rng.standard_normal(SHAPE)
        found[country] = on_scale(expit(logit(share(meant)) + error))
    return found


def seen(truth: float, sd: float, rng: np.random.Generator) -> float:
    """Draw what would be published of an index on 0..1, for simulated worlds."""
    return float(expit(logit(truth) + logit_sd(truth, sd) * rng.standard_normal()))


def unknown(countries: Sequence[str], prior: Prior, name: str, seed: int) -> dict[str, Array]:
    """Draw an index on 0..1 from its prior, which is on the logit scale; shape (1, draw)."""
    size = (1, SHAPE[0] * SHAPE[1])
    return {c: expit(prior.draw(seeds.generator(f"{name} prior {c}", seed), size)) for c in countries}


def share[T: (float, Array)](score: T) -> T:
    """Take a score of the organised crime index to the scale from 0 to 1."""
    return (score - LOWEST) / (HIGHEST - LOWEST)


def on_scale[T: (float, Array)](part: T) -> T:
    """Take a number between 0 and 1 to the scale of the organised crime index."""
    return LOWEST + (HIGHEST - LOWEST) * part


def _step(score: float) -> tuple[float, float]:
    """Bounds of what a published score stands for."""
    return max(LOWEST, score - STEP / 2), min(HIGHEST, score + STEP / 2)
