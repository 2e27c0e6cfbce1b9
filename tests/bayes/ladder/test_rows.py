"""From panel to the rows of a step: labels, rows left out, covariates split, and what cannot be fitted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import CountSpec
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.ladder.rows import OWN, rows
from northroute.bayes.program.assemble import assemble
from northroute.errors import ModelError, PanelError
from northroute.panel import Panel

SPEC = CountSpec("rows", "drug_incident", "all_events", 100.0, unit_covariates=("hub",), varying=("interdiction",))


def test_rows_follow_the_panel(region_panel: Panel) -> None:
    made = rows(region_panel, SPEC)
    frame = region_panel.frame
    assert len(made.frame) == len(frame)
    assert made.frame["count"].sum() == frame["drug_incident"].sum()
    np.testing.assert_allclose(made.frame["exposure"] * 100, frame["all_events"])
    assert made.frame.drop_duplicates("unit")["hub"].mean() == pytest.approx(0, abs=1e-12)
    assert made.frame["unit"][:2].tolist() == [region_panel.units[0]] * 2


def test_unobserved_rows_are_left_out_and_counted(region_panel: Panel) -> None:
    values = region_panel.frame["drug_incident"].copy()
    values.iloc[:5] = pd.NA
    covariate = region_panel.frame["interdiction"].copy()
    covariate.iloc[3:9] = np.nan
    holed = region_panel.with_outcome("drug_incident", values).with_covariate("interdiction", covariate)
    made = rows(holed, SPEC)
    assert made.dropped == {"outcome unobserved": 5, "covariate missing": 4}
    assert len(made.frame) == len(region_panel.frame) - 9


def test_outcomes_left_out_one_by_one_are_counted_one_by_one(region_panel: Panel) -> None:
    values = region_panel.frame["drug_incident"].copy()
    values.iloc[:5] = pd.NA
    holed = region_panel.with_outcome("drug_incident", values)
    made = rows(holed, replace(SPEC, step="joint", outcomes=("drug_incident", "general_crime")))
    assert made.left_out == {"outcome unobserved": 5, "covariate missing": 0}
    assert len(made.frame) + sum(made.left_out.values()) == 2 * len(region_panel.frame)


@pytest.mark.parametrize("name", [n for n in OWN if n not in ("unit", "country", "month")])
def test_a_covariate_with_a_name_of_the_models_own_is_refused(region_panel: Panel, name: str) -> None:
    panel = region_panel.with_covariate(name, region_panel.frame["interdiction"])
    for role in ("covariates", "varying", "unit_covariates", "detection"):
        change: dict[str, Any] = {"varying": (), "unit_covariates": (), role: (name,)}
        with pytest.raises(ModelError, match=f"'{name}', named in '{role}', is also a column of the model's own"):
            rows(panel, replace(SPEC, **change))


@pytest.mark.parametrize("name", [n for n in OWN if n not in ("unit", "country", "month")])
def test_other_columns_with_such_names_change_nothing(region_panel: Panel, name: str) -> None:
    panel = region_panel.with_covariate(name, -region_panel.frame["interdiction"])
    pd.testing.assert_frame_equal(rows(panel, SPEC).frame, rows(region_panel, SPEC).frame, check_like=True)


@pytest.mark.parametrize("name", ["count", "outcome", "exposure", "month_number"])
def test_an_outcome_may_have_such_a_name(region_panel: Panel, name: str) -> None:
    panel = region_panel.with_outcome(name, region_panel.frame["drug_incident"])
    made = rows(panel, replace(SPEC, outcome=name)).frame
    expected = rows(region_panel, SPEC).frame
    assert made["outcome"].unique().tolist() == [name]
    for column in ("count", "exposure", "month_number", "unit"):
        assert made[column].tolist() == expected[column].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"covariates": ("interdiction",)}, "'interdiction' is named twice"),
        ({"covariates": ("drug_incident",)}, "'drug_incident' is an outcome"),
        ({"exposure": "drug_incident"}, "both outcome and exposure"),
        ({"covariates": ("from 2020-03",), "shocks": ("2020-03",)}, "the column that 'shocks' makes"),
    ],
)
def test_names_that_mean_two_things_are_refused(region_panel: Panel, change: dict[str, Any], message: str) -> None:
    panel = region_panel.with_covariate("from 2020-03", region_panel.frame["interdiction"])
    with pytest.raises(ModelError, match=message):
        rows(panel, replace(SPEC, **change))


def test_within_and_between_add_up(region_panel: Panel) -> None:
    panel = region_panel.with_covariate("both", region_panel.frame["interdiction"] + region_panel.frame["hub"])
    made = rows(panel, replace(SPEC, covariates=("both",), varying=(), within_between=True))
    frame = made.frame
    assert made.covariates == ("both_within", "both_between")
    np.testing.assert_allclose(frame.groupby("unit")["both_within"].mean(), 0, atol=1e-12)
    total = frame["both_within"] + frame["both_between"]
    np.testing.assert_allclose(total - total.mean(), frame["both"] - frame["both"].mean(), atol=1e-12)


def test_outcomes_stand_below_each_other(region_panel: Panel) -> None:
    together = replace(SPEC, step="joint", outcomes=("drug_incident", "general_crime"), varying=())
    made = formulate(region_panel, together)
    sums = made.frame.groupby("outcome", sort=False)["count"].sum()
    np.testing.assert_array_equal(sums, region_panel.frame[list(sums.index)].sum())
    assert [s.response for s in assemble(made.model, made.frame).segments] == list(sums.index)


def zeroed(panel: Panel, country: str) -> Panel:
    values = panel.frame["drug_incident"].mask(panel.frame["country"] == country, 0)
    return panel.with_outcome("drug_incident", values)


@pytest.mark.parametrize(
    ("change", "prepare", "message"),
    [
        ({"unit_covariates": ("interdiction",)}, lambda p: p, "changes within a unit"),
        ({}, lambda p: p.select(countries=("KAZ",)), "only .'KAZ'. left"),
        ({}, lambda p: p.select(months=("2015-01", "2015-06")), "at least 12"),
        ({}, lambda p: zeroed(p, "TJK"), "zero in every observed month of TJK"),
        (
            {"covariates": ("flat",)},
            lambda p: p.with_covariate("flat", p.frame["hub"] * 0 + 3),
            "'flat'. does not vary",
        ),
        (
            {"unit_covariates": ("flat",)},
            lambda p: p.with_covariate("flat", p.frame["hub"] * 0 + 3),
            "the same in every unit",
        ),
        (
            {"varying": ("kazakh",)},
            lambda p: p.with_covariate("kazakh", p.frame["country"].eq("KAZ").astype(float)),
            "is constant within KAZ, KGZ",
        ),
        (
            {"varying": ("empty",)},
            lambda p: p.with_covariate("empty", p.frame["hub"] * np.nan),
            "no row of 'simulated regions' has both",
        ),
    ],
)
def test_refuses_what_it_cannot_fit(region_panel: Panel, change: dict[str, object], prepare, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=message):
        rows(prepare(region_panel), replace(SPEC, **change))  # type: ignore[arg-type]


def test_refuses_a_missing_column(region_panel: Panel) -> None:
    with pytest.raises(PanelError, match="no column 'opium'"):
        rows(region_panel, replace(SPEC, outcome="opium"))


def test_an_exposure_of_zero_is_refused(region_panel: Panel) -> None:
    exposure = region_panel.frame["all_events"].astype(float).copy()
    exposure.iloc[3] = 0
    panel = region_panel.with_covariate("events", exposure)
    made = formulate(panel, replace(SPEC, exposure="events"))
    with pytest.raises(ModelError, match="exposure 'exposure' is 0 in row 3 and 0 others"):
        assemble(made.model, made.frame)


@pytest.mark.parametrize(
    ("step", "message"),
    [("spatial", "needs neighbours"), ("joint", "needs several 'outcomes'"), ("reporting", "needs covariates")],
)
def test_a_step_says_what_it_needs(region_panel: Panel, step: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        formulate(region_panel, replace(SPEC, step=step))  # type: ignore[arg-type]
