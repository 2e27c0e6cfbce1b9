"""The simulated panel: one seed, known truth that the counts obey, and a mark that says what it is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, UNIT_COVARIATES, Simulation, World, simulate_regions

CAPPED_SEED = 1
"""A seed whose uncapped draw of detection exceeds 1 in one country."""


def _cube(simulation: Simulation, column: str) -> xr.DataArray:
    frame = simulation.table.frame.set_index(["unit", "month"])[column]
    truth = simulation.truth
    values = frame.to_numpy(float).reshape(truth.sizes["unit"], truth.sizes["month"])
    return xr.DataArray(values, dims=("unit", "month"), coords={"unit": truth["unit"], "month": truth["month"]})


def _counts(simulation: Simulation) -> xr.DataArray:
    cubes = xr.concat([_cube(simulation, o) for o in OUTCOMES], dim="outcome")
    return cubes.assign_coords(outcome=list(OUTCOMES))


def _home(simulation: Simulation) -> xr.DataArray:
    country = simulation.table.frame.drop_duplicates("unit")["country"].to_numpy(dtype=str)
    return xr.DataArray(country, dims="unit", coords={"unit": simulation.truth["unit"]})


def _mean(simulation: Simulation) -> xr.DataArray:
    """The model's equation, written out again from the truth alone."""
    truth = simulation.truth
    slope = truth["slope_country"].sel(country=_home(simulation)).drop_vars("country")
    season = truth["season_effect"].sel(month_of_year=truth["month"].dt.month).drop_vars("month_of_year")
    eta = truth["unit_level"] + slope * _cube(simulation, "interdiction") + truth["month_effect"] + season
    rate: xr.DataArray = xr.ufuncs.exp(eta) * _cube(simulation, "all_events") / EXPOSURE_UNIT
    return rate.transpose("outcome", "unit", "month")


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate_regions(months=48)


@pytest.fixture(scope="module", params=["default", "capped"])
def world_run(request: pytest.FixtureRequest, simulation: Simulation) -> Simulation:
    return simulation if request.param == "default" else simulate_regions(CAPPED_SEED, months=48)


def test_same_seed_same_panel() -> None:
    one, two = simulate_regions(7, months=12), simulate_regions(7, months=12)
    pd.testing.assert_frame_equal(one.table.frame, two.table.frame)
    xr.testing.assert_identical(one.truth, two.truth)
    assert one.table.files == two.table.files


def test_other_seed_other_panel() -> None:
    one, two = simulate_regions(7, months=12), simulate_regions(8, months=12)
    for outcome in OUTCOMES:
        assert (one.table.frame[outcome] != two.table.frame[outcome]).any()
    assert not np.allclose(one.truth["slope_country"], two.truth["slope_country"])
    assert one.table.files != two.table.files


def test_shape_and_mark(simulation: Simulation) -> None:
    frame = simulation.table.frame
    assert len(frame) == 51 * 48
    assert not frame.duplicated(["unit", "month"]).any()
    assert not frame.isna().any(axis=None)
    assert simulation.table.simulated
    assert frame["simulated"].all()
    assert simulation.truth.attrs["simulated"] == 1
    assert (frame["all_events"] > 0).all()
    assert frame[["hub", "rail", "borders_russia"]].isin([0, 1]).all(axis=None)


def test_the_default_is_the_study_window() -> None:
    months = simulate_regions(1, months=96).truth["month"].to_numpy()
    assert months[[0, -1]].astype("datetime64[D]").astype(str).tolist() == ["2015-01-01", "2022-12-01"]


def test_constant_division_has_fifty_units() -> None:
    constant = simulate_regions(7, months=12, division="constant")
    assert constant.truth.sizes["unit"] == 50
    assert "KZ-SHY" not in constant.truth["unit"].to_numpy()


def test_too_few_months() -> None:
    with pytest.raises(ValueError, match="at least 12 months"):
        simulate_regions(months=11)


# Given the truth, cells are independent negative binomials, so the moments below have known standard errors. Each test
# allows four of them (one run in 16,000 a comparison); seeds are fixed, so a pass stays a pass.
def test_totals_match_the_truth(world_run: Simulation) -> None:
    mean, counts = _mean(world_run), _counts(world_run)
    variance = mean + float(world_run.truth["dispersion"]) * mean**2
    by_country = counts.groupby(_home(world_run).rename("home"))
    gap = by_country.sum(["unit", "month"]) - mean.groupby(_home(world_run).rename("home")).sum(["unit", "month"])
    error = np.sqrt(variance.groupby(_home(world_run).rename("home")).sum(["unit", "month"]))
    assert float(np.abs(gap / error).max()) < 4


@pytest.mark.parametrize("by", ["month.month", "month", "unit"])
def test_timing_and_place_match_the_truth(simulation: Simulation, by: str) -> None:
    mean, counts = _mean(simulation), _counts(simulation)
    variance = mean + float(simulation.truth["dispersion"]) * mean**2
    over = {"month.month": "unit", "month": "unit", "unit": "month"}[by]
    gap, var = (v.sum(over).groupby(by).sum() for v in (counts - mean, variance))
    # the squared deviations of n sums, each near normal, are near chi-squared(n): mean n, variance 2 n
    statistic, n = float((gap**2 / var).sum()), gap.size
    assert statistic < n + 4 * np.sqrt(2 * n)


def test_spread_matches_the_truth(world_run: Simulation) -> None:
    mean, counts = _mean(world_run), _counts(world_run)
    dispersion = float(world_run.truth["dispersion"])
    variance = mean + dispersion * mean**2
    pearson = ((counts - mean) ** 2 / variance).sum(["unit", "month"])
    # a negative binomial's excess kurtosis is 6 * dispersion + 1 / variance
    error = np.sqrt((2 + 6 * dispersion + 1 / variance).sum(["unit", "month"]))
    assert float(np.abs((pearson - mean[0].size) / error).max()) < 4


def test_reports_are_a_binomial_share_of_incidents(world_run: Simulation) -> None:
    truth, counts = world_run.truth, _counts(world_run)
    assert float(truth["detection"].max()) <= 1
    assert float(truth["detection"].min()) > 0
    assert (counts <= truth["incidents"]).all()
    share = truth["detection"].sel(country=_home(world_run)).drop_vars("country")
    home = _home(world_run).rename("home")
    gap = (counts - truth["incidents"] * share).groupby(home).sum(["unit", "month"])
    variance = (truth["incidents"] * share * (1 - share)).groupby(home).sum(["unit", "month"])
    # where detection is 1 there is no variance and no gap
    assert (np.abs(gap) <= 4 * np.sqrt(variance) + 1e-6).all()


def test_the_capped_seed_is_capped() -> None:
    assert float(simulate_regions(CAPPED_SEED, months=48).truth["detection"].max()) == 1.0


def test_effects_are_centred_and_add_up(simulation: Simulation) -> None:
    truth = simulation.truth
    for name, over in (("country_effect", "country"), ("month_effect", "month"), ("season_effect", "month_of_year")):
        # rounding of sums of at most 48 numbers of size 1
        assert float(np.abs(truth[name].mean(over)).max()) < 1e-12, name
    assert float(np.abs(truth["slope"] - truth["slope_country"].mean("country")).max()) < 1e-12
    place = simulation.table.frame.drop_duplicates("unit")[list(UNIT_COVARIATES)].to_numpy(float)
    x = xr.DataArray(place - place.mean(axis=0), dims=("unit", "unit_covariate"))
    country = truth["country_effect"].sel(country=_home(simulation)).drop_vars("country")
    region = truth["unit_level"] - truth["intercept"] - country - xr.dot(truth["unit_slope"], x, dim="unit_covariate")
    # the rest is the region's own effect: sd 0.35, standard error of the sd of 51 normals 0.35 / sqrt(2 * 51)
    assert np.abs(region.std("unit") - 0.35).max() < 4 * 0.35 / np.sqrt(2 * 51)


def test_interdiction_is_a_within_region_covariate(simulation: Simulation) -> None:
    effort = _cube(simulation, "interdiction")
    assert float(np.abs(effort.mean("month")).max()) < 1e-12
    assert float(effort.std()) == pytest.approx(1, abs=1e-12)
    # first-order autocorrelation 0.5, less (1 + 3 * 0.5) / 48 for taking out each region's mean (Marriott and Pope 1954);
    # standard error sqrt((1 - 0.25) / (51 * 48))
    now, before = effort.to_numpy()[:, 1:], effort.to_numpy()[:, :-1]
    found = (now * before).mean() / effort.to_numpy().var()
    assert abs(found - (0.5 - 2.5 / 48)) < 4 * np.sqrt(0.75 / (51 * 48))


def test_a_world_without_variation_is_its_constants() -> None:
    flat = World(effects=((0.0,) * 4,) * 4, sd_country=0, sd_region=0, sd_slope=0, sd_walk=0, sd_season=0)
    flat = replace(flat, detection_median=1.0, sd_log_detection=0, slope_mean=(0.0, 0.0, 0.0, 0.0))
    run = simulate_regions(3, months=24, world=flat)
    assert np.allclose(run.truth["intercept"], np.log(flat.rate_per_100))
    assert np.allclose(run.truth["unit_level"] - run.truth["intercept"], 0)
    exposure = _cube(run, "all_events") / EXPOSURE_UNIT
    for outcome, rate in zip(OUTCOMES, flat.rate_per_100, strict=True):
        mean = rate * exposure
        error = np.sqrt((mean + flat.dispersion * mean**2).sum())
        assert abs(float(_cube(run, outcome).sum() - mean.sum())) < 4 * float(error), outcome


def test_at_least_one_claim_of_the_brief_is_false_here() -> None:
    effects = dict(zip(OUTCOMES, World().effects, strict=True))
    rail = UNIT_COVARIATES.index("rail")
    assert effects["state_violence"][rail] < 0 < effects["drug_incident"][rail]


def test_the_world_does_not_change_with_the_bundled_population() -> None:
    """Calibrated and recovered worlds stay what they were: the counts of the default world are fixed for ever."""
    from northroute.sources.simulated_places import POPULATION, places

    assert sum(POPULATION.values()) == places("first-level")["population_2020"].sum()
    constant = places("constant").set_index("region")["population_2020"]
    assert constant["KZ-YUZ"] == POPULATION["KZ-YUZ"] + POPULATION["KZ-SHY"]
    assert constant.sum() == sum(POPULATION.values())
