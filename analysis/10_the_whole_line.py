# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The whole line, from data to a tested claim
#
# This notebook walks once through every room of the package: a source, a panel, a fixed-effects model, a Bayesian model
# behind its gate, a claim, a figure. It needs nothing but the bundled tables. The region-months are **SIMULATED**: they
# show what the engine can recover, and say nothing about the world. The last section answers a claim on **real** figures.
#
# `northroute reproduce` does all of this for every claim and writes one page.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

from northroute.bayes import CountSpec, Sampling, fit_counts, fit_measurement
from northroute.claims import decide, indicators, load, region_events
from northroute.conventions import interval_label
from northroute.frequentist import PoissonSpec, fit_poisson
from northroute.panel import build
from northroute.report import figures
from northroute.sources import governance, regions
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, UNIT_COVARIATES, simulate_regions

# %% [markdown]
# ## 1. Sources
#
# Each source reads its provider's file, refuses a bad one with file, line, column and remedy, and returns a table that knows
# where it comes from.

# %%
places = regions.load("first-level")
print(places.name, "|", places.citation, "|", places.licence)
places.frame[["region", "name", "iso3", "population_2020", "density", "borders_afghanistan", "hub_ferghana"]].head()

# %%
world = simulate_regions(months=24)
print("simulated:", world.table.simulated)
world.table.frame.head(3)

# %% [markdown]
# ## 2. A panel
#
# Unit by month, complete, with explicit zeros and explicit *unobserved* cells. The simulated mark is part of the panel: it
# cannot be dropped or changed without an error.

# %%
panel = build(
    world.table,
    unit="unit",
    outcomes=OUTCOMES,
    exposures=("all_events",),
    covariates=("interdiction", *UNIT_COVARIATES),
    name="simulated regions",
)
print(len(panel.units), "regions x", len(panel.months), "months;", "SIMULATED" if panel.simulated else "real")
panel.frame.groupby("country")[["drug_incident", "state_violence", "all_events"]].sum()

# %% [markdown]
# ## 3. Fixed effects first
#
# Poisson with region and month effects absorbed. Five countries are few clusters, so inference uses t(4).

# %%
fixed = fit_poisson(panel, PoissonSpec("fixed", "drug_incident", ("interdiction",), "all_events"))
print(fixed.model)
fixed.tidy().round(3)

# %% [markdown]
# ## 4. The hierarchical model, behind its gate
#
# A negative binomial with region levels, a slope of interdiction that varies by country, a walk over months and a season.
# Nothing can be read from a fit that failed its diagnostics.

# %%
spec = CountSpec(
    name="notebook",
    outcome="drug_incident",
    exposure="all_events",
    exposure_unit=EXPOSURE_UNIT,
    unit_covariates=UNIT_COVARIATES,
    varying=("interdiction",),
)
fit = fit_counts(panel, spec, Sampling(draws=1000, tune=600))
pd.DataFrame(fit.gate.to_list())[["name", "value", "limit", "passed", "parameter"]]

# %% [markdown]
# Slopes by country beside the truth of the simulated world; `fit.tree` is an ArviZ tree to go on with.

# %%
slopes = fit.parameter("slope_country").isel(varying=0)
low, median, high = np.quantile(slopes.stack(s=("chain", "draw")), [0.055, 0.5, 0.945], axis=-1)
pd.DataFrame(
    {
        "country": slopes["country"],
        "source": "SIMULATED",
        "median": median,
        "low": low,
        "high": high,
        "interval": interval_label(),
        "truth": world.truth["slope_country"].sel(outcome="drug_incident", country=slopes["country"]),
    }
).round(3)

# %% [markdown]
# ## 5. A claim on simulated regions: recovered or missed
#
# C12 of the register: fewer interdictions along Kazakhstan's border with Russia. The same function is applied to the
# posterior, to the prior and to the truth. Claims on regions read a fit of several outcomes together, here of two.

# %%
register = load()
where = region_events.regions(places.frame, panel, "all_events", EXPOSURE_UNIT)
joint = replace(spec, name="together", step="joint", outcomes=("drug_incident", "general_crime"))
together = fit_counts(panel, joint, Sampling())
answer = region_events.answer("C12", together, where, register, world.truth)
verdict = decide(register["C12"], answer.estimate)
print(verdict.marked, "|", verdict.reason, "| P", round(verdict.probability, 3))
figures.posterior(answer.estimate)

# %% [markdown]
# ## 6. A claim on real figures
#
# C13: "Most countries seize opium and other drugs in greater volumes than heroin". Country-years that did not report are
# unobserved, never zero; the sampling error of a total made of few seizures is carried through.

# %%
seizures, vdem = governance.load("seizures").frame, governance.load("vdem").frame
jobs = {name: job for name, job in indicators.catalog(seizures, vdem).items() if name.startswith("C13")}
fits = {
    name: fit_measurement(job.frame, job.spec, Sampling(draws=2000, target_accept=0.95, retries=2))
    for name, job in jobs.items()
}
answer = indicators.opium_over_heroin(fits, register)
verdict = decide(register["C13"], answer.estimate, answer.specifications)
print(verdict.claim.quote)
print(verdict.marked, "| P", round(verdict.probability, 3), "| prior P", round(verdict.prior_probability, 3))
print(verdict.reason or "by the register's rule", "| agreement of specifications", verdict.agreement)
figures.posterior(answer.estimate)
