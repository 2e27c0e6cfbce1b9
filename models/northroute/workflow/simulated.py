"""SIMULATED region-months with known truth: C04, C05, C07, C08, C10, C12 as recovered or missed."""

from dataclasses import dataclass

import pandas as pd

from northroute.bayes import QUICK, BayesFit, Sampling, fit_counts
from northroute.claims import Register, region_events
from northroute.errors import GateError
from northroute.frequentist import PoissonSpec, fit_poisson
from northroute.panel import Panel, build
from northroute.report import maps
from northroute.sources import regions
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, UNIT_COVARIATES, Simulation, simulate_regions
from northroute.sources.simulated_places import places
from northroute.workflow.line import Line, Run, answered

EXPOSURE = "all_events"
COVARIATE = "interdiction"
MONTHS = 60
"""Of the simulated world on the page: as many as the job has time for."""
QUICK_MONTHS = 18


@dataclass(frozen=True)
class SimulatedLine:
    """The line, and what the map of the simulated world draws.

    Attributes
    ----------
    line : Line
    region_rates : pandas.DataFrame
        Posterior rate of drug incidents per :data:`EXPOSURE_UNIT` events by region: ``median``, ``low``, ``high``; empty if
        the fit is refused.
    """

    line: Line
    region_rates: pd.DataFrame


def panel(simulation: Simulation) -> Panel:
    """Return the simulated panel; its ``simulated`` flag goes with it."""
    return build(
        simulation.table,
        unit="unit",
        outcomes=OUTCOMES,
        exposures=(EXPOSURE,),
        covariates=(COVARIATE, *UNIT_COVARIATES),
        name="simulated regions",
    )


def run(register: Register, run: Run) -> SimulatedLine:
    """Simulate, fit and answer what region-month events could answer."""
    simulation = simulate_regions(run.seed, months=QUICK_MONTHS if run.quick else MONTHS)
    built = panel(simulation)
    settings = run.settings(QUICK if run.quick else Sampling())
    spec = region_events.specification(built, EXPOSURE, EXPOSURE_UNIT, "simulated_regions")
    fit = run.released(fit_counts(built, spec, settings, folder=run.folder, command=run.command, progress=run.progress))
    table = regions.load("first-level")
    where = region_events.regions(places("first-level"), built, EXPOSURE, EXPOSURE_UNIT)
    answers = tuple(
        answered(
            register,
            name,
            lambda name=name: region_events.estimated(name, fit, where, register, simulation.truth),  # type: ignore[misc]
            simulated=True,
        )
        for name in region_events.ESTIMANDS
    )
    fixed = tuple(
        fit_poisson(
            *(built, PoissonSpec(f"simulated_{outcome}", outcome, (COVARIATE,), EXPOSURE)),
            others=("crv3:country", "webb:country", "randomisation:country", "cluster:unit", "dk:12"),
            command=run.command,
        )
        for outcome in OUTCOMES
    )
    line = Line(answers, (fit,), fixed, {**table.files, **simulation.table.files})
    return SimulatedLine(line, _rates(fit))


def _rates(fit: BayesFit) -> pd.DataFrame:
    try:
        return maps.posterior(fit, "drug_incident")
    except GateError:
        return pd.DataFrame(columns=["median", "low", "high"], dtype=float)
