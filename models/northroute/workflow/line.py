"""A line of the job: one kind of data through panel, fits and estimands to answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import xarray as xr

from northroute.bayes import BayesFit, CountSpec, Sampling, fit_counts
from northroute.claims import Answer, Estimated, Register, answer, not_summarised, region_events
from northroute.conventions import DEFAULT_SEED
from northroute.errors import GateError
from northroute.frequentist import FrequentistFit
from northroute.panel import Panel
from northroute.progress import Progress, quiet

EXPOSURE: Final = "all_events"
EXPOSURE_UNIT: Final = 100.0
"""Rates of region-months are per 100 events of any kind."""


@dataclass(frozen=True)
class Run:
    """What every line needs to know of the run: where fits are kept, the seed, the command, whom to tell."""

    folder: Path | None = None
    seed: int = DEFAULT_SEED
    command: str = ""
    quick: bool = False
    allow_failed: bool = False
    whole_ladder: bool = False
    progress: Progress = quiet

    def settings(self, base: Sampling) -> Sampling:
        """Return settings with the run's seed; a prior that fails its check is sampled if failed fits were asked for."""
        return replace(base, seed=self.seed, force=self.allow_failed)

    def released(self, fit: BayesFit) -> BayesFit:
        """Return the fit, its summaries allowed if failed fits were asked for."""
        return fit.allow_failed() if self.allow_failed else fit

    def counts(self, panel: Panel, spec: CountSpec, base: Sampling) -> BayesFit:
        """Fit a step of the ladder to a panel, or read it back where it is there and unchanged."""
        settings, kept = self.settings(base), self.folder
        made = fit_counts(panel, spec, settings, folder=kept, command=self.command, progress=self.progress)
        return self.released(made)


@dataclass(frozen=True)
class Line:
    """What a line brings to the page."""

    answers: tuple[Answer, ...]
    fits: tuple[BayesFit, ...] = ()
    fixed_effects: tuple[FrequentistFit, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


def answers(
    register: Register, estimands: Mapping[str, Callable[[], Estimated]], *, simulated: bool = False
) -> tuple[Answer, ...]:
    """Answer questions by their functions; a fit behind the gate leaves one without a number and with the gate's reason."""
    return tuple(_answered(register, name, make, simulated) for name, make in estimands.items())


def _answered(register: Register, function: str, make: Callable[[], Estimated], simulated: bool) -> Answer:
    claim, question = register.asked(function)
    try:
        found = make()
    except GateError as refusal:
        return not_summarised(claim, question, str(refusal), simulated=simulated)
    return answer(claim, question, found, partial=register.partial)


def on_regions(
    panel: Panel,
    places: pd.DataFrame,
    register: Register,
    run: Run,
    base: Sampling,
    name: str,
    truth: xr.Dataset | None = None,
) -> tuple[BayesFit, tuple[Answer, ...]]:
    """Fit every outcome of a region-month panel together, and answer what it can answer.

    Parameters
    ----------
    panel : Panel
    places : pandas.DataFrame
        Of :mod:`northroute.sources.regions`, one row a region.
    register : Register
    run : Run
    base : Sampling
    name : str
        Of the fit.
    truth : xarray.Dataset, optional
        Of a simulated world.
    """
    fit = run.counts(panel, region_events.specification(panel, EXPOSURE, EXPOSURE_UNIT, name), base)
    where = region_events.regions(places, panel, EXPOSURE, EXPOSURE_UNIT)
    estimands = {
        function: partial(region_events.estimated, function, fit, where, register, truth)
        for function in region_events.ESTIMANDS
    }
    return fit, answers(register, estimands, simulated=truth is not None)
