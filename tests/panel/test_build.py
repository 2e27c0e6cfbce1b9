"""Building panels: complete keys, zeros that are zeros, gaps that are gaps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from northroute.errors import PanelError
from northroute.panel import Panel, build
from tests.panel.examples import frames, panel, rows, table

EXAMPLES = settings(max_examples=12)  # a panel is checked with pandera every time: about 20 ms


def test_keys_are_complete_and_in_order() -> None:
    built = panel(rows().drop([1, 3]))
    assert list(built.units) == ["TJ-KT", "KZ-ALA"]  # order of first appearance
    assert list(built.months) == list(pd.date_range("2015-01", "2015-03", freq="MS"))
    assert built.frame.index.tolist() == [(u, m) for u in built.units for m in built.months]
    assert built.countries == ("TJK", "KAZ")
    assert built.unit_country.to_dict() == {"TJ-KT": "TJK", "KZ-ALA": "KAZ"}
    assert built.inputs == {"example.csv": "0" * 64}


def test_zero_and_unobserved_are_told_apart() -> None:
    built = panel(rows().drop(1))  # the first row's count is a zero; the second row is not there
    assert built.frame["drugs"].tolist()[0] == 0
    assert pd.isna(built.frame["drugs"].iloc[1])
    assert built.observed("drugs").tolist() == [True, False, True, True, True, True]
    assert built.frame.iloc[1][["events", "x"]].isna().all()
    assert str(built.frame["drugs"].dtype) == "Int64"


def test_absent_rows_are_zero_only_when_told() -> None:
    events = rows().drop(1)
    built = build(table(events), unit="unit", outcomes=("drugs",), missing="zero")
    assert built.frame["drugs"].tolist() == [0, 0, 2, 3, 4, 5]
    assert built.observed("drugs").all()


def test_a_cell_that_was_empty_stays_unobserved_even_then() -> None:
    events = rows().assign(drugs=pd.array([0, None, 2, 3, 4, 5], dtype="Int64")).drop(3)
    built = build(table(events), unit="unit", outcomes=("drugs",), missing="zero")
    assert built.observed("drugs").tolist() == [True, False, True, True, True, True]
    assert built.frame["drugs"].iloc[3] == 0


def test_window_widens_with_gaps_and_cuts() -> None:
    wide = build(table(rows()), unit="unit", outcomes=("drugs",), window=("2014-12", "2015-04"))
    assert len(wide.frame) == 2 * 5
    assert wide.observed("drugs").groupby(level="month").all().tolist() == [False, True, True, True, False]
    narrow = build(table(rows()), unit="unit", outcomes=("drugs",), window=("2015-02", "2015-02"))
    assert narrow.frame["drugs"].tolist() == [1, 4]


def test_country_panels_use_the_country_as_unit() -> None:
    built = build(table(rows().drop(columns="unit")), unit="country", outcomes=("drugs",))
    assert list(built.units) == ["TJK", "KAZ"]
    assert built.frame["country"].tolist() == ["TJK"] * 3 + ["KAZ"] * 3


def test_selection() -> None:
    built = panel()
    assert built.select(countries=("KAZ",)).frame["drugs"].tolist() == [3, 4, 5]
    assert built.select(months=("2015-02", "2015-03")).frame["drugs"].tolist() == [1, 2, 4, 5]
    with pytest.raises(PanelError, match=r"no country \['AFG'\]; it has \['TJK', 'KAZ'\]"):
        built.select(countries=("AFG",))
    with pytest.raises(PanelError, match="no row left"):
        built.select(months=("2020-01", "2020-12"))


def test_an_unknown_column_lists_the_known() -> None:
    with pytest.raises(PanelError, match=r"no column 'seizures'\. It has: drugs, events, x"):
        panel().observed("seizures")
    with pytest.raises(PanelError, match="Table 'example' has no column 'seizures'"):
        build(table(rows()), unit="unit", outcomes=("seizures",))


BAD = {
    "month twice": (pd.concat([rows(), rows().iloc[[4]]]), r"1 repeated unit-month\(s\), first KZ-ALA 2015-02"),
    "middle of a month": (
        rows().assign(month=lambda d: d["month"].where(d.index != 1, pd.Timestamp("2015-02-15"))),
        "not the first day of one, first TJ-KT 2015-02-15",
    ),
    "no month": (rows().assign(month=lambda d: d["month"].where(d.index != 1)), "first TJ-KT NaT"),
    "negative": (rows().assign(drugs=[0, 1, -2, 3, 4, 5]), r"TJ-KT 2015-03, column 'drugs': value -2 is not allowed"),
    "fraction": (rows().assign(drugs=[0, 1, 2.5, 3, 4, 5]), r"column 'drugs': 1 value.* first 2.5.*raw counts"),
    "infinite count": (rows().assign(drugs=[0, 1, np.inf, 3, 4, 5]), "column 'drugs': 1 value.* first inf"),
    "NaN exposure": (
        rows().assign(events=[1, 1, np.nan, 1, 1, 1]),
        r"TJ-KT 2015-03, column 'events': no exposure although a count was observed \(1 such",
    ),
    "exposure of zero": (rows().assign(events=[1, 1, 1, 0, 1, 1]), r"KZ-ALA 2015-01, column 'events'.*positive number"),
    "infinite covariate": (rows().assign(x=[0, 1, 2, 3, 4, -np.inf]), r"KZ-ALA 2015-03, column 'x'.*not infinite"),
    "two countries": (rows().assign(country=["TJK"] * 5 + ["KAZ"]), "unit 'KZ-ALA' is in 2 countries"),
    "country's name": (rows().assign(country="Tajikistan"), "column 'country'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows_are_refused(case: str) -> None:
    frame, message = BAD[case]
    with pytest.raises(PanelError, match=message):
        panel(frame)


def test_an_unobserved_month_needs_no_exposure() -> None:
    frame = rows().assign(drugs=pd.array([0, 1, None, 3, 4, 5], dtype="Int64"), events=[1, 1, np.nan, 1, 1, 1])
    assert not panel(frame).observed("drugs").iloc[2]


def _swap(built: Panel, frame: pd.DataFrame) -> Panel:
    return replace(built, frame=frame)


def test_a_panel_is_checked_however_it_is_made() -> None:
    built = panel()
    with pytest.raises(PanelError, match="has 5 rows; 2 units x 3 months need 6"):
        _swap(built, built.frame.iloc[:-1])
    with pytest.raises(PanelError, match="4 rows; 2 units x 3 months need 6"):
        _swap(built, built.frame.drop(index="2015-02-01", level="month"))
    with pytest.raises(PanelError, match="a unit-month occurs more than once"):
        _swap(built, pd.concat([built.frame, built.frame.iloc[[0]]]))
    # in another order, a lag would take the row above from another month
    with pytest.raises(PanelError, match="not in order"):
        _swap(built, built.frame.iloc[::-1])
    with pytest.raises(PanelError, match="not in order"):
        _swap(built, built.frame.iloc[[1, 0, 2, 3, 4, 5]])
    with pytest.raises(PanelError, match="column 'drugs'"):
        _swap(built, built.frame.assign(drugs=built.frame["drugs"].astype(float)))
    with pytest.raises(PanelError, match="'mystery'"):
        _swap(built, built.frame.assign(mystery=1.0))


def test_a_column_has_one_role() -> None:
    built = panel()
    with pytest.raises(PanelError, match=r"\['drugs'\] would have two roles"):
        built.with_covariate("drugs", built.frame["x"])
    with pytest.raises(PanelError, match=r"keeps \['country'\] for itself"):
        built.with_covariate("country", built.frame["x"])


def test_added_columns_are_aligned_on_keys() -> None:
    built = panel()
    backwards = built.frame["x"].iloc[::-1]
    pd.testing.assert_series_equal(
        built.with_covariate("again", backwards).frame["again"], built.frame["x"], check_names=False
    )
    partial = built.with_outcome("raids", built.frame["drugs"].iloc[:2])
    assert partial.observed("raids").tolist() == [True, True, False, False, False, False]
    assert partial.outcomes == ("drugs", "raids")


def test_xarray_keeps_every_cell_and_country() -> None:
    built = panel(rows(("TJ-KT", "KZ-ALA", "TJ-GB")).drop(1))  # not in alphabetical order
    data = built.to_xarray()
    assert data["drugs"].dims == ("unit", "month")
    assert data["unit"].to_numpy().tolist() == ["TJ-KT", "KZ-ALA", "TJ-GB"]
    assert data["country"].to_numpy().tolist() == ["TJK", "KAZ", "TJK"]
    for unit in built.units:
        cells = data["drugs"].sel(unit=unit).to_numpy()
        assert np.array_equal(cells, built.frame.loc[unit, "drugs"].to_numpy(float, na_value=np.nan), equal_nan=True)
    assert data.attrs == {"name": "example", "simulated": 0}


@EXAMPLES
@given(frame=frames(), seed=st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(frame: pd.DataFrame, seed: int) -> None:
    """Only the order in which units stand follows the rows; every cell is the same."""
    built, shuffled = panel(frame), panel(frame.sample(frac=1, random_state=np.random.default_rng(seed)))
    pd.testing.assert_frame_equal(shuffled.frame.sort_index(), built.frame.sort_index(), check_freq=False)
    assert shuffled.months.equals(built.months)
    assert shuffled.to_xarray().sortby("unit").identical(built.to_xarray().sortby("unit"))


@EXAMPLES
@given(frame=frames())
def test_nothing_is_lost_and_nothing_is_made_up(frame: pd.DataFrame) -> None:
    built = panel(frame)
    expected = frame["unit"].nunique() * len(pd.date_range(frame["month"].min(), frame["month"].max(), freq="MS"))
    assert len(built.frame) == expected
    assert built.observed("drugs").sum() == frame["drugs"].notna().sum()
    assert built.frame["drugs"].sum() == frame["drugs"].sum()
    given_cells = frame.set_index(["unit", "month"])["drugs"].dropna()
    assert (built.frame.loc[given_cells.index, "drugs"] == given_cells).all()
