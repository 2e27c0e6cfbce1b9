"""The reference model written the textbook way, nothing chosen for speed, and a process of its own to sample it.

Plain effects with non-centred coordinates, a walk as a cumulated sum less its mean, PyMC's own negative binomial. It imports
nothing of northroute, whose kernel would be compiled on the way. ``reference.model`` states the same model with
:data:`SCALES`; the benchmark compares the posteriors.
"""

import argparse
import importlib
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd

UNIT_COVARIATES = ("log_density", "hub", "rail", "borders_russia")
SCALES = {
    "intercept": 1.5,
    "unit_slope": 0.5,
    "slope": 0.5,
    "sd_country": 1.0,
    "sd_unit": 1.0,
    "sd_slope": 0.5,
    "sd_month": 0.2,
    "sd_season": 0.3,
    "root_dispersion": 1.0,
}
"""Standard deviations of the priors: normal around zero, half-normal for ``sd_*`` and the root of the dispersion."""


def textbook(frame: pd.DataFrame) -> Any:
    """The model of a table with columns unit, country, month, month_of_year, count, log_exposure and covariates."""
    import pymc as pm
    import pytensor.tensor as pt

    units = frame.drop_duplicates("unit")
    unit = pd.Index(units["unit"])
    country = pd.Index(frame["country"].unique())
    month = pd.Index(sorted(frame["month"].unique()))
    coords = {
        "unit": list(unit),
        "country": list(country),
        "month": [f"{m:%Y-%m}" for m in month],
        "month_of_year": sorted(frame["month_of_year"].unique().tolist()),
        "unit_covariate": list(UNIT_COVARIATES),
    }
    r, c, t = (i.get_indexer(frame[n]) for i, n in ((unit, "unit"), (country, "country"), (month, "month")))
    s = pd.Index(coords["month_of_year"]).get_indexer(frame["month_of_year"])
    with pm.Model(coords=coords) as model:
        intercept = pm.Normal("intercept", 0, SCALES["intercept"])
        beta = pm.Normal("unit_slope", 0, SCALES["unit_slope"], dims="unit_covariate")
        slope = pm.Normal("slope", 0, SCALES["slope"])
        sd = {n: pm.HalfNormal(n, scale) for n, scale in SCALES.items() if n.startswith("sd_")}

        def effect(name: str, sd_name: str, dim: str) -> Any:
            return pm.Deterministic(name, sd[sd_name] * pm.Normal(f"z_{name}", 0, 1, dims=dim), dims=dim)

        a_country = effect("country_effect", "sd_country", "country")
        a_unit = effect("unit_effect", "sd_unit", "unit")
        slopes = slope + effect("slope_effect", "sd_slope", "country")
        season = effect("season_effect", "sd_season", "month_of_year")
        steps = pm.Normal("z_step", 0, 1, shape=len(month) - 1)
        path = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
        walk = pm.Deterministic("month_effect", (path - path.mean()) * sd["sd_month"], dims="month")
        level = intercept + a_unit + pt.dot(units[list(UNIT_COVARIATES)].to_numpy(float), beta)
        eta = frame["log_exposure"].to_numpy() + level[r] + a_country[c] + walk[t] + season[s]
        eta = eta + slopes[c] * frame["interdiction"].to_numpy()
        root = pm.HalfNormal("root_dispersion", SCALES["root_dispersion"])
        pm.NegativeBinomial("y", mu=pt.exp(eta), alpha=1 / root**2, observed=frame["count"].to_numpy())
    return model


def bambi_model(frame: pd.DataFrame) -> Any:
    """The nearest model in Bambi's formulas, which have no random walk: months are independent, size has the prior."""
    bmb: Any = importlib.import_module("bambi")

    def sd(name: str) -> Any:
        return bmb.Prior("Normal", mu=0, sigma=bmb.Prior("HalfNormal", sigma=SCALES[name]))

    data = frame.assign(month=frame["month"].astype(str), month_of_year=frame["month_of_year"].astype(str))
    right = (*UNIT_COVARIATES, "interdiction", "(1|country)", "(1|unit)", "(0 + interdiction|country)", "(1|month)")
    formula = f"count ~ {' + '.join(right)} + (1|month_of_year) + offset(log_exposure)"
    normal = {n: bmb.Prior("Normal", mu=0, sigma=SCALES["unit_slope"]) for n in (*UNIT_COVARIATES, "interdiction")}
    groups = {
        "1|country": sd("sd_country"),
        "1|unit": sd("sd_unit"),
        "interdiction|country": sd("sd_slope"),
        "1|month": sd("sd_month"),
        "1|month_of_year": sd("sd_season"),
    }
    intercept = bmb.Prior("Normal", mu=0, sigma=SCALES["intercept"])
    priors = {"Intercept": intercept, "alpha": bmb.Prior("Exponential", lam=0.5), **normal, **groups}
    model = bmb.Model(formula, data, family="negativebinomial", priors=priors)
    model.build()
    return model.backend.model


def main() -> None:
    """Sample in this process and write the posterior and the seconds since ``--started``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--way", choices=["pymc", "nutpie", "bambi"], required=True)
    parser.add_argument("--frame", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--chains", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--started", type=float, required=True)
    options = parser.parse_args()
    import pymc as pm

    frame = pd.read_parquet(options.frame)
    with bambi_model(frame) if options.way == "bambi" else textbook(frame):
        tree = pm.sample(
            draws=options.draws,
            tune=options.draws,
            chains=options.chains,
            cores=2,
            random_seed=options.seed,
            nuts_sampler="pymc" if options.way == "pymc" else "nutpie",
            progressbar=False,
        )
    result = {
        "total_s": time.time() - options.started,
        "sampling_s": float(tree["posterior"].attrs["sampling_time"]),
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "draws": f"{options.chains} x ({options.draws} + {options.draws})",
    }
    kept = tree["posterior"].to_dataset().drop_attrs().drop_vars("mu", errors="ignore")  # Bambi keeps every row's mean
    kept.to_netcdf(options.out.with_suffix(".nc"), engine="h5netcdf")
    options.out.with_suffix(".json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
