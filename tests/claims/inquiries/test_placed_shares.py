"""Shares of placed seizures: flags, readings by hand, and worlds in which the answer is known."""

import numpy as np
import pytest

from northroute.claims.inquiries import placed_rates
from northroute.claims.inquiries import placed_shares as asked
from northroute.claims.inquiry import REFERENCE, Reader, held
from northroute.errors import ModelError
from tests.claims.inquiries.seizure_trials import as_registered, given, probability, register, simulated, stated, tables

FUNCTIONS = tuple(asked.INQUIRIES)
PLACES, OFF = FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    assert as_registered(asked.INQUIRIES, function)


def test_marked_regions() -> None:
    frame = stated(asked.INQUIRIES, PLACES)[REFERENCE].job.frame
    marked = set(frame["region"][frame["flagged"] > 0])
    assert {r for r in marked if r.startswith("UZ")} == {"UZ-SU", "UZ-TK", "UZ-QA", "UZ-BU", "UZ-XO", "UZ-QR"}
    rest = set(frame["region"]) - marked
    assert {r for r in rest if r.startswith("KZ")} == {"KZ-AKM", "KZ-ZHA", "KZ-KAR", "KZ-KZY", "KZ-YUZ"}
    bare = stated(asked.INQUIRIES, PLACES)["without the railway flag"].job.frame
    assert marked - set(bare["region"][bare["flagged"] > 0]) == {"UZ-QA", "UZ-BU", "UZ-XO", "UZ-QR", "KZ-MAN"}
    # any railway would mark every region of both countries
    assert frame["on_railway"].all()
    with pytest.raises(ModelError, match="All regions of KAZ are marked alike"):
        asked.flagged(frame.assign(city=True))


def test_a_share_of_the_population_by_hand() -> None:
    frame = stated(asked.INQUIRIES, PLACES)[REFERENCE].job.frame
    here = frame[frame["iso3"] == "UZB"]
    by_hand = here["person_years"][here["flagged"] > 0].sum() / here["person_years"].sum()
    assert asked.population_share(frame, "UZB") == pytest.approx(by_hand)
    assert 0.35 < by_hand < 0.5


def test_shares_of_worlds() -> None:
    read = stated(asked.INQUIRIES, PLACES)
    for side, low, high in (("true", 0.95, 1.0), ("threshold", 0.001, 0.95), ("false", 0.0, 0.05)):
        job, fit = simulated(asked.INQUIRIES, PLACES, side)  # type: ignore[arg-type]
        assert low <= held(read["unplaced in proportion"].read(Reader(fit), job)) <= high
        bounds = [
            held(read[label].read(Reader(fit), job))
            for label in ("unplaced all off the flags", REFERENCE, "unplaced all on the flags")
        ]
        assert bounds == sorted(bounds)
        assert (side == "false") <= (bounds[1] < 0.05)
    frame = job.frame[job.frame["iso3"] == "UZB"]
    counted = frame["count"][frame["flagged"] > 0].sum() / frame["count"].sum()
    found = np.median(asked.share(Reader(fit), job, "UZB", "in proportion"))
    # hundreds of seizures: the regions' own share is what was counted, within a few points
    assert found == pytest.approx(counted, abs=0.03)


def test_on_and_off_the_routes() -> None:
    table = asked.off_routes(tables(), register().asked(OFF)[1]).set_index("region")
    assert table["off_routes"]["KZ-ALA"] == 1  # large cities are off the routes
    assert table["off_routes"][["KZ-MAN", "KZ-AKT", "UZ-SU", "UZ-XO"]].sum() == 0
    assert table["synthetics"].sum() == 0  # none has a place
    added = asked.with_unplaced(table.reset_index(), 1.0).set_index("region")
    kazakh, uzbek = (added.loc[[f"{c} without a place"]].iloc[0] for c in ("KAZ", "UZB"))
    assert kazakh[["synthetics", "total", "off_routes", "side"]].to_list() == [3, 73, 1, 0.5]
    assert uzbek[["synthetics", "total"]].to_list() == [1, 281]


def test_a_difference_of_shares_by_hand() -> None:
    job = stated(asked.INQUIRIES, OFF)["KAZ only"].job
    reader = given(intercept=np.log(0.25), contrast={"contrasted": {"side": np.log(4.0)}})
    # odds of 1/4 times 2 off the routes and over 2 on them
    assert asked.difference(reader, job)["KAZ"].item() == pytest.approx(1 / 3 - 1 / 9)


def test_worlds_of_synthetics_are_told_apart() -> None:
    assert probability(asked.INQUIRIES, OFF, "true") > 0.95
    assert 0.02 < probability(asked.INQUIRIES, OFF, "threshold") < 0.98
    assert probability(asked.INQUIRIES, OFF, "false") < 0.05


def test_own_weights_need_a_weighed_seizure() -> None:
    job = stated(asked.INQUIRIES, PLACES)["by weight"].job
    gone = (job.frame["region"] == "UZ-AN") & (job.frame["measure"] == "weight")
    fewer = type(job)(job.model, job.frame[~gone], job.source)
    with pytest.raises(ModelError, match=r"no weighed seizure in \['UZ-AN'\]"):
        placed_rates.own_weights(given(), fewer)
