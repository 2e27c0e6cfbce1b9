"""Annual seizures: frames of the real tables, readings by hand, and worlds in which the answer is known."""

import numpy as np
import pandas as pd
import pytest

from northroute.claims.inquiries import annual, annual_corruption, annual_frames
from northroute.claims.inquiry import REFERENCE
from tests.claims.inquiries.seizure_trials import as_registered, given, probability, register, stated, tables

INQUIRIES = {**annual.INQUIRIES, **annual_corruption.INQUIRIES}
OPIUM, HEROIN = INQUIRIES


@pytest.mark.parametrize("function", INQUIRIES)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    assert as_registered(INQUIRIES, function)


@pytest.mark.parametrize("function", INQUIRIES)
def test_worlds_are_told_apart(function: str) -> None:
    assert probability(INQUIRIES, function, "true") > 0.95
    assert 0.02 < probability(INQUIRIES, function, "threshold") < 0.98
    assert probability(INQUIRIES, function, "false") < 0.05


def test_opium_to_heroin_of_the_real_table() -> None:
    frame = stated(INQUIRIES, OPIUM)[REFERENCE].job.frame
    assert frame.groupby("iso3").size().to_dict() == {"KAZ": 7, "KGZ": 7, "TJK": 8, "TKM": 2, "UZB": 8}
    row = frame[(frame["iso3"] == "TJK") & (frame["year"] == 2019)].iloc[0]
    assert row["value"] == pytest.approx(np.log(788.428 / 172), abs=1e-4)
    early = stated(INQUIRIES, OPIUM)["earliest edition"].job.frame
    row = early[(early["iso3"] == "TJK") & (early["year"] == 2019)].iloc[0]
    assert row["value"] == pytest.approx(np.log(788.428 / 498.951), abs=1e-4)
    others = stated(INQUIRIES, OPIUM)["opium with all other drugs"].job.frame
    assert (others.merge(frame, on=["iso3", "year"])[["value_x", "value_y"]].diff(axis=1)["value_y"] < 0).all()


def test_countries_are_counted_and_one_without_a_report_is_drawn() -> None:
    reader = given(
        0.975, intercept=1.0, sd_iso3=2.0, iso3_effect={"iso3": {"KAZ": -2.0, "KGZ": -0.5, "TJK": 0.5, "UZB": 1.0}}
    )
    found = annual.typical_ratios(reader, ("KAZ", "KGZ", "TJK", "TKM", "UZB"))
    assert found["KAZ"].item() == pytest.approx(-1.0)
    assert found["TKM"].item() == pytest.approx(1 + 2 * 1.959964)
    late = stated(INQUIRIES, OPIUM)["2019-2022"]
    values = late.read(reader, late.job)
    count = values["countries with more opium than heroin, of 5"]
    assert (count.draws.item(), count.region, count.discrete) == (4.0, (2.5, None), True)
    assert values["opium to heroin by weight, UZB"].draws.item() == pytest.approx(np.exp(2.0))


def test_rows_of_the_joint_model() -> None:
    frame = stated(INQUIRIES, HEROIN)[REFERENCE].job.frame
    assert frame.groupby("response").size().to_dict() == {"course": 32, "heroin": 32, "level": 5}
    opium = annual_frames.opium_to_heroin(tables(), register().asked(HEROIN)[1])
    np.testing.assert_allclose(frame["value"][frame["response"] == "heroin"], -opium["value"])
    keys = frame[frame["response"] == "heroin"][["iso3", "year"]]
    pd.testing.assert_frame_equal(
        keys.reset_index(drop=True),
        frame[frame["response"] == "course"][["iso3", "year"]].reset_index(drop=True),
    )
    within = stated(INQUIRIES, HEROIN)["within countries"].job
    assert set(within.frame["response"]) == {"heroin", "course"}
    doubled = stated(INQUIRIES, HEROIN)["index error 0.10"].job.frame
    measured = frame["response"] != "heroin"
    np.testing.assert_allclose(doubled["known_sd"][measured], 2 * frame["known_sd"][measured])
