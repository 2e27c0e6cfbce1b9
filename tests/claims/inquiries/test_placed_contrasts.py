"""Placed seizures, some regions against others: groups, readings by hand, and worlds in which the answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from northroute.claims.inquiries import placed_contrasts as asked
from northroute.claims.inquiries import seizure_frames
from northroute.claims.inquiry import REFERENCE, Reader, held
from northroute.errors import ModelError
from tests.claims.inquiries.seizure_trials import as_registered, given, probability, register, simulated, stated, tables

FUNCTIONS = tuple(asked.INQUIRIES)
PROPORTION = "unplaced in proportion"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    assert as_registered(asked.INQUIRIES, function)


def test_who_is_compared_with_whom() -> None:
    hubs = stated(asked.INQUIRIES, "placed_seizures.hubs")[REFERENCE].job.frame.set_index("region")
    assert set(hubs.index[hubs["tajik_afghan"] > 0]) == {"TJ-KT", "TJ-GB"}
    assert set(hubs.index[hubs["caspian"] > 0]) == {"TM-B"}
    # Sughd is in the valley, and among the other Tajik regions that the border is compared with
    valley = {"UZ-AN", "UZ-FA", "UZ-NG", "KG-B", "KG-J", "KG-O", "KG-GO"}
    assert set(hubs.index[hubs["ferghana"] > 0]) == valley
    line = stated(asked.INQUIRIES, "placed_seizures.urgench_line")[REFERENCE].job.frame.set_index("region")
    assert set(line.index[line["inside"] > 0]) == {"UZ-XO", "UZ-QR"}
    assert set(line.index[line["inside"] == 0]) == {"UZ-BU", "UZ-JI", "UZ-NW", "UZ-QA", "UZ-SA", "UZ-SI", "UZ-TO"}
    border = stated(asked.INQUIRIES, "placed_seizures.russian_border")[REFERENCE].job.frame
    assert len(border) == 14
    assert border.groupby("inside")["count"].sum().to_dict() == {0.0: 146, 1.0: 49}


def test_a_ratio_with_seizures_without_a_place_by_hand() -> None:
    job = stated(asked.INQUIRIES, "placed_seizures.urgench_line")[REFERENCE].job
    people = job.frame.groupby("inside")["person_years"].sum()
    odds = people[1.0] / people[0.0]
    reader = given(0.25, contrast={"contrasted": {"inside": np.log(2.0)}})
    placed = 2 * odds / (2 * odds + 1)
    each = 281 / 252
    by_hand = (placed + 0.25 * each) / (1 - placed + 0.75 * each) / odds
    assert asked.ratio(reader, job, "inside", "any share").item() == pytest.approx(by_hand)
    assert asked.ratio(reader, job, "inside", "in proportion").item() == pytest.approx(2.0)


def test_by_weight_adds_the_ratio_of_mean_weights() -> None:
    job = stated(asked.INQUIRIES, "placed_seizures.urgench_line")["by weight"].job
    one = {"contrasted": {"inside": np.log(2.0)}}
    reader = given(contrast=one, weight_contrast={"contrasted": {"inside": np.log(3.0)}})
    assert asked.ratio(reader, job, "inside", "in proportion").item() == pytest.approx(6.0)


def test_countries_weigh_as_many_regions_as_lie_inside() -> None:
    job = stated(asked.INQUIRIES, "placed_seizures.rail_corridor")[REFERENCE].job
    reader = given(contrast={"contrasted": {"inside": 0.3}})
    parts = []
    for iso3, weight in (("KAZ", 2), ("UZB", 5)):
        own = replace(job, frame=job.frame[job.frame["iso3"] == iso3])
        parts.append((weight, np.log(asked.ratio(reader, own, "inside", "any share").item())))
    mean = sum(w * v for w, v in parts) / 7
    assert np.log(asked.ratio(reader, job, "inside", "any share").item()) == pytest.approx(mean)


@pytest.mark.parametrize(
    ("function", "seed"),
    [(f, 2 if f.endswith("urgench_line") else 1) for f in FUNCTIONS],
)
def test_worlds_are_told_apart_where_seizures_lie_in_proportion(function: str, seed: int) -> None:
    assert probability(asked.INQUIRIES, function, "true", PROPORTION, seed) > 0.95
    assert 0.02 < probability(asked.INQUIRIES, function, "threshold", PROPORTION, seed) < 0.98
    assert probability(asked.INQUIRIES, function, "false", PROPORTION, seed) < 0.05


def test_the_reference_lies_between_its_bounds_and_the_regions_agree() -> None:
    function = "placed_seizures.russian_border"
    job, fit = simulated(asked.INQUIRIES, function, "true")
    own = stated(asked.INQUIRIES, function)
    found = {label: held(own[label].read(Reader(fit), job)) for label in own if own[label].job.model == job.model}
    assert found["unplaced all inside"] < found[REFERENCE] < found["unplaced all outside"]
    assert found[REFERENCE] > 0.95
    assert found["ratio of the regions themselves"] > 0.95
    values = own["ratio of the regions themselves"].read(Reader(fit), job)
    ratio = asked.by_country(Reader(fit), job, "inside", "regions")["KAZ"]
    sums = job.frame.groupby("inside")[["count", "person_years"]].sum()
    rate = sums["count"] / sums["person_years"]
    # counts of some two hundred say the regions' own ratio within a few per cent of what was counted
    assert np.median(ratio) == pytest.approx(np.log(rate[1.0] / rate[0.0]), abs=0.15)
    prior = own[PROPORTION].read(Reader(fit, "prior"), job)
    assert (next(iter(prior.values())).draws < 1).mean() == pytest.approx(0.5, abs=0.03)
    assert list(values) == ["rate ratio, border to other oblasts"]


def test_a_group_that_holds_a_whole_country_is_refused() -> None:
    frame = seizure_frames.by_region(tables(), register().asked("placed_seizures.urgench_line")[1])
    with pytest.raises(ModelError, match="every region of UZB is inside 'inside'; none to compare with"):
        asked.job("S_all", register(), frame.assign(inside=1.0), ("inside",))
    job = stated(asked.INQUIRIES, "placed_seizures.urgench_line")[REFERENCE].job
    empty = replace(job, frame=job.frame.assign(count=0.0))
    with pytest.raises(ModelError, match="No placed seizure"):
        asked.ratio(given(contrast={"contrasted": {"inside": 0.0}}), empty, "inside", "any share")
