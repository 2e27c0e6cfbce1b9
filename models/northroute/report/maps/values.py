"""The numbers of a map, checked, and what they show in words."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import BayesFit
from northroute.conventions import COUNTRIES, INTERVAL_PROB, SIMULATED_MARK, interval_label
from northroute.errors import DataError
from northroute.report import formats
from northroute.report.maps import sheet as sheets
from northroute.sources import regions

COLUMNS: Final = ("median", "low", "high")
HUBS: Final = ("hub_tajik_afghan", "hub_ferghana", "hub_caspian")
RAIL: Final = "rail_dushanbe_astrakhan"
"""Columns of the regions' table that mark the brief's hubs and its rail corridor."""

_TABLE = "a map's values"


def places(shown: Sequence[str], countries: Sequence[str]) -> pd.DataFrame:
    """Return the regions of a map: those of its countries, as the values divide them.

    A region that the constant division merges into another (Shymkent into Turkestan) is on the map only if the values name
    it: without it, the other's value is for both.

    Parameters
    ----------
    shown : sequence of str
        Regions that the values name.
    countries : sequence of str
        ISO 3166 alpha-3 codes.

    Raises
    ------
    DataError
        For a region twice, an unknown one, or one of another country; for an unknown, repeated or missing country.
    """
    sheets.check_countries(countries)
    frame = regions.load("first-level").frame
    mine = frame[frame["iso3"].isin(list(countries))]
    known = set(mine["region"])
    for region in shown:
        if region not in known:
            remedy = "Use the codes of data/reference/regions.csv, and name the region's country."
            problem = f"'{region}' is not a region of {', '.join(countries)}"
            raise DataError(problem, file=_TABLE, row=str(region), remedy=remedy)
    twice = pd.Index(shown).duplicated()
    if twice.any():
        remedy = "Give one row a region."
        raise DataError("a region has two rows", file=_TABLE, row=str(list(shown)[int(twice.argmax())]), remedy=remedy)
    merged = (mine["panel_region"] != mine["region"]) & ~mine["region"].isin(list(shown))
    return mine[~merged].reset_index(drop=True)


def flagged(regions_frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the regions of the brief's hubs (C07), and those of its rail corridor (C08).

    Parameters
    ----------
    regions_frame : DataFrame
        ``sources.regions.load(...).frame``, of either division.

    Raises
    ------
    DataError
        For a table without regions or without their flags.
    """
    if regions_frame.empty or not {*HUBS, RAIL} <= set(regions_frame):
        remedy = "Give the frame of sources.regions.load()."
        raise DataError("no regions with their flags", file="the regions of a map", remedy=remedy)
    hub, rail = regions_frame[list(HUBS)].to_numpy(bool).any(axis=1), regions_frame[RAIL].to_numpy(bool)
    return [str(r) for r in regions_frame["region"][hub]], [str(r) for r in regions_frame["region"][rail]]


def regions_text(regions_frame: pd.DataFrame) -> str:
    """Return what :func:`northroute.report.maps.regions_map` shows, in words.

    Raises
    ------
    DataError
        For a table without regions or without their flags.
    """
    hubs, rail = flagged(regions_frame)
    name = dict(zip(regions_frame["region"], regions_frame["name"], strict=True))
    where, hubs_in, rail_in = (
        formats.listed(v) for v in ([*COUNTRIES.values()], [name[r] for r in hubs], [name[r] for r in rail])
    )
    return (
        f"Map of the {len(name)} regions of {where}. Outlined, hubs of C07: {hubs_in}. Hatched, the rail corridor of C08: "
        f"{rail_in}."
    )


def posterior(fit: BayesFit, outcome: str) -> pd.DataFrame:
    """Return the posterior rate of an outcome by region: ``median``, ``low`` and ``high``, as a map of rates takes them.

    Parameters
    ----------
    fit : BayesFit
        Of region-months, by :func:`northroute.bayes.fit_counts`; rates have its exposure's unit.
    outcome : str

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    """
    level = fit.parameter("unit_level").sel(outcome=outcome).transpose("chain", "draw", "unit")
    tails = [(1 - INTERVAL_PROB) / 2, 0.5, (1 + INTERVAL_PROB) / 2]
    low, median, high = np.quantile(np.exp(level.to_numpy()), tails, axis=(0, 1))
    units = pd.Index([str(u) for u in level["unit"].to_numpy()], name="region")
    return pd.DataFrame(dict(zip(COLUMNS, (median, low, high), strict=True)), index=units)


def checked(values: pd.DataFrame, *, log: bool) -> pd.DataFrame:
    """Return the rows that have data, as floats.

    Parameters
    ----------
    values : DataFrame
        Indexed by region: ``median``, ``low`` and ``high`` of the posterior; all three empty where there are no data.
    log : bool
        Whether the colours are logarithmic.

    Raises
    ------
    DataError
        For a missing column, a row that is empty in part, not finite or out of order, no row with data, or a value that is
        not above zero on a logarithmic scale.
    """
    missing = [c for c in COLUMNS if c not in values.columns]
    if missing:
        remedy = f"Give the columns {', '.join(COLUMNS)}."
        raise DataError("a column is missing", file=_TABLE, column=missing[0], remedy=remedy)
    table = values[list(COLUMNS)].astype(float)
    filled = table.dropna()
    _refuse(
        table[table.isna().any(axis=1) & ~table.isna().all(axis=1)], "empty in part", "Give all three numbers or none."
    )
    _refuse(filled[~np.isfinite(filled.to_numpy()).all(axis=1)], "not finite", "Give finite numbers, or none at all.")
    order = (filled["low"] <= filled["median"]) & (filled["median"] <= filled["high"])
    _refuse(
        filled[~order], "not in the order low, median, high", "Give the interval's bounds and the median inside it."
    )
    if log:
        remedy = "Draw it with log=False, or give the posterior of a rate, which is above zero."
        _refuse(filled[filled["low"] <= 0], "not above zero, and the scale is logarithmic", remedy)
    if filled.empty:
        raise DataError("no region has data", file=_TABLE, remedy="Draw no map of it.")
    return filled


def counted(counts: "pd.Series[float]") -> "pd.Series[float]":
    """Return the counts that are there, as whole floats.

    Raises
    ------
    DataError
        For a negative, fractional or infinite count, or if no region has one.
    """
    filled = counts.astype(float).dropna()
    bad = filled[(filled < 0) | ~np.isfinite(filled) | (filled != np.floor(filled))]
    _refuse(bad.to_frame(), "not a count", "Give whole numbers from 0; leave it empty where nothing was observed.")
    if filled.empty:
        raise DataError("no region has a count", file=_TABLE, remedy="Draw no map of it.")
    return filled


def uncertainty(values: pd.DataFrame, *, log: bool) -> "pd.Series[float]":
    """Return how wide each interval is: its upper bound over its lower, or less its lower if not logarithmic."""
    return values["high"] / values["low"] if log else values["high"] - values["low"]


def width_label(*, log: bool) -> str:
    """Return what :func:`uncertainty` is, in words."""
    return f"upper bound of the {interval_label()} " + ("over the lower" if log else "less the lower")


def alt_text(
    values: pd.DataFrame,
    *,
    title: str,
    label: str,
    countries: Sequence[str],
    simulated: bool,
    log: bool = True,
    counts: "pd.Series[float] | None" = None,
) -> str:
    """Return what a map shows in words, for readers who do not see it: its extremes with their intervals, and its gaps.

    Parameters
    ----------
    values : DataFrame
        As for :func:`northroute.report.maps.rate_map`.
    title, label : str
        The map's title and the colour's unit.
    countries : sequence of str
        ISO 3166 alpha-3 codes of the map's countries.
    simulated : bool
        Whether the values are simulated.
    log : bool
        Whether the uncertainty is a ratio.
    counts : Series, optional
        As for :func:`northroute.report.maps.rate_map`.

    Raises
    ------
    DataError
        As the map's own function does.
    """
    shown = [*values.index, *([] if counts is None else counts.index.difference(values.index))]
    where = places([str(r) for r in shown], countries)
    name = dict(zip(where["region"], where["name"], strict=True))
    rows = checked(values, log=log)
    order = rows.sort_values("median", kind="stable", ascending=False)
    said = [
        f"{SIMULATED_MARK} data. " if simulated else "",
        f"Map of {formats.listed([COUNTRIES[c] for c in countries])}: {title}. ",
    ]
    said.append(f"Colour is the posterior median of {label}, with {interval_label()} in brackets here. ")
    if len(order) > 6:
        said.append(f"Highest: {formats.listed([_said(name, order, r) for r in order.index[:3]])}. ")
        said.append(f"Lowest: {formats.listed([_said(name, order, r) for r in order.index[:-4:-1]])}. ")
    else:
        said.append(f"From high to low: {formats.listed([_said(name, order, r) for r in order.index])}. ")
    if counts is None:
        wide = uncertainty(rows, log=log).sort_values(kind="stable")
        said.append(
            f"The second map is the {width_label(log=log)}: from {formats.number(wide.iloc[0])} ({name[wide.index[0]]}) "
        )
        said.append(f"to {formats.number(wide.iloc[-1])} ({name[wide.index[-1]]}). ")
    else:
        most = counted(counts).sort_values(kind="stable", ascending=False)
        top = [f"{name[str(r)]} {formats.number(v)}" for r, v in most.head(3).items()]
        said.append(
            f"The first map has the raw counts, {formats.number(float(most.sum()))} in all; most: {formats.listed(top)}. "
        )
    empty = [name[r] for r in where["region"] if r not in rows.index]
    if empty:
        said.append(f"No data for {len(empty)} of {len(where)} regions: {formats.listed(empty)}.")
    else:
        said.append(f"All {len(where)} regions have data.")
    return "".join(said)


def _said(name: Mapping[str, str], rows: pd.DataFrame, region: str) -> str:
    return f"{name[region]} {formats.interval(*(float(rows[c][region]) for c in COLUMNS))}"


def _refuse(rows: pd.DataFrame, problem: str, remedy: str) -> None:
    if len(rows):
        values = ", ".join(f"{v:g}" for v in rows.iloc[0])
        raise DataError(f"{values}: {problem}", file=_TABLE, row=str(rows.index[0]), remedy=remedy)
