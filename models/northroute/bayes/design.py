"""From a panel and a specification to the arrays of a model: rows, indices, covariates, labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.bayes.centring import assumed_scales, centredness, row_information
from northroute.bayes.spec import CountSpec
from northroute.bayes.terms.time import walk_basis
from northroute.errors import ModelError
from northroute.panel import Panel
from northroute.provenance import array_hash, value_hash

SHORTEST_PERIOD: Final = 8
"""Months: the shortest period in the walk of a single country; what is faster is left to dispersion."""


@dataclass(frozen=True)
class Design:
    """Arrays of a count model.

    Attributes
    ----------
    counts : int array, shape (row,)
    arrays : mapping of str to array
        Data of the model by name: ``log_exposure`` (row,), ``unit_of_row``, ``country_of_row``, ``month_of_row``,
        ``season_of_row`` (row,), ``country_of_unit`` (unit,), ``unit_x`` (unit, unit_covariate) centred,
        ``x`` (row, covariate), ``z`` (row, varying), ``walk_basis`` (month, frequency).
    information : mapping of str to array
        What the data say about the effects of each scale: ``sd_country`` (), ``sd_unit`` (unit,), ``sd_slope`` (varying,),
        ``sd_month`` (frequency,) or (country, frequency), ``sd_season`` (); see :mod:`northroute.bayes.centring`.
    coords : mapping of str to list
        Labels of the dimensions.
    nested : bool
        True if some country has more than one unit, so that units get an effect of their own.
    dropped : mapping of str to int
        Rows left out, by reason.
    """

    counts: NDArray[np.int64]
    arrays: Mapping[str, NDArray[Any]]
    information: Mapping[str, NDArray[np.float64]]
    coords: Mapping[str, list[Any]]
    nested: bool
    dropped: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Number of rows in the likelihood."""
        return int(self.counts.size)

    def hash(self) -> str:
        """SHA-256 of everything the model sees."""
        arrays = {k: array_hash(v.astype(float).round(12)) for k, v in self.arrays.items()}
        return value_hash({"counts": array_hash(self.counts), "arrays": arrays, "coords": dict(self.coords)})

    def centring(self, spec: CountSpec, learnt: Mapping[str, Any] | None = None) -> dict[str, NDArray[np.float64]]:
        """How far each effect is centred: the model's data ``c_country``, ``c_unit``, ``c_slope``, ``c_month`` and so on.

        Parameters
        ----------
        spec : CountSpec
        learnt : mapping of str to array, optional
            Low posterior quantiles of the standard deviations from a first attempt; by default half their priors' scales.
        """
        scales = assumed_scales({k: p.scale for k, p in spec.priors.items() if k.startswith("sd_")}, learnt)
        information = dict(self.information)
        if self.nested:  # units, not rows, inform a country's mean
            information["sd_country"] = np.asarray(
                len(self.coords["unit"]) / len(self.coords["country"]) / scales["sd_unit"] ** 2
            )
        month = scales["sd_month"][..., None] if scales["sd_month"].ndim else scales["sd_month"]
        found = {
            "c_country": centredness(information["sd_country"], scales["sd_country"]),
            "c_slope": centredness(information["sd_slope"], scales["sd_slope"]),
            "c_month": centredness(information["sd_month"], month),
            "c_season": centredness(information["sd_season"], scales["sd_season"]),
        }
        return found | ({"c_unit": centredness(information["sd_unit"], scales["sd_unit"])} if self.nested else {})


def design(panel: Panel, spec: CountSpec) -> Design:
    """Build the design of ``spec`` on ``panel``.

    Rows whose outcome is unobserved or whose covariates are missing are left out and counted.

    Raises
    ------
    ModelError
        If a column is missing, nothing is left, only one country is there, a country or the whole outcome is all zero,
        or a covariate is constant or not constant where it has to be.
    """
    row_names = (*spec.covariates, *spec.varying)
    panel.require(spec.outcome, *([spec.exposure] if spec.exposure else []), *spec.unit_covariates, *row_names)
    frame = panel.frame
    observed = frame[spec.outcome].notna()
    complete = frame[list(row_names)].notna().all(axis=1)
    kept = frame[observed & complete]
    dropped = {"outcome unobserved": int((~observed).sum()), "covariate missing": int((observed & ~complete).sum())}
    if kept.empty:
        raise ModelError(
            f"{spec.name}: no row of '{panel.name}' has both '{spec.outcome}' and {row_names}. See {dropped}."
        )
    units = [str(u) for u in kept.index.get_level_values("unit").unique()]
    stamps = pd.DatetimeIndex(kept.index.get_level_values("month"))
    months = pd.date_range(stamps.min(), stamps.max(), freq="MS")
    if len(months) < 12:
        raise ModelError(f"{spec.name}: {len(months)} months; a walk and a season over months need at least 12.")
    home = kept["country"].groupby(level="unit", sort=False).first().reindex(units)
    countries = [str(c) for c in home.unique()]
    if len(countries) < 2:
        raise ModelError(
            f"{spec.name}: only {countries} left, and effects that vary by country need two. Add countries."
        )
    _refuse_zeros(kept, spec, countries)
    unit_of_row = pd.Index(units).get_indexer(kept.index.get_level_values("unit"))
    country_of_unit = pd.Index(countries).get_indexer(pd.Index(home))
    log_exposure = np.zeros(len(kept))
    if spec.exposure:
        log_exposure = np.log(kept[spec.exposure].to_numpy(float) / spec.exposure_unit)
    nested = len(units) > len(countries)
    frequencies = len(months) - 1 if spec.month == "shared" else 2 * len(months) // SHORTEST_PERIOD
    counts, country_of_row = kept[spec.outcome].to_numpy(np.int64), country_of_unit[unit_of_row]
    basis, z = walk_basis(len(months))[:, :frequencies], _row_matrix(kept, spec.varying, spec.name)
    weight = row_information(counts, np.exp(log_exposure), unit_of_row)
    return Design(
        counts=counts,
        arrays={
            "log_exposure": log_exposure,
            "unit_of_row": unit_of_row,
            "country_of_row": country_of_row,
            "country_of_unit": country_of_unit,
            "month_of_row": months.get_indexer(stamps),
            "season_of_row": stamps.month.to_numpy() - 1,
            "unit_x": _unit_matrix(kept, spec, units, nested),
            "x": _row_matrix(kept, spec.covariates, spec.name),
            "z": z,
            "walk_basis": basis,
        },
        information=_information(weight, unit_of_row, country_of_row, z, basis, shared=spec.month == "shared"),
        coords={
            "country": countries,
            "unit": units,
            "month": [f"{m:%Y-%m}" for m in months],
            "frequency": list(range(1, frequencies + 1)),
            "month_of_year": list(range(1, 13)),
            "unit_covariate": list(spec.unit_covariates),
            "covariate": list(spec.covariates),
            "varying": list(spec.varying),
            "row": list(range(len(kept))),
        },
        nested=nested,
        dropped=dropped,
    )


def _information(
    weight: NDArray[np.float64],
    unit_of_row: NDArray[np.intp],
    country_of_row: NDArray[np.intp],
    z: NDArray[np.float64],
    basis: NDArray[np.float64],
    *,
    shared: bool,
) -> dict[str, NDArray[np.float64]]:
    by_country = np.bincount(country_of_row, weight)
    a_month = (weight.sum() if shared else by_country[:, None]) / len(basis)
    return {
        "sd_country": np.asarray(by_country.mean()),
        "sd_unit": np.bincount(unit_of_row, weight),
        "sd_slope": weight @ np.square(z) / len(by_country),
        "sd_month": a_month * np.square(basis).sum(axis=0),
        "sd_season": np.asarray(weight.sum() / 12),
    }


def _refuse_zeros(kept: pd.DataFrame, spec: CountSpec, countries: list[str]) -> None:
    totals = kept.groupby("country")[spec.outcome].sum()
    empty = [c for c in countries if totals[c] == 0]
    if empty:
        raise ModelError(
            f"{spec.name}: '{spec.outcome}' is zero in every observed month of {', '.join(empty)}, so its rate has "
            "no finite estimate without the prior. Leave the country out, or mark months that nobody reported unobserved."
        )


def _unit_matrix(kept: pd.DataFrame, spec: CountSpec, units: list[str], nested: bool) -> NDArray[np.float64]:
    if not spec.unit_covariates:
        return np.zeros((len(units), 0))
    if not nested:
        raise ModelError(f"{spec.name}: unit covariates need several units a country; here a unit is a country.")
    columns = kept[list(spec.unit_covariates)]
    by_unit = columns.groupby(level="unit", sort=False)
    spread = (by_unit.max() - by_unit.min()).max()
    if (spread > 1e-9).any():
        name = spread.idxmax()
        raise ModelError(
            f"{spec.name}: '{name}' changes within a unit; name it among 'covariates', not 'unit_covariates'."
        )
    matrix = columns.groupby(level="unit", sort=False).first().reindex(units).to_numpy(float)
    flat = [n for n, s in zip(spec.unit_covariates, matrix.std(axis=0), strict=True) if s == 0]
    if flat:
        raise ModelError(
            f"{spec.name}: {flat} is the same in every unit and cannot be told from the intercept. Leave it out."
        )
    return np.asarray(matrix - matrix.mean(axis=0))


def _row_matrix(kept: pd.DataFrame, names: tuple[str, ...], label: str) -> NDArray[np.float64]:
    matrix = kept[list(names)].to_numpy(float)
    flat = [n for n, s in zip(names, matrix.std(axis=0), strict=True) if s == 0]
    if flat:
        raise ModelError(f"{label}: {flat} does not vary over the rows kept. Leave it out.")
    return matrix
