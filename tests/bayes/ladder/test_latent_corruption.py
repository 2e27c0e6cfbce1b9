"""Latent corruption: recovery and attenuation on simulated measures, the bundled measures, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.typing import NDArray

from northroute.bayes import BayesFit, Sampling, load
from northroute.bayes.ladder.corruption_spec import CorruptionSpec
from northroute.bayes.ladder.latent_corruption import (
    Version,
    country_counts,
    fit_latent_corruption,
    joint_frame,
    joint_model,
    reliability,
)
from northroute.bayes.ladder.measures import MEASURES, Measure, governance_measures, standardised
from northroute.bayes.program.assemble import assemble
from northroute.errors import ModelError
from northroute.panel import Panel

COUNTRIES, YEARS = [f"c{i:02d}" for i in range(10)], range(2012, 2018)
SLOPE = 0.8
SETTINGS = Sampling(draws=1500, tune=500, prior_draws=200)
SPEC = CorruptionSpec(
    "corruption",
    "articles",
    measures=(Measure("wgi", "public", -1), Measure("cpi", "public", -1)),
    season=False,
    imputations=3,
)
Data = tuple[pd.DataFrame, pd.DataFrame, NDArray[np.float64]]


def simulated() -> Data:
    """Counts, two noisy measures of which lower is more corrupt, and the true latent (country, year)."""
    rng = np.random.default_rng(8)
    course = np.cumsum(rng.normal(0, 0.5, (10, 6)), axis=1)
    z = rng.normal(0, 0.5, (10, 1)) + course - course.mean(axis=1, keepdims=True)
    keys = pd.MultiIndex.from_product([COUNTRIES, YEARS], names=["country", "year"]).to_frame(index=False)
    found = [
        keys.assign(measure=m, value=scale * (-z.ravel() + rng.normal(0, error, z.size)), error=scale * error)
        for m, scale, error in (("wgi", 1.0, 0.6), ("cpi", 10.0, 0.6))
    ]
    months = pd.date_range("2012-01", "2017-12", freq="MS")
    grid = pd.MultiIndex.from_product([COUNTRIES, months], names=["country", "month"]).to_frame(index=False)
    level = np.repeat(rng.normal(1.5, 0.2, 10), len(months))
    mean = np.exp(level + SLOPE * np.repeat(z, 12, axis=1).ravel())
    return grid.assign(articles=rng.negative_binomial(20, 20 / (20 + mean))), pd.concat(found, ignore_index=True), z


@pytest.fixture(scope="module")
def data() -> Data:
    return simulated()


def fitted(data: Data, version: Version, folder: Path | None = None) -> BayesFit:
    return fit_latent_corruption(data[0], data[1], SPEC, SETTINGS, version=version, simulated=True, folder=folder)


@pytest.fixture(scope="module")
def joint(data: Data) -> BayesFit:
    return fitted(data, "joint")


def anchor_sd(data: Data) -> float:
    """The latent is in standard deviations of the anchor's values."""
    return float(data[1].loc[data[1]["measure"] == "wgi", "value"].std(ddof=0))


def test_slope_and_latent_are_recovered(joint: BayesFit, data: Data) -> None:
    slope = joint.draws("slope", latent="public") / anchor_sd(data)
    assert abs(slope.mean() - SLOPE) < 2.5 * slope.std()
    assert slope.std() < SLOPE / 4
    z = joint.parameter("corruption").sel(latent="public") * anchor_sd(data)
    truth = data[2] - data[2].mean()
    off = (z.mean(("chain", "draw")).to_numpy() - truth) / z.std(("chain", "draw")).to_numpy()
    # 60 correlated z scores of unit spread
    assert 0.5 < np.sqrt(np.square(off).mean()) < 1.6
    raw = -data[1].loc[data[1]["measure"] == "wgi", "value"].to_numpy().reshape(10, 6)
    own = np.corrcoef(z.mean(("chain", "draw")).to_numpy().ravel(), truth.ravel())[0, 1]
    assert own > np.corrcoef(raw.ravel(), truth.ravel())[0, 1]  # better than the measure itself, and of its sign


def test_ignoring_the_error_attenuates(joint: BayesFit, data: Data) -> None:
    measured = fitted(data, "measured").draws("slope", latent="public") / anchor_sd(data)
    assert measured.mean() < SLOPE - 3 * measured.std()
    assert measured.mean() < joint.draws("slope", latent="public").mean() / anchor_sd(data)


def test_cut_pools_gated_fits_and_goes_on_where_it_was(data: Data, joint: BayesFit, tmp_path: Path) -> None:
    cut = fitted(data, "cut", tmp_path)
    assert {p.stem for p in tmp_path.glob("*.nc")} == {
        "corruption", "corruption_measures", "corruption_draw01", "corruption_draw02", "corruption_draw03"
    }  # fmt: skip
    slope = cut.draws("slope", latent="public")
    assert slope.shape[0] == 12
    singles = [load(tmp_path / f"corruption_draw{i:02d}.nc").draws("slope", latent="public") for i in (1, 2, 3)]
    assert slope.mean() == pytest.approx(np.mean([s.mean() for s in singles]), abs=0.02)
    # latents drawn without the counts attenuate: by their reliability, which the joint fit does not need
    assert slope.mean() < joint.draws("slope", latent="public").mean()
    assert 0.4 < cut.info["reliability"]["public"] < 1
    assert 0 <= cut.info["between_share"]["public"] < 1
    assert cut.gate.passed and cut.info["failed"] == []
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*_*.nc")}
    again = fitted(data, "cut", tmp_path)
    assert stamps == {p: p.stat().st_mtime_ns for p in tmp_path.glob("*_*.nc")}
    np.testing.assert_array_equal(again.draws("slope"), cut.draws("slope"))


def test_bundled_measures_are_turned_and_scaled() -> None:
    rows, scales, dropped = standardised(governance_measures(), MEASURES, "m")
    wide = rows.pivot(index=["country", "year"], columns="measure", values="value")
    assert (wide.corr().to_numpy() > 0.3).all()  # all point the same way
    np.testing.assert_allclose([wide.mean(), wide.std(ddof=0) - 1], 0, atol=1e-12)
    assert rows.groupby("measure")["error"].mean().between(0.1, 0.8).all()
    assert dropped == {"measures without a value": 0}
    assert scales["mean"].to_numpy()[2] < 0 < scales["mean"].to_numpy()[3]  # the CPI is turned


def test_measures_without_a_value_are_counted_with_the_rows_left_out(data: Data) -> None:
    measures = data[1].copy()
    measures.loc[measures.index[7], "value"] = np.nan
    counts = data[0].copy()
    counts[SPEC.outcome] = counts[SPEC.outcome].astype(float)
    counts.loc[counts.index[[2, 3]], SPEC.outcome] = np.nan
    made = assemble(joint_model(SPEC), joint_frame(counts, measures, SPEC))
    assert made.dropped["measures without a value"] == 1
    assert made.dropped["outcome unobserved"] == 2


def test_reliability_is_the_share_that_means_keep() -> None:
    rng = np.random.default_rng(3)
    known = rng.normal(0, 1.0, (1, 1, 40, 10, 1))
    draws = known + rng.normal(0, 0.5, (4, 500, 40, 10, 1))
    array = xr.DataArray(draws, dims=("chain", "draw", "country", "year", "latent"))
    assert float(reliability(array)[0]) == pytest.approx(1 / 1.25, abs=0.03)


def test_a_panel_is_summed_to_countries(region_panel: Panel) -> None:
    found = country_counts(region_panel, "drug_incident", "all_events")
    assert len(found) == 5 * 18
    assert found["drug_incident"].sum() == region_panel.frame["drug_incident"].sum()


def test_two_latents_have_a_slope_each() -> None:
    names = [t.name for t in joint_model(CorruptionSpec("m", "articles")).terms if hasattr(t, "name")]
    assert names.count("slope_executive") == names.count("slope_public") == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"country": "c99"}, "'wgi', the anchor of its latent, has no value for c00"),
        ({"year": 2012}, "'wgi' is there twice for c00 2012"),
        ({"error": 0.0}, "the error of 'wgi' is 0.0 for c00 2012.*Give the published one"),
        ({"value": 1.0}, "'wgi' does not vary"),
        ({"measure": "wgi"}, r"no measure \['cpi'\]"),
    ],
)
def test_bad_measures_are_refused(data: Data, change: dict[str, object], message: str) -> None:
    measures = data[1].replace("c00", "c99") if "country" in change else data[1].assign(**change).drop_duplicates()  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=message):
        fit_latent_corruption(data[0], measures, SPEC)


def test_counts_outside_the_measures_are_refused(data: Data) -> None:
    late = data[0].assign(month=data[0]["month"] + pd.DateOffset(years=3))
    with pytest.raises(ModelError, match=r"begins after, 2018, 2019, 2020. Leave those months out"):
        fit_latent_corruption(late, data[1], SPEC)
    with pytest.raises(ModelError, match="counts of one country"):
        fit_latent_corruption(data[0][data[0]["country"] == "c00"], data[1], SPEC)
    with pytest.raises(ModelError, match=r"no column \['articles'\]"):
        fit_latent_corruption(data[0].rename(columns={"articles": "n"}), data[1], SPEC)
