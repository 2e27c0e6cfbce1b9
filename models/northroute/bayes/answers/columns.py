"""Covariates of a fit's rows as its model has them, and what they become where a covariate is set to another value."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from northroute.arrays import Array
from northroute.bayes.fit import BayesFit
from northroute.errors import ModelError

Key = tuple[str, str]
"""A dimension of covariates in the fit, and a label on it."""
SHOCK = "from "


@dataclass(frozen=True)
class Columns:
    """Columns of the rows of a fit.

    Attributes
    ----------
    values : mapping of (str, str) to array, shape (row,)
        As they multiply slopes: centred where the model centres them.
    centre : mapping of (str, str) to float
        What was taken off a covariate to get its column.
    factors : mapping of str to array, shape (row,)
        Covariates that enter products, less their means.
    factor_centre : mapping of str to float
    products : mapping of str to float
        Products by their label ``a:b``, with the standard deviation that they are divided by.
    """

    values: Mapping[Key, Array]
    centre: Mapping[Key, float]
    factors: Mapping[str, Array]
    factor_centre: Mapping[str, float]
    products: Mapping[str, float]

    @property
    def names(self) -> list[str]:
        """Covariates that can be set to other values."""
        known = {label for _, label in self.values} - set(self.products)
        return sorted(known | set(self.factors))

    def raw(self, covariate: str) -> Array:
        """Return a covariate as the panel has it, shape (row,)."""
        self._require(covariate)
        if covariate in self.factors:
            return self.factors[covariate] + self.factor_centre[covariate]
        key = next(k for k in self.values if k[1] == covariate)
        return self.values[key] + self.centre.get(key, 0.0)

    def at(self, covariate: str, value: ArrayLike) -> dict[Key, Array]:
        """Return the columns that change where ``covariate`` is ``value`` (one for all rows, or one a row).

        Products of the covariate change with it; the means and standard deviations that columns are centred and scaled by
        stay those of the data.

        Raises
        ------
        ModelError
            If the model has no such covariate, or has it split within and between units.
        """
        self._require(covariate)
        rows = next(iter(self.values.values())).shape
        new = np.broadcast_to(np.asarray(value, dtype=float), rows)
        found = {k: new - self.centre.get(k, 0.0) for k in self.values if k[1] == covariate}
        for key in self.values:
            first, _, second = key[1].partition(":")
            if key[1] in self.products and covariate in (first, second):
                pair = [new - self.factor_centre[c] if c == covariate else self.factors[c] for c in (first, second)]
                found[key] = pair[0] * pair[1] / self.products[key[1]]
        return found

    def _require(self, covariate: str) -> None:
        split = sorted(n for n in self.names if n in (f"{covariate}_within", f"{covariate}_between"))
        if split:
            raise ModelError(f"'{covariate}' is split within and between units in this fit. Name one of {split}.")
        if covariate not in self.names:
            raise ModelError(f"The fit has no covariate '{covariate}'; it has {self.names}.")


def columns(fit: BayesFit, months: NDArray[np.str_]) -> Columns:
    """Read the columns of a fit of the ladder; ``months`` are the labels of each row's month."""
    constants, posterior = fit.tree["constant_data"].to_dataset(), fit.tree["posterior"].to_dataset()
    values: dict[Key, Array] = {}
    centre: dict[Key, float] = {}
    for name, dim in (("x", "covariate"), ("z", "varying")):
        if name in constants and constants.sizes[dim]:
            values |= _split(constants[name], dim)
    if "unit_x" in constants:
        by_row = constants["unit_x"].isel(unit=("row", constants["unit_of_row"].to_numpy()))
        values |= _split(by_row, "unit_covariate")
        labels = map(str, constants["unit_covariate"].to_numpy())
        centre |= {("unit_covariate", c): float(v) for c, v in zip(labels, constants["unit_x_centre"], strict=True)}
    if "detection_x" in constants:
        for key, column in _split(constants["detection_x"], "detection_covariate").items():
            centre[key] = float(column.mean())
            values[key] = column - centre[key]
    if "shock" in posterior.coords:
        for label in map(str, posterior["shock"].to_numpy()):
            values["shock", label] = (months >= label.removeprefix(SHOCK)).astype(float)
    factors: dict[str, Array] = {}
    factor_centre: dict[str, float] = {}
    products: dict[str, float] = {}
    if "factor" in constants:
        raw = {label: column for (_, label), column in _split(constants["factor"], "factor_covariate").items()}
        factor_centre = dict(zip(raw, map(float, constants["factor_centre"]), strict=True))
        factors = {c: v - factor_centre[c] for c, v in raw.items()}
        labels = map(str, constants["product"].to_numpy())
        products = dict(zip(labels, map(float, constants["product_scale"]), strict=True))
    return Columns(values, centre, factors, factor_centre, products)


def _split(matrix: xr.DataArray, dim: str) -> dict[Key, Array]:
    array = matrix.transpose("row", dim)
    return {(dim, str(c)): array.to_numpy()[:, j] for j, c in enumerate(array[dim].to_numpy())}
