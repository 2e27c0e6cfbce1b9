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
# # From GDELT's files to the brief's two maps
#
# Files in, incidents and maps out: Map 1 (reports of state violence) and Map 2 (reports of drug-related incidents),
# each with the flow of counts that led to it. Give a folder of real files in `NORTHROUTE_GDELT` (`northroute fetch
# gdelt` brings them); without it the notebook makes a **SIMULATED** archive of a few months in the true formats, with
# the faults of the true one. What it shows then says nothing about the world.
#
# How each step works: `analysis/docs/events.md`.

# %%
import os
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import SVG
from matplotlib.figure import Figure
from scipy import stats

from northroute.conventions import COUNTRIES, INTERVAL_PROB, interval_label
from northroute.panel.incidents import PanelChoices
from northroute.report import maps, style
from northroute.sources import boundaries, regions
from northroute.sources.gdelt import simulated
from northroute.workflow.events import build_events

scratch = tempfile.TemporaryDirectory()
given = os.environ.get("NORTHROUTE_GDELT")
if given:
    files = Path(given)
else:
    archive = simulated.write(Path(scratch.name) / "archive", simulated.ArchiveWorld(days=120, incidents_per_day=25))
    files = archive.site
print("real files" if given else "SIMULATED archive")

# %% [markdown]
# ## 1. Files to incidents
#
# Rows are kept if their country *field* is one of the five; rows that cannot be read are set aside and counted. A rule
# of the codebook (`data/codebook/constructs.yaml`) selects reports; reports that share actors, action, place and day
# are one incident.

# %%
built = build_events(files, Path(scratch.name) / "events", choices=PanelChoices(exposure="none"))
incidents = built.incidents
print("simulated:", incidents.simulated, "| codebook", incidents.origin["codebook_version"])
for table, extract in built.extracts.items():
    tally = extract.tally
    print(f"{table}: {tally.rows} rows read, {tally.kept} kept, {tally.filtered} elsewhere, {tally.aside} set aside")

# %% [markdown]
# The flow of counts. The last five steps but one are alternatives, not a sequence: what each rule of de-duplication
# would leave.

# %%
flow = incidents.flow.pivot(index="step", columns="construct", values="count")
mapped = ["state_violence", "drug_incident"]
flow.loc[incidents.flow["step"].unique(), mapped].astype("Int64")

# %% [markdown]
# Many reports name a country and no region. They are in country panels, and in region panels only if one asks for a
# draw.

# %%
placed = incidents.placed.groupby(["country", "construct"])[["incidents", "without_region"]].sum()
(placed["without_region"] / placed["incidents"]).unstack("construct")[mapped].round(2)

# %% [markdown]
# ## 2. Map 1: state violence
#
# Left the raw count of each region, right its rate: the posterior median of a Poisson rate per 100,000 residents with
# Jeffreys' prior, Gamma(1/2, 0), each region on its own. A region of which nothing was reported has a small rate, not
# none. The page of the main job maps the rates of the partially pooled model instead (`northroute reproduce --events`).

# %%
regions_table = regions.load("constant").frame.set_index("region")
first, last = incidents.window


def counts(construct: str) -> pd.Series:
    found = incidents.frame.query("construct == @construct and region.notna()")["region"].value_counts()
    return found.reindex(regions_table.index, fill_value=0).astype(float)


def rates(count: pd.Series) -> pd.DataFrame:
    tails = {"median": 0.5, "low": (1 - INTERVAL_PROB) / 2, "high": (1 + INTERVAL_PROB) / 2}
    per_100_000 = regions_table["population_2020"] / 1e5
    return pd.DataFrame(
        {k: stats.gamma.ppf(p, count + 0.5, scale=1 / per_100_000) for k, p in tails.items()}, count.index
    )


def map_of(construct: str, what: str) -> Figure:
    count = counts(construct)
    return maps.rate_map(
        *(rates(count), boundaries.load()),
        title=f"Reported {what}, {first} to {last}",
        label=f"reported {what} per 100,000 residents",
        countries=list(COUNTRIES),
        simulated=incidents.simulated,
        counts=count,
        count_label=f"reported {what}",
    )


SVG(style.save(map_of("state_violence", "incidents of state violence"), Path(scratch.name), "map_1"))

# %% [markdown]
# ## 3. Map 2: drug-related incidents

# %%
SVG(style.save(map_of("drug_incident", "drug-related incidents"), Path(scratch.name), "map_2"))

# %% [markdown]
# How sure are the rates? The five regions of the highest rates of reports on drugs:

# %%
print("SIMULATED" if incidents.simulated else "real", "| median and", interval_label(), "per 100,000 residents")
found = rates(counts("drug_incident")).sort_values("median", ascending=False).head()
found.assign(name=regions_table["name"]).set_index("name").round(2)

# %% [markdown]
# ## 4. Incidents known to be both
#
# GDELT's event codes have no drugs. A violent incident is known as drug-related through the GKG record of its article.

# %%
violence = incidents.frame[incidents.frame["construct"].isin(["state_violence", "criminal_violence"])]
print("SIMULATED" if incidents.simulated else "real")
pd.crosstab(violence["construct"], violence["drug"]).rename(columns={False: "no drugs told of", True: "drugs told of"})

# %%
scratch.cleanup()
