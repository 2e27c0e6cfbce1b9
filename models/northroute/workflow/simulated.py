"""SIMULATED region-months with known truth: C04, C05, C07, C08, C10, C12 as recovered or missed."""

from dataclasses import dataclass

import pandas as pd

from northroute.bayes import QUICK, BayesFit, Sampling
from northroute.claims import Register
from northroute.errors import GateError
from northroute.frequentist import PoissonSpec, fit_poisson
from northroute.panel import Panel, build
from northroute.report import maps
from northroute.sources import regions
from northroute.sources.simulated import OUTCOMES, UNIT_COVARIATES, Simulation, simulate_regions
from northroute.sources.simulated_places import places
from northroute.workflow.line import EXPOSURE, Line, Run, on_regions

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
        Posterior rate of drug incidents by region, per 100 events: ``median``, ``low``, ``high``; empty if
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
    table = regions.load("first-level")
    base = QUICK if run.quick else Sampling()
    fit, answers = on_regions(built, places("first-level"), register, run, base, "simulated_regions", simulation.truth)
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
