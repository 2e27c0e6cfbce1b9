"""Fixtures of the frequentist tests: small panels with known truth, published tables, and a Poisson fit of regions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.frequentist import Estimate, poisson
from northroute.frequentist.places import with_places
from northroute.panel import Panel
from northroute.sources.simulated import Simulation, simulate_regions
from northroute.workflow import simulated
from tests.reference.ships import frame


@pytest.fixture(scope="session")
def trade(reference_dir: Path) -> pd.DataFrame:
    """Bilateral trade of the fixest vignette, 38,325 rows."""
    return pd.read_csv(reference_dir / "fixest_trade_fepois" / "trade.csv.gz")


@pytest.fixture(scope="session")
def trade_published(reference_dir: Path) -> pd.DataFrame:
    """Printed estimates and errors of the vignette, by model and parameter."""
    return pd.read_csv(reference_dir / "fixest_trade_fepois" / "published.csv").set_index(["model", "parameter"])


@pytest.fixture(scope="session")
def ships() -> pd.DataFrame:
    """Ship accidents, 34 rows of 5 ships."""
    return frame()


@pytest.fixture(scope="session")
def salamanders(reference_dir: Path) -> pd.DataFrame:
    """Salamander counts, 644 rows."""
    return pd.read_csv(reference_dir / "salamanders_zi_hurdle_mixed" / "Salamanders.csv")


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """48 simulated months of the 51 first-level regions: leads, lags and years need more than the shared panel's 18."""
    return simulate_regions(months=48)


@pytest.fixture(scope="session")
def region_panel(simulation: Simulation) -> Panel:
    """The simulated panel."""
    return simulated.panel(simulation)


@pytest.fixture(scope="session")
def region_truth(simulation: Simulation) -> dict[str, float]:
    """Mean slope of interdiction by outcome in the simulated world."""
    slope = simulation.truth["slope"]
    return {str(o): float(slope.sel(outcome=o)) for o in slope["outcome"].to_numpy()}


@pytest.fixture(scope="session")
def regions_frame(region_panel: Panel) -> pd.DataFrame:
    """The simulated regions with coordinates."""
    return with_places(region_panel)


@pytest.fixture(scope="session")
def fit(regions_frame: pd.DataFrame) -> Estimate:
    """Poisson of simulated drug incidents with effects of regions and months."""
    return poisson(regions_frame, "drug_incident ~ interdiction | unit + month", exposure="all_events", name="drugs")


@pytest.fixture(scope="session")
def groups() -> pd.DataFrame:
    """600 groups of 5 periods with gamma heterogeneity of variance 0.5; slopes 0.3 and -0.2, intercept 0.1."""
    rng = np.random.default_rng(7)
    n, periods = 600, 5
    frame = pd.DataFrame({"g": np.repeat(np.arange(n), periods), "t": np.tile(np.arange(periods), n)})
    frame["x"], frame["z"] = rng.normal(size=len(frame)), rng.normal(size=len(frame))
    frame["hours"] = rng.uniform(0.5, 2.0, len(frame))
    level = np.repeat(rng.gamma(2.0, 0.5, n), periods)
    mean = level * frame["hours"] * np.exp(0.1 + 0.3 * frame["x"] - 0.2 * frame["z"])
    return frame.assign(y=rng.poisson(mean))
