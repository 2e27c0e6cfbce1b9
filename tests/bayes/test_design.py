"""From panel to arrays: the walk's basis, rows left out, and what cannot be fitted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import CountSpec
from northroute.bayes.design import design
from northroute.errors import ModelError, PanelError
from northroute.panel import Panel

SPEC = CountSpec("design", "drug_incident", "all_events", 100.0, unit_covariates=("hub",), varying=("interdiction",))


def test_arrays_follow_the_panel(region_panel: Panel) -> None:
    made = design(region_panel, SPEC)
    frame = region_panel.frame
    assert made.rows == len(frame)
    assert made.counts.sum() == frame["drug_incident"].sum()
    np.testing.assert_allclose(np.exp(made.arrays["log_exposure"]) * 100, frame["all_events"])
    assert made.arrays["unit_x"].mean() == pytest.approx(0, abs=1e-12)
    assert [made.coords["unit"][i] for i in made.arrays["unit_of_row"][:2]] == [region_panel.units[0]] * 2


def test_unobserved_rows_are_left_out_and_counted(region_panel: Panel) -> None:
    values = region_panel.frame["drug_incident"].copy()
    values.iloc[:5] = pd.NA
    covariate = region_panel.frame["interdiction"].copy()
    covariate.iloc[3:9] = np.nan
    holed = region_panel.with_outcome("drug_incident", values).with_covariate("interdiction", covariate)
    made = design(holed, SPEC)
    assert made.dropped == {"outcome unobserved": 5, "covariate missing": 4}
    assert made.rows == len(region_panel.frame) - 9


def test_hash_sees_every_number(region_panel: Panel) -> None:
    one = design(region_panel, SPEC)
    values = region_panel.frame["drug_incident"].copy()
    values.iloc[7] += 1
    other = design(region_panel.with_outcome("drug_incident", values), SPEC)
    assert one.hash() == design(region_panel, SPEC).hash() != other.hash()


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
            {"varying": ("empty",)},
            lambda p: p.with_covariate("empty", p.frame["hub"] * np.nan),
            "no row of 'simulated regions' has both",
        ),
    ],
)
def test_refuses_what_it_cannot_fit(region_panel: Panel, change: dict[str, object], prepare, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=message):
        design(prepare(region_panel), replace(SPEC, **change))  # type: ignore[arg-type]


def test_refuses_a_missing_column(region_panel: Panel) -> None:
    with pytest.raises(PanelError, match="no column 'opium'"):
        design(region_panel, replace(SPEC, outcome="opium"))
