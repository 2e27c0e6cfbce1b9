"""The Panel: counts by unit and month, with explicit zeros and explicit unobserved cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from northroute.errors import PanelError, SimulatedDataError
from northroute.panel.periods import MONTH, bounds, stamps_of
from northroute.panel.periods import read as read_periods
from northroute.panel.schema import validate
from northroute.provenance import frame_hash
from northroute.sources.table import Table

_REGULAR = 4
"""Different dates from which on equal distances of three or twelve months say quarters or years."""


@dataclass(frozen=True)
class Scaling:
    """How a covariate was standardised: ``z = (x - mean) / sd``; kept so that it can be undone."""

    column: str
    mean: float
    sd: float


@dataclass(frozen=True)
class Panel:
    """Unit x month counts with exposure and covariates.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by (unit, month), complete: units in order of first appearance, each with its months in order; month is
        the first day of the month. Columns: ``country``
        (ISO 3166 alpha-3), outcomes as nullable ``Int64`` (``<NA>`` = unobserved, 0 = a true zero), exposures as
        positive floats, covariates as floats, and ``simulated``, one value throughout.
    name : str
        What the panel is, for tables and pages.
    outcomes, exposures, covariates : tuple of str
        Roles of the columns.
    simulated : bool
        True if the values were simulated; carried in the frame too, so that no export loses it.
    scalings : mapping of str to Scaling
        Standardised covariates and how to undo them.
    inputs : mapping of str to str
        SHA-256 of the files behind the panel.
    """

    frame: pd.DataFrame
    name: str
    outcomes: tuple[str, ...]
    exposures: tuple[str, ...]
    covariates: tuple[str, ...]
    simulated: bool
    scalings: Mapping[str, Scaling] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        validate(self.frame, self.name, self.outcomes, self.exposures, self.covariates, simulated=self.simulated)

    @property
    def units(self) -> pd.Index:
        """Units in order, one entry each."""
        return self.frame.index.get_level_values("unit").unique()

    @property
    def months(self) -> pd.DatetimeIndex:
        """Months in order, one entry each."""
        return pd.DatetimeIndex(self.frame.index.get_level_values("month").unique())

    @property
    def unit_country(self) -> "pd.Series[Any]":
        """Country of each unit, in unit order."""
        return self.frame["country"].groupby(level="unit", sort=False).first()

    @property
    def countries(self) -> tuple[str, ...]:
        """Countries in order of first appearance."""
        return tuple(self.unit_country.unique())

    @property
    def data_hash(self) -> str:
        """SHA-256 of every cell of the frame."""
        return frame_hash(self.frame)

    def observed(self, outcome: str) -> "pd.Series[bool]":
        """Boolean mask over (unit, month): True where the outcome was observed (a zero is observed)."""
        self.require(outcome)
        return self.frame[outcome].notna()

    def require(self, *columns: str) -> None:
        """Raise :class:`PanelError` unless every column is in the panel."""
        missing = [c for c in columns if c not in self.frame.columns]
        if missing:
            have = ", ".join((*self.outcomes, *self.exposures, *self.covariates))
            raise PanelError(f"Panel '{self.name}' has no column {', '.join(map(repr, missing))}. It has: {have}.")

    def with_covariate(self, name: str, values: "pd.Series[Any]", scaling: Scaling | None = None) -> "Panel":
        """Return a panel with one more covariate, aligned on (unit, month).

        Raises
        ------
        PanelError
            If the values are not by unit and month, or none of their keys is in the panel.
        """
        frame = self.frame.assign(**{name: self._aligned(name, values).astype(float)})
        covariates = (*(c for c in self.covariates if c != name), name)
        scalings = {k: v for k, v in self.scalings.items() if k != name} | ({name: scaling} if scaling else {})
        return replace(self, frame=frame, covariates=covariates, scalings=scalings)

    def _aligned(self, name: str, values: "pd.Series[Any]") -> "pd.Series[Any]":
        keys = values.index
        if keys.nlevels != 2 or keys.has_duplicates or not self.frame.index.isin(keys).any():
            raise PanelError(
                f"Panel '{self.name}': values of '{name}' are not by the panel's units and months, each once. Index them by "
                "(unit, month), months as first days."
            )
        return values.reindex(self.frame.index)

    def with_outcome(self, name: str, values: "pd.Series[Any]") -> "Panel":
        """Return a panel with one more outcome, aligned on (unit, month); missing stays unobserved.

        Raises
        ------
        PanelError
            As :meth:`with_covariate`.
        """
        frame = self.frame.assign(**{name: self._aligned(name, values).astype("Int64")})
        return replace(self, frame=frame, outcomes=(*(o for o in self.outcomes if o != name), name))

    def select(self, *, countries: Sequence[str] | None = None, months: tuple[str, str] | None = None) -> "Panel":
        """Return the panel restricted to countries and to a closed window of months (``"2015-01"``).

        Years and quarters are whole: ``("2015", "2015")`` is the year 2015, ``("2015Q3", "2016")`` ends in December 2016.

        Raises
        ------
        PanelError
            For a country that is not there, a window that cannot be read or ends before it begins, or no row left.
        """
        frame = self.frame
        if countries is not None:
            countries = (countries,) if isinstance(countries, str) else tuple(countries)
            unknown = set(countries) - set(self.countries)
            if unknown:
                raise PanelError(
                    f"Panel '{self.name}' has no country {sorted(unknown)}; it has {list(self.countries)}."
                )
            frame = frame[frame["country"].isin(list(countries))]
        if months is not None:
            stamps = frame.index.get_level_values("month")
            first, last = _window(months, f"Panel '{self.name}'")
            frame = frame[(stamps >= first) & (stamps <= last)]
        if frame.empty:
            raise PanelError(f"Panel '{self.name}' has no row left after the selection {countries}, {months}.")
        return replace(self, frame=frame)

    def to_xarray(self) -> xr.Dataset:
        """Return the panel as a dataset with dimensions (unit, month); unobserved counts become NaN."""
        numeric = self.frame[[*self.outcomes, *self.exposures, *self.covariates]].astype(float)
        dataset = numeric.to_xarray().sel(unit=self.units.to_numpy())
        dataset = dataset.assign_coords(country=("unit", self.unit_country.to_numpy()))
        return dataset.assign_attrs(name=self.name, simulated=int(self.simulated))


def build(
    table: Table,
    *,
    unit: str,
    outcomes: Sequence[str],
    exposures: Sequence[str] = (),
    covariates: Sequence[str] = (),
    country: str = "country",
    window: tuple[str, str] | None = None,
    missing: Literal["unobserved", "zero"] = "unobserved",
    name: str | None = None,
) -> Panel:
    """Build a complete panel from a source's table with one row per unit and month.

    Parameters
    ----------
    table : Table
        Rows with the columns ``unit``, ``country``, ``month`` and those named below. Months are dates of their first day,
        monthly periods, text such as ``2015-01``, or numbers such as ``201501``; other periods are refused.
    unit : str
        Column that identifies the unit (for country panels, the country itself).
    outcomes, exposures, covariates : sequence of str
        Columns to keep, by role.
    country : str
        Column with the unit's country.
    window : (str, str), optional
        First and last month, such as ``("2015-01", "2022-12")`` or ``("2015", "2022")``; by default the table's own range.
    missing : {"unobserved", "zero"}
        What a unit-month without a row means. ``zero`` is right only for event lists known to be complete; it fills
        counts, never exposures or covariates.

    Raises
    ------
    PanelError
        For duplicate keys, negative or fractional counts, exposure that is absent or not positive where a count was
        observed, a month that is not the first of one, days, weeks, quarters or years, or a unit in two countries.
    SimulatedDataError
        If the rows' own mark and the table's flag disagree.
    """
    if not isinstance(table, Table):
        raise PanelError(
            f"build takes a Table, which says whether its rows are simulated, not a {type(table).__name__}. Wrap the rows: "
            "northroute.sources.Table(name, frame, ('unit', 'month'), simulated, {})."
        )
    for role, names in (("outcomes", outcomes), ("exposures", exposures), ("covariates", covariates)):
        if isinstance(names, str):
            raise PanelError(
                f"Table '{table.name}': {role} are a sequence of columns: write ('{names}',), not '{names}'."
            )
    if missing not in ("unobserved", "zero"):
        raise PanelError(f"Table '{table.name}': missing is 'unobserved' or 'zero', not {missing!r}.")
    # the unit and the country are the columns named here, whatever else the table calls so
    own = table.frame.drop(columns=[c for c, n in (("unit", unit), ("country", country)) if n != c], errors="ignore")
    both = unit == country and unit in own.columns
    rows = own.assign(unit=own[unit]) if both else own.rename(columns={unit: "unit"})
    absent = [c for c in ("unit", country, "month", *outcomes, *exposures, *covariates) if c not in rows.columns]
    if absent:
        raise PanelError(
            f"Table '{table.name}' has no column {', '.join(map(repr, absent))}; it has {list(rows.columns)}."
        )
    rows = rows.rename(columns={country: "country"})
    if "simulated" in rows.columns and not (rows["simulated"] == table.simulated).all():
        raise SimulatedDataError(
            f"Table '{table.name}': the column 'simulated' and the table's flag disagree. The mark is never changed by "
            "hand; read or simulate the table again."
        )
    used = ["unit", "country", "month", *outcomes, *exposures, *covariates]
    twice = sorted({c for c in used if int((rows.columns == c).sum()) > 1})
    if twice:
        raise PanelError(f"Table '{table.name}' has several columns called {twice}. Rename them.")
    if rows.empty:
        raise PanelError(f"Table '{table.name}' has no row, so there is no panel.")
    if rows["unit"].isna().any():
        raise PanelError(f"Table '{table.name}' has {int(rows['unit'].isna().sum())} row(s) without a unit. Drop them.")
    rows = rows.assign(month=_month_starts(rows, table.name))
    for key in ("unit", "country"):
        if isinstance(rows[key].dtype, pd.CategoricalDtype):
            rows = rows.assign(**{key: rows[key].astype(rows[key].cat.categories.dtype)})
    duplicated = rows.duplicated(["unit", "month"])
    if duplicated.any():
        first = rows.loc[duplicated, ["unit", "month"]].iloc[0]
        raise PanelError(
            f"Table '{table.name}' has {int(duplicated.sum())} repeated unit-month(s), first {first['unit']} "
            f"{first['month']:%Y-%m}. Aggregate or drop the repeats before building the panel."
        )
    where = rows.groupby("unit", sort=False)["country"].nunique()
    if (where > 1).any():
        raise PanelError(
            f"Table '{table.name}': unit '{where.idxmax()}' is in {where.max()} countries. A unit has one."
        )
    begins, ends = _window(window, f"Table '{table.name}'") if window else (rows["month"].min(), rows["month"].max())
    months = pd.date_range(begins, ends, freq="MS", name="month")
    home = rows.drop_duplicates("unit").set_index("unit")["country"]
    index = pd.MultiIndex.from_product([home.index, months], names=["unit", "month"])
    kept = rows.set_index(["unit", "month"])[[*outcomes, *exposures, *covariates]]
    frame = kept.astype({o: _counts(kept[o], o, table.name) for o in outcomes}).reindex(index)
    if missing == "zero":
        frame.loc[~index.isin(kept.index), list(outcomes)] = 0
    frame = frame.assign(**{c: _floats(frame[c], c, table.name) for c in (*exposures, *covariates)})
    frame.insert(0, "country", home.reindex(index.get_level_values("unit")).to_numpy())
    frame["simulated"] = table.simulated
    return Panel(
        frame=frame,
        name=name or table.name,
        outcomes=tuple(outcomes),
        exposures=tuple(exposures),
        covariates=tuple(covariates),
        simulated=table.simulated,
        inputs=dict(table.files),
    )


def _floats(column: "pd.Series[Any]", name: str, table: str) -> "pd.Series[Any]":
    """Return a covariate or exposure as floats; missing stays missing."""
    if (
        not pd.api.types.is_numeric_dtype(column)
        and not isinstance(column.dtype, pd.StringDtype)
        and column.dtype != object
    ):
        raise PanelError(
            f"Table '{table}', column '{name}' does not hold numbers ({column.dtype}). Make numbers of it."
        )
    try:
        values = column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as failure:
        raise PanelError(f"Table '{table}', column '{name}' does not hold numbers ({failure}). Mend it.") from failure
    return pd.Series(values, index=column.index)


def _window(window: tuple[Any, Any], what: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last month of a window of months, quarters or years."""
    if isinstance(window, str) or len(window) != 2:
        raise PanelError(
            f"{what}: a window has two ends, such as ('2015-01', '2015-12') or ('2015', '2015'), not {window!r}."
        )
    try:
        first, last = bounds(window[0])[0], bounds(window[1])[1]
    except ValueError as failure:
        raise PanelError(
            f"{what}: cannot read the window {window} ({failure}). Write ('2015-01', '2015-12')."
        ) from failure
    if first > last:
        raise PanelError(f"{what}: the window {window} ends before it begins.")
    return first, last


def _month_starts(rows: pd.DataFrame, name: str) -> pd.DatetimeIndex:
    """Return the first day of each row's month, or say which row has none."""
    column = rows["month"]
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.tz_localize(None)
        off = column.isna() | (column != column.dt.to_period("M").dt.start_time)
    else:
        off = column.isna()
    if off.any():
        first = rows.loc[off.to_numpy(), ["unit", "month"]].iloc[0]
        raise PanelError(
            f"Table '{name}' has {int(off.sum())} month(s) that are not the first day of one, first {first['unit']} "
            f"{first['month']}. Write every month as its first day."
        )
    try:
        read = read_periods(column, "month")
    except ValueError as failure:
        raise PanelError(f"Table '{name}': {failure}") from failure
    # dates of first days may be months with gaps; four of them three or twelve months apart are no months
    few = column.nunique() < _REGULAR and pd.api.types.is_datetime64_any_dtype(column)
    if read.unit != MONTH and not few:
        raise PanelError(
            f"Table '{name}': 'month' holds {read.unit}s, and a panel is by month. Aggregate days and weeks to months; keep "
            f"quarters and years in a table for northroute.frequentist. (Months with gaps: write them as text, 2015-01.)"
        )
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.DatetimeIndex(column)
    return stamps_of(read.numbers)


def _counts(column: "pd.Series[Any]", outcome: str, name: str) -> pd.Int64Dtype:
    try:
        values = column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as failure:
        raise PanelError(f"Table '{name}', column '{outcome}' does not hold numbers ({failure}). Mend it.") from failure
    fractional = ~np.isnan(values) & ~(np.isfinite(values) & (values == np.round(values)))
    if fractional.any():
        raise PanelError(
            f"Table '{name}', column '{outcome}': {int(fractional.sum())} value(s) are not whole numbers, first "
            f"{values[fractional][0]:g}. Counts are whole; use the provider's raw counts, not its rates."
        )
    return pd.Int64Dtype()
