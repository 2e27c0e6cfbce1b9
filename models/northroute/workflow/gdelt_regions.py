"""Region-months built from real GDELT files: C04, C05, C07, C08, C10, C12, where such a panel is at hand."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import BayesFit, Sampling
from northroute.claims import Register, region_events
from northroute.errors import GateError, MissingDataError
from northroute.panel import Panel, load
from northroute.report import formats
from northroute.report.maps import posterior
from northroute.report.maps.section import BRIEF_YEARS, EventMap
from northroute.sources import regions
from northroute.workflow.events import REGION_PANEL
from northroute.workflow.line import EXPOSURE, EXPOSURE_UNIT, Line, Run, on_regions

SETTINGS: Final = Sampling(draws=1500, target_accept=0.98, retries=2)
"""Scales may lie near zero, so steps are shorter and draws more; a quick run leaves real fits as they are."""


@dataclass(frozen=True)
class Source:
    """A built panel, or why there is none to use.

    Attributes
    ----------
    panel : Panel or None
    notice : str
        For the page: what the claims on regions rest on, or why they do not rest on the panel that was found.
    """

    panel: Panel | None
    notice: str = ""


def find(folder: Path | None) -> Source:
    """Return the region panel in a folder of ``northroute events build``; a simulated one is never used for a verdict.

    Raises
    ------
    MissingDataError
        If a folder was named and has no region panel.
    """
    if folder is None:
        return Source(None)
    path = folder / REGION_PANEL
    if not path.exists():
        raise MissingDataError(
            f"'{folder}' has no {REGION_PANEL}: make it with 'northroute events build --out {folder}'."
        )
    panel = load(path)
    if panel.simulated:
        return Source(None, f"{path} was built from a SIMULATED archive: no verdict rests on it.")
    missing = [c for c in (EXPOSURE, *region_events.OUTCOMES) if c not in panel.frame.columns]
    if missing:
        needed = ", ".join(missing)
        return Source(None, f"{path} lacks {needed}: no verdict rests on it. Build it again with every construct.")
    return Source(panel, f"Answers on region-month events rest on {panel.name} ({path}).")


def prepare(panel: Panel) -> Panel:
    """Return the panel with the regions' covariates, without regions of which no month was observed."""
    observed = panel.frame[EXPOSURE].groupby(level="unit").transform("count") > 0
    kept = replace(panel, frame=panel.frame[observed])
    table = regions.load("constant").frame.set_index("region").loc[list(kept.units)]
    log_density = np.log(table["density"])
    columns = {
        "log_density": (log_density - log_density.mean()) / log_density.std(ddof=0),
        "hub": table[list(region_events.HUBS.values())].any(axis=1),
        "rail": table["rail_dushanbe_astrakhan"],
        "borders_russia": table["borders_russia"],
    }
    units = kept.frame.index.get_level_values("unit")
    for name, values in columns.items():
        column = pd.Series(values.reindex(units).to_numpy(float), index=kept.frame.index)
        kept = kept.with_covariate(name, column)
    return kept


def run(panel: Panel, register: Register, run: Run) -> Line:
    """Fit and answer what region-months can answer; a country's months move on their own, as GDELT's coverage does."""
    table = regions.load("constant")
    fit, answers = on_regions(prepare(panel), table.frame, register, run, SETTINGS, "gdelt_regions")
    return Line(answers, (fit,), inputs={**table.files, **panel.inputs})


def maps(panel: Panel, line: Line) -> dict[str, EventMap]:
    """Return the brief's two maps by their names in :func:`northroute.workflow.sides.run`.

    None if the fit is refused, or if the panel has no month of the years of the brief's maps.
    """
    (fit,) = line.fits
    if not _counted(panel).size:
        return {}
    try:
        return {
            "state_violence": event_map(panel, fit, "state_violence"),
            "drug_incidents": event_map(panel, fit, "drug_incident"),
        }
    except GateError:
        return {}


def event_map(panel: Panel, fit: BayesFit, outcome: str) -> EventMap:
    """Return the raw count of an outcome by region over the years of the brief's maps, and its posterior rate.

    Both say which months they are of where a panel has fewer, or the fit more, than the brief's years.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    PanelError
        If the panel has no month of those years.
    """
    months = _counted(panel)
    window = (f"{BRIEF_YEARS[0]}-01", f"{BRIEF_YEARS[1]}-12")
    counted = panel.select(months=window).frame[outcome]
    counts = counted.groupby(level="unit").sum(min_count=1).astype(float)
    label = f"reported events per {EXPOSURE_UNIT:g} events of any kind"
    if len(panel.months) > len(months):
        label += f", {_period(panel.months)}"
    return EventMap(counts, posterior(fit, outcome), label, fit.simulated, _period(months))


def _counted(panel: Panel) -> pd.DatetimeIndex:
    """Return the panel's months in the years of the brief's maps."""
    return panel.months[(panel.months.year >= BRIEF_YEARS[0]) & (panel.months.year <= BRIEF_YEARS[1])]


def _period(months: pd.DatetimeIndex) -> str:
    """Return whole years as years, anything else as its first and last month."""
    first, last = months.min(), months.max()
    if first.month == 1 and last.month == 12:
        return formats.years((first.year, last.year))
    return f"{first:%Y-%m} to {last:%Y-%m}"
