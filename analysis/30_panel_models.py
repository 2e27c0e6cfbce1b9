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
# # Panel models of counts, and which errors to believe
#
# Fixed effects, several models of the same counts, and every kind of errors under one coefficient. The region-months are
# **SIMULATED**; the article counts, which are bundled, are **real**: news reports, not events.
# A coefficient is an association: the log rate ratio per unit of the covariate among months of the same region, net of what
# all regions share in a month. Which errors to believe with five countries is measured in `docs/inference.md`.

# %%
import pandas as pd

from northroute.claims import article_counts, catalogue
from northroute.frequentist import (
    Regression,
    checks,
    conditional_poisson,
    gee,
    negative_binomial,
    poisson,
    random_effects,
)
from northroute.frequentist.coefficient_plot import coefficient_plot
from northroute.frequentist.combine import combine, joint
from northroute.frequentist.covariance import cluster, stacked
from northroute.frequentist.dynamics import distributed_lags
from northroute.frequentist.effects import average_marginal_effects, semi_elasticities
from northroute.frequentist.event_study import event_study
from northroute.frequentist.places import with_places
from northroute.frequentist.table import regression_table
from northroute.sources import shocks
from northroute.sources.simulated import simulate_regions
from northroute.workflow import articles, simulated

pd.set_option("display.width", 160, "display.max_colwidth", 80)

# %% [markdown]
# ## 1. One coefficient, every kind of errors (SIMULATED)
#
# Drug incidents on interdiction, effects of 51 regions and 96 months, the number of all events as exposure.

# %%
world = simulate_regions()
frame = with_places(simulated.panel(world))
fit = poisson(frame, "drug_incident ~ interdiction | unit + month", exposure="all_events", name="drug incidents")
kinds = ("cluster:country", "crv3:country", "webb:country", "randomisation:country")
errors = stacked(fit, (*kinds, "cluster:unit", "conley:300:12", "dk:12", "hetero"))
print("\n".join(regression_table((fit, errors)).lines()))
print("true slopes by country:", world.truth["slope_country"].sel(outcome="drug_incident").to_numpy().round(3))

# %%
coefficient_plot(errors)

# %% [markdown]
# ## 2. Several models of the same counts (SIMULATED)
#
# The slope hardly depends on the model of the variance. A conditional log likelihood cannot be compared with the others, and
# a GEE has none.

# %%
spec = Regression("drug_incident", ("interdiction",), ("month",), "all_events")
models = {
    "Poisson, regions and months absorbed": fit,
    "conditional Poisson": conditional_poisson(frame, spec),
    "NB2, dummies": negative_binomial(frame, Regression(spec.outcome, spec.terms, ("unit", "month"), spec.exposure)),
    "random effects": random_effects(frame, spec),
    "GEE, exchangeable": gee(frame, spec),
}
pd.DataFrame(
    {
        "source": "SIMULATED",
        "slope": {name: m.coef[m.term("interdiction")] for name, m in models.items()},
        "se, by region": {name: cluster(m, "unit").se[m.term("interdiction")] for name, m in models.items()},
        "log likelihood": {name: m.loglik for name, m in models.items()},
        "dispersion": {name: m.extra.get("dispersion") for name, m in models.items()},
    }
).round(3)

# %% [markdown]
# ## 3. Effects in events, with the exposure kept (SIMULATED)

# %%
by_country = cluster(fit, "country")
print(average_marginal_effects(fit, by_country, ["interdiction"]).T.to_string(header=False))
print(semi_elasticities(by_country).T.to_string(header=False))

# %% [markdown]
# ## 4. Checks (SIMULATED)

# %%
results, skipped = checks.run(frame, fit, "interdiction", placebos=("general_crime",))
for result in results:
    print(f"{result.verdict:7} {result.name}: {result.sentence}")
print(skipped or "every check was run")

# %%
next(r for r in results if r.name == "leave one country out").figure()

# %% [markdown]
# ## 5. Lags, leads and dated shocks (SIMULATED)

# %%
wide, terms = distributed_lags(frame, "interdiction", lags=3, leads=1)
dynamic = poisson(wide, Regression("drug_incident", terms, ("unit", "month"), "all_events", name="lags"))
by_unit = cluster(dynamic, "unit")
print(by_unit.table()[["source", "term", "coef", "se", "p"]].round(3).to_string(index=False))
print("sum of all but the lead:", combine(by_unit, dict.fromkeys(terms[1:], 1.0)))

# %%
table = shocks.load().frame
unrest = table[table["shock"] == "kazakh_unrest"]
study = event_study(
    frame, "state_violence", unrest["month"].iloc[0], tuple(unrest["iso3"]), before=6, after=6, exposure="all_events"
)
path = study.path(cluster(study.estimate, "unit"))
print("months before the shock, jointly zero:", joint(cluster(study.estimate, "unit"), study.before))
path[["source", "months_from_shock", "coef", "low", "high", "interval"]].round(3)

# %% [markdown]
# Nothing was put into the simulation in that month: what the path shows beyond its intervals is chance, or what regions of a
# country share by chance, which errors by region do not cover.
#
# ## 6. Real article counts
#
# Three countries of Central Asia, monthly, articles as exposure. With three clusters t(2) has heavy tails, and leaving one
# country out moves the slope: little can be said, and that is the finding.

# %%
built = articles.panel(None, catalogue.load())[0].select(countries=article_counts.CENTRAL_ASIA)
pairs = (("drug_incident", "other_crime"), ("state_violence", "drug_incident"))
columns = []
for outcome, covariate in pairs:
    name = article_counts.within(covariate)
    real = poisson(built, Regression(outcome, (name,), ("unit", "month"), "article_total", name=outcome))
    columns.append((real, stacked(real, ("cluster:country", "crv3:country", "webb:country", "dk:12"))))
print(regression_table(*columns).frame().to_string(index=False))
