"""Lags, errors, event studies, GEE and checks by the periods that a table holds, in any order, with any gaps."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from northroute.errors import ModelError
from northroute.frequentist import gee, poisson
from northroute.frequentist.checks import (
    autocorrelation,
    leave_one_year,
    placebo_outcomes,
    shared_source,
    strict_exogeneity,
)
from northroute.frequentist.covariance import Columns, cluster, conley, driscoll_kraay, stacked
from northroute.frequentist.dynamics import distributed_lags
from northroute.frequentist.event_study import event_study
from northroute.frequentist.interrupted import interrupted_series


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """12 units of 36 months with a serially dependent covariate."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"unit": np.repeat(np.arange(12), 36), "t": np.tile(np.arange(36), 12)})
    frame["month"] = [f"{2015 + t // 12}-{t % 12 + 1:02d}" for t in frame["t"]]
    frame["country"] = [f"c{u // 3}" for u in frame["unit"]]
    common = np.convolve(rng.normal(size=38), np.ones(3), "valid")
    frame["x"] = common[frame["t"]] + rng.normal(size=432)
    frame["lon"], frame["lat"] = 60.0 + frame["unit"], 40.0 + frame["unit"] % 4
    return frame.assign(y=rng.poisson(np.exp(1 + 0.2 * common[frame["t"]])))


FREQUENCIES = ("D", "W", "MS", "QS", "YS")


def test_every_way_of_writing_months_gives_the_same(table: pd.DataFrame) -> None:
    known = driscoll_kraay(poisson(table, "y ~ x | unit"), time="t", months=3).se
    start = pd.Timestamp("2015-01-01")
    stamps = pd.Series([start + pd.DateOffset(months=int(t)) for t in table["t"]])
    for column in (
        table["month"],
        stamps.dt.year * 100 + stamps.dt.month,
        stamps,
        stamps.dt.to_period("M"),
        stamps.dt.tz_localize("UTC"),
    ):
        frame = table.assign(when=column)
        assert distributed_lags(frame, "x", lags=1, time="when")[0]["x_lag1"].isna().sum() == 12
        np.testing.assert_allclose(driscoll_kraay(poisson(frame, "y ~ x | unit"), time="when", months=3).se, known)
    with pytest.raises(ModelError, match="201513 is none"):
        distributed_lags(table.assign(when=201502 + table["t"] % 12), "x", lags=1, time="when")


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_days_weeks_quarters_and_years_are_their_own(table: pd.DataFrame, freq: str) -> None:
    fit = poisson(table, "y ~ x | unit")
    known = driscoll_kraay(fit, time="t", months=3)
    near = conley(fit, kilometres=300, months=2, time="t")
    frame = table.assign(when=pd.date_range("2000-01-01", periods=36, freq=freq)[table["t"]])
    assert distributed_lags(frame, "x", lags=2, time="when")[0]["x_lag2"].isna().sum() == 24
    again = poisson(frame, "y ~ x | unit")
    name = {"D": "day", "W": "week", "MS": "month", "QS": "quarter", "YS": "year"}[freq]
    errors = driscoll_kraay(again, time="when", months=3)
    assert errors.kind == f"Driscoll-Kraay, Bartlett, 3 {name}s"
    np.testing.assert_allclose(errors.se, known.se)
    spatial = conley(again, kilometres=300, months=2, time="when")
    assert spatial.kind.endswith(f"2 {name}s")
    np.testing.assert_allclose(spatial.se, near.se)


def test_a_year_left_out_is_a_year(table: pd.DataFrame) -> None:
    by_month = leave_one_year(poisson(table, "y ~ x | unit"), "x").table
    assert by_month["without"].tolist() == ["2015", "2016", "2017"]
    yearly = leave_one_year(poisson(table.assign(year=2015 + table["t"] // 12), "y ~ x | unit"), "x", time="year").table
    np.testing.assert_allclose(yearly["coef"], by_month["coef"])


def test_checks_with_gaps_say_how_much_they_used(table: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="of no known year"):
        leave_one_year(poisson(table, "y ~ x | unit"), "x", time="t")
    every_other = poisson(table[table["t"] % 2 == 0], "y ~ x | unit")
    with pytest.raises(ModelError, match="nothing to correlate"):
        autocorrelation(every_other, lags=4)
    gaps = poisson(table[table["t"] % 3 != 0], "y ~ x | unit")
    assert "144 pairs of 288 rows" in autocorrelation(gaps, lags=4).sentence


def test_columns_are_the_users(table: pd.DataFrame) -> None:
    own = table.rename(columns={"unit": "place", "month": "when", "lon": "east", "lat": "north"})
    kinds = ("conley:300:3", "dk:3", "randomisation:country:12")
    known = stacked(poisson(table, "y ~ x | unit"), kinds)
    found = stacked(poisson(own, "y ~ x | place"), kinds, columns=Columns("place", "when", "east", "north"))
    np.testing.assert_allclose(found[0].se, known[0].se)
    np.testing.assert_allclose(found[1].se, known[1].se)
    with pytest.raises(ModelError, match="not degrees east and north"):
        conley(poisson(table.assign(lat=table["lat"] * 1e5), "y ~ x | unit"), kilometres=300)
    with pytest.raises(ModelError, match=r"far apart.*number them"):
        conley(poisson(table.assign(month=table["t"] * 2_600_000), "y ~ x | unit"), kilometres=300)


def test_the_reference_month_is_named(table: pd.DataFrame) -> None:
    assert len(event_study(table, "y", "2016-06", ("c0",)).terms) == 18
    before = (table["country"] == "c0") & (table["month"] == "2016-05")
    with pytest.raises(
        ModelError, match=r"c0 have no row in the month before the shock, which is the reference \(-1\)"
    ):
        event_study(table[~before], "y", "2016-06", ("c0",))
    for column in ("y", "x"):
        gap = table.assign(**{column: table[column].where(~before)})
        with pytest.raises(ModelError, match="c0 have no observed row in the month before the shock"):
            event_study(gap, "y", "2016-06", ("c0",), covariates=("x",))
    # another month without an observed row has no term, and the fit stands
    other = (table["country"] == "c0") & (table["month"] == "2016-08")
    found = event_study(table.assign(y=table["y"].where(~other)), "y", "2016-06", ("c0",))
    assert "event_p02" not in found.terms
    assert len(found.terms) == 17


def test_months_without_a_comparison_are_named(table: pd.DataFrame) -> None:
    hit = table["country"] == "c0"
    for month, message in (
        ("2016-05", r"other countries have no row in the month before the shock, which is the reference"),
        ("2016-09", r"other countries have no row at \[3\] from the shock"),
    ):
        with pytest.raises(ModelError, match=message):
            event_study(table[hit | (table["month"] != month)], "y", "2016-06", ("c0",))
    for month, message in (
        ("2016-05", r"all counts of c0 are zero in the month before the shock, which is the reference"),
        ("2016-09", r"all counts of c0 are zero at \[3\] from the shock"),
    ):
        zero = table.assign(y=table["y"].where(~hit | (table["month"] != month), 0))
        with pytest.raises(ModelError, match=message):
            event_study(zero, "y", "2016-06", ("c0",))


def test_events_and_series_refuse_what_they_would_guess(table: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"no row of these countries: \['c9'\]"):
        event_study(table, "y", "2016-06", ("c0", "c9"))
    assert event_study(table, "y", "2016-06", "c0").countries == ("c0",)
    with pytest.raises(ModelError, match="'country' is missing in 36 row"):
        event_study(table.assign(country=table["country"].where(table["unit"] != 0)), "y", "2016-06", ("c0",))
    with pytest.raises(ModelError, match="columns \\['event_p00'\\] of its own"):
        event_study(table.assign(event_p00=0), "y", "2016-06", ("c0",))
    with pytest.raises(ModelError, match=r"holds days and '2016-06' is a month"):
        event_study(table.assign(month=pd.date_range("2016-05-20", periods=36)[table["t"]]), "y", "2016-06", ("c0",))
    with pytest.raises(ModelError, match=r"holds quarters; trend, season and step are by month"):
        interrupted_series(
            table.assign(month=pd.period_range("2010Q1", periods=36, freq="Q")[table["t"]]), "y", "2016-06"
        )
    with pytest.raises(ModelError, match="columns \\['step'\\] of its own"):
        interrupted_series(table.assign(step=0), "y", "2016-06")
    with pytest.raises(ModelError, match=r"no row of \['c9'\]"):
        interrupted_series(table, "y", "2016-06", countries=("c0", "c9"))
    with pytest.raises(ModelError, match="column 'x_lag1' of its own"):
        distributed_lags(table.assign(x_lag1=0.0), "x", lags=1)
    twice = distributed_lags(distributed_lags(table, "x", lags=1)[0], "x", lags=2)[0]
    assert twice["x_lag2"].isna().sum() == 24


def test_an_event_by_week_goes_by_the_tables_weeks(table: pd.DataFrame) -> None:
    known = event_study(table, "y", "2016-06", ("c0",)).estimate.coef
    for first in pd.date_range("2016-01-01", periods=7):
        weeks = table.assign(month=pd.date_range(first, periods=36, freq="7D")[table["t"]])
        shock = first + pd.Timedelta(weeks=17)
        found = event_study(weeks, "y", f"{shock:%Y-%m-%d}", ("c0",))
        np.testing.assert_allclose(found.estimate.coef, known)
        with pytest.raises(ModelError, match="holds weeks, none of them"):
            event_study(weeks, "y", f"{shock + pd.Timedelta(days=3):%Y-%m-%d}", ("c0",))
    days = table.assign(month=pd.date_range("2016-05-15", periods=36)[table["t"]])
    np.testing.assert_allclose(event_study(days, "y", "2016-06-01", ("c0",)).estimate.coef, known)


def test_an_event_by_quarter_is_that_by_number(table: pd.DataFrame) -> None:
    quarters = table.assign(month=pd.period_range("2010Q1", periods=36, freq="Q")[table["t"]].astype(str))
    found = event_study(quarters, "y", "2014Q2", ("c0",))
    known = event_study(table, "y", "2016-06", ("c0",))
    np.testing.assert_allclose(found.estimate.coef, known.estimate.coef)


@pytest.fixture(scope="module")
def serial() -> pd.DataFrame:
    """60 units of 30 periods, counts and covariate of autocorrelation 0.8."""
    rng = np.random.default_rng(0)

    def series() -> NDArray[np.float64]:
        z = np.zeros((60, 30))
        z[:, 0] = rng.normal(size=60)
        for t in range(1, 30):
            z[:, t] = 0.8 * z[:, t - 1] + 0.6 * rng.normal(size=60)
        return z.ravel()

    frame = pd.DataFrame({"unit": np.repeat(np.arange(60), 30), "t": np.tile(np.arange(30), 60), "x": series()})
    return frame.assign(y=rng.poisson(5 * np.exp(0.2 * frame["x"] + 0.5 * series())))


def test_gee_goes_by_times_not_rows(serial: pd.DataFrame) -> None:
    known = gee(serial, "y ~ x", correlation="autoregressive", time="t")
    shuffled = serial.sample(frac=1, random_state=1)
    found = gee(shuffled, "y ~ x", correlation="autoregressive", time="t")
    np.testing.assert_allclose(found.coef, known.coef, rtol=1e-7)
    assert found.extra["correlation"] == pytest.approx(known.extra["correlation"], rel=1e-6)
    np.testing.assert_allclose(cluster(found, "unit").se, cluster(known, "unit").se, rtol=1e-6)
    np.testing.assert_allclose(found.mean, 0 * found.mean + np.exp(found.design.x @ found.coef))
    gap = serial.assign(x=serial["x"].where(np.random.default_rng(5).random(len(serial)) > 0.5))
    left = gap.dropna()
    theirs = sm.GEE(
        *(left["y"], sm.add_constant(left[["x"]]), left["unit"]),
        time=left["t"].to_numpy(),
        family=sm.families.Poisson(),
        cov_struct=sm.cov_struct.Autoregressive(grid=False),
    ).fit()
    for frame in (gap, gap.sample(frac=1, random_state=2)):
        ours = gee(frame, "y ~ x", correlation="autoregressive")  # t is the one column with a name of times
        assert "by t" in ours.model
        np.testing.assert_allclose(ours.coef, theirs.params, rtol=1e-4)
        assert ours.extra["correlation"] == pytest.approx(float(theirs.cov_struct.dep_params), rel=1e-3)


def test_gee_refuses_times_that_it_does_not_have(serial: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="has no column of times"):
        gee(serial.rename(columns={"t": "n"}), "y ~ x", correlation="autoregressive")
    with pytest.raises(ModelError, match=r"\['t', 'year'\]"):
        gee(serial.assign(year=2015), "y ~ x", correlation="autoregressive")
    with pytest.raises(ModelError, match="several rows in one t"):
        gee(serial.assign(t=serial["t"] // 2), "y ~ x", correlation="autoregressive", time="t")


def test_checks_derive_from_the_whole_table(table: pd.DataFrame) -> None:
    # the outcome of every third month is unobserved; the covariate of these months is known all the same
    gaps = table.assign(y=table["y"].where(table["t"] % 3 != 2), z=np.random.default_rng(0).poisson(3, len(table)))
    fit = poisson(gaps, "y ~ x | unit")
    result = strict_exogeneity(fit, "x")
    led = distributed_lags(gaps, "x", lags=0, leads=1)[0]
    known = poisson(led, "y ~ x + x_lead1 | unit")
    assert result.table["coef"].iloc[1] == pytest.approx(known.coef[1])
    assert f"{known.rows} of {fit.rows} rows" in result.sentence
    placebo = placebo_outcomes(fit, "x", ["z"])
    assert placebo.table["rows"].tolist() == [fit.rows, len(table)]
    assert "432 rows" in placebo.sentence
    assert placebo.table["coef"].iloc[1] == pytest.approx(poisson(gaps, "z ~ x | unit").coef[0])
    with pytest.raises(ModelError, match="neither true nor false"):
        shared_source(poisson(gaps.assign(flag="False"), "y ~ x | unit"), "x", "flag")
