"""Walks and autoregressions: their basis, covariance, gradient, labels, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.time import AR1, Walk, walk_basis
from northroute.errors import ModelError
from tests.bayes.statement.terms.examples import assembled, gradient_error, labelled, panel, predicted, prior_covariance


def test_walk_basis_is_a_centred_random_walk() -> None:
    months = 30
    steps = np.tril(np.ones((months, months)))[:, 1:]
    centre = np.eye(months) - 1 / months
    walk = centre @ steps
    basis = walk_basis(months)
    np.testing.assert_allclose(basis @ basis.T, walk @ walk.T, atol=1e-10)


@pytest.mark.parametrize(
    "term",
    [
        Walk("month"),
        Walk("month", group="unit", shortest=6),
        Walk("month", group="unit", by="response", correlated=True, sd_varies=False),
        Walk("month", by="response", correlated=True, name="trend"),
        AR1("month"),
        AR1("month", group="unit", ar_varies=True),
        AR1("month", group="unit", by="response", correlated=True, sd_varies=False),
        AR1("month", only=("violence",), ar=Prior("uniform", 1.8, "either sign", location=-0.9)),
    ],
)
def test_gradient(term: Walk | AR1) -> None:
    assert gradient_error(assembled(panel(), term)) < 1e-6  # central differences are good to about 1e-8


def test_steps_of_a_walk_are_independent_with_its_standard_deviation() -> None:
    made = assembled(panel(), Walk("month"))
    covariance = prior_covariance(made, "month_effect", {"sd_month": 0.3})
    steps = np.diff(np.eye(9), axis=0)
    np.testing.assert_allclose(steps @ covariance @ steps.T, 0.09 * np.eye(8), atol=1e-12)
    np.testing.assert_allclose(covariance.sum(axis=0), 0.0, atol=1e-12)


def test_groups_walk_apart_each_with_its_own_standard_deviation() -> None:
    made = assembled(panel(), Walk("month", group="unit"))
    sd = np.asarray([0.1, 0.2, 0.3, 0.4])
    covariance = prior_covariance(made, "unit_month_effect", {"sd_unit_month": sd})
    alone = walk_basis(9) @ walk_basis(9).T
    np.testing.assert_allclose(covariance, np.kron(np.diag(sd**2), alone), atol=1e-12)
    assert made.layout.parameters["unit_month_effect"].dims == ("unit", "month")


def test_steps_of_responses_are_correlated() -> None:
    made = assembled(panel(), Walk("month", by="response", correlated=True))
    given = {"sd_month": [0.5, 2.0], "corr_month": 0.6}
    covariance = prior_covariance(made, "month_effect", given)
    between = np.asarray([[0.25, 0.6], [0.6, 4.0]])
    np.testing.assert_allclose(covariance, np.kron(walk_basis(9) @ walk_basis(9).T, between), atol=1e-12)


@pytest.mark.parametrize(
    "term", [Walk("month", group="unit", by="response"), AR1("month", group="unit", by="response")]
)
def test_rows_get_the_effect_of_their_group_time_and_response(term: Walk | AR1) -> None:
    made = assembled(panel(), term)
    values, eta = predicted(made)
    months = made.frame["month"].dt.strftime("%Y-%m")
    effect = labelled(made, values, "unit_month_effect", made.frame["unit"], months, made.frame["response"])
    np.testing.assert_allclose(eta, effect, atol=1e-12)


def test_short_periods_are_cut() -> None:
    made = assembled(panel(months=24), Walk("month", shortest=8))
    covariance = prior_covariance(made, "month_effect", {"sd_month": 1.0})
    kept = walk_basis(24)[:, :6]  # periods 48, 24, 16, 12, 9.6 and 8
    np.testing.assert_allclose(covariance, kept @ kept.T, atol=1e-12)
    with pytest.raises(ModelError, match="no period of a walk over 24 times is as long as 'shortest' = 49"):
        assembled(panel(months=24), Walk("month", shortest=49))


def test_autocorrelation_of_an_autoregression() -> None:
    made = assembled(panel(), AR1("month"))
    covariance = prior_covariance(made, "month_effect", {"sd_month": 1.5, "ar_month": 0.7})
    lag = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    centre = np.eye(9) - 1 / 9
    np.testing.assert_allclose(covariance, centre @ (1.5**2 * 0.7**lag) @ centre, atol=1e-12)


def test_each_group_has_its_own_autocorrelation() -> None:
    made = assembled(panel(units=2), AR1("month", group="unit", ar_varies=True, sd_varies=False, name="path"))
    covariance = prior_covariance(made, "path_effect", {"sd_path": 1.0, "ar_path": [0.2, 0.9]})
    lag = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    centre = np.eye(9) - 1 / 9
    for first, ar in ((0, 0.2), (9, 0.9)):
        np.testing.assert_allclose(
            covariance[first : first + 9, first : first + 9], centre @ ar**lag @ centre, atol=1e-12
        )
    np.testing.assert_allclose(covariance[:9, 9:], 0.0, atol=1e-12)


@pytest.mark.parametrize("kind", ["timestamp", "period", "integer"])
def test_gaps_are_times_too_and_order_does_not_matter(kind: str) -> None:
    frame = panel(months=5)
    frame = frame[frame["month"] != "2021-01-01"]
    labels = ["2020-11", "2020-12", "2021-01", "2021-02", "2021-03"]
    at = ((frame["month"].dt.year - 2020) * 12 + frame["month"].dt.month - 11).to_numpy()
    if kind == "period":
        frame["month"] = frame["month"].dt.to_period("M")
    if kind == "integer":
        frame["month"] = at + 7
        labels = ["7", "8", "9", "10", "11"]
    made = assembled(frame.reset_index(drop=True), Walk("month"))
    assert made.layout.coords["month"] == labels
    entered = np.concatenate(
        [use.ids for use in made.layout.uses if use.ids[0] in made.layout.parameters["month_effect"].ids]
    )
    expected = made.frame["month"].map(dict(zip(frame["month"], at, strict=True))).to_numpy()
    np.testing.assert_array_equal(entered, made.layout.parameters["month_effect"].ids[expected])


def test_what_is_refused() -> None:
    frame = panel()
    with pytest.raises(ModelError, match="'month' is missing in 2 rows"):
        assembled(frame.assign(month=frame["month"].mask(frame.index < 2)), Walk("month"))
    with pytest.raises(ModelError, match="has 2 times, too few"):
        assembled(panel(months=2), AR1("month"))
    with pytest.raises(ModelError, match="goes beyond"):
        assembled(frame, AR1("month", ar=Prior("normal", 1.0, "not bounded")))
    with pytest.raises(ModelError, match="nothing to correlate"):
        assembled(frame, Walk("month", correlated=True))
    with pytest.raises(ModelError, match="no column"):
        assembled(frame, Walk("week"))


def dated(times: Any) -> pd.DataFrame:
    """Counts of two responses at some times, last first."""
    at = pd.Series(times).iloc[::-1]
    frame = pd.DataFrame({"time": pd.concat([at, at]), "response": np.repeat(["a", "b"], len(at))})
    return frame.reset_index(drop=True).assign(count=np.arange(2 * len(at)) % 3)


def states(times: Any, **options: Any) -> list[str]:
    return list(assembled(dated(times), Walk("time", **options)).layout.coords["time"])


DAYS = pd.date_range("2020-01-20", periods=120, freq="D")


@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        DAYS.tz_localize("UTC"),
        DAYS.to_period("D"),
        DAYS.date,
        DAYS.strftime("%Y-%m-%d"),
        DAYS.strftime("%Y%m%d").astype(int),
        DAYS.delete([5, 6, 40]),  # gaps are states too
    ],
    ids=["stamps", "UTC", "periods", "dates", "text", "YYYYMMDD", "gaps"],
)
def test_a_walk_over_120_days_has_120_states(times: Any) -> None:
    found = states(times)
    assert len(found) == 120
    assert (found[0], found[11], found[-1]) == ("2020-01-20", "2020-01-31", "2020-05-18")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (pd.date_range("2019-12-23", periods=4, freq="7D"), ["2019-W52", "2020-W01", "2020-W02", "2020-W03"]),
        (pd.date_range("2019-12-29", periods=4, freq="7D"), ["2019-W52", "2020-W01", "2020-W02", "2020-W03"]),
        (pd.period_range("2019-12-23", periods=3, freq="W"), ["2019-W52", "2020-W01", "2020-W02"]),
        (["2019-W52", "2020-W02"] * 2 + ["2020-W01"], ["2019-W52", "2020-W01", "2020-W02"]),
        (["20191223", "20191230", "20200106"], ["2019-W52", "2020-W01", "2020-W02"]),
        (pd.date_range("2019-07-01", periods=3, freq="QS"), ["2019Q3", "2019Q4", "2020Q1"]),
        (["2019Q3", "2019Q4", "2020Q1"], ["2019Q3", "2019Q4", "2020Q1"]),
        (pd.date_range("2018-01-01", periods=3, freq="YS"), ["2018", "2019", "2020"]),
        (pd.period_range("2018", periods=3, freq="Y"), ["2018", "2019", "2020"]),
        ([2018, 2020, 2021], ["2018", "2019", "2020", "2021"]),
        (["2018", "2019", "2020"], ["2018", "2019", "2020"]),
        ([201911, 201912, 202001, 202002], ["2019-11", "2019-12", "2020-01", "2020-02"]),  # no steps of 89
        (["2019-11", "2019-12", "2020-02"], ["2019-11", "2019-12", "2020-01", "2020-02"]),
        (pd.date_range("2019-11-30", periods=3, freq="ME"), ["2019-11", "2019-12", "2020-01"]),
        (pd.to_datetime(["2019-11-15", "2019-12-15", "2020-02-15"]), ["2019-11", "2019-12", "2020-01", "2020-02"]),
        ([5.0, 6.0, 8.0], ["5", "6", "7", "8"]),
        (pd.array([5, 6, 8], dtype="Int64"), ["5", "6", "7", "8"]),
    ],
)
def test_weeks_quarters_years_and_numbers_are_states_of_their_own(times: Any, expected: list[str]) -> None:
    assert states(times) == expected


def test_dates_are_cut_to_longer_steps_only_where_that_is_asked_for() -> None:
    assert states(DAYS, step="month") == ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]
    assert len(states(DAYS, step="week")) == 18
    assert states(pd.date_range("2019-01-01", periods=3, freq="QS"), step="month")[1] == "2019-02"
    made = assembled(dated(DAYS), Walk("time", step="month"))
    of_month = made.frame["time"].dt.month.to_numpy() - 1
    effects = made.layout.parameters["time_effect"].ids
    (entered,) = (use.ids for use in made.layout.uses if use.ids[0] in effects)
    np.testing.assert_array_equal(entered, effects[of_month])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (pd.to_datetime(["2020-01-03", "2020-02-11", "2020-05-20"]), "has 3 different days among 139.*step='month'"),
        ([1, 50, 200], "has 3 different periods among 200.*Number them 1, 2, 3"),
        (pd.date_range("2020-01-01", periods=5, freq="h"), "has times of day"),
        (pd.period_range("2020-01-01", periods=5, freq="h"), "periods of frequency h"),
        (pd.date_range("2020-01-01", periods=5, freq="MS", tz="Asia/Almaty").tz_convert("UTC"), "has times of day"),
        (["2020-01", "2020-01-05", "2020-02"], "not one kind of period throughout"),
        ([202001, 202013, 202102], "looks like months written 201501, but 202013 is none"),
        ([0.5, 1.0, 1.5], "has fractions"),
        ([True, False, True], "true or false"),
    ],
)
def test_times_that_cannot_be_read_or_are_mostly_unseen_are_refused(times: Any, message: str) -> None:
    for term in (Walk("time"), AR1("time")):
        with pytest.raises(ModelError, match=f"example: 'time' .*{message}"):
            assembled(dated(times), term)


def test_a_step_has_to_be_one_and_to_suit_the_times() -> None:
    with pytest.raises(ModelError, match=r"no step 'hour'\. Use one of 'day', 'week'"):
        states(DAYS, step="hour")
    with pytest.raises(ModelError, match="holds quarters, and a step is a month"):
        states(["2019Q3", "2019Q4", "2020Q1"], step="month")


def test_rows_of_one_time_and_group_share_its_state() -> None:
    frame = pd.concat([dated(DAYS[:6]), dated(DAYS[:6])], ignore_index=True)
    made = assembled(frame, Walk("time"))
    assert len(made.layout.coords["time"]) == 6
    assert made.rows == 24


def test_groups_of_dates_and_of_names_that_look_alike_are_told_apart() -> None:
    made = assembled(dated(DAYS[:4]), Effects("time"))
    assert made.layout.coords["time"] == ["2020-01-23", "2020-01-22", "2020-01-21", "2020-01-20"]
    frame = dated(DAYS[:4]).assign(place=["1", 1] * 4)
    with pytest.raises(ModelError, match="different values of 'place' are all called '1'"):
        assembled(frame, Effects("place"))
