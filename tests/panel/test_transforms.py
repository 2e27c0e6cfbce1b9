"""Covariates from a panel's own columns, and how each can be checked or undone."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from northroute.errors import PanelError
from northroute.panel import Panel, lag, log_rate, original_slope, standardise, within_between
from tests.panel.examples import frames, panel, rows

EXAMPLES = settings(max_examples=12)  # a panel is checked with pandera every time: about 20 ms


def test_lag_and_lead_stay_within_their_unit() -> None:
    moved = lag(lag(panel(), "drugs"), "drugs", -2)
    assert moved.frame["drugs_lag1"].fillna(-1).tolist() == [-1, 0, 1, -1, 3, 4]
    assert moved.frame["drugs_lead2"].fillna(-1).tolist() == [2, -1, -1, 5, -1, -1]
    assert moved.covariates == ("x", "drugs_lag1", "drugs_lead2")


def test_a_lag_of_an_unobserved_month_is_missing() -> None:
    moved = lag(panel(rows().drop(1)), "drugs")
    assert moved.frame["drugs_lag1"].isna().tolist() == [True, False, True, True, False, False]


def test_a_lag_of_zero_is_refused() -> None:
    with pytest.raises(PanelError, match="A lag of 0 months"):
        lag(panel(), "drugs", 0)


@EXAMPLES
@given(frame=frames(), k=st.integers(1, 9))
def test_a_lead_undoes_a_lag(frame: pd.DataFrame, k: int) -> None:
    built = panel(frame)
    back = lag(lag(built, "x", k), f"x_lag{k}", -k).frame[f"x_lag{k}_lead{k}"]
    kept = built.frame.groupby(level="unit", sort=False).cumcount(ascending=False) >= k  # the last k months have no lag
    pd.testing.assert_series_equal(back[kept], built.frame.loc[kept, "x"], check_names=False)
    assert back[~kept].isna().all()


@EXAMPLES
@given(frame=frames(), k=st.integers(1, 9))
def test_a_lag_is_the_value_k_months_before(frame: pd.DataFrame, k: int) -> None:
    built = panel(frame)
    lagged = lag(built, "drugs", k).frame[f"drugs_lag{k}"]
    for unit, month in built.frame.index:
        before = (unit, month - pd.DateOffset(months=k))
        expected = built.frame["drugs"].get(before, pd.NA)
        assert pd.isna(lagged[unit, month]) if pd.isna(expected) else lagged[unit, month] == expected


@EXAMPLES
@given(frame=frames())
def test_within_sums_to_zero_and_both_sum_to_the_covariate(frame: pd.DataFrame) -> None:
    """Mundlak (1978): the deviation from the unit's mean has mean zero in every unit."""
    split = within_between(panel(frame), "x").frame
    scale = max(1.0, float(split["x"].abs().max()))
    by_unit = split.groupby(level="unit")
    # at most eight numbers, each rounded at 2e-16 of the largest
    assert (by_unit["x_within"].sum().abs() <= 1e-14 * scale).all()
    assert (by_unit["x_between"].nunique() <= 1).all()
    rebuilt = split["x_within"] + split["x_between"]
    assert ((rebuilt - split["x"]).abs().dropna() <= 1e-14 * scale).all()
    assert rebuilt.isna().equals(split["x"].isna())


def test_between_is_the_mean_over_observed_months() -> None:
    split = within_between(panel(rows().drop(1)), "drugs").frame
    assert split["drugs_between"].tolist() == [1, 1, 1, 4, 4, 4]  # (0 + 2) / 2, not (0 + 0 + 2) / 3
    assert split["drugs_within"].fillna(9).tolist() == [-1, 9, 1, -1, 0, 1]


@EXAMPLES
@given(frame=frames())
def test_standardising_can_be_undone(frame: pd.DataFrame) -> None:
    built = panel(frame)
    values = built.frame["x"]
    # a spread near the rounding of the values themselves cannot be standardised exactly
    assume(values.std(ddof=0) > 1e-6 * max(1.0, float(values.abs().max())))
    done = standardise(built, "x")
    z, scaling = done.frame["x_z"], done.scalings["x_z"]
    assert float(z.mean()) == pytest.approx(0, abs=1e-9)
    assert float(z.std(ddof=0)) == pytest.approx(1, abs=1e-9)
    undone = z * scaling.sd + scaling.mean
    assert (undone - values).abs().max() <= 1e-12 * max(1.0, float(values.abs().max()))
    assert z.isna().equals(values.isna())
    assert scaling.column == "x"


def test_a_slope_goes_back_to_the_original_unit() -> None:
    done = standardise(panel(), "x")
    x, z = done.frame["x"].to_numpy(), done.frame["x_z"].to_numpy()
    y = 3 * x + 1
    per_sd = np.polyfit(z, y, 1)[0]
    assert original_slope(done, "x_z", per_sd) == pytest.approx(3, rel=1e-12)
    draws = original_slope(done, "x_z", np.array([per_sd, 2 * per_sd]))
    assert draws == pytest.approx([3, 6], rel=1e-12)
    with pytest.raises(PanelError, match=r"'x' was not standardised here; recorded: \['x_z'\]"):
        original_slope(done, "x", 1.0)


def test_a_column_that_is_replaced_loses_its_old_scaling() -> None:
    done = standardise(panel(), "x")
    replaced = done.with_covariate("x_z", done.frame["x"])
    with pytest.raises(PanelError, match="was not standardised here"):
        original_slope(replaced, "x_z", 1.0)


def test_a_selection_keeps_the_scaling() -> None:
    done = standardise(panel(), "x")
    part = done.select(countries=("KAZ",))
    assert part.scalings == done.scalings
    assert part.frame["x_z"].tolist() == done.frame["x_z"].tolist()[3:]


def test_a_constant_cannot_be_standardised() -> None:
    with pytest.raises(PanelError, match="column 'x' does not vary"):
        standardise(panel(rows().assign(x=2.0)), "x")


def test_log_rate() -> None:
    rate = log_rate(panel(rows().drop(1)), "drugs", "events").frame["drugs_log_rate"]
    # row 0: a true zero counts as half a report; the absent month stays absent
    assert rate.iloc[0] == pytest.approx(np.log(0.5 / 100), rel=1e-15)
    assert pd.isna(rate.iloc[1])
    assert rate.iloc[5] == pytest.approx(np.log(5.5 / 105), rel=1e-15)
    plain = log_rate(panel(), "drugs", offset=1.0).frame["drugs_log_rate"]
    assert plain.tolist() == pytest.approx(np.log(np.arange(6) + 1.0).tolist(), rel=1e-15)


def test_unknown_columns_are_refused() -> None:
    steps: tuple[Callable[[Panel], Panel], ...] = (
        lambda p: lag(p, "y"),
        lambda p: log_rate(p, "drugs", "y"),
        lambda p: within_between(p, "y"),
        lambda p: standardise(p, "x", "y"),
    )
    for broken in steps:
        with pytest.raises(PanelError, match="no column 'y'"):
            broken(panel())


def test_a_transform_leaves_the_panel_as_it_was() -> None:
    built = panel()
    before = built.frame.copy()
    standardise(within_between(lag(log_rate(built, "drugs", "events"), "x"), "x"), "x")
    pd.testing.assert_frame_equal(built.frame, before)
    assert built.covariates == ("x",)
    assert not built.scalings
