"""The Panel: counts by unit and month, with explicit zeros and explicit unobserved cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from northroute.errors import PanelError, SimulatedDataError
from northroute.panel.schema import validate
from northroute.provenance import frame_hash
from northroute.sources.table import Table


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
        """Return a panel with one more covariate, aligned on (unit, month)."""
        frame = self.frame.assign(**{name: values.reindex(self.frame.index).astype(float)})
        covariates = (*(c for c in self.covariates if c != name), name)
        scalings = {k: v for k, v in self.scalings.items() if k != name} | ({name: scaling} if scaling else {})
        return replace(self, frame=frame, covariates=covariates, scalings=scalings)

    def with_outcome(self, name: str, values: "pd.Series[Any]") -> "Panel":
        """Return a panel with one more outcome, aligned on (unit, month); missing stays unobserved."""
        frame = self.frame.assign(**{name: values.reindex(self.frame.index).astype("Int64")})
        return replace(self, frame=frame, outcomes=(*(o for o in self.outcomes if o != name), name))

    def select(self, *, countries: Sequence[str] | None = None, months: tuple[str, str] | None = None) -> "Panel":
        """Return the panel restricted to countries and to a closed window of months (``"2015-01"``)."""
        frame = self.frame
        if countries is not None:
            unknown = set(countries) - set(self.countries)
            if unknown:
                raise PanelError(
                    f"Panel '{self.name}' has no country {sorted(unknown)}; it has {list(self.countries)}."
                )
            frame = frame[frame["country"].isin(list(countries))]
        if months is not None:
            stamps = frame.index.get_level_values("month")
            frame = frame[(stamps >= pd.Timestamp(months[0])) & (stamps <= pd.Timestamp(months[1]))]
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
        Rows with the columns ``unit``, ``country``, ``month`` and those named below.
    unit : str
        Column that identifies the unit (for country panels, the country itself).
    outcomes, exposures, covariates : sequence of str
        Columns to keep, by role.
    country : str
        Column with the unit's country.
    window : (str, str), optional
        First and last month, such as ``("2015-01", "2022-12")``; by default the table's own range.
    missing : {"unobserved", "zero"}
        What a unit-month without a row means. ``zero`` is right only for event lists known to be complete.

    Raises
    ------
    PanelError
        For duplicate keys, negative or fractional counts, exposure that is absent or not positive where a count was
        observed, a month that is not the first of one, or a unit in two countries.
    SimulatedDataError
        If the rows' own mark and the table's flag disagree.
    """
    rows = table.frame.rename(columns={unit: "unit"}) if unit != country else table.frame.assign(unit=table.frame[unit])
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
    off = rows["month"].isna() | (rows["month"] != rows["month"].dt.to_period("M").dt.start_time)
    if off.any():
        first = rows.loc[off, ["unit", "month"]].iloc[0]
        raise PanelError(
            f"Table '{table.name}' has {int(off.sum())} month(s) that are not the first day of one, first {first['unit']} "
            f"{first['month']}. Write every month as its first day."
        )
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
    first_month, last_month = window or (rows["month"].min(), rows["month"].max())
    months = pd.date_range(pd.Timestamp(first_month), pd.Timestamp(last_month), freq="MS", name="month")
    home = rows.drop_duplicates("unit").set_index("unit")["country"]
    index = pd.MultiIndex.from_product([home.index, months], names=["unit", "month"])
    kept = rows.set_index(["unit", "month"])[[*outcomes, *exposures, *covariates]]
    frame = kept.reindex(index, fill_value=0 if missing == "zero" else None)
    frame = frame.astype({o: _counts(frame[o], o, table.name) for o in outcomes})
    frame = frame.astype(dict.fromkeys((*exposures, *covariates), float))
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


def _counts(column: "pd.Series[Any]", outcome: str, name: str) -> pd.Int64Dtype:
    values = column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    fractional = ~np.isnan(values) & ~(np.isfinite(values) & (values == np.round(values)))
    if fractional.any():
        raise PanelError(
            f"Table '{name}', column '{outcome}': {int(fractional.sum())} value(s) are not whole numbers, first "
            f"{values[fractional][0]:g}. Counts are whole; use the provider's raw counts, not its rates."
        )
    return pd.Int64Dtype()
