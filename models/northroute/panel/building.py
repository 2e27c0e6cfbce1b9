"""From a table with one row a unit and month to a complete panel."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from northroute.errors import PanelError, SimulatedDataError
from northroute.panel.panel import Panel
from northroute.panel.periods import plain
from northroute.panel.schema import check_roles
from northroute.panel.values import counts, floats
from northroute.panel.windows import month_starts, window_of
from northroute.sources.table import Table


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
    units: Mapping[Any, str] | None = None,
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
    units : mapping, optional
        All units and the country of each, in the panel's order. Units without a row, such as regions without an incident,
        are in the panel only if they are named here; rows of other units are refused.

    Raises
    ------
    PanelError
        For duplicate keys, negative or fractional counts, exposure that is absent or not positive where a count was
        observed, a month that is not the first of one, days, weeks, quarters or years, a unit in two countries or not among
        ``units``, or a window without a row.
    SimulatedDataError
        If the rows' own mark and the table's flag disagree.
    """
    where = _checked(table, unit, country, missing)
    check_roles(where, outcomes, exposures, covariates)
    kept_by_role = [*outcomes, *exposures, *covariates]
    twice = sorted({c for c in (unit, country, *kept_by_role) if [unit, *kept_by_role].count(c) > 1 or c == "month"})
    if twice or country in kept_by_role:
        raise PanelError(f"{where}: {twice or [country]} would have two roles. Give each role its own column.")
    rows = _rows(table, unit, country, kept_by_role, where)
    home = _homes(rows, units, where)
    begins, ends = window_of(window, where) if window else (rows["month"].min(), rows["month"].max())
    if not rows["month"].between(begins, ends).any():
        raise PanelError(
            f"{where} has no row from {begins:%Y-%m} to {ends:%Y-%m}; its rows are of {rows['month'].min():%Y-%m} to "
            f"{rows['month'].max():%Y-%m}. Name a window within."
        )
    months = pd.date_range(begins, ends, freq="MS", name="month")
    index = pd.MultiIndex.from_product([home.index, months], names=["unit", "month"])
    kept = rows.set_index(["unit", "month"])[kept_by_role]
    whole = {o: counts(kept[o], o, where) for o in outcomes}
    parts = whole | {c: floats(kept[c], c, where) for c in (*exposures, *covariates)}
    frame = pd.DataFrame(parts, index=kept.index).reindex(index)
    if missing == "zero":
        frame.loc[~index.isin(kept.index), list(outcomes)] = 0
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


def _checked(table: Table, unit: str, country: str, missing: str) -> str:
    """Refuse what is no table or no way of missing; return what messages call the table."""
    if not isinstance(table, Table):
        raise PanelError(
            f"build takes a Table, which says whether its rows are simulated, not a {type(table).__name__}. Wrap the rows: "
            "northroute.sources.Table(name, frame, ('unit', 'month'), simulated, {})."
        )
    where = f"Table '{table.name}'"
    if not isinstance(table.frame, pd.DataFrame):
        raise PanelError(f"{where}: its frame is a {type(table.frame).__name__}, not a pandas.DataFrame.")
    if missing not in ("unobserved", "zero"):
        raise PanelError(f"{where}: missing is 'unobserved' or 'zero', not {missing!r}.")
    return where


def _rows(table: Table, unit: str, country: str, used: Sequence[str], where: str) -> pd.DataFrame:
    """Return the rows with columns unit, country, month and those used, each unit-month once."""
    frame = table.frame
    absent = [c for c in dict.fromkeys((unit, country, "month", *used)) if c not in frame.columns]
    if absent:
        raise PanelError(f"{where} has no column {', '.join(map(repr, absent))}; it has {list(frame.columns)}.")
    twice = [c for c in dict.fromkeys((unit, country, "month", *used)) if int((frame.columns == c).sum()) > 1]
    if twice:
        raise PanelError(f"{where} has several columns called {twice}. Rename them.")
    if frame.empty:
        raise PanelError(f"{where} has no row, so there is no panel.")
    if "simulated" in frame.columns and not (frame["simulated"] == table.simulated).fillna(value=False).all():
        raise SimulatedDataError(
            f"{where}: the column 'simulated' and the table's flag disagree. The mark is never changed by hand; read or "
            "simulate the table again."
        )
    # the unit and the country are the columns named here, whatever else the table calls so
    frame = frame.reset_index(drop=True)
    rows = frame[list(used)].assign(unit=plain(frame[unit]), country=plain(frame[country]), month=frame["month"])
    if rows["unit"].isna().any():
        raise PanelError(f"{where} has {int(rows['unit'].isna().sum())} row(s) without a unit. Drop them.")
    rows = rows.assign(month=month_starts(rows, where))
    duplicated = rows.duplicated(["unit", "month"])
    if duplicated.any():
        first = rows.loc[duplicated.to_numpy(), ["unit", "month"]].iloc[0]
        raise PanelError(
            f"{where} has {int(duplicated.sum())} repeated unit-month(s), first {first['unit']} {first['month']:%Y-%m}. "
            "Aggregate or drop the repeats before building the panel."
        )
    return rows


def _homes(rows: pd.DataFrame, units: Mapping[Any, str] | None, where: str) -> "pd.Series[Any]":
    """Return the country of each unit, in the panel's order."""
    grouped = rows.groupby("unit", sort=False)["country"]
    several = grouped.nunique()
    if (several > 1).any():
        raise PanelError(f"{where}: unit '{several.idxmax()}' is in {several.max()} countries. A unit has one.")
    home = grouped.first()
    bare = home.index.map(lambda u: u.strip() if isinstance(u, str) else u)
    if bare.has_duplicates:
        alike = [u for u, b in zip(home.index, bare, strict=True) if (bare == b).sum() > 1]
        raise PanelError(f"{where}: units {alike[:2]} differ by blanks only. Strip them.")
    if units is None:
        return home
    others = [u for u in home.index if u not in units]
    if others:
        raise PanelError(f"{where} has rows of {others[:8]}, which are not among the {len(units)} units named.")
    moved = [u for u in home.index if isinstance(home[u], str) and home[u] != units[u]]
    if moved:
        here, there = home[moved[0]], units[moved[0]]
        raise PanelError(f"{where}: unit '{moved[0]}' is in {here} by its rows, and in {there} by units. Mend one.")
    return pd.Series(dict(units), dtype=object)
