"""The benchmark's test of agreement: it agrees, disagrees, or says that it cannot tell."""

import numpy as np
import xarray as xr

from tests.bench import report


def posterior(seed: int, shift: float = 0.0, repeat: int = 1, draws: int = 1000) -> xr.Dataset:
    """Four chains of draws, each ``repeat`` times in a row."""
    x = np.repeat(np.random.default_rng(seed).normal(shift, 1, (4, draws // repeat, 3)), repeat, axis=1)
    return xr.Dataset(
        {"effect": (("chain", "draw", "place"), x)}, {"chain": range(4), "draw": range(draws), "place": list("abc")}
    )


def test_equal_means_agree_and_others_do_not() -> None:
    same = report.gap(posterior(1), posterior(2).isel(place=[2, 0, 1]))
    assert same["gap"] < report.AGREE
    assert report.agreement(same) == "agrees"
    other = report.gap(posterior(1), posterior(2, shift=0.2))
    # a shift of 0.2 over standard errors of sqrt(2 / 4000), give or take a few
    assert abs(other["gap"] - 0.2 / np.sqrt(2 / 4000)) < 4
    assert report.agreement(other) == "DISAGREES"


def test_places_are_matched_by_name() -> None:
    apart = posterior(1)
    apart["effect"] = apart["effect"] + xr.DataArray([0.0, 5.0, 10.0], dims="place")
    assert report.gap(apart, apart.isel(place=[2, 0, 1]))["gap"] < 1e-6


def test_short_or_split_runs_cannot_tell() -> None:
    sticky = report.gap(posterior(1), posterior(2, repeat=50))
    assert sticky["gap_ess"] < 200
    assert report.agreement(sticky).startswith("cannot be told (effective size")
    split = posterior(2)
    split["effect"] = split["effect"] + xr.DataArray([0.0, 0.0, 0.0, 3.0], dims="chain")
    assert report.agreement(report.gap(posterior(1), split)).startswith("cannot be told")


def test_seeds_are_pooled_as_chains_and_a_repeated_run_counts_once() -> None:
    rows = [{"way": w, "seed": s} for w, s in (("a", 1), ("a", 1), ("a", 2), ("b", 1))]
    runs = [posterior(1), posterior(1), posterior(2), posterior(3)]
    both = report.pooled(rows, runs, "a")
    assert both["chain"].to_numpy().tolist() == list(range(8))
    np.testing.assert_array_equal(both["effect"][4:], runs[2]["effect"])
