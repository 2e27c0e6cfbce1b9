"""Both predictors, put together from reported quantities, are the kernel's, at every step of the ladder."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import sparse

from northroute.bayes import BayesFit, CountSpec, Gate
from northroute.bayes.answers.events import events, share_attributable
from northroute.bayes.answers.predictor import expected, predictor
from northroute.bayes.answers.sweep import sweep
from northroute.bayes.coordinates.prior_coordinates import prior_theta
from northroute.bayes.kernel import batch
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.quantities import named
from northroute.panel import Panel
from northroute.provenance import Provenance
from northroute.sources.simulated import simulate_regions
from northroute.workflow import simulated

BASE = CountSpec(
    "base",
    "drug_incident",
    "all_events",
    100.0,
    unit_covariates=("log_density", "hub"),
    covariates=("media",),
    varying=("interdiction",),
)
OUTCOMES = ("drug_incident", "general_crime")
SPECS: dict[str, dict[str, Any]] = {
    "pooled": {"step": "pooled"},
    "country": {"step": "country", "exposure": None},
    "slopes and products": {"step": "slopes", "interactions": (("interdiction", "media"),)},
    "within and between": {"step": "slopes", "within_between": True},
    "walks of countries": {"month": "country", "shocks": ("2015-06", "2016-01")},
    "ar1": {"time": "ar1", "part": "zero_inflated"},
    "gp": {"time": "gp", "part": "hurdle"},
    "hurdle, Poisson": {"step": "country", "part": "hurdle", "distribution": "poisson"},
    "hurdle, generalised": {"step": "country", "part": "hurdle", "distribution": "generalised_poisson"},
    "reporting": {"step": "reporting", "detection": ("media",)},
    "spatial": {"step": "spatial", "edges": (("KZ-AKM", "KZ-AKT"), ("KZ-AKT", "KZ-ATY"))},
    "joint": {"step": "joint", "outcomes": OUTCOMES},
}


@pytest.fixture(scope="module")
def panel() -> Panel:
    made = simulated.panel(simulate_regions(months=18))
    media = np.random.default_rng(4).normal(2, 1, len(made.frame))
    return made.with_covariate("media", made.frame["log_density"] * 0 + media)


def drawn(panel: Panel, spec: CountSpec, draws: int = 3) -> tuple[BayesFit, Any, Any, Any]:
    """A fit whose posterior is a few prior draws, with the kernel's own predictors at the same draws."""
    stated = formulate(panel, spec)
    assembled = assemble(stated.model, stated.frame).unswept()
    theta = prior_theta(assembled, draws, np.random.default_rng(1))
    values, _ = batch.values_of(assembled.program, theta)
    posterior = named(assembled, values[None])
    posterior = posterior.assign(stated.derive(posterior).data_vars)
    tree = xr.DataTree.from_dict({"posterior": posterior, "constant_data": stated.constants()})
    info = {"spec": {"spec": spec.to_dict(), "dropped": {}}}
    fit = BayesFit(spec.name, tree, Gate(()), Provenance("", 1, True), info)
    return fit, stated, assembled, batch.predictors(assembled.program, values)


@pytest.mark.parametrize("name", SPECS)
def test_the_predictors_are_the_kernels(panel: Panel, name: str) -> None:
    fit, _, _, linear = drawn(panel, replace(BASE, name=name, **SPECS[name]))
    eta, second = predictor(fit).linear(slice(0, 3))
    np.testing.assert_allclose(eta, linear[:, 0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(second, linear[:, 1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["slopes and products", "reporting", "walks of countries", "within and between"])
def test_a_changed_covariate_is_the_model_on_changed_data(panel: Panel, name: str) -> None:
    fit, stated, _, _ = drawn(panel, replace(BASE, name=name, **SPECS[name]))
    made = predictor(fit)
    media = "media_within" if name == "within and between" else "media"
    before = made.columns.raw(media)
    # moved by a constant: an intercept's worth, whatever the products are centred by
    change = made.columns.at(media, before + 0.5)
    there = replace(made, columns=replace(made.columns, values={**made.columns.values, **change}))
    base, moved = made.linear(slice(0, 3)), there.linear(slice(0, 3))
    stepped = made.moved(slice(0, 3), base, change)
    for a, b in zip(moved, stepped, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    slope = fit.parameter("common_slope").sel(covariate=media).to_numpy().ravel()
    step = 0.5 * slope[:, None] * np.ones_like(base[0])
    if name == "slopes and products":
        x = stated.frame["interdiction"] - stated.frame["interdiction"].mean()
        scale = (x * (stated.frame["media"] - stated.frame["media"].mean())).std(ddof=0)
        country = fit.parameter("slope_country").sel(
            varying="interdiction:media", country=stated.frame["country"].to_numpy()
        )
        step = step + 0.5 * country.to_numpy()[0] * (x / scale).to_numpy()
    np.testing.assert_allclose(moved[0] - base[0], step, atol=1e-9)
    if name == "reporting":
        logit = fit.parameter("detection_slope").to_numpy().ravel()
        np.testing.assert_allclose(moved[1] - base[1], 0.5 * logit[:, None] * np.ones_like(base[1]), atol=1e-9)


def test_expected_events_are_sums_of_the_models_mean(panel: Panel) -> None:
    fit, stated, _, linear = drawn(panel, BASE)
    mean, frame = np.exp(linear[:, 0]), stated.frame
    found = events(fit)
    here = ((frame["country"] == "KAZ") & (frame["month"] == "2015-03-01")).to_numpy()
    at = {"country": "KAZ", "month": "2015-03"}
    np.testing.assert_allclose(found.draws["events"].sel(at).to_numpy()[0], mean[:, here].mean(axis=1))
    rate = mean[:, here].sum(axis=1) / frame.loc[here, "exposure"].sum()
    np.testing.assert_allclose(found.draws["rate"].sel(at).to_numpy()[0], rate)
    assert set(found.table["quantity"]) == {"events per unit-month", "events per 100 all_events"}
    assert found.table["source"].eq("SIMULATED").all()
    assert set(zip(found.table["prob"], found.table["kind"], strict=True)) == {(0.89, "ETI")}


def test_exposure_moves_events_and_not_rates(panel: Panel) -> None:
    fit, _, _, _ = drawn(panel, BASE)
    constants = fit.tree["constant_data"].to_dataset()
    doubled = xr.DataTree.from_dict(
        {
            "posterior": fit.tree["posterior"].to_dataset(),
            "constant_data": constants.assign(log_exposure=constants["log_exposure"] + np.log(2)),
        }
    )
    one, two = events(fit, ("unit",)), events(replace(fit, tree=doubled), ("unit",))
    xr.testing.assert_allclose(two.draws["events"], 2 * one.draws["events"])
    xr.testing.assert_allclose(two.draws["rate"], one.draws["rate"])


@pytest.mark.parametrize("name", ["ar1", "gp", "hurdle, Poisson", "hurdle, generalised", "reporting"])
def test_means_with_a_second_part_are_those_of_simulated_counts(panel: Panel, name: str) -> None:
    from northroute.bayes.program import predict

    spec = replace(BASE, name=name, **SPECS[name])
    stated = formulate(panel, spec)
    assembled = assemble(stated.model, stated.frame).unswept()
    theta = np.repeat(prior_theta(assembled, 1, np.random.default_rng(3)) * 0.3, 400, axis=0)
    values, _ = batch.values_of(assembled.program, theta)
    simulated_counts = predict.simulate(assembled, values, np.random.default_rng(2)).sum(axis=1)
    posterior = named(assembled, values[None, :1])
    tree = xr.DataTree.from_dict({"posterior": posterior, "constant_data": stated.constants()})
    fit = BayesFit(name, tree, Gate(()), Provenance("", 1, True), {"spec": {"spec": spec.to_dict()}})
    made = predictor(fit)
    total = float(expected(made, sparse.csr_array(np.ones((made.log_exposure.size, 1)))).squeeze())
    error = simulated_counts.std() / np.sqrt(400)
    assert abs(simulated_counts.mean() - total) < 4 * error


def test_share_and_sweep_follow_the_slope(panel: Panel) -> None:
    fit, stated, _, linear = drawn(panel, BASE)
    mean, z = np.exp(linear[:, 0]), stated.frame["interdiction"].to_numpy()
    slope = fit.parameter("slope_country").sel(varying="interdiction", country=stated.frame["country"].to_numpy())
    slope = slope.to_numpy()[0]
    share = share_attributable(fit, "interdiction", 0.5).draws["share"]
    without = mean * np.exp(slope * (0.5 - z))
    np.testing.assert_allclose(share.sel(country="all").to_numpy()[0], 1 - without.sum(axis=1) / mean.sum(axis=1))
    here = (stated.frame["country"] == "TJK").to_numpy()
    swept = sweep(fit, "interdiction", [0.5, -1.0])
    np.testing.assert_allclose(swept.draws["events"].sel(value=0.5, country="TJK")[0], without[:, here].mean(axis=1))
    ratio = swept.draws["events"].sel(value=0.5, country="TJK") / swept.draws["events"].sel(value=-1.0, country="TJK")
    np.testing.assert_allclose(ratio.to_numpy()[0], np.exp(1.5 * slope[:, here][:, 0]))
    assert [t.get_text() for t in swept.figure().texts if t.get_text() == "SIMULATED"] == ["SIMULATED"]


def test_a_unit_covariates_reference_is_in_its_own_units(panel: Panel) -> None:
    fit, _, _, linear = drawn(panel, BASE)
    hub = panel.frame["hub"].to_numpy(float)
    slope = fit.parameter("unit_slope").sel(unit_covariate="hub").to_numpy()[0]
    mean = np.exp(linear[:, 0])
    without = mean * np.exp(-slope[:, None] * hub)
    share = share_attributable(fit, "hub").draws["share"].sel(country="all").to_numpy()[0]
    np.testing.assert_allclose(share, 1 - without.sum(axis=1) / mean.sum(axis=1))
