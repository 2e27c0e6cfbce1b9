"""Shared fixtures: where the data that are not committed lie, and fits used by many tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from northroute.bayes import QUICK, BayesFit, CountSpec, fit_counts
from northroute.panel import Panel
from northroute.sources.simulated import Simulation, simulate_regions
from northroute.workflow import simulated

REGION_SPEC = CountSpec(
    "region_fit",
    "drug_incident",
    "all_events",
    100.0,
    unit_covariates=("log_density", "hub", "rail", "borders_russia"),
    varying=("interdiction",),
)
REGION_SETTINGS = QUICK

# no deadline: the first example may compile the kernel; the same examples every time
settings.register_profile("northroute", deadline=None, derandomize=True)
settings.load_profile("northroute")


LONGEST = ("test_reproduce.py", "test_notebooks.py", "test_published.py")
"""Files of minutes: they start first, so that no process is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the rest keeps its order."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def _folder(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: this test reads data that are not committed")
    path = Path(value)
    if not path.is_dir():
        pytest.skip(f"{variable} points at '{value}', which is not a folder")
    return path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real data (see README, 'Real data')."""
    return _folder("NORTHROUTE_DATA")


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Folder of published results with their data."""
    return _folder("NORTHROUTE_REFERENCE")


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """18 simulated months of the 51 first-level regions: the panel of --quick."""
    return simulate_regions(months=18)


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
def region_fit(region_panel: Panel) -> BayesFit:
    """One fit of the simulated panel for the whole session."""
    return fit_counts(region_panel, REGION_SPEC, REGION_SETTINGS, command="pytest")
