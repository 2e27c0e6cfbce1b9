"""Other samplers and drafts against nutpie on the compiled kernel."""

import dataclasses
import importlib.util
from pathlib import Path

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from northroute.bayes import BayesFit, Sampling, fit_model
from northroute.bayes.coordinates.adaptation import first
from northroute.bayes.coordinates.curvature import gradient, hessian
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.quantities import correlations
from northroute.bayes.samplers.drafts import joint_mode, laplace
from northroute.bayes.samplers.fallback import partial_correlations
from northroute.bayes.samplers.settings import Sampler
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.cli import app
from northroute.errors import GateError, ModelError

GROUPED = Model("grouped", "count", dist.Poisson(), (Intercept(), Linear(("x",)), Effects("region")))
SETTINGS = Sampling(draws=1000, prior_draws=100, retries=1)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """SIMULATED counts of 24 regions in eight months, about four each: regions differ by a third or so."""
    rng = np.random.default_rng(11)
    region, x = np.repeat(np.arange(24), 8), rng.normal(size=192)
    mean = np.exp(1.3 + 0.3 * x + rng.normal(0, 0.5, 24)[region])
    return pd.DataFrame({"region": [f"r{r}" for r in region], "x": x, "count": rng.poisson(mean).astype(float)})


@pytest.fixture(scope="module")
def reference(table: pd.DataFrame) -> BayesFit:
    fit = fit_model(GROUPED, table, SETTINGS)
    assert fit.gate.passed, fit.gate.failures
    return fit


def drawn(fit: BayesFit) -> xr.Dataset:
    return fit.tree["posterior"].to_dataset()


def test_pymcs_own_sampler_agrees_within_monte_carlo_error(table: pd.DataFrame, reference: BayesFit) -> None:
    settings = Sampling(chains=2, draws=600, tune=500, retries=0, prior_draws=100, sampler="pymc")
    fit = fit_model(GROUPED, table, settings)
    assert fit.info["sampler"] == "pymc"
    assert set(fit.tree["sample_stats"].data_vars) >= {"diverging", "depth", "energy", "n_steps", "step_size"}
    theirs, ours = drawn(fit), drawn(reference)
    errors = [azs.mcse(theirs), azs.mcse(ours)]
    assert set(theirs.data_vars) == set(ours.data_vars)
    for name, values in ours.data_vars.items():
        assert theirs[name].dims == values.dims
        error = np.hypot(*(e[name].to_numpy() for e in errors))
        gap = abs(values.mean(("chain", "draw")) - theirs[name].mean(("chain", "draw"))).to_numpy()
        assert (gap <= 4 * error).all(), name
    # the likelihood of every row, from the values that PyMC reports
    rows = [f.tree["log_likelihood"]["y"].astype(float) for f in (fit, reference)]
    error = np.hypot(*(azs.mcse(r).to_numpy() for r in rows))
    gap = abs(rows[0].mean(("chain", "draw")) - rows[1].mean(("chain", "draw"))).to_numpy()
    assert (gap <= 4 * error).all()


def test_a_draft_is_close_and_refuses_to_be_summarised(
    table: pd.DataFrame, reference: BayesFit, tmp_path: Path
) -> None:
    sampler: Sampler = "laplace"
    fit = fit_model(GROUPED, table, dataclasses.replace(SETTINGS, sampler=sampler), folder=tmp_path)
    assert fit.info["sampler"] == sampler
    assert fit.info["attempts"] == 1
    assert fit.tree["coordinates"]["theta"].shape[:2] == (1, 4000)
    for name, values in drawn(reference).data_vars.items():
        draft = drawn(fit)[name]
        sd = values.std(("chain", "draw")).to_numpy()
        gap = abs(values.mean(("chain", "draw")) - draft.mean(("chain", "draw"))).to_numpy()
        # the mode of a scale lies below its mean, by a sixth of a standard deviation here, and takes the intercept along;
        # what is as good as normal has the same mean and spread, to Monte Carlo error
        assert (gap < (0.05 if name == "slope" else 0.2) * sd).all(), (name, gap / sd)
        ratio = draft.std(("chain", "draw")).to_numpy() / sd
        assert (abs(ratio - 1) < (0.05 if name == "slope" else 0.12)).all(), (name, ratio)

    assert not fit.gate.passed
    assert np.isfinite(fit.gate.value("Pareto k"))
    assert any("draws of a draft" in line for line in fit.gate.not_computed)
    with pytest.raises(GateError, match=rf"draft.*{sampler}.*not for verdicts: fit with nutpie"):
        fit.draws("intercept")
    assert "not for verdicts" in fit.allow_failed().stamp
    again = fit_model(GROUPED, table, dataclasses.replace(SETTINGS, sampler=sampler), folder=tmp_path)
    assert (tmp_path / f"grouped-{sampler}.nc").exists()
    assert again.gate == fit.gate


def test_the_joint_mode_is_flat_and_its_hessian_is_the_slope_of_the_gradient(table: pd.DataFrame) -> None:
    adapted = first(assemble(GROUPED, table))
    mode = joint_mode(adapted.program, adapted.z)
    assert np.abs(gradient(adapted.program, mode)[1]).max() < 1e-4
    whole = hessian(adapted.program, mode, 0)
    linear = hessian(adapted.program, mode)
    assert whole.shape == (adapted.program.dim, adapted.program.dim)
    assert_allclose(whole[-len(linear) :, -len(linear) :], linear)
    step = np.full(adapted.program.dim, 1e-4)
    ends = [gradient(adapted.program, mode + side * step)[1] for side in (-1, 1)]
    assert_allclose(ends[0] - ends[1], 2 * whole @ step, atol=1e-6)


def test_a_draft_is_normal_at_the_mode_with_the_hessians_inverse(table: pd.DataFrame) -> None:
    assembled = assemble(GROUPED, table)
    adapted = first(assembled)
    mode = joint_mode(adapted.program, adapted.z)
    rng = np.random.default_rng(12)
    draws = 40_000
    z = rng.multivariate_normal(mode, np.linalg.inv(hessian(adapted.program, mode, 0)), draws)
    expected = batch.coordinates(adapted.program, np.ascontiguousarray(z))
    found = laplace(assembled, Sampling(chains=4, draws=draws // 4), rng).coordinates["theta"].to_numpy()[0]
    sd = expected.std(axis=0)
    # five standard errors of a difference of two means, and of two standard deviations, of 27 coordinates
    assert (np.abs(found.mean(axis=0) - expected.mean(axis=0)) < 5 * sd * (2 / draws) ** 0.5).all()
    assert_allclose(found.std(axis=0) / sd, 1, atol=5 * draws**-0.5)
    gap = np.corrcoef(found.T) - np.corrcoef(expected.T)
    assert np.abs(gap).max() < 5 * (2 / draws) ** 0.5


def test_partial_correlations_invert_the_map_to_correlations() -> None:
    partial = np.random.default_rng(6).uniform(-0.9, 0.9, (2, 5, 6))
    full = np.tile(np.eye(4), (2, 5, 1, 1))
    rows, columns = np.tril_indices(4, -1)
    full[..., rows, columns] = full[..., columns, rows] = correlations(partial, 4)
    assert_allclose(partial_correlations(np.linalg.cholesky(full)), partial, atol=1e-10)


def test_a_sampler_that_is_not_there_is_named(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numpyro" else found(name))
    with pytest.raises(ModelError, match=r"NumPyro is not installed\..*'gpu'"):
        fit_model(GROUPED, table, Sampling(sampler="numpyro"))


def test_the_command_line_makes_a_draft_and_stamps_it(tmp_path: Path) -> None:
    words = ["ladder", "pooled", "--months", "12", "--draws", "250", "--sampler", "laplace", "--output", str(tmp_path)]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 1
    assert "fit with nutpie" in " ".join(refused.output.split())
    allowed = CliRunner().invoke(app, [*words, "--allow-failed"])
    assert allowed.exit_code == 0, allowed.output
    assert "FAILED DIAGNOSTICS" in allowed.output
    unknown = CliRunner().invoke(app, [*words[:-3], "gibbs"])
    assert unknown.exit_code == 1
    assert "laplace" in unknown.output
