"""Shared fixtures: where the data that are not committed lie, and compiled models used by many tests."""

import os
from pathlib import Path

import pytest


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
