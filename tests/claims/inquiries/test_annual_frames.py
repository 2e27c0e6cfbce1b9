"""Annual seizures as frames: editions, rounding, revisions, ratios and indices by hand."""

import numpy as np
import pandas as pd
import pytest

from northroute.claims.inquiries import annual_frames as frames
from northroute.errors import ModelError
from tests.claims.inquiries.seizure_trials import tables

ROWS = pd.DataFrame(
    [
        ("KAZ", 2018, "heroin", 2021, 58.6),
        ("KAZ", 2018, "heroin", 2024, 59.0),  # the rounded one: the finer figure stands
        ("KAZ", 2018, "opium", 2024, 0.0),  # a printed zero
        ("KAZ", 2019, "heroin", 2021, 498.95),
        ("KAZ", 2019, "heroin", 2024, 172.0),  # revised, and rounded
        ("KAZ", 2020, "heroin", 2024, 70.0),  # not rounded
        ("KAZ", 2020, "opium", 2024, 0.25),
    ],
    columns=["iso3", "year", "drug", "edition", "kg"],
)


def test_one_figure_of_each() -> None:
    latest = frames.figures(ROWS).set_index(["year", "drug"])
    assert latest["kg"].to_dict() == {
        (2018, "heroin"): 58.6,
        (2018, "opium"): 0.0,
        (2019, "heroin"): 172.0,
        (2020, "heroin"): 70.0,
        (2020, "opium"): 0.25,
    }
    assert latest["within"].to_list() == [0.0, 0.5, 0.5, 0.0, 0.0]
    earliest = frames.figures(ROWS, "earliest").set_index(["year", "drug"])
    assert earliest["kg"][(2019, "heroin")] == 498.95
    assert earliest["within"][(2019, "heroin")] == 0.0


def test_revisions_of_the_real_table() -> None:
    table = tables()["annual_seizures"].frame
    five = ("KAZ", "KGZ", "TJK", "TKM", "UZB")
    # 44 pairs, one of which (Tajik heroin of 2019: 499 kg, then 172) is no rounding: 1.065 / sqrt(44) and little more
    assert frames.revision_sd(table, five, frames.OPIATES) == pytest.approx(1.0650 / 44**0.5, rel=0.01)
    with pytest.raises(ModelError, match="stands in two editions"):
        frames.revision_sd(table, ("TKM",), frames.OPIATES)


def test_the_logarithm_of_uniform_numbers() -> None:
    low, high = np.array([0.0, 0.5, 3.0, 7.0]), np.array([0.5, 1.5, 5.0, 7.0])
    mean, sd = frames.log_uniform(low, high)
    assert mean[0] == pytest.approx(np.log(0.5) - 1)
    assert sd[0] == pytest.approx(1.0)
    grid = np.log(np.linspace(3, 5, 400_001))
    assert (mean[2], sd[2]) == pytest.approx((grid.mean(), grid.std()), rel=1e-4)
    assert (mean[3], sd[3]) == (pytest.approx(np.log(7)), 0.0)
    with pytest.raises(ModelError, match="zero has no logarithm"):
        frames.log_uniform(np.array([0.0]), np.array([0.0]))


def test_ratios_of_country_years_that_report_both() -> None:
    found = frames.figures(ROWS)
    heroin, opium = (frames.amounts(found, ("KAZ",), (2018, 2020), (d,)) for d in ("heroin", "opium"))
    table = frames.log_ratio(opium, heroin, 0.2).set_index("year")
    assert table.index.tolist() == [2018, 2020]
    assert table["value"][2020] == pytest.approx(np.log(0.25 / 70))
    assert table["known_sd"][2020] == pytest.approx(np.sqrt(2) * 0.2)
    assert table["value"][2018] == pytest.approx(np.log(0.5) - 1 - np.log(58.6))
    assert table["known_sd"][2018] == pytest.approx(np.sqrt(1 + 2 * 0.04))
    both = frames.amounts(found, ("KAZ",), (2020, 2020), ("heroin", "opium"))
    assert both["kg"].tolist() == [70.25]
    with pytest.raises(ModelError, match="No country and year reports both"):
        frames.log_ratio(opium, heroin.iloc[1:2], 0.2)


def test_an_index_on_the_logit_scale() -> None:
    ratios = pd.DataFrame({"iso3": ["KAZ", "KAZ", "UZB"], "year": [2015, 2016, 2015], "value": 0.0, "known_sd": 0.1})
    vdem = pd.DataFrame(
        {"iso3": ["KAZ", "KAZ", "UZB"], "year": [2015, 2016, 2015], "executive_corruption": [0.8, 0.9, 0.5]}
    )
    table = frames.with_index(ratios, vdem, "executive_corruption", 0.05)
    x = np.array([np.log(4), np.log(9), 0.0])
    z = (x - x.mean()) / x.std()
    np.testing.assert_allclose(table["level"] + table["course"], z)
    assert table["level"][0] == pytest.approx((z[0] + z[1]) / 2)
    assert table["course"][2] == 0
    error = 0.05 / np.array([0.16, 0.09, 0.25]) / x.std()
    np.testing.assert_allclose(table["course_sd"], error * np.sqrt(0.1))
    assert table["level_sd"][0] == pytest.approx((error[0] + error[1]) / 2 * np.sqrt(0.9 + 0.1 / 2))
    assert table["level_sd"][2] == pytest.approx(error[2])
    with pytest.raises(ModelError, match=r"UZB 2015: the index 'executive_corruption' is 1\.0, not inside 0 to 1"):
        frames.with_index(ratios, vdem.replace(0.5, 1.0), "executive_corruption", 0.05)
    with pytest.raises(ModelError, match="UZB 2015: the index 'executive_corruption' is nan"):
        frames.with_index(ratios, vdem.iloc[:2], "executive_corruption", 0.05)
