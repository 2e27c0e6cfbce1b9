"""Errors robust to dependence that fades with distance and with time.

Conley (1999, Journal of Econometrics 92:1): each pair of scores is weighted by a kernel of its distance, times a kernel of
its lag. Great-circle distances.
"""

from typing import Literal

import numpy as np

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist.columns import numbers_of
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.convention import sandwich
from northroute.frequentist.covariance.result import Errors, from_covariance
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.spec import Convention
from northroute.panel.periods import in_words

Kernel = Literal["bartlett", "uniform"]
EARTH_KM = 6371.0088
_MOST_UNITS = 5_000


def conley(
    fit: Estimate,
    *,
    kilometres: float,
    months: int = 0,
    kernel: Kernel = "bartlett",
    unit: str = "unit",
    time: str = "month",
    lon: str = "lon",
    lat: str = "lat",
    convention: Convention = "stata",
) -> Errors:
    """Spatial errors (``months=0``) or spatial and serial ones, t(units - 1).

    Parameters
    ----------
    fit : Estimate
    kilometres : float
        Distance at which the spatial kernel is zero.
    months : int
        Last lag with weight; 0 weighs pairs of the same month only.
    kernel : {"bartlett", "uniform"}
        Of distance: ``1 - d / kilometres``, or 1 up to the cut-off. Of time: ``1 - l / (months + 1)``, or 1 up to
        ``months``.
    unit, time, lon, lat : str
        Columns; degrees east and north.
    convention : str
        With G = units, see :data:`northroute.frequentist.CONVENTIONS`.

    Raises
    ------
    ModelError
        For absent columns, a cut-off that is not positive, several rows of a unit in a month, a unit at two places, or a
        covariance that is not positive (a uniform kernel may give one).
    """
    if not kilometres > 0 or months < 0:
        raise ModelError(f"{fit.name}: the cut-offs are {kilometres} km and {months} months; give positive ones.")
    units, steps, shape = groups.grid(fit, unit, time)
    if shape[0] > _MOST_UNITS:
        raise ModelError(
            f"{fit.name}: {shape[0]} units; distances of more than {_MOST_UNITS} are too many. Aggregate them."
        )
    near = _kernel(distances(_places(fit, units, unit, lon, lat)), kilometres, kernel)
    lags = np.abs(np.subtract.outer(np.arange(shape[1]), np.arange(shape[1])))
    close = _kernel(lags.astype(float), months + 1.0 if kernel == "bartlett" else months + 0.5, kernel)
    table = np.zeros((*shape, len(fit.terms)))
    table[units, steps] = fit.scores
    smoothed = np.einsum("uv,vtk->utk", near, np.einsum("ts,vsk->vtk", close, table, optimize=True), optimize=True)
    meat = np.einsum("utj,utk->jk", table, smoothed)
    covariance = sandwich(fit, (meat + meat.T) / 2, convention, shape[0], [units])
    period = groups.periods(fit, time).unit
    kind = f"Conley, {kernel}, {kilometres:g} km" + (f", {in_words(period, months)}" if months else f", same {period}")
    return from_covariance(fit, covariance, shape[0] - 1, kind, {unit: shape[0]}, convention)


def distances(places: Array) -> Array:
    """Great-circle distances in km between places, shape (place, place); columns are degrees east and north (haversine)."""
    lon, lat = np.deg2rad(places).T
    half = np.sin(np.subtract.outer(lat, lat) / 2) ** 2
    half += np.cos(lat)[:, None] * np.cos(lat) * np.sin(np.subtract.outer(lon, lon) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def _kernel(distance: Array, cutoff: float, kernel: Kernel) -> Array:
    if kernel == "bartlett":
        return np.maximum(1 - distance / cutoff, 0.0)
    if kernel == "uniform":
        return (distance <= cutoff).astype(float)
    raise ModelError(f"No kernel '{kernel}'; choose bartlett or uniform.")


def coordinates_of(fit: Estimate, lon: str, lat: str) -> Array:
    """Return degrees east and north of each row, shape (row, 2).

    Raises
    ------
    ModelError
        For absent columns or values that are no degrees, such as metres of a projection.
    """
    for column in (lon, lat):
        groups.column_codes(fit, column)
    frame = fit.design.frame
    found = np.column_stack([numbers_of(frame[c], c, fit.name) for c in (lon, lat)])
    if not np.isfinite(found).all() or (np.abs(found[:, 1]) > 90).any() or (np.abs(found[:, 0] - 90) > 270).any():
        raise ModelError(f"{fit.name}: '{lon}' and '{lat}' are not degrees east and north. Convert them.")
    return found


def _places(fit: Estimate, units: Ints, unit: str, lon: str, lat: str) -> Array:
    coordinates = coordinates_of(fit, lon, lat)
    first = np.unique(units, return_index=True)[1]
    places = coordinates[first]
    if not np.allclose(places[units], coordinates):
        raise ModelError(f"{fit.name}: a {unit} stands at two places. Give each one pair of {lon} and {lat}.")
    return places
