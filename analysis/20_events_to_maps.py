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

from northroute.panel.incidents import PanelChoices
from northroute.report import style
from northroute.report.figures import region_map
from northroute.sources import regions
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
maps = ["state_violence", "drug_incident"]
flow.loc[incidents.flow["step"].unique(), maps].astype("Int64")

# %% [markdown]
# Many reports name a country and no region. They are in country panels, and in region panels only if one asks for a
# draw.

# %%
placed = incidents.placed.groupby(["country", "construct"])[["incidents", "without_region"]].sum()
(placed["without_region"] / placed["incidents"]).unstack("construct")[maps].round(2)

# %% [markdown]
# ## 2. Map 1: state violence

# %%
table = regions.load("constant").frame


def counts(construct: str) -> dict[str, float]:
    found = incidents.frame.query("construct == @construct and region.notna()")["region"].value_counts()
    return {str(r): float(n) for r, n in found.reindex(table["region"], fill_value=0).items()}


first, last = incidents.window
label = f"reported incidents, {first} to {last}"
figure = region_map(table, counts("state_violence"), label=f"state violence: {label}", simulated=incidents.simulated)
SVG(style.save(figure, Path(scratch.name), "map_1"))

# %% [markdown]
# ## 3. Map 2: drug-related incidents

# %%
figure = region_map(table, counts("drug_incident"), label=f"drugs: {label}", simulated=incidents.simulated)
SVG(style.save(figure, Path(scratch.name), "map_2"))

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
