"""A simulated region-month panel with known truth, marked as simulated from the first row to the last.

For outcome k, region r in country c, month t, incidents are negative binomial with mean ::

    E[r,t] * exp(intercept[k] + country[k,c] + x[r] @ effect[k] + region[k,r]
                 + slope[k,c] * interdiction[r,t] + walk[k,t] + season[k, month of t])

and variance ``mean + dispersion * mean**2``. Each incident is reported with a probability that depends on country and
outcome (thinning keeps the negative binomial's dispersion and multiplies its mean), so the counts are reports. Country,
region and month effects are correlated across outcomes. All draws are direct: no rejection loop.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from northroute.arrays import Array
from northroute.conventions import DEFAULT_SEED
from northroute.provenance import value_hash
from northroute.seeds import generator
from northroute.sources.simulated_places import places
from northroute.sources.table import Table

OUTCOMES: Final = ("state_violence", "criminal_violence", "drug_incident", "general_crime")
UNIT_COVARIATES: Final = ("log_density", "hub", "rail", "borders_russia")
EXPOSURE_UNIT: Final = 100.0
"""Rates are per 100 reported events of any kind."""


@dataclass(frozen=True)
class World:
    """Constants of the simulated world; arrays are ordered as :data:`OUTCOMES` (rows) and :data:`UNIT_COVARIATES`.

    ``effects`` are log rate ratios per unit of each region covariate. The rail corridor has a negative effect on state
    violence and a positive one on drug incidents, so that at least one of the brief's claims is false here: an engine
    that confirms everything fails.
    """

    rate_per_100: tuple[float, ...] = (0.9, 0.5, 0.7, 2.4)
    effects: tuple[tuple[float, ...], ...] = (
        (0.25, 0.10, -0.25, 0.00),
        (0.35, 0.15, 0.10, 0.05),
        (0.15, 0.60, 0.35, -0.35),
        (0.30, 0.05, 0.10, 0.05),
    )
    sd_country: float = 0.40
    sd_region: float = 0.35
    correlation: float = 0.6
    slope_mean: tuple[float, ...] = (0.20, 0.12, 0.45, 0.15)
    sd_slope: float = 0.15
    sd_walk: float = 0.06
    sd_season: float = 0.12
    dispersion: float = 0.35
    detection_median: float = 0.55
    sd_log_detection: float = 0.25


@dataclass(frozen=True)
class Simulation:
    """A simulated table and its truth.

    Attributes
    ----------
    table : Table
        One row a region and month: ``unit``, ``country``, ``month``, the four outcomes, ``all_events`` (exposure),
        ``interdiction`` (a within-region standardised covariate) and the region covariates. ``table.simulated`` is True.
    truth : xarray.Dataset
        Every parameter on the scale of the reported counts, by outcome, country, unit, month and covariate, plus
        ``detection`` and the unreported ``incidents``.
    """

    table: Table
    truth: xr.Dataset


def simulate_regions(
    seed: int = DEFAULT_SEED,
    *,
    months: int = 96,
    start: str = "2015-01",
    division: Literal["constant", "first-level"] = "first-level",
    world: World | None = None,
) -> Simulation:
    """Simulate a region-month panel.

    Parameters
    ----------
    seed : int
        The run's seed; the same seed gives the same panel.
    months : int
        Number of months, at least 12.
    start : str
        First month.
    division : {"constant", "first-level"}
        50 regions of the constant division, or the 51 first-level regions.
    world : World, optional
        Constants other than the default ones.
    """
    if months < 12:
        raise ValueError(f"months={months}: simulate at least 12 months, so that the season is defined.")
    world = world or World()
    rng = generator(f"simulated regions {division} {months}", seed)
    place = places(division)
    country_names, country = _codes(place["iso3"])
    calendar = pd.date_range(start, periods=months, freq="MS")
    x = _unit_covariates(place)
    exposure = _exposure(rng, place["population_2020"].to_numpy(float), country, months)
    interdiction = _interdiction(rng, len(place), months)

    k, n_country, n_unit = len(OUTCOMES), len(country_names), len(place)
    effects = np.asarray(world.effects)
    log_detection = np.log(world.detection_median) + rng.normal(0, world.sd_log_detection, (k, n_country))
    log_detection = np.minimum(log_detection, 0.0)  # a probability: without the cap the truth is off where it exceeds 1
    country_effect = _correlated(rng, world.correlation, (k, n_country)) * world.sd_country
    unit_effect = _correlated(rng, world.correlation, (k, n_unit)) * world.sd_region
    slope = np.asarray(world.slope_mean)[:, None] + rng.normal(0, world.sd_slope, (k, n_country))
    walk = np.cumsum(_correlated(rng, world.correlation, (k, months)) * world.sd_walk, axis=1)
    walk -= walk.mean(axis=1, keepdims=True)
    season = rng.normal(0, world.sd_season, (k, 12))
    season -= season.mean(axis=1, keepdims=True)

    base = np.log(world.rate_per_100)[:, None]
    reported_country = country_effect + log_detection
    centred = x - x.mean(axis=0)
    level = base + reported_country[:, country] + effects @ centred.T + unit_effect
    timing = walk + season[:, calendar.month.to_numpy() - 1]
    eta = level[:, :, None] + slope[:, country][:, :, None] * interdiction + timing[:, None, :]
    mean = exposure / EXPOSURE_UNIT * np.exp(eta)
    detection = np.exp(log_detection)[:, country][:, :, None]
    size = 1 / world.dispersion
    incidents = rng.poisson(mean / detection * rng.gamma(size, 1 / size, mean.shape))
    counts = rng.binomial(incidents, detection)

    index = pd.MultiIndex.from_product([place["region"], calendar], names=["unit", "month"])
    frame = index.to_frame(index=False)
    frame.insert(1, "country", np.repeat(place["iso3"].to_numpy(), months))
    frame = frame.assign(**{name: counts[i].ravel() for i, name in enumerate(OUTCOMES)})
    frame = frame.assign(all_events=exposure.ravel(), interdiction=interdiction.ravel())
    frame = frame.assign(**{c: np.repeat(x[:, j], months) for j, c in enumerate(UNIT_COVARIATES)}, simulated=True)
    origin = {"simulator": value_hash({"world": world.__dict__, "seed": seed, "months": months, "division": division})}
    table = Table("simulated regions", frame, ("unit", "month"), True, origin, "simulated by northroute", "none needed")
    intercept = base[:, 0] + reported_country.mean(axis=1)
    truth = xr.Dataset(
        {
            "intercept": ("outcome", intercept),
            "country_effect": (("outcome", "country"), reported_country - reported_country.mean(axis=1, keepdims=True)),
            "unit_level": (("outcome", "unit"), level),
            "unit_slope": (("outcome", "unit_covariate"), effects),
            "slope": ("outcome", slope.mean(axis=1)),
            "slope_country": (("outcome", "country"), slope),
            "month_effect": (("outcome", "month"), walk),
            "season_effect": (("outcome", "month_of_year"), season),
            "dispersion": world.dispersion,
            "sd_country": float(np.hypot(world.sd_country, world.sd_log_detection)),
            "sd_unit": world.sd_region,
            "sd_slope": world.sd_slope,
            "sd_month": world.sd_walk,
            "sd_season": world.sd_season,
            "detection": (("outcome", "country"), np.exp(log_detection)),
            "incidents": (("outcome", "unit", "month"), incidents),
        },
        coords={
            "outcome": list(OUTCOMES),
            "country": country_names,
            "unit": place["region"].to_numpy(dtype=str),
            "month": calendar,
            "month_of_year": np.arange(1, 13),
            "unit_covariate": list(UNIT_COVARIATES),
        },
        attrs={"simulated": 1, "seed": seed},
    )
    return Simulation(table, truth)


def _codes(names: "pd.Series[str]") -> tuple[list[str], NDArray[np.intp]]:
    codes, unique = pd.factorize(names)
    return [str(u) for u in unique], codes


def _unit_covariates(place: pd.DataFrame) -> Array:
    log_density = np.log(place["density"].to_numpy(float))
    hub = place[["hub_tajik_afghan", "hub_ferghana", "hub_caspian"]].to_numpy(bool).any(axis=1)
    columns = [(log_density - log_density.mean()) / log_density.std(), hub]
    columns += [place["rail_dushanbe_astrakhan"].to_numpy(bool), place["borders_russia"].to_numpy(bool)]
    return np.column_stack(columns).astype(float)


def _exposure(rng: np.random.Generator, population: Array, country: NDArray[np.intp], months: int) -> Array:
    share = population**0.8
    weight = share / np.bincount(country, share)[country] * np.bincount(country)[country]
    typical = rng.uniform(100, 300, country.max() + 1)[country]
    coverage = np.exp(-0.5 * np.clip((np.arange(months) - 24) / 72, 0, None))
    monthly = np.exp(rng.normal(0, 0.15, (country.max() + 1, months)))[country]
    mean = (typical * weight)[:, None] * coverage * monthly
    return np.maximum(rng.poisson(mean), 1).astype(float)


def _interdiction(rng: np.random.Generator, units: int, months: int) -> Array:
    shocks = rng.normal(size=(units, months))
    effort = np.empty_like(shocks)
    effort[:, 0] = shocks[:, 0]
    for t in range(1, months):
        effort[:, t] = 0.5 * effort[:, t - 1] + np.sqrt(0.75) * shocks[:, t]
    effort -= effort.mean(axis=1, keepdims=True)
    return np.asarray(effort / effort.std())


def _correlated(rng: np.random.Generator, correlation: float, shape: tuple[int, int]) -> Array:
    common = rng.normal(size=shape[1])
    own = rng.normal(size=shape)
    return np.asarray(np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
