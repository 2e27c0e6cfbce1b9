"""The reference model in northroute's terms, its SIMULATED data, and larger data of the same kind."""

import numpy as np
import pandas as pd

from northroute import seeds
from northroute.bayes import CountSpec, Model, Prior
from northroute.bayes.ladder.rows import rows
from northroute.bayes.statement.distributions import NegativeBinomial
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.time import Walk
from northroute.panel import Panel
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, simulate_regions
from northroute.workflow import simulated
from northroute.workflow.line import EXPOSURE
from tests.bench.textbook import SCALES, UNIT_COVARIATES

COUNTRIES = 5


def panel(months: int) -> Panel:
    """The SIMULATED panel of 51 regions."""
    return simulated.panel(simulate_regions(months=months))


def frame(months: int) -> pd.DataFrame:
    """Rows of the reference model: drug incidents of 51 SIMULATED regions, unit covariates centred."""
    spec = CountSpec(
        *("bench", "drug_incident", EXPOSURE, EXPOSURE_UNIT),
        unit_covariates=UNIT_COVARIATES,
        varying=(simulated.COVARIATE,),
    )
    found = rows(panel(months), spec).frame
    return found.assign(log_exposure=np.log(found["exposure"].to_numpy(float)))


def prior(name: str) -> Prior:
    """A prior of the textbook model."""
    positive = name.startswith(("sd_", "root_"))
    return Prior("half_normal" if positive else "normal", SCALES[name], "as in the textbook model")


def model(name: str) -> Model:
    """The textbook model, term by term: effects are plain, none sums to zero but the walk."""
    return Model(
        name,
        "count",
        NegativeBinomial(prior("root_dispersion")),
        (
            Intercept(prior("intercept")),
            Linear(UNIT_COVARIATES, prior("unit_slope"), name="unit_slope", dim="unit_covariate"),
            Linear(("interdiction",), prior("slope"), dim="varying"),
            Effects("country", sd=prior("sd_country")),
            Effects("unit", within="country", sd=prior("sd_unit")),
            Effects("country", ("interdiction",), sd=prior("sd_slope"), name="slope", dim="varying"),
            Walk("month", sd=prior("sd_month"), name="month"),
            Effects("month_of_year", sd=prior("sd_season"), name="season"),
        ),
        exposure="exposure",
    )


def joint(months: int) -> tuple[Panel, CountSpec]:
    """The four outcomes of the SIMULATED panel together."""
    spec = CountSpec(
        *("bench joint", "joint", EXPOSURE, EXPOSURE_UNIT),
        unit_covariates=UNIT_COVARIATES,
        varying=(simulated.COVARIATE,),
        step="joint",
        outcomes=OUTCOMES,
    )
    return panel(months), spec


def grown(units: int, months: int) -> pd.DataFrame:
    """SIMULATED rows of the reference model with any number of units in five countries."""
    rng = seeds.generator(f"bench grown {units} {months}")
    calendar = pd.date_range("2015-01", periods=months, freq="MS")
    home = np.arange(units) % COUNTRIES
    x = rng.normal(size=(units, len(UNIT_COVARIATES)))
    x -= x.mean(axis=0)
    level = rng.normal(0, 0.4, COUNTRIES)[home] + rng.normal(0, 0.35, units) + x @ np.array([0.15, 0.6, 0.35, -0.35])
    walk = np.cumsum(rng.normal(0, 0.06, months))
    time = walk - walk.mean() + rng.normal(0, 0.12, 12)[calendar.month - 1]
    z = rng.normal(size=(units, months))
    exposure = rng.gamma(4.0, 0.5, size=(units, months))
    slope = rng.normal(0.45, 0.15, COUNTRIES)[home]
    mean = exposure * np.exp(level[:, None] + slope[:, None] * z + time)
    size = 1 / 0.35
    count = rng.poisson(mean * rng.gamma(size, 1 / size, mean.shape))
    u, t = (i.ravel() for i in np.indices(mean.shape))
    columns = {
        "unit": np.char.add("u", u.astype(str)),
        "country": np.char.add("c", home[u].astype(str)),
        "month": calendar[t],
        "month_of_year": calendar.month.to_numpy()[t],
        "count": count.ravel(),
        "exposure": exposure.ravel(),
        "interdiction": z.ravel(),
    }
    return pd.DataFrame(columns | {n: x[u, j] for j, n in enumerate(UNIT_COVARIATES)})
