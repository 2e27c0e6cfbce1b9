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
# One outcome, state violence, and models that add one idea at a time: pooled, country, slopes, dynamic, spatial; then two
# outcomes together (joint), and shares (composition). Each step's mathematics, priors and graph are in `docs/ladder.md`;
# which specification it has on which data, in `northroute.workflow.rungs`. The region-months are **SIMULATED**; reported
# seizures and article counts, which are bundled, are **real**: reports, not events. Intervals are 89 % ETI. A slope is the
# log rate ratio per standard deviation of drug interdiction: an association.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from northroute.bayes import BayesFit, Sampling
from northroute.bayes.checks import Groups, check_comparison, check_loo, compare, loo
from northroute.claims import catalogue
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.look import BOUND, MAIN, look, mark
from northroute.report.ladder import forest, table
from northroute.sources.simulated import simulate_regions
from northroute.workflow import rungs
from northroute.workflow.ladder import climb
from northroute.workflow.line import Run

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
# Eighteen months of 51 regions, and the steps that predict the same rows.

# %%
OUTCOME = "state_violence"
world = simulate_regions(months=18)
ladder = rungs.on_regions(world, OUTCOME, months=18)
steps = {step: ladder[step] for step in ("pooled", "country", "slopes", "dynamic", "spatial")}
fits = {step: rung.fit(SETTINGS) for step, rung in steps.items()}
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
drawn = {step: steps[step].drawn(fit) for step, fit in fits.items()}
found = {step: loo(own.log_likelihood(), relative_ess=own.relative_ess()) for step, own in drawn.items()}
units = pd.Categorical(drawn["pooled"].frame["unit"])
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
truth = float(world.truth["slope"].sel(outcome=OUTCOME))
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
places = [str(c) for c in fits["dynamic"].parameter("slope_country")["country"].to_numpy()]
rows = [summary(fits["dynamic"], "slope_country", varying="interdiction", country=c) | {"country": c} for c in places]
true = world.truth["slope_country"].sel(outcome=OUTCOME)
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
joint = ladder["joint"].fit(replace(SETTINGS, draws=500, retries=0, target_accept=0.95))
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
# ## 5. The same model in PyMC (SIMULATED)
#
# What was fitted is an ordinary PyMC model too, with named dimensions: to read, to draw from, to extend, or to sample with
# PyMC's own sampler for a second opinion. A fit states its model with `fit.pymc_model()`, a specification with
# `spec.pymc_model(panel)`, a model of one's own terms with `northroute.bayes.pymc_model(model, frame)`. ArviZ's functions
# take a fit's `tree` as it is.

# %%
stated = fits["slopes"].pymc_model()
pd.Series({name: " x ".join(dims) for name, dims in stated.named_vars_to_dims.items()}).rename("dimensions").to_frame()

# %% [markdown]
# ## 6. Real reports
#
# Shares of heroin and opium among reported seizures; then article counts of three countries of Central Asia by month: state
# violence on drug interdiction as a rate within countries, the specification of claim C16. Here units are countries. Further
# steps take a minute or two each: `northroute ladder joint --real`, for example.

# %%
wanted = ("pooled", "country", "slopes", "dynamic", "composition")
real = {step: rung for step, rung in rungs.on_articles(None, catalogue.load()).items() if step in wanted}
rows = climb([real], SETTINGS, Run())
table(rows).drop(columns=["interval", "truth", "seconds"]).round(3)

# %% [markdown]
# How the answer changes as ideas are added. Where a step that knows of time moves the slope, the steps before it took one
# trend for another.

# %%
forest(rows)
