"""Shared fixtures: where the data that are not committed lie, and compiled models used by many tests."""

import os
from pathlib import Path

import pytest

from northroute.panel import Panel, build
from northroute.sources.simulated import OUTCOMES, UNIT_COVARIATES, Simulation, simulate_regions


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
    """48 simulated months of the 51 first-level regions."""
    return simulate_regions(months=48)


@pytest.fixture(scope="session")
def region_panel(simulation: Simulation) -> Panel:
    """The simulated panel."""
    return build(
        simulation.table,
        unit="unit",
        outcomes=OUTCOMES,
        exposures=("all_events",),
        covariates=("interdiction", *UNIT_COVARIATES),
        name="simulated regions",
    )


@pytest.fixture(scope="session")
def region_truth(simulation: Simulation) -> dict[str, float]:
    """Mean slope of interdiction by outcome in the simulated world."""
    slope = simulation.truth["slope"]
    return {str(o): float(slope.sel(outcome=o)) for o in slope["outcome"].to_numpy()}
