"""Inputs as ordinary tables have them: the right panel, or one line that says what to do."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import DataError, PanelError, SimulatedDataError
from northroute.panel import Panel, build, lag, log_rate, save, standardise
from northroute.sources import Table
from tests.panel.examples import panel, rows, table

Change = Callable[[pd.DataFrame], pd.DataFrame]


def _decimals(values: "pd.Series[Any]") -> "pd.Series[Any]":
    return values.map(lambda v: Decimal(str(v))).astype(object)


SAME: dict[str, Change] = {
    "categories that no row has": lambda d: d.assign(
        unit=pd.Categorical(d["unit"], ["none", *d["unit"].unique()]), country=d["country"].astype("category")
    ),
    "an index of its own": lambda d: d.set_axis([0] * len(d)).rename_axis("unit"),
    "another column twice": lambda d: pd.concat([d, d[["other"]]], axis=1),
    "Arrow's dates": lambda d: d.assign(month=d["month"].astype("date32[pyarrow]")),
    "Arrow's stamps": lambda d: d.assign(month=d["month"].astype("timestamp[us][pyarrow]")),
    "nanoseconds": lambda d: d.assign(month=d["month"].astype("datetime64[ns]")),
    "local time": lambda d: d.assign(month=d["month"].dt.tz_localize("Asia/Almaty")),
    "periods": lambda d: d.assign(month=d["month"].dt.to_period("M")),
    "days of datetime": lambda d: d.assign(month=d["month"].dt.date),
    "counts as floats": lambda d: d.assign(drugs=d["drugs"].astype(float)),
    "counts as decimals": lambda d: d.assign(drugs=_decimals(d["drugs"])),
    "counts as text": lambda d: d.assign(drugs=d["drugs"].astype(str)),
    "counts of Arrow": lambda d: d.assign(drugs=d["drugs"].astype("int64[pyarrow]")),
    "sparse counts": lambda d: d.assign(drugs=pd.arrays.SparseArray(d["drugs"])),
    "decimals": lambda d: d.assign(x=_decimals(d["x"])),
    "a country that is known in one row": lambda d: d.assign(country=d["country"].where(d["month"].dt.month == 2)),
}
REFUSED: dict[str, tuple[Change, str]] = {
    "lower case": (lambda d: d.assign(country=d["country"].str.lower()), "'tjk' is no country code .*such as KAZ"),
    "a code of numbers": (lambda d: d.assign(country=398), r"398.* is no country code \(6 such rows"),
    "two letters": (lambda d: d.assign(country="NA"), "'NA' is no country code .*three capital letters"),
    "a country missing": (lambda d: d.assign(country=d["country"].mask(d["unit"] == "TJ-KT")), "first of unit TJ-KT"),
    "units that differ by blanks": (
        lambda d: d.assign(unit=d["unit"].mask(d.index == 1, d["unit"] + " ")),
        "'TJ-KT', 'TJ-KT '.* differ by blanks only",
    ),
    "exposure without bounds": (lambda d: d.assign(events=np.inf), "value inf is not allowed"),
    "no whole number": (lambda d: d.assign(drugs=1e30), r"1e\+30 is no count"),
    "categories of numbers": (lambda d: d.assign(x=d["x"].astype("category")), "holds categories, not numbers"),
    "a date far off": (
        lambda d: d.assign(month=d["month"].where(d.index > 0, pd.Timestamp("1015-01-01"))),
        "has a row of 1015-01. Mend the date",
    ),
    "two years": (lambda d: _every(d, 12), "'month' holds years"),
    "three years": (lambda d: _every(d, 12, 3), "'month' holds years"),
    "three quarters": (lambda d: _every(d, 3, 3), "'month' holds quarters"),
    "days as a spreadsheet counts them": (
        lambda d: d.assign(month=(d["month"] - pd.Timestamp("1899-12-30")).dt.days),
        "looks like dates as numbers of days .*spreadsheets",
    ),
    "a name of the panel's own": (lambda d: d.rename(columns={"unit": "place", "x": "unit"}), "no column 'x'"),
    "a column named by a number": (lambda d: d.rename(columns={"x": 5}), "no column 'x'"),
}


def _every(frame: pd.DataFrame, months: int, dates: int = 2) -> pd.DataFrame:
    """The first dates of each unit, so many months apart."""
    at = frame["month"].dt.month
    starts = pd.date_range("2015-01-01", periods=dates, freq=f"{months}MS")
    kept: pd.DataFrame = frame[at <= dates].assign(month=[starts[k - 1] for k in at[at <= dates]])
    return kept


@pytest.mark.parametrize("case", SAME)
def test_the_same_panel(case: str) -> None:
    frame = rows().assign(other=1)
    pd.testing.assert_frame_equal(panel(SAME[case](frame)).frame, panel(frame).frame)


@pytest.mark.parametrize("case", REFUSED)
def test_one_line_that_says_what_to_do(case: str) -> None:
    change, message = REFUSED[case]
    with pytest.raises(PanelError, match=message) as refusal:
        panel(change(rows()))
    assert "\n" not in str(refusal.value)


def test_months_with_gaps_are_months_as_text() -> None:
    frame = _every(rows(), 12)
    assert len(panel(frame.assign(month=frame["month"].dt.strftime("%Y-%m"))).months) == 13


def test_large_counts_keep_every_digit() -> None:
    large = 2**53 + 1  # the next double is 2**53 + 2
    built = panel(rows().assign(drugs=[large, *range(5)]))
    assert built.frame["drugs"].iloc[0] == large


def test_units_without_a_row_are_in_the_panel_where_they_are_named() -> None:
    homes = {"KZ-AST": "KAZ", "TJ-KT": "TJK", "KZ-ALA": "KAZ"}
    made = build(table(rows()), unit="unit", outcomes=("drugs",), missing="zero", units=homes)
    assert list(made.units) == list(homes)
    assert made.frame.xs("KZ-AST")["drugs"].tolist() == [0, 0, 0]
    assert made.unit_country.to_dict() == homes
    unobserved = build(table(rows()), unit="unit", outcomes=("drugs",), units=homes)
    assert unobserved.frame.xs("KZ-AST")["drugs"].isna().all()
    with pytest.raises(PanelError, match=r"rows of \['KZ-ALA'\], which are not among the 1 units"):
        build(table(rows()), unit="unit", outcomes=("drugs",), units={"TJ-KT": "TJK"})
    with pytest.raises(PanelError, match="is in KAZ by its rows, and in UZB by units"):
        build(table(rows()), unit="unit", outcomes=("drugs",), units=homes | {"KZ-ALA": "UZB"})


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (("2030-01", "2031-01"), "has no row from 2030-01 to 2031-01; its rows are of 2015-01 to 2015-03"),
        ((None, "2015-02"), "None is no date"),
        ((pd.NaT, "2015-02"), "NaT is no date"),
        (slice("2015-01", "2015-02"), "a window has two ends"),
        (("JAN", "2015-02"), "cannot read the window"),
    ],
)
def test_windows(window: Any, message: str) -> None:
    with pytest.raises(PanelError, match=message):
        build(table(rows()), unit="unit", outcomes=("drugs",), window=window)


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"covariates": ("drugs",)}, r"\['drugs'\] would have two roles"),
        ({"covariates": ("x", "x")}, r"\['x'\] would have two roles"),
        ({"covariates": ("month",)}, r"a panel keeps \['month'\] for itself"),
        ({"covariates": (5,)}, "covariates are named by text, not by 5"),
        ({"unit": "month"}, r"\['month'\] would have two roles"),
    ],
)
def test_roles(roles: dict[str, Any], message: str) -> None:
    with pytest.raises(PanelError, match=message):
        build(table(rows()), **{"unit": "unit", "outcomes": ("drugs",)} | roles)


def test_a_mark_that_is_missing_is_no_mark() -> None:
    frame = rows().assign(simulated=pd.array([False, None, False, False, False, False], dtype="boolean"))
    with pytest.raises(SimulatedDataError, match="flag disagree"):
        panel(frame)


def test_a_table_that_holds_none() -> None:
    with pytest.raises(PanelError, match="its frame is a dict, not a pandas"):
        build(Table("t", {"unit": []}, (), False, {}), unit="unit", outcomes=("y",))  # type: ignore[arg-type]


PANELS: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "none": (lambda _: None, "its frame is a NoneType, not a pandas.DataFrame"),
    "a table": (lambda d: table(d), "its frame is a Table"),
    "without an index": (lambda d: d.reset_index(), "not indexed by unit and month"),
    "an index without names": (lambda d: d.rename_axis([None, None]), "not indexed by unit and month"),
    "no row": (lambda d: d.iloc[:0], "has no row"),
    "text": (lambda d: _months(d, lambda m: m.strftime("%Y-%m")), "its months are (str|object), not dates"),
    "periods": (lambda d: _months(d, lambda m: m.to_period("M")), "its months are period"),
    "UTC": (lambda d: _months(d, lambda m: m.tz_localize("UTC")), "its months are .*UTC.*without a zone"),
    "years": (lambda d: _months(d, lambda m: pd.Index(2000 + m.month)), "its months are int"),
    "days": (
        lambda d: _months(d, lambda m: pd.Timestamp("2015-01-01") + pd.to_timedelta(m.month - 1, unit="D")),
        "4 of its months are not the first day of one, first 2015-01-02",
    ),
    "quarters": (
        lambda d: _months(d, lambda m: pd.DatetimeIndex([pd.Timestamp(2015, 3 * k - 2, 1) for k in m.month])),
        "2 units x 7 months need 14",
    ),
}


def _months(frame: pd.DataFrame, change: Callable[[pd.DatetimeIndex], Any]) -> pd.DataFrame:
    months = change(pd.DatetimeIndex(frame.index.get_level_values("month")))
    return frame.set_axis(
        pd.MultiIndex.from_arrays([frame.index.get_level_values("unit"), months], names=["unit", "month"])
    )


@pytest.mark.parametrize("case", PANELS)
def test_a_panel_made_by_hand(case: str) -> None:
    change, message = PANELS[case]
    with pytest.raises(PanelError, match=message):
        replace(panel(), frame=change(panel().frame))


def test_roles_of_a_panel_made_by_hand() -> None:
    with pytest.raises(PanelError, match=r"write \('drugs',\)"):
        Panel(panel().frame, "p", "drugs", ("events",), ("x",), False)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [np.arange(6), [1] * 6, 3.0, panel().frame[["x"]]])
def test_columns_without_keys(values: Any) -> None:
    with pytest.raises(PanelError, match="does not say which unit and month each is of"):
        panel().with_covariate("z", values)


def test_columns_that_are_no_numbers() -> None:
    built = panel()
    with pytest.raises(PanelError, match="'z' does not hold numbers"):
        built.with_covariate("z", built.frame["country"])
    with pytest.raises(PanelError, match="not whole numbers, first"):
        built.with_outcome("z", built.frame["x"])
    with pytest.raises(PanelError, match=r"a panel keeps \['unit'\] for itself"):
        built.with_covariate("unit", built.frame["x"])


@pytest.mark.parametrize("months", ["1", None, float("nan"), True, 1.5])
def test_lags_in_whole_months(months: Any) -> None:
    with pytest.raises(PanelError, match="name whole months"):
        lag(panel(), "x", months)


def test_derived_columns_of_numbers_only() -> None:
    for name in ("country", "simulated"):
        with pytest.raises(PanelError, match="is no outcome, exposure or covariate"):
            lag(panel(), name)
        with pytest.raises(PanelError, match="is no outcome, exposure or covariate"):
            standardise(panel(), name)
    with pytest.raises(PanelError, match=r"'x' is not positive in 1 row\(s\)"):
        log_rate(panel(), "drugs", "x")
    with pytest.raises(PanelError, match="an offset of nan"):
        log_rate(panel(), "drugs", "events", offset=float("nan"))


def test_windows_of_dates() -> None:
    built = build(
        table(rows()),
        unit="unit",
        outcomes=("drugs",),
        window=(datetime.date(2015, 2, 1), pd.Timestamp("2015-03-31")),  # type: ignore[arg-type]
    )
    assert len(built.months) == 2


def test_units_of_several_types_are_not_saved(tmp_path: Path) -> None:
    built = panel(rows().assign(unit=rows()["unit"].replace({"TJ-KT": 1})))
    with pytest.raises(PanelError, match="Make text of them"):
        save(built, tmp_path / "panel.parquet")


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(DataError, match="a folder"):
        save(panel(), tmp_path / "mine")
    assert (tmp_path / "mine").is_dir()
