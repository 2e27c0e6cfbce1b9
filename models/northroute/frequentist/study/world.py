"""SIMULATED panels of the five countries' 51 first-level regions and 96 months, dependent as such data are.

Log mean = log exposure + region + month + effect * covariate + country shock + region shock; counts are Poisson around it.
Shocks and the covariate are autoregressive. Country shocks hit all regions of a country in the same months; the
covariate may have a part that a country's regions share (campaigns ordered by the capital).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array, Ints
from northroute.conventions import DEFAULT_SEED
from northroute.frequentist.design import Design, design
from northroute.frequentist.spec import Regression
from northroute.seeds import generator
from northroute.sources import regions

MONTHS: Final = 96
COVARIATE: Final = "interdiction"
OUTCOME: Final = "events"


@dataclass(frozen=True)
class Scenario:
    """How the simulated panel depends.

    Attributes
    ----------
    name, words : str
    shared : float
        Share of the covariate's variance that a country's regions have in common.
    sd_country, sd_region : float
        Standard deviations of the shocks on the log scale.
    memory : float
        Autocorrelation of shocks and covariate from one month to the next.
    """

    name: str
    words: str
    shared: float
    sd_country: float
    sd_region: float
    memory: float


SCENARIOS: Final = (
    Scenario("independent", "regions and months independent", 0.0, 0.0, 0.4, 0.0),
    Scenario("serial", "shocks last, regions independent", 0.0, 0.0, 0.4, 0.7),
    Scenario(
        "country", "shocks last and are shared in a country, and so is a third of the covariate", 0.33, 0.3, 0.4, 0.7
    ),
)


@dataclass(frozen=True)
class Ground:
    """What every replicate shares: rows, codes, places; and the log of the expected count without shocks."""

    design: Design
    base: Array
    country: Ints


def ground(seed: int = DEFAULT_SEED) -> Ground:
    """Lay out regions and months, with region levels and exposures drawn once."""
    place = regions.load("first-level").frame.reset_index(drop=True)
    months = pd.date_range("2015-01", periods=MONTHS, freq="MS").strftime("%Y-%m")
    rng = generator("study ground", seed)
    units = len(place)
    frame = pd.DataFrame(
        {
            "unit": np.repeat(place["region"].to_numpy(), MONTHS),
            "country": np.repeat(place["iso3"].to_numpy(), MONTHS),
            "month": np.tile(months.to_numpy(), units),
            "lon": np.repeat(place["lon"].to_numpy(float), MONTHS),
            "lat": np.repeat(place["lat"].to_numpy(float), MONTHS),
            COVARIATE: rng.normal(size=units * MONTHS),
            OUTCOME: rng.poisson(5, units * MONTHS),
            "simulated": True,
        }
    )
    level = np.log(0.8) + rng.normal(0, 0.6, units)[:, None] + rng.normal(0, 0.15, MONTHS)
    spec = Regression(OUTCOME, (COVARIATE,), ("unit", "month"), name="study")
    return Ground(design(frame, spec), level, pd.factorize(place["iso3"])[0])


def replicate(ground: Ground, scenario: Scenario, effect: float, number: int, seed: int = DEFAULT_SEED) -> Design:
    """Draw one panel; the same number has the same shocks and covariate whatever the effect.

    Parameters
    ----------
    ground : Ground
    scenario : Scenario
    effect : float
        Log rate ratio per standard deviation of the covariate.
    number : int
        The replicate.
    seed : int
    """
    rng = generator(f"study {scenario.name} {number}", seed)
    units, months = ground.base.shape
    countries = int(ground.country.max()) + 1
    shared = _series(rng, countries, months, scenario.memory)[ground.country]
    own = _series(rng, units, months, scenario.memory)
    covariate = np.sqrt(scenario.shared) * shared + np.sqrt(1 - scenario.shared) * own
    shock = scenario.sd_country * _series(rng, countries, months, scenario.memory)[ground.country]
    shock = shock + scenario.sd_region * _series(rng, units, months, scenario.memory)
    counts = rng.poisson(np.exp(ground.base + effect * covariate + shock))
    built = ground.design
    # the covariate is drawn, so that nothing in the table stands for it
    return replace(
        built, y=counts.ravel().astype(float), x=covariate.reshape(-1, 1), simulated=True, encoding=None, second=None
    )


def _series(rng: np.random.Generator, rows: int, months: int, memory: float) -> Array:
    """Stationary first-order autoregressions of variance one, shape (row, month)."""
    shocks = rng.normal(size=(rows, months))
    shocks[:, 1:] *= np.sqrt(1 - memory**2)
    for t in range(1, months):
        shocks[:, t] += memory * shocks[:, t - 1]
    return shocks
