"""Lambert's azimuthal equal-area projection of the ellipsoid: areas on the map are in proportion to areas on the ground.

Formulas are those of J. P. Snyder (1987), *Map Projections: A Working Manual*, US Geological Survey Professional Paper 1395,
chapter 24 (pp. 182-190) and chapter 3 (authalic latitude); equation numbers below are his.
"""

from typing import Any

import numpy as np

from northroute.arrays import Array
from northroute.errors import DataError


def project(
    lon_lat: Array,
    *,
    lat_0: float = 45.0,
    lon_0: float = 67.0,
    semi_major: float = 6378.137,
    eccentricity_squared: float = 0.0066943799901413165,
) -> Array:
    """Return points of the plane; by default on WGS 84 about the centre of ``regions.csv``'s areas.

    Parameters
    ----------
    lon_lat : ndarray (n, 2)
        Degrees east and north.
    lat_0, lon_0 : float
        Centre, in degrees north and east.
    semi_major : float
        Semi-major axis of the ellipsoid, in kilometres. The plane's unit is the same.
    eccentricity_squared : float
        Squared eccentricity of the ellipsoid, between 0 (left out: this is no formula for a sphere) and 1.

    Returns
    -------
    ndarray (n, 2)
        Kilometres east and north of the centre.

    Raises
    ------
    DataError
        If a value is not finite or a latitude is beyond a pole.
    """
    points = np.asarray(lon_lat, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        remedy = "Give an array of shape (n, 2) without gaps."
        raise DataError("points are not pairs of finite numbers", file="points to project", remedy=remedy)
    if points.size and np.abs(points[:, 1]).max() > 90:
        remedy = "Give longitude first, then latitude, in degrees."
        raise DataError("a latitude is beyond 90 degrees", file="points to project", remedy=remedy)
    square, e = eccentricity_squared, np.sqrt(eccentricity_squared)

    def q(phi: Any) -> Any:
        sine = np.sin(phi)
        return (1 - square) * (sine / (1 - square * sine**2) + np.arctanh(e * sine) / e)  # 3-12

    phi_1, pole = np.radians(lat_0), q(np.pi / 2)
    beta_1, beta = (np.arcsin(np.clip(q(phi) / pole, -1, 1)) for phi in (phi_1, np.radians(points[:, 1])))  # 3-11
    radius = semi_major * np.sqrt(pole / 2)  # 3-13
    m_1 = np.cos(phi_1) / np.sqrt(1 - square * np.sin(phi_1) ** 2)  # 14-15
    d = semi_major * m_1 / (radius * np.cos(beta_1))  # 24-20
    lam = np.radians(points[:, 0] - lon_0)
    cosine = np.cos(beta) * np.cos(lam)
    scale = radius * np.sqrt(2 / (1 + np.sin(beta_1) * np.sin(beta) + np.cos(beta_1) * cosine))  # 24-19
    x = scale * d * np.cos(beta) * np.sin(lam)  # 24-17
    y = scale / d * (np.cos(beta_1) * np.sin(beta) - np.sin(beta_1) * cosine)  # 24-18
    return np.column_stack([x, y])
