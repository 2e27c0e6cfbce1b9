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
# show what the engine can recover, and say nothing about the world. The last section puts a claim to **real** registered
# offences, and maps them.
#
# `northroute reproduce` does all of this for every claim and writes one page.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

from northroute.bayes import CountSpec, Sampling, fit_counts
from northroute.claims import answer, catalogue, combine, inquiry, recovery, region_events
from northroute.claims.inquiries.own_numbers import own_shares
from northroute.claims.inquiry import REFERENCE, Reader
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.frequentist import PoissonSpec, fit_poisson
from northroute.panel import build
from northroute.report import figures, maps
from northroute.sources import boundaries, regions, tables
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, UNIT_COVARIATES, simulate_regions
from northroute.workflow import questions
from northroute.workflow.line import Run

TAILS = [(1 - INTERVAL_PROB) / 2, 0.5, (1 + INTERVAL_PROB) / 2]

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
low, median, high = np.quantile(slopes.stack(s=("chain", "draw")), TAILS, axis=-1)
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
register = catalogue.load()
where = region_events.regions(places.frame, panel, "all_events", EXPOSURE_UNIT)
joint = replace(spec, name="together", step="joint", outcomes=("drug_incident", "general_crime"))
together = fit_counts(panel, joint, Sampling())
name = "region_events.russian_border"
claim, question = register.asked(name)
found = answer(claim, question, region_events.estimated(name, together, where, register, world.truth))
verdict = recovery(claim, found)
print(verdict.marked, "|", verdict.reason, "| P", round(found.probability, 3))
figures.posterior(found.estimate)

# %% [markdown]
# ## 6. A claim on real figures
#
# C02: state and criminal violence is rarely lethal. The register asks it of registered offences, among other data, and fixed
# before any fit what is estimated, the threshold, and which equivalent specifications count.

# %%
loaded = tables.load().tables
name = "offences.lethal_share"
claim, question = register.asked(name)
print(claim.quote)
print(f"{question.id}, grade {question.grade}: {question.estimand}")
print("threshold", claim.thresholds, "| variants", question.variants)
loaded["offences"].frame.query("article in ('99', 'total') and measure == 'registered'").tail(4)

# %% [markdown]
# The catalogue states every specification as a model on a frame and a reading of its fit. Each is fitted through the gate.

# %%
asked = catalogue.INQUIRIES[name]
stated = asked.state(loaded, claim, register)
fits = {job.model.name: questions.fit(job, Run()) for job in inquiry.jobs(stated.values()).values()}
pd.DataFrame(
    [
        {
            "source": "real",
            "specification": label,
            "fit": own.job.model.name,
            "gate": "passed" if fits[own.job.model.name].gate.passed else "FAILED",
            "data": own.job.source,
        }
        for label, own in stated.items()
    ]
)

# %% [markdown]
# The estimate becomes an answer by the register's rule; a claim's word comes from all its answers, here from this one alone.

# %%
found = answer(claim, question, inquiry.estimate(question, asked, stated, fits))
verdict = combine(claim, [found])
print(
    f"{question.id}: {found.marked}, grade {found.grade}, P {found.probability:.3f}, prior P {found.prior_probability:.3f}"
)
print(f"{found.agreement:.0%} of {len(found.specifications)} specifications agree")
print(f"{claim.id}, on these data alone: {verdict.marked}. {verdict.reason}")
figures.posterior(found.estimate)

# %% [markdown]
# The same fit by region: murders among registered violent offences, and beside them how sure that is. It is what the police
# registered, not what was done.

# %%
reference = stated[REFERENCE]
shares = 100 * own_shares(Reader(fits[reference.job.model.name]), reference.job, "yes", "total")
low, median, high = np.quantile(shares, TAILS, axis=(0, 1))
by_region = pd.DataFrame(
    {"median": median, "low": low, "high": high},
    index=pd.Index(reference.job.frame.query("answer == 'yes'")["region"], name="region"),
)
maps.rate_map(
    by_region,
    boundaries.load(),
    title="Murders among registered violent offences, Kazakhstan 2022",
    label="per cent of registered violent offences",
    countries=["KAZ"],
    simulated=False,
)
