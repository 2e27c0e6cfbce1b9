"""Lags and leads, event studies, interrupted series, sums of coefficients: recovery of what was simulated."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import DataError, ModelError
from northroute.frequentist import Estimate, Regression, poisson
from northroute.frequentist.combine import combine, joint
from northroute.frequentist.covariance import cluster, driscoll_kraay, score_bootstrap
from northroute.frequentist.dynamics import distributed_lags
from northroute.frequentist.event_study import event_study
from northroute.frequentist.interrupted import interrupted_series
from northroute.frequentist.places import with_places
from northroute.panel import Panel, lag
from northroute.sources import shocks


def test_lags_are_the_panels_lags(region_panel: Panel) -> None:
    frame, terms = distributed_lags(region_panel, "interdiction", lags=2, leads=1)
    assert terms == ("interdiction_lead1", "interdiction", "interdiction_lag1", "interdiction_lag2")
    for months in (-1, 1, 2):
        name = f"interdiction_lag{months}" if months > 0 else f"interdiction_lead{-months}"
        expected = lag(region_panel, "interdiction", months).frame[name].to_numpy()
        np.testing.assert_array_equal(frame[name].to_numpy(), expected)


def test_a_lag_skips_no_gap() -> None:
    table = pd.DataFrame({"unit": ["a"] * 3, "month": ["2020-01", "2020-02", "2020-04"], "x": [1.0, 2.0, 3.0]})
    frame, _ = distributed_lags(table, "x", lags=1)
    np.testing.assert_array_equal(frame["x_lag1"], [np.nan, 1.0, np.nan])
    with pytest.raises(ModelError, match="several rows in one month"):
        distributed_lags(pd.concat([table, table]), "x", lags=1)
    with pytest.raises(ModelError, match="name at least one"):
        distributed_lags(table, "x", lags=0)


def test_cumulated_effect_recovers(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(51, 48))
    eta = 1.0 + 0.3 * x
    eta[:, 1:] += 0.2 * x[:, :-1]
    table = regions_frame.assign(x=x.ravel(), y=rng.poisson(np.exp(eta)).ravel())
    frame, terms = distributed_lags(table, "x", lags=2)
    found = poisson(frame, Regression("y", terms, ("unit", "month")))
    errors = cluster(found, "unit")
    total = combine(errors, dict.fromkeys(terms, 1.0))
    assert abs(total.estimate - 0.5) < 4 * total.se
    assert joint(errors, ["x_lag2"]).p == pytest.approx(errors.p[found.term("x_lag2")], rel=1e-9)
    assert found.dropped == {"covariate missing": 2 * 51}
    with pytest.raises(ModelError, match="p-values only"):
        combine(score_bootstrap(found, "country"), {"x": 1.0})


def test_event_study_recovers_a_step(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    after = (regions_frame["month"] >= "2017-01") & regions_frame["country"].eq("UZB")
    table = regions_frame.assign(y=rng.poisson(np.exp(2.0 + 0.8 * after.to_numpy())))
    study = event_study(table, "y", "2017-01", ["UZB"], before=4, after=6)
    errors = cluster(study.estimate, "unit")
    path = study.path(errors)
    assert path["months_from_shock"].tolist() == list(range(-4, 7))
    post = path[path["months_from_shock"] >= 0]
    assert (np.abs(post["coef"] - 0.8) < 4 * post["se"]).all()
    assert joint(errors, study.before).p > 0.01
    assert path.loc[path["months_from_shock"] == -1, "coef"].item() == 0.0


def test_event_study_refuses_errors_that_its_scores_cancel(regions_frame: pd.DataFrame) -> None:
    study = event_study(regions_frame, "general_crime", "2017-01", ["UZB"], before=3, after=3, exposure="all_events")
    for errors in (cluster(study.estimate, ("unit", "month")), driscoll_kraay(study.estimate, months=3)):
        with pytest.raises(ModelError, match="come out far too small"):
            study.path(errors)


def test_event_study_refuses(regions_frame: pd.DataFrame) -> None:
    for change, message in (
        ({"countries": ["KAZ", "KGZ", "TJK", "TKM", "UZB"]}, "Use interrupted_series"),
        ({"countries": ["AFG"]}, "no row of these countries"),
        ({"month": "2031-01"}, "not within the data's months"),
        ({"before": 1}, "take at least 2"),
    ):
        options: dict[str, Any] = {"month": "2017-01", "countries": ["UZB"]} | change
        with pytest.raises(ModelError, match=message):
            event_study(regions_frame, "general_crime", **options)


def test_interrupted_series_recovers(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    t = np.tile(np.arange(48) - 24, 51)
    season = 0.2 * np.sin(2 * np.pi * np.arange(48) / 12)
    eta = 2.0 - 0.1 * t / 12 - 0.5 * (t >= 0) + 0.3 * np.maximum(t, 0) / 12 + np.tile(season, 51)
    table = regions_frame.assign(y=rng.poisson(np.exp(eta)))
    found = interrupted_series(table, "y", "2017-01")
    se = cluster(found, "unit").se
    assert found.terms == ("step", "turn_per_year", "trend_per_year")
    assert (np.abs(found.coef - [-0.5, 0.3, -0.1]) < 4 * se).all()
    with pytest.raises(ModelError, match="take the step up"):
        interrupted_series(table, "y", "2017-01", effects=("unit", "month"))
    with pytest.raises(ModelError, match="a trend needs six"):
        interrupted_series(table, "y", "2015-03")


def test_two_way_interactions_are_slopes_by_group(regions_frame: pd.DataFrame) -> None:
    together = poisson(
        regions_frame, "general_crime ~ C(country):interdiction | unit + country^month", exposure="all_events"
    )
    for country in ("KAZ", "TJK"):
        alone = poisson(
            regions_frame[regions_frame["country"] == country],
            "general_crime ~ interdiction | unit + month",
            exposure="all_events",
        )
        assert together.coef[together.term(f"C(country)[{country}]:interdiction")] == pytest.approx(
            alone.coef[0], rel=1e-6
        )


def test_shocks_are_those_of_the_issue() -> None:
    table = shocks.load().frame
    months = table.groupby("shock")["month"].first().to_dict()
    assert months == {
        "covid": "2020-03",
        "kyrgyz_unrest": "2020-10",
        "border_fighting_2021": "2021-04",
        "taliban_takeover": "2021-08",
        "kazakh_unrest": "2022-01",
        "border_fighting_2022": "2022-09",
    }
    assert (table["month"] == table["first_day"].str[:7]).all()


def test_shocks_refuse_a_bad_file(tmp_path: Path) -> None:
    path = tmp_path / "shocks.csv"
    path.write_text("shock,iso3,month,first_day,description,source\nwar,KAZ,2020-3,2020-03-01,x,y\n")
    with pytest.raises(DataError, match="month"):
        shocks.load(path)


def test_places(region_panel: Panel, fit: Estimate) -> None:
    frame = with_places(region_panel)
    assert frame[["lon", "lat"]].notna().all().all()
    with pytest.raises(ModelError, match="no region"):
        with_places(pd.DataFrame({"unit": ["XX-YY"]}))
