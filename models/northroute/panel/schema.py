"""The panel's contract, checked with pandera every time a panel is made."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from northroute.errors import PanelError, SimulatedDataError

if TYPE_CHECKING:
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

OWN: Final = ("unit", "month", "country", "simulated")
"""Names that a panel keeps for itself."""
_YEARS: Final = (1700, 2200)
"""Years between which a panel's months lie."""
_REMEDY = {
    "count": "Counts are whole and not negative; leave a cell empty if it was not observed.",
    "exposure": "Exposure must be a positive number wherever a count was observed; drop or blank the month.",
    "covariate": "Covariates may be missing but not infinite.",
    "country": "Countries are three capital letters of ISO 3166, such as KAZ.",
    "key": "Each unit needs one row for every month of the window.",
}


def schema(outcomes: Sequence[str], exposures: Sequence[str], covariates: Sequence[str]) -> "pa.DataFrameSchema":
    """Return the pandera schema of a panel with these columns.

    The index is (unit, month), unique; outcomes are ``Int64`` >= 0 or missing; exposures > 0 or missing; covariates
    finite or missing.
    """
    import pandera.pandas as pa

    columns: dict[str, pa.Column] = {"country": pa.Column(str, nullable=False)}
    columns |= {o: pa.Column("Int64", pa.Check.ge(0, error="count"), nullable=True) for o in outcomes}
    positive = pa.Check(lambda s: (s > 0) & ~np.isinf(s), error="exposure")
    columns |= {e: pa.Column(float, positive, nullable=True) for e in exposures}
    finite = pa.Check(lambda s: ~np.isinf(s), error="covariate")
    columns |= {c: pa.Column(float, finite, nullable=True) for c in covariates}
    columns["simulated"] = pa.Column(bool, nullable=False)
    index = pa.MultiIndex(
        [pa.Index(None, name="unit"), pa.Index("datetime64", name="month", coerce=True)], unique=["unit", "month"]
    )
    return pa.DataFrameSchema(columns, index=index, strict=True)


def validate(
    frame: pd.DataFrame,
    name: str,
    outcomes: Sequence[str],
    exposures: Sequence[str],
    covariates: Sequence[str],
    *,
    simulated: bool,
) -> None:
    """Check a frame against the panel's contract.

    Raises
    ------
    PanelError
        Naming the panel, the first offending unit and month, the column and the remedy.
    SimulatedDataError
        If the frame's own mark is gone, or it and the panel's flag disagree.
    """
    from pandera.errors import SchemaErrors

    check_roles(f"Panel '{name}'", outcomes, exposures, covariates)
    if not isinstance(frame, pd.DataFrame):
        raise PanelError(
            f"Panel '{name}': its frame is a {type(frame).__name__}, not a pandas.DataFrame. Use northroute.panel.build."
        )
    _index(frame, name)
    roles = [*OWN, *outcomes, *exposures, *covariates]
    clash = sorted({c for c in roles if roles.count(c) > 1})
    if clash:
        raise PanelError(f"Panel '{name}': column(s) {clash} would have two roles. Give each role its own column.")
    if "simulated" not in frame.columns:
        raise SimulatedDataError(f"Panel '{name}': the column 'simulated' is gone. Rebuild the panel from its source.")
    _countries(frame, name)
    try:
        schema(outcomes, exposures, covariates).validate(frame, lazy=True)
    except SchemaErrors as failure:
        raise PanelError(_explain(failure, frame, name)) from failure
    if bool(frame["simulated"].any()) != simulated or frame["simulated"].nunique() > 1:
        raise SimulatedDataError(
            f"Panel '{name}': the column 'simulated' and the panel's flag disagree. Simulated and real rows are never "
            "mixed, and the mark is never changed by hand; rebuild the panel from its source."
        )
    _complete(frame, name)
    observed = frame[list(outcomes)].notna().any(axis=1)
    for exposure in exposures:
        gaps = observed & frame[exposure].isna()
        if gaps.any():
            raise PanelError(
                f"Panel '{name}', {_cell(gaps)}, column '{exposure}': no exposure although a count was observed "
                f"({int(gaps.sum())} such rows). {_REMEDY['exposure']}"
            )


def check_roles(where: str, outcomes: Sequence[str], exposures: Sequence[str], covariates: Sequence[str]) -> None:
    """Check that every role is a sequence of names; ``where`` says of which table or panel.

    Raises
    ------
    PanelError
    """
    for role, names in (("outcomes", outcomes), ("exposures", exposures), ("covariates", covariates)):
        if isinstance(names, str):
            raise PanelError(f"{where}: {role} are a sequence of columns: write ('{names}',), not '{names}'.")
        other = [n for n in names if not isinstance(n, str)]
        if other:
            raise PanelError(
                f"{where}: {role} are named by text, not by {other[0]!r}. Rename the columns (columns=str)."
            )
    taken = sorted({*outcomes, *exposures, *covariates} & set(OWN))
    if taken:
        raise PanelError(f"{where}: a panel keeps {taken} for itself. Give these columns other names.")


def _index(frame: pd.DataFrame, name: str) -> None:
    """Check that rows are indexed by unit and by months as first days."""
    use = "Use northroute.panel.build, which makes them so."
    if list(frame.index.names) != ["unit", "month"]:
        raise PanelError(f"Panel '{name}': its rows are not indexed by unit and month. {use}")
    if frame.empty:
        raise PanelError(f"Panel '{name}' has no row.")
    units, months = (frame.index.get_level_values(level) for level in ("unit", "month"))
    nowhere = np.asarray(units.isna(), dtype=bool)
    if nowhere.any():
        raise PanelError(f"Panel '{name}' has {int(nowhere.sum())} row(s) without a unit. Drop them.")
    if not isinstance(months, pd.DatetimeIndex) or months.tz is not None:
        raise PanelError(
            f"Panel '{name}': its months are {months.dtype}, not dates of first days without a zone. {use}"
        )
    off = np.asarray(months.isna() | (months.day != 1) | (months != months.normalize()), dtype=bool)
    if off.any():
        raise PanelError(
            f"Panel '{name}': {int(off.sum())} of its months are not the first day of one, first {months[off][0]}. {use}"
        )
    far = np.asarray((months.year < _YEARS[0]) | (months.year > _YEARS[1]), dtype=bool)
    if far.any():
        raise PanelError(f"Panel '{name}' has a row of {months[far][0]:%Y-%m}. Mend the date.")


def _countries(frame: pd.DataFrame, name: str) -> None:
    """Check the countries' codes."""
    if "country" not in frame.columns:
        raise PanelError(f"Panel '{name}' has no column 'country'. {_REMEDY['country']}")
    codes = frame["country"]
    wrong = np.array([not isinstance(c, str) or re.fullmatch("[A-Z]{3}", c) is None for c in codes])
    if wrong.any():
        unit, value = codes[wrong].index[0][0], codes[wrong].iloc[0]
        shown = "missing" if pd.isna(value) else repr(value)
        raise PanelError(
            f"Panel '{name}', column 'country': {shown} is no country code ({int(wrong.sum())} such rows, first of unit "
            f"{unit}). {_REMEDY['country']}"
        )


def _complete(frame: pd.DataFrame, name: str) -> None:
    units = frame.index.get_level_values("unit").unique()
    months = pd.DatetimeIndex(frame.index.get_level_values("month").unique())
    expected = pd.date_range(months.min(), months.max(), freq="MS")
    if len(frame) != len(units) * len(expected) or len(months) != len(expected):
        raise PanelError(
            f"Panel '{name}' has {len(frame)} rows; {len(units)} units x {len(expected)} months need "
            f"{len(units) * len(expected)}. {_REMEDY['key']} Use northroute.panel.build, which completes the keys."
        )
    ordered = pd.MultiIndex.from_product([units, expected])
    if not (frame.index == ordered).all():
        raise PanelError(
            f"Panel '{name}': the rows are not in order, units one after the other and each unit's months in time; lags "
            "would be wrong. Use northroute.panel.build, which orders them."
        )


def _cell(mask: "pd.Series[bool]") -> str:
    unit, month = mask[mask].index.to_frame(index=False).iloc[0]
    return f"{unit} {month:%Y-%m}"


def _explain(failure: "SchemaErrors", frame: pd.DataFrame, name: str) -> str:
    cases = failure.failure_cases
    first = cases.iloc[0]
    column, check, value = first["column"], str(first["check"]), first["failure_case"]
    if check in _REMEDY:
        place = f"Panel '{name}', {_cell(frame[column] == value)}, column '{column}'"
        return f"{place}: value {value} is not allowed ({len(cases)} such cells). {_REMEDY[check]}"
    if "unique" in check:
        return f"Panel '{name}': a unit-month occurs more than once. {_REMEDY['key']}"
    return (
        f"Panel '{name}', column '{column}': {check} failed with {value!r}. Build panels with northroute.panel.build."
    )
