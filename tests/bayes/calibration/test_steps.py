"""Calibration of the ladder's steps: designs, truths and draws that belong together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from northroute.bayes import Model, Prior, Sampling
from northroute.bayes.calibration import LOG_LIKELIHOOD, Posterior, assess, run
from northroute.bayes.calibration.steps import CALIBRATIONS, PRIORS, ModelCalibration, calibration, of_counts
from northroute.bayes.ladder.corruption_spec import COUNT
from northroute.bayes.ladder.designs import ERROR, TOTAL, ladder_specs, small_design
from northroute.bayes.ladder.examples import MODULES
from northroute.bayes.statement.distributions import Poisson
from northroute.bayes.statement.terms.population import Intercept
from northroute.errors import ModelError

SETTINGS = Sampling(draws=100, tune=100, pilot=50, retries=0)


def test_small_design_has_five_countries() -> None:
    panel = small_design()
    assert (len(panel.units), len(panel.countries), len(panel.months)) == (12, 5, 24)


def test_every_step_of_the_ladder_can_be_calibrated() -> None:
    assert set(MODULES) - set(CALIBRATIONS) == {"dynamic"}
    assert set(CALIBRATIONS) - set(MODULES) == {"walk", "ar1", "gp"}  # which are what 'dynamic' may be


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_every_step_can_be_simulated_from_its_prior(name: str) -> None:
    own = calibration(name, SETTINGS)
    assert own.name == name
    truth, data = own.simulate(1)
    again, same = own.simulate(1)
    other, anew = own.simulate(2)
    assert LOG_LIKELIHOOD in truth
    assert all(np.isfinite(v).all() for v in truth.values())
    assert truth["intercept"].tolist() == again["intercept"].tolist() != other["intercept"].tolist()
    outcome = own.model.outcome
    pd.testing.assert_frame_equal(data, same)
    pd.testing.assert_frame_equal(data.drop(columns=outcome), anew.drop(columns=outcome))
    assert (data[outcome] != anew[outcome]).any()
    # no scalar is ranked twice: that would only weaken the joint test
    every = np.array([np.concatenate([np.ravel(t[n]) for n in truth]) for t in (truth, other)])
    assert len(np.unique(every, axis=1).T) == every.shape[1]


def test_measures_and_counts_are_drawn_alike() -> None:
    own = calibration("latent_corruption", SETTINGS)
    off = []
    for seed in range(30):
        truth, data = own.simulate(seed)
        counts = data[data["response"] == COUNT]["value"]
        assert (counts >= 0).all() and (counts == np.floor(counts)).all()
        anchors = {"vdem_executive": np.zeros(()), "wgi": truth["sd_residual_wgi"]}
        for k, (anchor, residual) in enumerate(anchors.items()):
            value = data[data["response"] == anchor]["value"].to_numpy().reshape(5, 4)
            z = truth["corruption"][:, :, k]
            off.append((value - truth["measure_intercept"][k] - z) / np.hypot(ERROR, residual))
    values = np.array(off)
    # 1200 standard normal numbers: four standard errors of their mean and of their standard deviation
    assert abs(values.mean()) < 4 / np.sqrt(1200)
    assert abs(values.std() - 1) < 4 / np.sqrt(2400)


def test_cells_of_the_composition_keep_their_totals() -> None:
    data = calibration("composition", SETTINGS).simulate(1)[1]
    assert (data.groupby("cell")["count"].sum() == TOTAL).all()
    assert data["count"].nunique() > 3


def test_ranks_are_written_for_every_quantity(tmp_path: Path) -> None:
    own = calibration("pooled", SETTINGS)
    table = run(own, 3, tmp_path / "ranks.parquet", data_hash=own.data_hash)
    assert table.frame["replication"].nunique() == 3
    assert set(table.frame["quantity"]) >= {"intercept", "slope", "root_dispersion", LOG_LIKELIHOOD}


@dataclass(frozen=True)
class Mistaken:
    """Simulated from one model and fitted with another."""

    simulated: ModelCalibration
    fitted: ModelCalibration
    name: str = "mistaken"

    def simulate(self, seed: int) -> tuple[Mapping[str, NDArray[np.float64]], pd.DataFrame]:
        return self.simulated.simulate(seed)

    def posterior(self, data: pd.DataFrame, seed: int) -> Posterior:
        return self.fitted.posterior(data, seed)


def test_a_step_fitted_with_another_prior_than_it_was_simulated_from_is_caught(tmp_path: Path) -> None:
    settings = Sampling(draws=300, tune=200, pilot=100, retries=2)
    right = calibration("pooled", settings)
    panel = small_design()
    spec = replace(ladder_specs(panel)["pooled"], priors={**PRIORS, "slope": Prior("normal", 0.02, "far too narrow")})
    wrong = Mistaken(right, of_counts(panel, spec, settings))
    slope = [
        assess(run(model, 12, tmp_path / model.name, data_hash="")).table.set_index("quantity").loc["slope"]
        for model in (wrong, right)
    ]
    # 92 % of the true slopes, of standard deviation 0.25, lie beyond what the mistaken fit allows at all
    assert slope[0]["p_joint"] < 1e-3
    assert slope[1]["passed"]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ModelError, match="No calibration of 'steps'"):
        calibration("steps")


def test_a_prior_that_moves_with_the_data_is_not_calibrated() -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0]})
    made = ModelCalibration("moves", Model("moves", "y", Poisson(), (Intercept(),)), frame)
    with pytest.raises(ModelError, match="suits the data by default"):
        made.simulate(1)
