"""Country-year indicators, bundled with the package: C13, C14, C26."""

from functools import partial
from pathlib import Path

from northroute.bayes import Sampling, fit_measurement
from northroute.claims import Register, indicators
from northroute.sources import governance, unodc
from northroute.workflow.line import Line, Run, answers

_SETTINGS = Sampling(draws=3000, target_accept=0.95, retries=2)


def run(data: Path | None, register: Register, run: Run) -> Line:
    """Fit and answer; seizures come from the individual records where they are, else from the bundled totals."""
    vdem_table, opium_table = governance.load("vdem"), governance.load("opium")
    if data and (data / unodc.FILE).exists():
        seizure_table = unodc.country_year(unodc.load(data))
    else:
        seizure_table = governance.load("seizures")
    seizures, vdem, opium = seizure_table.frame.dropna(subset=["kg"]), vdem_table.frame, opium_table.frame
    settings = run.settings(_SETTINGS)
    fits = {
        name: run.released(
            fit_measurement(
                job.frame,
                job.spec,
                settings,
                source=f"{seizure_table.name}, with V-Dem indices",
                folder=run.folder,
                command=run.command,
                progress=run.progress,
            )
        )
        for name, job in indicators.catalog(seizures, vdem).items()
    }
    estimands = {
        "indicators.opium_over_heroin": partial(indicators.opium_over_heroin, fits, register),
        "indicators.heroin_protected": partial(indicators.heroin_protected, fits, register),
        "indicators.a_third": partial(indicators.a_third, opium, register, run.seed),
    }
    return Line(
        answers=answers(register, estimands),
        fits=tuple(fits.values()),
        inputs={f: sha for t in (seizure_table, vdem_table, opium_table) for f, sha in t.files.items()},
    )
