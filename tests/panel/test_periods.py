"""Periods are read as what they are, in every way that a table may write them, and never cut to months."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import PanelError
from northroute.panel import build, lag, log_rate, standardise
from northroute.panel.periods import bounds, read
from tests.panel.examples import panel, rows, table

JANUARY = 2015 * 12 + 1
SAME_MONTHS: dict[str, list[Any]] = {
    "text": ["2015-01", "2015-12", "2016-01"],
    "text with slash": ["2015/01", "2015/12", "2016/01"],
    "statistics office": ["2015M01", "2015M12", "2016M01"],
    "named": ["Jan 2015", "December 2015", "January 2016"],
    "number": [201501, 201512, 201601],
    "number with decimals": [201501.0, 201512.0, 201601.0],
    "number as text": ["201501", "201512", "201601"],
    "first days": ["2015-01-01", "2015-12-01", "2016-01-01"],
    "last days": ["2015-01-31", "2015-12-31", "2016-01-31"],
    "days in the middle": ["2015-01-15", "2015-12-15", "2016-01-15"],
    "stamps": [pd.Timestamp("2015-01-01"), pd.Timestamp("2015-12-01"), pd.Timestamp("2016-01-01")],
    "UTC": [pd.Timestamp(t, tz="UTC") for t in ("2015-01-01", "2015-12-01", "2016-01-01")],
    "UTC as text": ["2015-01-01T00:00:00Z", "2015-12-01T00:00:00Z", "2016-01-01T00:00:00Z"],
    "local time": [pd.Timestamp(t, tz="Asia/Almaty") for t in ("2015-01-01", "2015-12-01", "2016-01-01")],
    "dates": [datetime.date(2015, 1, 1), datetime.date(2015, 12, 1), datetime.date(2016, 1, 1)],
    "periods": [pd.Period("2015-01"), pd.Period("2015-12"), pd.Period("2016-01")],
}


@pytest.mark.parametrize("way", SAME_MONTHS)
@pytest.mark.parametrize("categorical", [False, True])
def test_months_in_every_way(way: str, categorical: bool) -> None:
    column = pd.Series(SAME_MONTHS[way])
    found = read(column.astype("category") if categorical else column, "t")
    assert found.unit == "month"
    assert found.numbers.tolist() == [JANUARY, JANUARY + 11, JANUARY + 12]
    assert found.years.tolist() == [2015, 2015, 2016]


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (pd.date_range("2015-02-26", periods=9, freq="D"), "day"),
        (pd.period_range("2015-02-26", periods=9, freq="D"), "day"),
        ([20150227, 20150228, 20150301, 20150302], "day"),
        (pd.date_range("2015-01-05", periods=9, freq="W-MON"), "week"),
        (pd.period_range("2015-01-05", periods=9, freq="W"), "week"),
        (["2015-W52", "2015-W53", "2016-W01", "2016-W02"], "week"),
        (pd.date_range("2015", periods=9, freq="QS"), "quarter"),
        (pd.date_range("2015", periods=9, freq="QE"), "quarter"),
        (pd.period_range("2015", periods=9, freq="Q"), "quarter"),
        (["2015Q3", "2015Q4", "2016Q1"], "quarter"),
        ([20153, 20154, 20161, 20162], "quarter"),
        (pd.date_range("2015", periods=9, freq="YS"), "year"),
        (pd.period_range("2015", periods=9, freq="Y"), "year"),
        (["2015", "2016", "2017"], "year"),
        ([2015, 2016, 2017], "year"),
        ([1, 2, 3, 4], "period"),
        (pd.array([7, 8, 9], dtype="Int64"), "period"),
    ],
)
def test_other_periods_are_their_own(values: Any, unit: str) -> None:
    found = read(pd.Series(values), "t")
    assert found.unit == unit
    assert set(np.diff(found.numbers)) == {1}


def test_years_of_other_periods() -> None:
    assert read(pd.Series(["2015-W01", "2015-W53", "2016-W01"]), "t").years.tolist() == [2015, 2015, 2016]
    fiscal = pd.period_range("2015", periods=3, freq="Y-JUN")  # named after the year in which each ends
    assert read(pd.Series(fiscal), "t").numbers.tolist() == [2015, 2016, 2017]
    assert read(pd.Series(["2015Q1", "2015Q4", "2016Q1"]), "t").years.tolist() == [2015, 2015, 2016]
    assert read(pd.Series([20151231, 20160101]), "t").years.tolist() == [2015, 2016]
    assert read(pd.Series([2015, 2016]), "t").years.tolist() == [2015, 2016]
    assert read(pd.Series([1, 12, 13]), "t").years.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([201501, 201513], "looks like months written 201501, but 201513 is none"),
        ([20150131, 20150231], "looks like days written 20150131, but 20150231 is none"),
        ([2015001, 2015365], "days of the year"),
        (["01/02/2015", "03/02/2015"], "not one kind of period throughout, as in '01/02/2015'"),
        (["2015-01", "2015"], "not one kind of period"),
        (["2015-13"], "2015-13 is no month"),
        (["2015-02-31"], "2015-02-31 is no date"),
        (["2015-01-01 13:00"], "times of day"),
        ([pd.Timestamp("2015-01-01 13:00")], "times of day"),
        (pd.period_range("2015-01", periods=2, freq="h"), "frequency h"),
        ([pd.Period("2015"), pd.Period("2015-01")], "different lengths"),
        ([1.5, 2.0], "fractions or gaps"),
        (["2015-01", None], "1 row.s. without a date"),
        ([True, False], "true or false"),
        ([object()], "not a date"),
    ],
)
def test_what_is_refused(values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(pd.Series(values), "t")


@pytest.mark.parametrize("way", ["text", "periods", "number", "UTC", "dates", "local time", "categorical"])
def test_panels_of_months_in_every_way(way: str) -> None:
    frame, known = rows(), panel()
    made = {
        "text": frame["month"].dt.strftime("%Y-%m"),
        "categorical": frame["month"].dt.strftime("%Y-%m").astype("category"),
        "periods": frame["month"].dt.to_period("M"),
        "number": frame["month"].dt.year * 100 + frame["month"].dt.month,
        "UTC": frame["month"].dt.tz_localize("UTC"),
        "local time": frame["month"].dt.tz_localize("Asia/Almaty"),
        "dates": frame["month"].dt.date,
    }
    built = panel(frame.assign(month=made[way]))
    pd.testing.assert_frame_equal(built.frame, known.frame, check_index_type=False)


@pytest.mark.parametrize("freq", ["D", "W", "Q", "Y"])
@pytest.mark.parametrize("period", [True, False])
def test_panels_are_by_month(freq: str, period: bool) -> None:
    months = pd.period_range("2015-01-01", periods=6, freq=freq)
    frame = rows().assign(unit="TJ-KT", country="TJK", month=months if period else months.start_time)
    with pytest.raises(PanelError, match=r"a panel is by month|not the first day of one"):
        panel(frame)


def test_windows_hold_whole_years() -> None:
    two_years = rows(units=("TJ-KT",), months=[f"{y}-{m:02d}" for y in (2015, 2016) for m in range(1, 13)])
    built = panel(two_years)
    for window, count in (
        (("2015", "2015"), 12),
        (("2015", "2016"), 24),
        (("2015Q2", "2015Q3"), 6),
        (("2015-03", "2015"), 10),
        (("2015-03-01", "2015-04-30"), 2),
        ((pd.Timestamp("2015-03-01"), pd.Timestamp("2015-04-01")), 2),
        ((pd.Period("2016"), pd.Period("2016-02")), 2),
        ((2016, 2016), 12),
    ):
        assert len(built.select(months=window).frame) == count, window  # type: ignore[arg-type]
        again = build(table(two_years), unit="unit", outcomes=("drugs",), window=window)  # type: ignore[arg-type]
        assert len(again.frame) == count
    refused: list[tuple[Any, str]] = [
        (("2015-03-15", "2015-12"), "neither the first nor the last day"),
        (("2016", "2015"), "ends before it begins"),
        (("March", "May"), "cannot read the window"),
        ("2015", "two ends"),
    ]
    for odd, message in refused:
        with pytest.raises(PanelError, match=message):
            built.select(months=odd)
    assert built.select(countries="TJK").countries == ("TJK",)
    assert bounds("2015") == (pd.Timestamp("2015-01-01"), pd.Timestamp("2015-12-01"))


def test_zeros_fill_counts_only() -> None:
    built = build(table(rows().drop(1)), unit="unit", outcomes=("drugs",), covariates=("x",), missing="zero")
    assert built.frame["drugs"].iloc[1] == 0
    assert np.isnan(built.frame["x"].iloc[1])
    with pytest.raises(PanelError, match="no exposure although a count was observed"):
        build(table(rows().drop(1)), unit="unit", outcomes=("drugs",), exposures=("events",), missing="zero")


def test_calls_that_mean_something_else() -> None:
    with pytest.raises(PanelError, match="build takes a Table"):
        build(rows(), unit="unit", outcomes=("drugs",))  # type: ignore[arg-type]
    with pytest.raises(PanelError, match=r"write \('drugs',\)"):
        build(table(rows()), unit="unit", outcomes="drugs")
    with pytest.raises(PanelError, match="'unobserved' or 'zero'"):
        build(table(rows()), unit="unit", outcomes=("drugs",), missing="zeros")  # type: ignore[arg-type]
    with pytest.raises(
        PanelError, match=r"'X' is no country code \(6 such rows, first.*three capital letters of ISO 3166"
    ):
        panel(rows().assign(country="X"))
    with pytest.raises(PanelError, match="does not hold numbers"):
        panel(rows().assign(drugs="many"))
    with pytest.raises(PanelError, match="has no row"):
        panel(rows()[:0])
    with pytest.raises(PanelError, match="without a unit"):
        panel(rows().assign(unit=None))


def test_columns_of_other_names_and_types() -> None:
    frame = rows().assign(place=rows()["unit"], state=rows()["country"], unit="x", country="y")
    built = build(table(frame), unit="place", country="state", outcomes=("drugs",))
    assert list(built.units) == ["TJ-KT", "KZ-ALA"]
    assert built.countries == ("TJK", "KAZ")
    nation = build(table(frame[:3]), unit="state", country="state", outcomes=("drugs",))
    assert list(nation.units) == ["TJK"]
    categories = rows().assign(unit=rows()["unit"].astype("category"), country=rows()["country"].astype("category"))
    pd.testing.assert_frame_equal(panel(categories).frame, panel().frame)
    gaps = rows().assign(x=pd.Series([pd.NA, 1, 2, None, 4, 5], dtype=object))
    assert panel(gaps).frame["x"].isna().tolist() == [True, False, False, True, False, False]
    for change, message in (
        (rows().assign(x="many"), "column 'x' does not hold numbers"),
        (rows().assign(x=rows()["month"]), "column 'x' does not hold numbers"),
        (pd.concat([rows(), rows()[["x"]]], axis=1), r"several columns called \['x'\]"),
    ):
        with pytest.raises(PanelError, match=message):
            panel(change)


def test_derived_columns_are_what_they_say() -> None:
    built = panel()
    with pytest.raises(PanelError, match="not by the panel's units and months"):
        built.with_covariate("z", pd.Series(range(6)))
    with pytest.raises(PanelError, match="not by the panel's units and months"):
        built.with_covariate("z", built.frame["x"].rename(index=str.lower, level="unit"))
    with pytest.raises(PanelError, match="whole months"):
        lag(built, "x", 0.5)  # type: ignore[arg-type]
    with pytest.raises(PanelError, match="have no logarithm"):
        log_rate(panel(rows().assign(x=-5.0)), "x")
    # 0.1 has a standard deviation of rounding
    with pytest.raises(PanelError, match="does not vary"):
        standardise(panel(rows().assign(x=0.1)), "x")
    small = standardise(panel(rows().assign(x=rows()["x"] * 1e-12)), "x").frame["x_z"]
    np.testing.assert_allclose(small, standardise(built, "x").frame["x_z"])
