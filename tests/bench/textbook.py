"""The reference model written the textbook way: the same priors and likelihood, nothing chosen for speed."""

import pymc as pm
import pytensor.tensor as pt
from northroute.bayes.design import Design

from northroute.bayes import CountSpec


def textbook(spec: CountSpec, data: Design) -> pm.Model:
    """Non-centred effects, a walk as a cumulated sum, PyMC's own negative binomial, data as constants."""
    p, a = spec.priors, data.arrays
    months = len(data.coords["month"])
    with pm.Model(coords={k: v for k, v in data.coords.items() if v}) as model:
        intercept = p["intercept"].variable("intercept")
        country = pm.ZeroSumNormal("z_country", 1, dims="country") * p["sd_country"].variable("sd_country")
        pm.Deterministic("country_effect", country, dims="country")
        beta = p["unit_slope"].variable("unit_slope", dims="unit_covariate")
        region = pm.Normal("z_unit", 0, 1, dims="unit") * p["sd_unit"].variable("sd_unit")
        level = intercept + country[a["country_of_unit"]] + pt.dot(a["unit_x"], beta) + region
        pm.Deterministic("unit_level", level, dims="unit")
        slope = p["slope"].variable("slope", dims="varying")
        sd_slope = p["sd_slope"].variable("sd_slope", dims="varying")
        slopes = slope[0] + sd_slope[0] * pm.ZeroSumNormal("z_slope", 1, dims="country")
        pm.Deterministic("slope_country", slopes[None, :], dims=("varying", "country"))
        walk = pt.concatenate([pt.zeros(1), pt.cumsum(pm.Normal("z_step", 0, 1, shape=months - 1))])
        walk = (walk - walk.mean()) * p["sd_month"].variable("sd_month")
        pm.Deterministic("month_effect", walk, dims="month")
        season = pm.ZeroSumNormal("z_season", 1, dims="month_of_year") * p["sd_season"].variable("sd_season")
        pm.Deterministic("season_effect", season, dims="month_of_year")
        eta = a["log_exposure"] + level[a["unit_of_row"]] + slopes[a["country_of_row"]] * a["z"][:, 0]
        eta = eta + walk[a["month_of_row"]] + season[a["season_of_row"]]
        dispersion = pm.Deterministic("dispersion", p["root_dispersion"].variable("root_dispersion") ** 2)
        pm.NegativeBinomial("y", mu=pt.exp(eta), alpha=1 / dispersion, observed=data.counts, dims="row")
    return model
