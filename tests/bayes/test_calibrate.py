"""Calibration of the ladder's steps: designs, truths and draws that belong together."""

from pathlib import Path

import numpy as np
import pytest

from northroute.bayes import Sampling
from northroute.bayes.calibrate import CALIBRATIONS, calibration, small_design
from northroute.bayes.calibration import LOG_LIKELIHOOD, run
from northroute.errors import ModelError

SETTINGS = Sampling(draws=100, tune=100, pilot=50, retries=0)


def test_small_design_has_five_countries() -> None:
    panel = small_design()
    assert (len(panel.units), len(panel.countries), len(panel.months)) == (12, 5, 24)


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_every_step_can_be_simulated_from_its_prior(name: str) -> None:
    own = calibration(name, SETTINGS)
    truth, data = own.simulate(1)
    again, _ = own.simulate(1)
    other, _ = own.simulate(2)
    assert LOG_LIKELIHOOD in truth
    assert all(np.isfinite(v).all() for v in truth.values())
    assert truth["intercept"].tolist() == again["intercept"].tolist() != other["intercept"].tolist()
    assert (data["count"] >= 0).all()


def test_ranks_are_written_for_every_quantity(tmp_path: Path) -> None:
    own = calibration("pooled", SETTINGS)
    table = run(own, 3, tmp_path / "ranks.csv", data_hash=own.data_hash)
    assert table.frame["replication"].nunique() == 3
    assert set(table.frame["quantity"]) >= {"intercept", "slope", "root_dispersion", LOG_LIKELIHOOD}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ModelError, match="No calibration of 'steps'"):
        calibration("steps")
