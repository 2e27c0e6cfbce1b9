"""Lambert's azimuthal equal-area projection of the ellipsoid: areas on the map are in proportion to areas on the ground.

Formulas are those of J. P. Snyder (1987), *Map Projections: A Working Manual*, US Geological Survey Professional Paper 1395,
chapter 24 (pp. 182-190) and chapter 3 (authalic latitude); equation numbers below are his.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from northroute.errors import DataError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lambert:
    """The projection with a centre and an ellipsoid; by default WGS 84 and the centre of ``regions.csv``'s areas.

    Attributes
    ----------
    lat_0, lon_0 : float
        Centre, in degrees north and east.
    semi_major : float
        Semi-major axis of the ellipsoid, in kilometres. The plane's unit is the same.
    eccentricity_squared : float
        Squared eccentricity of the ellipsoid, between 0 (left out: this is no formula for a sphere) and 1.
    """

    lat_0: float = 45.0
    lon_0: float = 67.0
    semi_major: float = 6378.137
    eccentricity_squared: float = 0.0066943799901413165

    def forward(self, lon_lat: Array) -> Array:
        """Return points of the plane.

        Parameters
        ----------
        lon_lat : ndarray (n, 2)
            Degrees east and north.

        Returns
        -------
        ndarray (n, 2)
            Kilometres east and north of the centre.

        Raises
        ------
        DataError
            If a value is not finite or a latitude is beyond a pole.
        """
        points = _points(lon_lat)
        if points.size and np.abs(points[:, 1]).max() > 90:
            remedy = "Give longitude first, then latitude, in degrees."
            raise DataError("a latitude is beyond 90 degrees", file="points to project", remedy=remedy)
        lam = np.radians(points[:, 0] - self.lon_0)
        beta = np.arcsin(np.clip(self._q(np.radians(points[:, 1])) / self._q_pole, -1, 1))  # 3-11
        beta_1, radius, d = self._constants()
        cosine = np.cos(beta) * np.cos(lam)
        scale = radius * np.sqrt(2 / (1 + np.sin(beta_1) * np.sin(beta) + np.cos(beta_1) * cosine))  # 24-19
        x = scale * d * np.cos(beta) * np.sin(lam)  # 24-17
        y = scale / d * (np.cos(beta_1) * np.sin(beta) - np.sin(beta_1) * cosine)  # 24-18
        return np.column_stack([x, y])

    def inverse(self, points: Array) -> Array:
        """Return degrees east and north, shape (n, 2), of points of the plane in kilometres, shape (n, 2).

        Raises
        ------
        DataError
            If a value is not finite or a point lies outside the projection's disc.
        """
        plane = _points(points)
        beta_1, radius, d = self._constants()
        x, y = plane[:, 0] / d, plane[:, 1] * d
        rho = np.hypot(x, y)  # 24-28
        if rho.size and rho.max() > 2 * radius:
            remedy = "Give kilometres from the projection's centre."
            raise DataError("a point lies outside the projection's disc", file="points of the map", remedy=remedy)
        c = 2 * np.arcsin(rho / (2 * radius))  # 24-29
        along = np.divide(y * np.sin(c), rho, out=np.zeros_like(rho), where=rho > 0)
        sine = np.cos(c) * np.sin(beta_1) + along * np.cos(beta_1)  # 24-30: sin beta = q / q at the pole
        lam = np.arctan2(x * np.sin(c), rho * np.cos(beta_1) * np.cos(c) - y * np.sin(beta_1) * np.sin(c))  # 24-26
        lat = np.degrees(self._latitude(np.clip(sine, -1, 1)))
        return np.column_stack([self.lon_0 + np.degrees(np.where(rho > 0, lam, 0.0)), lat])

    @property
    def _q_pole(self) -> float:
        return float(self._q(np.array([np.pi / 2]))[0])

    def _q(self, phi: Array) -> Array:
        square, sine = self.eccentricity_squared, np.sin(phi)
        e = np.sqrt(square)
        return np.asarray((1 - square) * (sine / (1 - square * sine**2) + np.arctanh(e * sine) / e))  # 3-12

    def _latitude(self, sine: Array) -> Array:
        """Return the latitude whose authalic latitude has this sine, by Newton's iteration (3-16)."""
        square, e = self.eccentricity_squared, np.sqrt(self.eccentricity_squared)
        q = self._q_pole * sine
        phi = np.arcsin(sine)
        for _ in range(6):
            s = np.sin(phi)
            gap = q / (1 - square) - s / (1 - square * s**2) - np.arctanh(e * s) / e
            phi = phi + np.where(
                np.abs(s) < 1, (1 - square * s**2) ** 2 / (2 * np.maximum(np.cos(phi), 1e-12)) * gap, 0
            )
        return np.asarray(phi)

    def _constants(self) -> tuple[float, float, float]:
        phi_1, pole = np.radians(self.lat_0), self._q_pole
        beta_1 = float(np.arcsin(self._q(np.array([phi_1]))[0] / pole))
        radius = self.semi_major * np.sqrt(pole / 2)  # 3-13
        m_1 = np.cos(phi_1) / np.sqrt(1 - self.eccentricity_squared * np.sin(phi_1) ** 2)  # 14-15
        return beta_1, float(radius), float(self.semi_major * m_1 / (radius * np.cos(beta_1)))  # 24-20


def _points(points: Array) -> Array:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        remedy = "Give an array of shape (n, 2) without gaps."
        raise DataError("points are not pairs of finite numbers", file="points to project", remedy=remedy)
    return array
