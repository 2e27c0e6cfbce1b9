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
# # The ladder of hierarchical models
#
# One outcome, drug incidents by region and month, and models that add one idea at a time: pooled, country, slopes, dynamic,
# spatial; then two outcomes together (joint). Each step's mathematics, priors and graph are in
# `docs/ladder.md`. The region-months are **SIMULATED**; the article counts, where they are at hand (`NORTHROUTE_DATA`), are
# **real**: news reports, not events. Intervals are 89 % ETI. A slope is the log rate ratio per standard deviation of the
# covariate: an association.

# %%
import os
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from northroute.bayes import BayesFit, CountSpec, Sampling, fit_counts
from northroute.bayes.checks import Groups, check_comparison, check_loo, compare, loo
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.posterior import of_counts
from northroute.claims import article_counts, load
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.look import BOUND, MAIN, look, mark
from northroute.panel import Panel
from northroute.sources import regions
from northroute.sources.simulated import simulate_regions
from northroute.workflow import articles, simulated

pd.set_option("display.width", 160, "display.max_colwidth", 80)
SETTINGS = Sampling(prior_draws=1000)
TAILS = ((1 - INTERVAL_PROB) / 2, (1 + INTERVAL_PROB) / 2)


def summary(fit: BayesFit, name: str, **labels: str) -> dict[str, object]:
    """Posterior median and interval of one number, with what the data are."""
    draws = fit.draws(name, **labels).ravel()
    low, high = np.quantile(draws, TAILS)
    found = {"source": "SIMULATED" if fit.simulated else "real", "median": np.median(draws), "low": low, "high": high}
    return found | {"interval": interval_label(), "stamp": fit.stamp}


# %% [markdown]
# ## 1. Every step on the same counts (SIMULATED)
#
# Eighteen months of 51 regions. Step `reporting` is left out: its answer rests on the priors of detection, and so few months
# sample slowly.

# %%
world = simulate_regions(months=18)
panel = simulated.panel(world)
edges = regions.adjacency("first-level").frame[["a", "b"]]
base = CountSpec(
    "ladder", "drug_incident", "all_events", 100.0, unit_covariates=("log_density", "hub"), varying=("interdiction",)
)
specs = {step: replace(base, name=f"ladder_{step}", step=step) for step in ("pooled", "country", "slopes", "dynamic")}
specs["spatial"] = replace(
    base, name="ladder_spatial", step="spatial", edges=tuple(edges.itertuples(index=False, name=None))
)
fits = {step: fit_counts(panel, spec, SETTINGS) for step, spec in specs.items()}
pd.DataFrame(
    [
        {
            "source": "SIMULATED",
            "step": step,
            "gate": "passed" if fit.gate.passed else "FAILED",
            "largest R-hat": fit.gate.value("R-hat"),
            "seconds": fit.info["seconds"],
        }
        for step, fit in fits.items()
    ]
).round(3)

# %% [markdown]
# ## 2. Which step predicts best (SIMULATED)
#
# Each region-month predicted from all others. Differences are summed over regions before their standard errors are taken, as
# months of one region go together.

# %%
found = {}
for step, fit in fits.items():
    own = of_counts(fit, panel, specs[step])
    found[step] = loo(own.log_likelihood(), relative_ess=own.relative_ess())
units = pd.Categorical(formulate(panel, specs["pooled"]).frame["unit"])
clusters = Groups("unit", units.codes.astype(int), tuple(units.categories))
comparison = check_comparison(
    compare({step: x.elpd for step, x in found.items()}, clusters=clusters),
    simulated=True,
    failed=[x.failed.size for x in found.values()],
)
print(comparison.sentence)
comparison.table.round(2)

# %%
print(check_loo(found["dynamic"], simulated=True).sentence)
comparison.figure()

# %% [markdown]
# ## 3. The slope, step by step (SIMULATED)
#
# The truth is known here. A narrower interval is not a better one: the pooled slope takes all months of all regions for
# independent, and mixes differences between places with changes over time.

# %%
truth = float(world.truth["slope"].sel(outcome="drug_incident"))
by_step = pd.DataFrame({s: summary(f, "slope", varying="interdiction") for s, f in fits.items()}).T
by_step.insert(1, "truth", truth)
by_step.infer_objects().round(3)


# %%
@look()
def slopes(table: pd.DataFrame, truth: float):
    """Draw medians and intervals by step, and the truth."""
    figure, axes = plt.subplots(figsize=(6, 3))
    at = np.arange(len(table))
    axes.hlines(at, table["low"].astype(float), table["high"].astype(float), color=MAIN)
    axes.plot(table["median"].astype(float), at, "o", color=MAIN)
    axes.axvline(truth, color=BOUND, ls="--", label="truth")
    axes.set_yticks(at, table.index)
    axes.invert_yaxis()
    axes.set_xlabel(f"slope of interdiction, median and {interval_label()}")
    axes.legend(frameon=False)
    figure.tight_layout()
    plt.close(figure)
    return mark(figure, simulated=True)


slopes(by_step, truth)

# %% [markdown]
# Countries' slopes are drawn towards their mean; the spatial step also says how much of the regions' differences follows
# their neighbours.

# %%
places = panel.frame["country"].unique()
rows = [summary(fits["dynamic"], "slope_country", varying="interdiction", country=c) | {"country": c} for c in places]
true = world.truth["slope_country"].sel(outcome="drug_incident")
print(pd.DataFrame(rows).set_index("country").assign(truth=[float(true.sel(country=c)) for c in places]).to_string())
print("structured share of the variance of regions:", summary(fits["spatial"], "rho_unit"))

# %% [markdown]
# ## 4. Outcomes together (SIMULATED)
#
# Correlations over regions, and over months of a country: of latent intensities, not of counts, which sampling noise pulls
# towards zero. This world has no shocks of a country and month: their spread lies near zero, and the correlation of what is
# not there cannot be known. One attempt is made here, and what the gate says of it is printed; numbers of a fit that it
# refused carry its stamp and are not results.

# %%
outcomes = ("drug_incident", "general_crime")
joint = fit_counts(
    panel,
    replace(base, name="ladder_joint", step="joint", outcomes=outcomes, unit_covariates=()),
    replace(SETTINGS, draws=500, retries=0, target_accept=0.95),
)
print("passed" if joint.gate.passed else "\n".join(joint.gate.failures))
shown = joint if joint.gate.passed else joint.allow_failed()
pd.DataFrame(
    [
        {"quantity": name, "pair": pair} | summary(shown, name, **{f"{name}_pair": pair})
        for name in ("corr_unit", "corr_shock")
        for pair in map(str, shown.parameter(name)[f"{name}_pair"].to_numpy())
    ]
)

# %% [markdown]
# ## 5. Real article counts
#
# Three countries of Central Asia by month, articles as exposure: drug incidents on other crime, both as rates within
# countries. Units are countries, so there are no regions to borrow from, and step `spatial` does not apply.

# %%
folder = os.environ.get("NORTHROUTE_DATA")


def real_ladder(built: Panel, spec: CountSpec) -> pd.DataFrame:
    """Fit the steps for panels of countries, and list their slopes."""
    steps = ("pooled", "country", "slopes", "dynamic")
    found = {s: fit_counts(built, replace(spec, name=f"articles_{s}", step=s), articles.SETTINGS) for s in steps}
    for step, fit in found.items():
        print(step, "passed" if fit.gate.passed else f"FAILED: {fit.gate.failures}")
    return pd.DataFrame({s: summary(f, "slope") for s, f in found.items() if f.gate.passed}).T


if folder and Path(folder).is_dir():
    built = articles.panel(Path(folder), load())[0].select(countries=article_counts.CENTRAL_ASIA)
    covariate = article_counts.within("other_crime")
    stated = CountSpec("articles", "drug_incident", "article_total", 100.0, varying=(covariate,), month="country")
    print(real_ladder(built, stated).to_string())
else:
    print("The article counts are not here: northroute fetch mlp brings them; then set NORTHROUTE_DATA.")
