r"""Seizures without a place: what an unknown share of them does to a share and to a rate ratio.

Of the seizures that have a place, :math:`\pi` lie inside a group of regions; for each of them :math:`f` have none, of which
a share :math:`u` lies inside. Of all seizures then

.. math:: \frac{\pi + f u}{1 + f}

lie inside. With exposures :math:`E_1` inside and :math:`E_0` outside, a rate ratio :math:`e^c` of the placed means
:math:`\pi = E_1 e^c / (E_1 e^c + E_0)`, and that of all seizures is

.. math:: \log\frac{\pi + f u}{1 - \pi + f (1 - u)} - \log\frac{E_1}{E_0}.

It rises with :math:`c` and :math:`u`, and is :math:`c` itself where :math:`u = \pi`. The same holds of weights, with
kilograms for seizures.
"""

from typing import Literal

import numpy as np
from scipy.special import expit, logit, ndtri

from northroute.arrays import Array
from northroute.errors import ModelError

Lying = float | Literal["any share", "in proportion", "inside", "outside"]
"""How seizures without a place lie. A number: an unknown share of them inside, whose logit is normal around that of the
placed ones with this standard deviation. Else a share uniform between none and all, the share of the placed, all, none.

A uniform share is not neutral: it puts half of them inside a group however small, and so favours small groups."""


def share_inside(lying: Lying, placed: Array, uniform: Array) -> Array:
    """Return the share of seizures without a place that lies inside.

    Parameters
    ----------
    lying : float or str
    placed : array
        The share of the placed ones that does.
    uniform : array
        Uniform numbers of the same shape, used where the share is unknown.
    """
    if isinstance(lying, float):
        return np.asarray(expit(logit(placed) + lying * ndtri(uniform)))
    match lying:
        case "any share":
            return uniform
        case "in proportion":
            return placed
        case "inside":
            return np.ones_like(placed)
        case "outside":
            return np.zeros_like(placed)


def of_all(placed: Array, unplaced: float, lying: Lying, uniform: Array) -> Array:
    """Return the share of all seizures inside.

    Parameters
    ----------
    placed : array
        Share of the placed ones inside.
    unplaced : float
        Seizures without a place for each that has one.
    lying : float or str
    uniform : array
        As in :func:`share_inside`.

    Raises
    ------
    ModelError
        If ``unplaced`` is negative or not finite.
    """
    _check(unplaced)
    return np.asarray((placed + unplaced * share_inside(lying, placed, uniform)) / (1 + unplaced))


def log_rate_ratio(contrast: Array, exposure_odds: float, unplaced: float, lying: Lying, uniform: Array) -> Array:
    """Return the log rate ratio of all seizures, inside to outside.

    Parameters
    ----------
    contrast : array
        Log rate ratio of the placed ones.
    exposure_odds : float
        Exposure inside over exposure outside.
    unplaced, lying, uniform
        As in :func:`of_all`.

    Raises
    ------
    ModelError
        If the odds are not positive and finite, or ``unplaced`` is negative.
    """
    _check(unplaced)
    if not 0 < exposure_odds < np.inf:
        raise ModelError(f"Exposure inside over outside is {exposure_odds:g}. Each of the two needs regions.")
    odds = np.log(exposure_odds)
    placed = expit(contrast + odds)
    rest = expit(-contrast - odds)  # not one minus placed, which rounds to zero for a large contrast
    share = share_inside(lying, placed, uniform)
    if lying == "in proportion":
        return np.asarray(contrast, dtype=np.float64)
    return np.asarray(np.log(placed + unplaced * share) - np.log(rest + unplaced * (1 - share)) - odds)


def _check(unplaced: float) -> None:
    if not 0 <= unplaced < np.inf:
        raise ModelError(f"{unplaced:g} seizures without a place for each that has one. Give a number from zero.")
