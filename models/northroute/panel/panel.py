"""The Panel: counts by unit and month, with explicit zeros and explicit unobserved cells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import xarray as xr

from northroute.errors import PanelError
from northroute.panel.schema import validate
from northroute.panel.values import counts, floats
from northroute.panel.windows import window_of
from northroute.provenance import frame_hash

Reader = Callable[["pd.Series[Any]", str, str], "pd.Series[Any]"]


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
            If the values are no numbers by unit and month, none of their keys is in the panel, or the name is one of the
            panel's own, such as ``unit``.
        """
        frame = self._beside(name, values, floats)
        covariates = (*(c for c in self.covariates if c != name), name)
        scalings = {k: v for k, v in self.scalings.items() if k != name} | ({name: scaling} if scaling else {})
        return replace(self, frame=frame, covariates=covariates, scalings=scalings)

    def _beside(self, name: str, values: "pd.Series[Any]", read: Reader) -> pd.DataFrame:
        """Return the frame with one more column, read as counts or floats and aligned."""
        if not isinstance(values, pd.Series):
            raise PanelError(
                f"Panel '{self.name}': values of '{name}' are a {type(values).__name__}, which does not say which unit and "
                "month each is of. Give a pandas.Series indexed by (unit, month)."
            )
        keys = values.index
        if keys.nlevels != 2 or keys.has_duplicates or not self.frame.index.isin(keys).any():
            raise PanelError(
                f"Panel '{self.name}': values of '{name}' are not by the panel's units and months, each once. Index them by "
                "(unit, month), months as first days."
            )
        frame = self.frame.copy()
        frame[name] = read(values.reindex(frame.index), name, f"Panel '{self.name}'")
        return frame

    def with_outcome(self, name: str, values: "pd.Series[Any]") -> "Panel":
        """Return a panel with one more outcome, aligned on (unit, month); missing stays unobserved.

        Raises
        ------
        PanelError
            As :meth:`with_covariate`.
        """
        frame = self._beside(name, values, counts)
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
            first, last = window_of(months, f"Panel '{self.name}'")
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
