r"""The hierarchical negative binomial.

.. math::

   y_i &\sim \mathrm{NegBin}(\mu_i, \text{dispersion}), \quad
   \log\mu_i = \log\frac{E_i}{e} + \lambda_{u(i)} + x_i'\beta + z_i'b_{c(i)} + w_{t(i)} + s_{m(i)} \\
   \lambda_u &\sim N(\alpha + a_{c(u)} + \tilde x_u'\gamma,\ \sigma_\text{unit}^2), \quad
   a \sim \mathrm{ZeroSumNormal}(\sigma_\text{country}), \quad
   b_c = \bar b + \mathrm{ZeroSumNormal}(\sigma_\text{slope})

with w a random walk over months that sums to zero, and s a season that sums to zero. In a panel whose units are countries
:math:`\lambda_c = \alpha + a_c`.

Parametrisation. Every effect is partly centred, by how much the data at hand say about it
(:mod:`northroute.bayes.centring`). The walk is written in the cosine basis that diagonalises its precision
(:func:`northroute.bayes.design.walk_basis`): same prior, but its coordinates are nearly independent in the posterior, where
the steps of a walk are not. A walk of one country keeps only periods of eight months and longer: with one count a month,
anything faster cannot be told from dispersion and is left to it.
"""

from typing import Any

import pymc as pm

from northroute.bayes.design import Design
from northroute.bayes.likelihood import negative_binomial
from northroute.bayes.spec import CountSpec


def build(spec: CountSpec, data: Design) -> pm.Model:
    """Return the PyMC model of ``spec`` on ``data``; all data are shared, so one compilation serves many data sets."""
    p = spec.priors
    with pm.Model(coords={k: v for k, v in data.coords.items() if v}) as model:
        counts = pm.Data("counts", data.counts, dims="row")
        arrays = {**data.arrays, **data.centring(spec)}
        d = {name: pm.Data(name, values) for name, values in arrays.items() if values.size}
        intercept = p["intercept"].variable("intercept")
        country = _zero_sum("country", p["sd_country"].variable("sd_country"), d["c_country"], dims="country")
        level = _levels(spec, data, d, intercept + pm.Deterministic("country_effect", country, dims="country"))
        eta = d["log_exposure"] + level[d["unit_of_row"]]
        if spec.covariates:
            eta += d["x"] @ p["common_slope"].variable("common_slope", dims="covariate")
        if spec.varying:
            eta += (d["z"] * _slopes(spec, d)[:, d["country_of_row"]].T).sum(axis=1)
        eta += _walk(spec, d)
        season = _zero_sum("season", p["sd_season"].variable("sd_season"), d["c_season"], dims="month_of_year")
        eta += pm.Deterministic("season_effect", season, dims="month_of_year")[d["season_of_row"]]
        dispersion = pm.Deterministic("dispersion", p["root_dispersion"].variable("root_dispersion") ** 2)
        negative_binomial("y", eta, dispersion, counts, dims="row")
    return model


def _zero_sum(name: str, sd: Any, c: Any, dims: str | tuple[str, ...]) -> Any:
    return pm.ZeroSumNormal(f"z_{name}", sd**c, dims=dims) * sd ** (1 - c)


def _levels(spec: CountSpec, data: Design, d: dict[str, Any], country_level: Any) -> Any:
    mean = country_level[d["country_of_unit"]]
    if not data.nested:
        return pm.Deterministic("unit_level", mean, dims="unit")
    if spec.unit_covariates:
        mean += d["unit_x"] @ spec.priors["unit_slope"].variable("unit_slope", dims="unit_covariate")
    sd, c = spec.priors["sd_unit"].variable("sd_unit"), d["c_unit"]
    z = pm.Normal("z_unit", c * mean, sd**c, dims="unit")
    return pm.Deterministic("unit_level", mean + sd ** (1 - c) * (z - c * mean), dims="unit")


def _slopes(spec: CountSpec, d: dict[str, Any]) -> Any:
    mean = spec.priors["slope"].variable("slope", dims="varying")
    sd = spec.priors["sd_slope"].variable("sd_slope", dims="varying")[:, None]
    deviation = _zero_sum("slope", sd, d["c_slope"][:, None], dims=("varying", "country"))
    return pm.Deterministic("slope_country", mean[:, None] + deviation, dims=("varying", "country"))


def _walk(spec: CountSpec, d: dict[str, Any]) -> Any:
    basis, c = d["walk_basis"], d["c_month"]
    if spec.month == "shared":
        sd = spec.priors["sd_month"].variable("sd_month")
        walk = basis @ (pm.Normal("z_month", 0, sd**c, dims="frequency") * sd ** (1 - c))
        return pm.Deterministic("month_effect", walk, dims="month")[d["month_of_row"]]
    sd = spec.priors["sd_month"].variable("sd_month", dims="country")[:, None]
    walks = (pm.Normal("z_month", 0, sd**c, dims=("country", "frequency")) * sd ** (1 - c)) @ basis.T
    effect = pm.Deterministic("month_effect", walks, dims=("country", "month"))
    return effect[d["country_of_row"], d["month_of_row"]]
