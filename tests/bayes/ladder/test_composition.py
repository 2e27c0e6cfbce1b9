"""Shares of categories: recovery, agreement with a conjugate posterior, tabulation, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy import stats
from scipy.special import softmax

from northroute.bayes import BayesFit, Prior, Sampling, load, replaced
from northroute.bayes.ladder.composition import (
    COMPOSITION,
    CompositionSpec,
    differences,
    fit_composition,
    shares,
    tabulate,
)
from northroute.errors import ModelError
from northroute.sources import unodc

DRUGS = ("heroin", "opium", "other")
SPEC = CompositionSpec("drugs", "n", "drug", ("iso3", "place", "year"), "iso3", "place", ("time",), focus="heroin")
TREND = np.array([-0.4, 0.3, 0.1])
CONCENTRATION = 20.0


def table(rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """6 countries of 4 places over 6 years, some 30 records a cell, and the true shares by country."""
    level = np.array([0.8, 0.3, -1.1]) + _centred(rng.normal(0, 0.7, (6, 3)))
    place = _centred(rng.normal(0, 0.4, (6, 4, 3)))
    years = np.arange(6)
    time = (years - years.mean()) / years.std()
    eta = level[:, None, None] + place[:, :, None] + TREND * time[:, None]
    probability = np.empty(eta.shape)
    for cell in np.ndindex(eta.shape[:-1]):
        probability[cell] = rng.dirichlet(CONCENTRATION * softmax(eta[cell]))
    counts = rng.multinomial(rng.poisson(30, eta.shape[:-1]), probability)
    rows = [
        {"iso3": f"c{c}", "place": f"c{c}p{p}", "year": 2011 + t, "time": time[t], "drug": d, "n": counts[c, p, t, j]}
        for c, p, t in np.ndindex(6, 4, 6)
        for j, d in enumerate(DRUGS)
    ]
    return pd.DataFrame(rows), softmax(level, axis=1)


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values - values.mean(axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, NDArray[np.float64]]:
    return table(np.random.default_rng(11))


@pytest.fixture(scope="module")
def fit(data: tuple[pd.DataFrame, NDArray[np.float64]]) -> BayesFit:
    return fit_composition(data[0], SPEC, Sampling(draws=1000), simulated=True)


def test_shares_trend_and_concentration_are_recovered(
    fit: BayesFit, data: tuple[pd.DataFrame, NDArray[np.float64]]
) -> None:
    share = fit.parameter("share")
    assert share.dims == ("chain", "draw", "country", "category")
    np.testing.assert_allclose(share.sum("category"), 1.0)
    z = (share.mean(("chain", "draw")) - data[1]) / share.std(("chain", "draw"))
    # 18 shares: a z score beyond 4 is one in 900 fits; their spread is one, and 0.5 to 1.6 are wide of chance
    assert float(abs(z).max()) < 4
    assert 0.5 < float(np.sqrt((z**2).mean())) < 1.6
    for name, truth in (("slope_contrast", TREND), ("concentration", CONCENTRATION)):
        drawn = fit.parameter(name).squeeze(drop=True)
        z = (drawn.mean(("chain", "draw")) - truth) / drawn.std(("chain", "draw"))
        assert float(abs(z).max()) < 3.5, name


def test_focus_is_its_share_and_its_differences(fit: BayesFit) -> None:
    heroin = fit.parameter("share").sel(category="heroin", drop=True)
    np.testing.assert_array_equal(fit.parameter("focus_share"), heroin)
    difference = fit.parameter("focus_difference").sel(country_pair="c1 - c4")
    np.testing.assert_allclose(difference, heroin.sel(country="c1") - heroin.sel(country="c4"))
    assert fit.parameter("focus_difference").sizes["country_pair"] == 15


def test_effects_sum_to_zero_over_categories(fit: BayesFit) -> None:
    for name in ("country_effect", "region_effect"):
        np.testing.assert_allclose(fit.parameter(name).sum("category"), 0.0, atol=1e-10)
    np.testing.assert_allclose(fit.parameter("category_level").sum("category"), 0.0, atol=1e-10)


def test_a_fit_is_saved_with_its_cells(fit: BayesFit, tmp_path: Path) -> None:
    read = load(fit.save(tmp_path / "fit.nc"))
    constants = read.tree["constant_data"].to_dataset()
    assert constants.sizes["cell"] == 144
    assert str(constants["cell_country"].sel(cell="c2 c2p1 2013").item()) == "c2"
    assert read.simulated


def test_two_categories_agree_with_binomial_logit() -> None:
    """With two categories and no overdispersion the share's posterior is near the beta of its counts."""
    counts = np.array([[400, 100], [150, 350]])
    rows = [
        {"c": c, "drug": d, "n": counts[i, j]}
        for i, c in enumerate(("a", "b"))
        for j, d in enumerate(("heroin", "rest"))
    ]
    wide = replaced(COMPOSITION, sd_country=Prior("half_normal", 5.0, "leaves countries to their own counts"))
    spec = CompositionSpec("two", "n", "drug", ("c",), "c", overdispersed=False, priors=wide)
    share = fit_composition(pd.DataFrame(rows), spec, Sampling(draws=500)).draws("share")[..., 0]
    for i in range(2):
        beta = stats.beta(counts[i, 0], counts[i, 1])
        # the prior on the log odds, some 5 wide, moves a posterior of width 0.1 by less than a fifth of that
        assert abs(share[..., i].mean() - beta.mean()) < 0.2 * beta.std()
        assert abs(share[..., i].std() / beta.std() - 1) < 0.1


def test_cells_that_say_nothing_are_left_out_and_counted() -> None:
    frame = cells().assign(n=[3, 4, 0, 0, 5, np.nan, 2, 6])
    fit = fit_composition(frame, small(), Sampling(draws=100, retries=0), simulated=True)
    assert fit.info["rows"] == 4
    left_out = {"cells with a category unobserved": 1, "cells without a count": 1}
    assert fit.info["spec"]["dropped"] == left_out
    assert fit.info["dropped"] == {"outcome unobserved": 0, **left_out}


def cells() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "c": ["a"] * 4 + ["b"] * 4,
            "y": [1, 1, 2, 2] * 2,
            "drug": ["heroin", "opium"] * 4,
            "n": [3.0, 4.0, 1.0, 2.0, 5.0, 1.0, 2.0, 6.0],
            "x": [0.0, 0.0, 1.0, 1.0] * 2,
        }
    )


def small(focus: str | None = None, covariates: tuple[str, ...] = ()) -> CompositionSpec:
    return CompositionSpec("small", "n", "drug", ("c", "y"), "c", covariates=covariates, focus=focus)


@pytest.mark.parametrize(
    ("change", "spec", "message"),
    [
        ({"n": [3, 0, 1, 0, 5, 0, 2, 0]}, small(), r"\['opium'\] was never seen.*merge"),
        ({"c": ["a"] * 8, "y": [1, 1, 2, 2, 3, 3, 4, 4]}, small(), r"only \['a'\] left.*Add countries"),
        ({"drug": ["heroin"] * 8, "y": range(8)}, small(), r"one category \(heroin\)"),
        ({"drug": ["heroin"] * 2 + ["heroin", "opium"] * 3}, small(), "cell 'a 1' does not have one row for each"),
        ({"n": [0.0] * 8}, small(), "no cell has a count"),
        ({"n": [3.5, 4, 1, 2, 5, 1, 2, 6]}, small(), "counts are whole numbers"),
        ({"x": [0, 1, 1, 1, 0, 0, 1, 1]}, small(covariates=("x",)), "'x' changes within cell 'a 1'"),
        ({}, small(covariates=("z",)), r"no column \['z'\]"),
        ({"drug": pd.Series(["heroin", None] * 4)}, small(), "'drug' is missing in 4 rows"),
        ({"y": [1, 1, 2, 2, 1, 1, np.nan, np.nan]}, small(), "'y' is missing in 2 rows"),
        ({}, small(focus="cocaine"), "no category 'cocaine' to focus on"),
    ],
)
def test_refusals_name_the_remedy(change: dict[str, object], spec: CompositionSpec, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        fit_composition(cells().assign(**change), spec)  # type: ignore[arg-type]


def test_records_are_counted_with_zeros() -> None:
    records = pd.DataFrame({"c": ["a", "a", "b"], "drug": ["heroin", "lsd", "opium"]})
    found = tabulate(records, "drug", ("c",), ("heroin", "opium"))
    wide = found.pivot(index="c", columns="drug", values="count")[["heroin", "opium", "other"]]
    np.testing.assert_array_equal(wide, [[1, 0, 1], [0, 1, 0]])
    assert tabulate(records, "drug", ("c",), ("heroin", "opium"), other=None)["count"].sum() == 2
    with pytest.raises(ModelError, match="1 records lack one of"):
        tabulate(records.assign(c=["a", np.nan, "b"]), "drug", ("c",), ("heroin",))
    with pytest.raises(ModelError, match="1 records have no 'drug', which is not 'other'"):
        tabulate(records.assign(drug=pd.Series(["heroin", None, "opium"])), "drug", ("c",), ("heroin",))


def test_softmax_and_differences_on_a_small_table() -> None:
    eta = xr.DataArray(np.log([[1.0, 3.0], [2.0, 2.0]]), dims=("c", "k"), coords={"c": ["a", "b"], "k": ["x", "y"]})
    share = shares(eta, "k")
    np.testing.assert_allclose(share, [[0.25, 0.75], [0.5, 0.5]])
    pairs = differences(share.sel(k="x", drop=True), "c")
    assert pairs["c_pair"].to_numpy().tolist() == ["a - b"]
    np.testing.assert_allclose(pairs, [-0.25])


@pytest.mark.data
def test_heroins_share_of_real_seizures(data_dir: Path) -> None:
    """UNODC 2011-2016: heroin is most of what Kazakhstan reports, and a third of what Uzbekistan does."""
    records = unodc.load(data_dir).frame
    counts = tabulate(records.assign(year=records["date"].dt.year), "drug", ("iso3", "year"), ("heroin", "opium"))
    spec = CompositionSpec("seizures", "count", "drug", ("iso3", "year"), "iso3", focus="heroin")
    fit = fit_composition(counts, spec, Sampling(draws=500), source="UNODC individual seizures")
    assert counts["count"].sum() == len(records) == 1476
    difference = fit.parameter("focus_difference").sel(country_pair="KAZ - UZB")
    assert float((difference > 0).mean()) > 0.99
    raw = counts[counts["iso3"] == "UZB"].groupby("drug")["count"].sum()
    share = fit.parameter("focus_share").sel(country="UZB")
    assert abs(float(share.mean()) - raw["heroin"] / raw.sum()) < 2 * float(share.std())
