"""Incidents to panels: region-months in the constant division, or country-months; unobserved where files are missing.

A month counts as observed if at least ``min_coverage`` of its days were covered by files. The exposure is the number of
all events (or of their articles) that the same files place there, whatever they are about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.conventions import DEFAULT_SEED
from northroute.errors import PanelError
from northroute.panel.building import build
from northroute.panel.panel import Panel
from northroute.provenance import value_hash
from northroute.seeds import generator
from northroute.sources import regions
from northroute.sources.gdelt.coverage import month_shares
from northroute.sources.gdelt.incident import Incidents
from northroute.sources.table import Table

Unit = Literal["region", "country"]
Weight = Literal["incidents", "articles", "sources"]
Exposure = Literal["all_events", "all_articles", "none"]
Unplaced = Literal["leave_out", "allocate"]
Flag = Literal["lethal", "arms", "terror", "drug"]
COVERAGE: Final = "coverage"
MIN_COVERAGE: Final = 0.9
_NAMES: Final = {"leave_out": "left out", "allocate": "allocated"}


@dataclass(frozen=True)
class PanelChoices:
    """How incidents become counts.

    Attributes
    ----------
    unit : {"region", "country"}
    weight : {"incidents", "articles", "sources"}
        What is summed.
    exposure : {"all_events", "all_articles", "none"}
    unplaced : {"leave_out", "allocate"}
        What becomes of incidents that have a country and no region, in a region panel. Allocated ones are drawn in
        proportion to the country's placed incidents of that construct (by population where there is none), on a named
        stream; their exposure is scaled likewise.
    flags : sequence of {"lethal", "arms", "terror", "drug"}
        For each, outcomes such as ``state_violence_lethal`` beside the constructs.
    min_coverage : float
        Share of a month's days below which the month is unobserved.
    seed : int
        For the allocation.
    """

    unit: Unit = "region"
    weight: Weight = "incidents"
    exposure: Exposure = "all_events"
    unplaced: Unplaced = "leave_out"
    flags: Sequence[Flag] = ()
    min_coverage: float = MIN_COVERAGE
    seed: int = DEFAULT_SEED


def incident_panel(incidents: Incidents, choices: PanelChoices | None = None) -> Panel:
    """Build a panel of incident counts.

    Parameters
    ----------
    incidents : Incidents
    choices : PanelChoices, optional

    Returns
    -------
    Panel
        One outcome a construct (and flag), the exposure unless it is ``none``, and the covariate ``coverage``, the share of
        the month's days with files. A unit-month whose exposure is zero is unobserved: nothing at all was reported
        there, so that silence about violence says nothing. ``inputs`` has the hashes of the codebook, the files and the
        choices.

    Raises
    ------
    PanelError
        If no month is covered, or regions are asked for of countries without regions.
    """
    choices = choices or PanelChoices()
    units = _units(incidents, choices)
    months = month_shares(incidents.covered)
    if not (months >= choices.min_coverage).any():
        raise PanelError(
            f"Incidents: in no month do files cover {choices.min_coverage:.0%} of the days (most: {months.max():.0%}). "
            "Fetch whole months, or lower min_coverage."
        )
    frame = _placed(incidents, choices, units)
    grid = pd.MultiIndex.from_product([units.index, months.index], names=["unit", "month"])
    columns = {
        name: frame[mask].groupby(["unit", "month"])[choices.weight].sum().reindex(grid, fill_value=0)
        for name, mask in _outcomes(incidents, choices, frame).items()
    }
    table = pd.DataFrame(columns, index=grid)
    table[COVERAGE] = months.reindex(grid.get_level_values("month")).to_numpy()
    observed = (table[COVERAGE] >= choices.min_coverage).to_numpy()
    exposures: tuple[str, ...] = ()
    if choices.exposure != "none":
        exposures = (choices.exposure,)
        exposure = _exposure(incidents, choices, grid)
        observed = observed & (exposure > 0)
        table[choices.exposure] = np.where(observed, exposure, np.nan)
    outcomes = list(columns)
    table = table.astype(dict.fromkeys(outcomes, "Int64"))
    table.loc[~observed, outcomes] = pd.NA
    table = table.reset_index()
    table["country"] = table["unit"].map(units)
    chosen = {**choices.__dict__, "flags": list(choices.flags)}
    files = {**incidents.files, "choices": value_hash({**incidents.origin, **chosen})}
    name = _name(incidents, choices)
    source = Table(name, table, ("unit", "month"), incidents.simulated, files)
    return build(source, unit="unit", outcomes=outcomes, exposures=exposures, covariates=(COVERAGE,), name=name)


def allocate(incidents: Incidents, seed: int = DEFAULT_SEED) -> pd.DataFrame:
    """Return the incidents with a region drawn for those that have a country only; ``allocated`` marks them.

    Within a country and construct, regions are drawn in proportion to its placed incidents; by population in 2020 where
    none is placed. Countries without regions in the constant division stay as they are.
    """
    frame = incidents.frame.assign(allocated=False)
    table = regions.load("constant").frame
    lost = frame["region"].isna()
    for (country, construct), group in frame[lost].groupby(["country", "construct"]):
        home = table[table["iso3"] == country]
        if home.empty:
            continue
        placed = frame[(frame["country"] == country) & (frame["construct"] == construct) & ~lost]
        counts = placed["region"].value_counts().reindex(home["region"], fill_value=0).to_numpy(float)
        shares = counts if counts.sum() else home["population_2020"].to_numpy(float)
        rng = generator(f"allocate {country} {construct}", seed)
        drawn = rng.choice(home["region"].to_numpy(dtype=object), size=len(group), p=shares / shares.sum())
        frame.loc[group.index, "region"] = drawn
        frame.loc[group.index, "allocated"] = True
    return frame


def _units(incidents: Incidents, choices: PanelChoices) -> "pd.Series[str]":
    if choices.unit == "country":
        return pd.Series(list(incidents.countries), index=list(incidents.countries))
    table = regions.load("constant").frame.set_index("region")["iso3"]
    without = sorted(set(incidents.countries) - set(table))
    if without:
        raise PanelError(
            f"Incidents: {', '.join(without)} have no regions in the constant division. Use unit='country', or extract the "
            "five countries alone."
        )
    return table[table.isin(incidents.countries)]


def _placed(incidents: Incidents, choices: PanelChoices, units: "pd.Series[str]") -> pd.DataFrame:
    if choices.unit == "country":
        frame = incidents.frame.assign(unit=incidents.frame["country"])
    else:
        whole = allocate(incidents, choices.seed) if choices.unplaced == "allocate" else incidents.frame
        frame = whole[whole["region"].notna()].assign(unit=lambda f: f["region"])
    month = pd.DatetimeIndex(frame["date"]).to_period("M").to_timestamp().as_unit("us")
    return frame.assign(month=month)


def _outcomes(incidents: Incidents, choices: PanelChoices, frame: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    outcomes = {}
    for construct in incidents.origin["variants"]:
        mask = frame["construct"] == construct
        outcomes[construct] = mask
        for flag in choices.flags:
            outcomes[f"{construct}_{flag}"] = mask & frame[flag]
    return outcomes


def _exposure(incidents: Incidents, choices: PanelChoices, grid: pd.MultiIndex) -> Array:
    background = incidents.background
    if background.empty:
        raise PanelError(
            "Incidents: there are no event rows, so there is no exposure. Extract the events too, or choose exposure='none'."
        )
    placed = background[background["region"] != ""]
    totals = (
        (background if choices.unit == "country" else placed).groupby([choices.unit, "month"])[choices.exposure].sum()
    )
    exposure = totals.rename_axis(["unit", "month"]).reindex(grid, fill_value=0).to_numpy(float)
    if choices.unit == "country" or choices.unplaced == "leave_out":
        return np.asarray(exposure)
    whole, seen = (f.groupby(["country", "month"])[choices.exposure].sum() for f in (background, placed))
    factor = whole / seen.reindex(whole.index)
    home = regions.load("constant").frame.set_index("region")["iso3"]
    keys = pd.MultiIndex.from_arrays([home.reindex(grid.get_level_values("unit")), grid.get_level_values("month")])
    return np.asarray(exposure * factor.reindex(keys).fillna(1.0).to_numpy(float))


def _name(incidents: Incidents, choices: PanelChoices) -> str:
    mark = "simulated GDELT" if incidents.simulated else "GDELT"
    rest = f", places without a region {_NAMES[choices.unplaced]}" if choices.unit == "region" else ""
    return f"{mark} {choices.weight} by {choices.unit} and month{rest}"
