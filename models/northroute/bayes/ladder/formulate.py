"""From a panel and a specification to a model, its rows, and the quantities that are reported besides its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes.ladder import country, dynamic, joint, pooled, reporting, slopes, spatial
from northroute.bayes.ladder.rows import COUNT, OUTCOME, Rows, rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.model import Model, PartName, Term
from northroute.bayes.statement.priors import Priors
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.panel import Panel

_MODULES: Final = (pooled, country, slopes, dynamic, spatial, joint, reporting)
STEPS: Final = {module.__name__.rpartition(".")[2]: module for module in _MODULES}
"""Module of every step on a panel, in the order of the ladder: ``terms`` are its terms, the docstring its mathematics."""
LAWS: Final[Mapping[str, Callable[[Priors], dist.Counts]]] = {
    "negative_binomial": lambda priors: dist.NegativeBinomial(priors["root_dispersion"]),
    "poisson": lambda _priors: dist.Poisson(),
    "generalised_poisson": lambda _priors: dist.GeneralisedPoisson(),
}
"""Distributions by name, from a specification's priors."""


@dataclass(frozen=True)
class Formulation:
    """A model on a panel.

    Attributes
    ----------
    model : Model
    rows : Rows
    unit_x : xarray.DataArray, optional
        Unit covariates, centred, dimensions (unit, unit_covariate).
    """

    model: Model
    rows: Rows
    unit_x: xr.DataArray | None

    @property
    def frame(self) -> pd.DataFrame:
        """One row an outcome, unit and month."""
        return self.rows.frame

    def labelled(self) -> pd.DataFrame:
        """Return the rows, named by unit and month and, where there are several, outcome."""
        frame = self.frame
        names = frame["unit"].astype(str) + " " + frame["month"].dt.strftime("%Y-%m")
        if self.model.response is not None:
            names = names + " " + frame[OUTCOME].astype(str)
        return frame.set_axis(pd.Index(names))

    def derive(self, values: xr.Dataset) -> xr.Dataset:
        """Levels of units and slopes of countries, which are sums of what the model has."""
        found: dict[str, xr.DataArray] = {}
        home = self.frame.drop_duplicates("unit").set_index("unit")["country"]
        if "country_effect" in values:
            level = values["intercept"] + values["country_effect"]
            at = xr.DataArray(home.to_numpy(), dims="unit", coords={"unit": home.index.to_numpy()})
            level = level.sel(country=at).drop_vars("country")
            if "unit_effect" in values:
                level = level + values["unit_effect"].sel(unit=home.index.to_numpy())
            if self.unit_x is not None:
                level = level + xr.dot(values["unit_slope"], self.unit_x, dim="unit_covariate")
            found["unit_level"] = level
        if "slope_effect" in values:
            found["slope_country"] = (values["slope"] + values["slope_effect"]).transpose(..., "varying", "country")
        if "shock_effect" in values and "shock_mean" in values:
            found["shock_country"] = values["shock_mean"] + values["shock_effect"]
        return xr.Dataset({k: v.transpose("chain", "draw", ...) for k, v in found.items()})

    def constants(self) -> xr.Dataset:
        """Return what estimands need of the rows: exposure, covariates and where each row belongs.

        ``x``, ``z`` and ``unit_x`` are the columns of the model, ``unit_x_centre`` the means that were taken off unit
        covariates, ``detection_x`` covariates of detection as they are. ``factor`` has the covariates that enter products,
        with the means (``factor_centre``) and standard deviations (``product_scale``) that the products are made with.
        """
        frame, r = self.frame, self.rows
        units = list(dict.fromkeys(frame["unit"]))
        countries = list(dict.fromkeys(frame["country"]))
        months = pd.date_range(frame["month"].min(), frame["month"].max(), freq="MS")
        home = frame.drop_duplicates("unit").set_index("unit")["country"]
        by_row = {
            "log_exposure": np.log(frame["exposure"].to_numpy(float)),
            "counts": frame[COUNT].to_numpy(float),
            "unit_of_row": pd.Index(units).get_indexer(pd.Index(frame["unit"])),
            "country_of_row": pd.Index(countries).get_indexer(pd.Index(frame["country"])),
            "month_of_row": months.get_indexer(pd.DatetimeIndex(frame["month"])),
            "season_of_row": frame["month_of_year"].to_numpy() - 1,
            "outcome_of_row": pd.factorize(frame[OUTCOME])[0],
        }
        found = xr.Dataset(
            {k: ("row", v) for k, v in by_row.items()}
            | {"country_of_unit": ("unit", pd.Index(countries).get_indexer(pd.Index(home.loc[units])))}
            | {"x": (("row", "covariate"), frame[list(r.covariates)].to_numpy(float))}
            | {"z": (("row", "varying"), frame[list(r.varying)].to_numpy(float))}
            | self._labelled("detection_x", "detection_covariate", self.detection)
            | self._products(),
            coords={"unit": units, "country": countries, "month": [f"{m:%Y-%m}" for m in months]}
            | {"outcome": list(dict.fromkeys(frame[OUTCOME]))}
            | ({"covariate": list(r.covariates)} if r.covariates else {})
            | ({"varying": list(r.varying)} if r.varying else {}),
        )
        if self.unit_x is None:
            return found
        return found.assign(unit_x=self.unit_x, unit_x_centre=("unit_covariate", list(r.centre.values())))

    @property
    def detection(self) -> tuple[str, ...]:
        """Covariates of detection."""
        return tuple(c for t in self.model.part_terms if isinstance(t, Linear) for c in t.columns)

    def _labelled(self, name: str, dim: str, columns: tuple[str, ...]) -> dict[str, xr.DataArray]:
        if not columns:
            return {}
        values = self.frame[list(columns)].to_numpy(float)
        return {name: xr.DataArray(values, dims=("row", dim), coords={dim: list(columns)})}

    def _products(self) -> dict[str, xr.DataArray]:
        products = {v: v.split(":") for v in self.rows.varying if ":" in v and set(v.split(":")) <= set(self.frame)}
        factors = tuple(dict.fromkeys(c for pair in products.values() for c in pair))
        if not factors:
            return {}
        wide = self.frame.drop_duplicates(["unit", "month"])
        centre = wide[list(factors)].mean()
        scale = [float(((wide[a] - centre[a]) * (wide[b] - centre[b])).std(ddof=0)) for a, b in products.values()]
        return self._labelled("factor", "factor_covariate", factors) | {
            "factor_centre": xr.DataArray(centre.to_numpy(float), dims="factor_covariate"),
            "product_scale": xr.DataArray(scale, dims="product", coords={"product": list(products)}),
        }


def formulate(panel: Panel, spec: CountSpec) -> Formulation:
    """State step ``spec.step`` of the ladder on a panel.

    Raises
    ------
    ModelError
        If the specification does not suit the panel.
    """
    found = rows(panel, spec)
    unit_x = None
    if found.unit_covariates:
        wide = found.frame.drop_duplicates("unit").set_index("unit")[list(found.unit_covariates)]
        unit_x = xr.DataArray(
            wide.to_numpy(float),
            dims=("unit", "unit_covariate"),
            coords={"unit": wide.index.to_numpy(), "unit_covariate": list(wide.columns)},
        )
    part, part_terms = _second(found, spec)
    model = Model(
        spec.name,
        COUNT,
        LAWS[spec.distribution](spec.priors),
        STEPS[spec.step].terms(found, spec),
        exposure="exposure" if spec.exposure else None,
        response=OUTCOME if spec.outcomes else None,
        part=part,
        part_terms=part_terms,
    )
    return Formulation(model, found, unit_x)


def _second(found: Rows, spec: CountSpec) -> tuple[PartName | None, tuple[Term, ...]]:
    if spec.step == "reporting":
        return "detection", reporting.detection(found, spec)
    if spec.part is None:
        return None, ()
    p = spec.priors
    zero = Effects("country", zero_sum=True, sd=p["sd_country"], name="zero_country")
    return spec.part, (Intercept(p["zero_intercept"], name="zero_intercept"), zero)
