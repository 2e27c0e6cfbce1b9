"""A fit's tree is whole for ArviZ: its functions run on a general fit and on one of the ladder, and say what is true."""

from collections.abc import Iterator
from pathlib import Path

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from northroute.bayes import BayesFit, Model, Sampling, fit_model, load
from northroute.bayes.distributions import NegativeBinomial, Normal, Poisson
from northroute.bayes.terms import Effects, Intercept, Linear
from northroute.errors import ModelError

GROUPS = {
    "posterior",
    "posterior_predictive",
    "prior",
    "prior_predictive",
    "log_likelihood",
    "log_prior",
    "sample_stats",
    "observed_data",
    "constant_data",
}
SETTINGS = Sampling(chains=2, draws=500, prior_draws=400)


def table() -> pd.DataFrame:
    """Counts of six groups with a slope of 0.7, responses in turn, one outcome missing; rows have names."""
    rng = np.random.default_rng(11)
    n = 120
    frame = pd.DataFrame(
        {"group": np.arange(n) % 6, "kind": np.where(np.arange(n) % 2, "b", "a"), "x": rng.normal(size=n)},
        index=[f"row {i}" for i in range(n)],
    )
    level = rng.normal(0, 0.3, 6)[frame["group"]] + np.where(frame["kind"] == "a", 1.5, 0.5)
    frame["count"] = rng.poisson(np.exp(level + 0.7 * frame["x"])).astype(float)
    frame.loc["row 3", "count"] = np.nan
    return frame.assign(group="g" + frame["group"].astype(str), hours=rng.uniform(1, 2, n))


@pytest.fixture(scope="module")
def general(tmp_path_factory: pytest.TempPathFactory) -> BayesFit:
    terms = (Intercept(by="kind"), Linear(("x",)), Effects("group"))
    model = Model("general", "count", NegativeBinomial(), terms, exposure="hours", response="kind")
    return fit_model(model, table(), SETTINGS, folder=tmp_path_factory.mktemp("fits"))


@pytest.fixture(params=["general", "ladder"])
def fit(request: pytest.FixtureRequest) -> BayesFit:
    found: BayesFit = request.getfixturevalue({"general": "general", "ladder": "region_fit"}[request.param])
    assert found.gate.passed, found.gate.failures
    return found


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def scalars(fit: BayesFit) -> list[str]:
    """Three quantities that are few numbers."""
    sizes = {str(k): v.isel(chain=0, draw=0).size for k, v in fit.tree["posterior"].data_vars.items()}
    return sorted(sizes, key=lambda k: (sizes[k], k))[:3]


def test_every_group_has_labels_and_the_order_of_the_table(fit: BayesFit) -> None:
    assert set(fit.tree.children) >= GROUPS
    rows = fit.tree["observed_data"]["row"].to_numpy()
    for name in ("posterior_predictive", "prior_predictive", "log_likelihood", "constant_data"):
        np.testing.assert_array_equal(fit.tree[name]["row"].to_numpy(), rows)
    for name in ("posterior", "posterior_predictive", "log_likelihood", "log_prior", "sample_stats"):
        for dim in ("chain", "draw"):
            np.testing.assert_array_equal(fit.tree[name][dim], np.arange(fit.tree[name].sizes[dim]))
    assert fit.tree["sample_stats"]["diverging"].dtype == bool


def test_rows_are_those_of_the_table(general: BayesFit) -> None:
    kept = table().drop(index="row 3")
    assert general.tree["observed_data"]["y"].to_series().to_dict() == kept["count"].astype(int).to_dict()
    constants = general.tree["constant_data"].to_dataset().to_dataframe()
    pd.testing.assert_series_equal(constants["exposure"], kept["hours"], check_names=False)
    assert constants["response"].to_dict() == kept["kind"].to_dict()
    draw = general.tree["posterior"].to_dataset().isel(chain=1, draw=7)
    kind, group = (xr.DataArray(kept[c].to_numpy(), dims="row") for c in ("kind", "group"))
    eta = draw["intercept"].sel(kind=kind) + draw["group_effect"].sel(group=group)
    mu = np.exp(eta.to_numpy() + draw["slope"].to_numpy() * kept["x"].to_numpy()) * kept["hours"].to_numpy()
    size = 1 / draw["dispersion"].sel(kind=kind).to_numpy()
    expected = stats.nbinom.logpmf(kept["count"], size, size / (size + mu))
    stored = general.tree["log_likelihood"]["y"].sel(row=list(kept.index)).isel(chain=1, draw=7)
    np.testing.assert_allclose(stored, expected, rtol=2e-6, atol=2e-6)  # kept in single precision


def test_replicates_are_of_the_rows_they_stand_at(fit: BayesFit) -> None:
    made, observed = (fit.tree[g].to_dataset()["y"] for g in ("posterior_predictive", "observed_data"))
    expected = made.mean(("chain", "draw"))
    assert made.dtype.kind == observed.dtype.kind == "i"
    assert float(xr.corr(expected, observed)) > 0.5  # 0.1 at most if the rows were shuffled
    share = float((observed <= made.quantile(0.95, ("chain", "draw"))).mean())
    assert 0.9 < share <= 1  # some 0.95, and more since counts are discrete


def test_trace_and_autocorrelation(fit: BayesFit) -> None:
    name = scalars(fit)[0]
    lines = az.plot_trace(fit.tree, var_names=[name]).viz["trace"][name].isel(chain=1).to_numpy().ravel()
    drawn = fit.parameter(name).isel(chain=1)
    np.testing.assert_allclose(lines[0].get_ydata(), drawn.to_numpy().reshape(drawn.sizes["draw"], -1)[:, 0])
    line = az.plot_autocorr(fit.tree, var_names=[name]).viz["lines"][name].to_numpy().ravel()[0]
    assert line.get_ydata()[0] == pytest.approx(1.0)
    assert abs(line.get_ydata()[50:]).max() < 0.3


def test_forest_and_rank(fit: BayesFit) -> None:
    name = scalars(fit)[0]
    forest = az.plot_forest(fit.tree, var_names=[name], combined=True, point_estimate="mean")
    mark = forest.viz["point_estimate"][name].to_numpy().ravel()[0]
    assert mark.get_offsets()[0][0] == pytest.approx(
        float(fit.parameter(name).mean(("chain", "draw")).to_numpy().flat[0])
    )
    ranks = az.plot_rank(fit.tree, var_names=[name]).viz["ecdf_lines"][name].to_numpy().ravel()
    assert len(ranks) == fit.tree["posterior"].sizes["chain"] * fit.parameter(name).isel(chain=0, draw=0).size
    assert max(abs(line.get_ydata()).max() for line in ranks) < 0.15  # of chains that agree, near zero


def test_energy_is_the_gates(fit: BayesFit) -> None:
    az.plot_energy(fit.tree)
    (check,) = (c for c in fit.gate.checks if c.name == "E-BFMI")
    assert float(az.bfmi(fit.tree)["energy"].min()) == pytest.approx(
        check.value, rel=0.01
    )  # ours divides by one draw less


def test_predictive_checks_and_leave_one_out_pit(fit: BayesFit) -> None:
    az.plot_ppc_rootogram(fit.tree)
    az.plot_ppc_dist(fit.tree, kind="ecdf")
    az.plot_ppc_dist(fit.tree, group="prior_predictive", kind="ecdf")
    az.plot_loo_pit(fit.tree)
    pit = az.loo_pit(fit.tree)["y"].to_numpy()
    assert stats.kstest(pit, "uniform").pvalue > 0.001  # the data are from the model


def test_power_scaling_finds_a_prior_that_rules(general: BayesFit, fit: BayesFit) -> None:
    assert set(fit.tree["log_prior"].data_vars) <= set(fit.tree["posterior"].data_vars)
    found = az.psense_summary(fit.tree, var_names=scalars(fit))
    assert (found[["prior", "likelihood"]] >= 0).all(axis=None)
    drawn = general.tree["posterior"].to_dataset()
    scale = float(drawn["sd_group"].isel(chain=0, draw=3))
    assert general.assembled is not None
    prior = next(s.prior for s in general.assembled.layout.scalars if s.prior and s.prior.family == "half_normal")
    assert prior is not None
    stored = float(general.tree["log_prior"]["sd_group"].isel(chain=0, draw=3))
    assert stored == pytest.approx(float(prior.log_density(scale)), rel=1e-5)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution")
def test_comparison_puts_the_model_of_the_data_first(general: BayesFit, tmp_path: Path) -> None:
    flat = fit_model(Model("flat", "count", Poisson(), (Intercept(),)), table(), SETTINGS, folder=tmp_path)
    ranked = az.compare({"flat": flat.tree, "general": general.tree})
    assert list(ranked.index) == ["general", "flat"]
    assert ranked.loc["general", "elpd"] == pytest.approx(az.loo(general.tree).elpd, abs=5)  # rounded to tens


def test_a_file_holds_no_replicates_and_a_fit_read_back_has_the_same(general: BayesFit, tmp_path: Path) -> None:
    again = load(general.save(tmp_path / "fit.nc"))
    assert set(general.tree.children) - set(again.tree.children) == {"posterior_predictive", "prior_predictive"}
    with pytest.raises(ModelError, match="read from a file, which holds no model"):
        again.pymc_model()
    assert general.assembled is not None
    made = fit_model(general.assembled.model, table(), SETTINGS, folder=tmp_path)
    folder = fit_model(general.assembled.model, table(), SETTINGS, folder=tmp_path)
    xr.testing.assert_identical(
        made.tree["posterior_predictive"].to_dataset().load(), folder.tree["posterior_predictive"].to_dataset().load()
    )


def test_measures_have_replicates_that_are_no_counts() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"y": rng.normal(3, 2, 40)})
    fit = fit_model(Model("measure", "y", Normal(), (Intercept(),)), frame, SETTINGS)
    made = fit.tree["posterior_predictive"]["y"]
    assert made.dtype == float
    assert float(made.std()) == pytest.approx(frame["y"].std(), rel=0.15)
    assert list(made["row"].to_numpy()) == list(range(40))


def test_a_label_that_is_not_there_is_named(general: BayesFit) -> None:
    assert general.draws("intercept", kind="a").shape == general.draws("sd_group").shape
    with pytest.raises(KeyError, match=r"no kind 'c' among .*'outcome unobserved': 1"):
        general.draws("intercept", kind="c")
    with pytest.raises(KeyError, match="'sd_group' has no dimension 'country'"):
        general.draws("sd_group", country="KAZ")
