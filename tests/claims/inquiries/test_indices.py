"""Claims on expert indices: errors on the logit scale, the estimands by hand, worlds in which the claim is true or false."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from northroute import seeds
from northroute.claims import Register, load
from northroute.claims.inquiries import index_errors, indices
from northroute.claims.inquiry import SIDES, Side
from northroute.errors import DataError
from northroute.sources import Table, crime_index, governance

Tables = Mapping[str, Table]


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def tables() -> Tables:
    return {"vdem": governance.load("vdem"), "crime_index": crime_index.load()}


@pytest.mark.parametrize(("value", "sd"), [(0.5, 0.05), (0.93, 0.05), (0.048, 0.10)])
def test_the_error_on_the_logit_scale_gives_that_on_the_scale_itself(value: float, sd: float) -> None:
    draws = expit(logit(value) + index_errors.logit_sd(value, sd) * np.random.default_rng(1).standard_normal(200_000))
    # 200 000 draws: a standard deviation is known to 0.2 %, somewhat less with heavy tails
    assert draws.std() == pytest.approx(sd, rel=0.02)


def test_a_small_error_is_that_of_the_delta_method() -> None:
    assert index_errors.logit_sd(0.3, 0.001) == pytest.approx(0.001 / (0.3 * 0.7), rel=1e-3)


def test_no_draw_leaves_the_bounds_and_the_published_value_is_the_median() -> None:
    draws = index_errors.measured({"TKM": 0.05, "TJK": 0.95}, 0.10, "a test", 1)
    for country, published in (("TKM", 0.05), ("TJK", 0.95)):
        assert draws[country].shape == index_errors.SHAPE
        assert draws[country].min() > 0 and draws[country].max() < 1
        assert np.median(draws[country]) == pytest.approx(published, abs=0.005)
    assert abs(np.corrcoef(draws["TKM"].ravel(), draws["TJK"].ravel())[0, 1]) < 0.05


def test_a_score_stands_for_what_rounds_to_it() -> None:
    draws = index_errors.scored({"TJK": (9.0,), "XXX": (10.0,)}, 1e-4, "a test", 1)
    assert draws["TJK"].min() > 8.74 and draws["TJK"].max() < 9.26
    assert draws["XXX"].min() > 9.74 and draws["XXX"].max() <= 10
    # uniform over half a step on either side
    assert draws["TJK"].std() == pytest.approx(0.5 / np.sqrt(12), rel=0.05)


@pytest.mark.parametrize(("value", "sd"), [(0.0, 0.05), (1.0, 0.05), (0.5, 0.0), (0.5, 0.4)])
def test_what_has_no_logit_or_no_error_is_refused(value: float, sd: float) -> None:
    with pytest.raises(DataError, match="scale from 0 to 1"):
        index_errors.logit_sd(value, sd)


@pytest.mark.parametrize("function", list(indices.DIRECT))
def test_specifications_are_the_registered_ones(function: str, tables: Tables, register: Register) -> None:
    found = indices.DIRECT[function](tables, register, 1)
    claim, question = register.asked(function)
    assert tuple(s.label for s in found.specifications) == question.variants
    assert found.estimate.claim_id == claim.id and not found.estimate.simulated
    assert len(found.estimate.quantities) <= 8
    assert 0 < found.estimate.prior_probability < 0.6


def test_two_types_follow_the_indices(tables: Tables, register: Register) -> None:
    found = indices.two_types(tables, register, 1).estimate
    vdem = tables["vdem"].frame
    mean = vdem[vdem["year"].between(2015, 2022)].groupby("iso3").mean(numeric_only=True)
    executive, gap = mean["executive_corruption"], mean["public_sector_corruption"] - mean["executive_corruption"]
    top, rank_and_file = ["TJK", "UZB"], ["KAZ", "KGZ"]
    expected = (
        executive[top].mean() - executive[rank_and_file].mean(),
        gap[rank_and_file].mean() - gap[top].mean(),
    )
    for quantity, value in zip(found.quantities[:2], expected, strict=True):
        # a skewed error moves the median of a difference by less than a fifth of its standard deviation of 0.05
        assert np.median(quantity.draws) == pytest.approx(value, abs=0.01)
        assert quantity.region == (0.0, None)
    assert found.quantities[0].draws.std() == pytest.approx(0.05, rel=0.1)  # four errors, two averaged on each side


def test_a_larger_error_brings_the_probability_nearer_to_a_half(tables: Tables, register: Register) -> None:
    found = {s.label: s.probability for s in indices.state_embedded(tables, register, 1).specifications}
    assert found["expert error 0.25"] > found["expert error 1.0"] > 0.5


def test_non_state_actors_come_from_the_crime_index(tables: Tables, register: Register) -> None:
    frame = tables["crime_index"].frame.copy()
    low = (frame["item"] == "non_state_actors") & frame["iso3"].isin(["KAZ", "KGZ"])
    frame.loc[low, "score"] = 1.0
    other = indices.civil_society({**tables, "crime_index": replace(tables["crime_index"], frame=frame)}, register, 1)
    found = {s.label: s.probability for s in other.specifications}
    assert found["non-state actors (organised crime index)"] < 0.05
    assert other.estimate.event.mean() == indices.civil_society(tables, register, 1).estimate.event.mean()


@pytest.mark.parametrize("function", list(indices.DIRECT))
def test_simulated_worlds_are_decided_the_right_way(function: str, tables: Tables, register: Register) -> None:
    claim, _ = register.asked(function)

    def probability(side: Side) -> float:
        world = indices.WORLDS[function](tables, claim, side, seeds.generator(f"{function} {side}", 1))
        estimate = indices.DIRECT[function](world, register, 1).estimate
        assert estimate.simulated
        return float(estimate.event.mean())

    true, threshold, false = (probability(side) for side in SIDES)
    assert true > 0.95 and false < 0.05
    assert false < threshold < true


@pytest.mark.parametrize("function", list(indices.DIRECT))
def test_a_missing_country_year_is_refused(function: str, tables: Tables, register: Register) -> None:
    vdem, index = tables["vdem"].frame, tables["crime_index"].frame
    gone = {
        "vdem": replace(tables["vdem"], frame=vdem[~((vdem["iso3"] == "KAZ") & (vdem["year"] == 2017))]),
        "crime_index": replace(
            tables["crime_index"], frame=index[~((index["iso3"] == "KAZ") & (index["edition"] == 2021))]
        ),
    }
    with pytest.raises(DataError, match=r"row KAZ.*(7 of 8 years|1 of 2 editions)"):
        indices.DIRECT[function](gone, register, 1)


def test_the_seed_decides_the_draws(tables: Tables, register: Register) -> None:
    one, same, other = (indices.two_types(tables, register, s).estimate.quantities[0].draws for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_published_values_are_left_as_they_are(tables: Tables, register: Register) -> None:
    before: pd.DataFrame = tables["vdem"].frame.copy()
    claim, _ = register.asked("indices.two_types")
    indices.two_types_world(tables, claim, "true", np.random.default_rng(1))
    pd.testing.assert_frame_equal(tables["vdem"].frame, before)
