"""Small SIMULATED designs: what every step of the ladder is calibrated on, and what its page is drawn from."""

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Final

import pandas as pd

from northroute.bayes.ladder.composition import CompositionSpec
from northroute.bayes.ladder.corruption_spec import CorruptionSpec
from northroute.bayes.ladder.latent_corruption import country_counts, joint_frame
from northroute.bayes.ladder.spec import CountSpec
from northroute.conventions import DEFAULT_SEED
from northroute.panel import Panel, build
from northroute.sources import regions
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, UNIT_COVARIATES, simulate_regions

REGIONS: Final = 12
MONTHS: Final = 24
CATEGORIES: Final = ("heroin", "opium", "other")
TOTAL: Final = 30
"""Records of a cell of the composition."""
ERROR: Final = 0.3
"""Standard deviation of a measure's error, where the measure has standard deviation one: about that of the WGI."""


def small_design(regions_kept: int = REGIONS, months: int = MONTHS) -> Panel:
    """Return a SIMULATED panel of some regions of five countries: exposures and covariates for calibration.

    Regions are taken country by country in turn, so that every country has two or more of twelve.
    """
    table = simulate_regions(DEFAULT_SEED, months=months).table
    home = table.frame.drop_duplicates("unit")
    turn = home.groupby("country").cumcount()
    kept = home.assign(turn=turn).sort_values("turn", kind="stable")["unit"].head(regions_kept)
    frame = table.frame[table.frame["unit"].isin(kept)]
    return build(
        replace(table, frame=frame),
        unit="unit",
        outcomes=OUTCOMES,
        exposures=("all_events",),
        covariates=("interdiction", *UNIT_COVARIATES),
        name=f"{regions_kept} simulated regions",
    )


def ladder_specs(panel: Panel) -> dict[str, CountSpec]:
    """Specification of every step of the ladder that counts, on a :func:`small_design`, with the default priors.

    Rates of ``joint`` are per four times as much exposure, so that counts are some 0.7 a region and month: where they are
    large, standard deviations of correlated effects are sampled slowly.
    """
    base = CountSpec(
        "base",
        "drug_incident",
        "all_events",
        EXPOSURE_UNIT,
        unit_covariates=("log_density",),
        varying=("interdiction",),
        season=False,
    )
    kept = set(panel.units)
    edges = tuple((a, b) for a, b in _neighbours() if a in kept and b in kept)
    steps = {
        "pooled": replace(base, step="pooled"),
        "country": replace(base, step="country"),
        "slopes": replace(base, step="slopes"),
        "walk": replace(base, step="dynamic", time="walk", season=True),
        "ar1": replace(base, step="dynamic", time="ar1"),
        "gp": replace(base, step="dynamic", time="gp"),
        "spatial": replace(base, step="spatial", edges=edges),
        "joint": replace(
            base, step="joint", exposure_unit=4 * EXPOSURE_UNIT, outcomes=("drug_incident", "general_crime")
        ),
        "reporting": replace(base, step="reporting", varying=(), detection=("interdiction",)),
    }
    return {name: replace(spec, name=name) for name, spec in steps.items()}


@cache
def _neighbours() -> tuple[tuple[str, str], ...]:
    """Pairs of neighbouring regions; reading and checking them takes longer than all else of a design."""
    return tuple(regions.adjacency("first-level").frame[["a", "b"]].itertuples(index=False, name=None))


def corruption() -> tuple[CorruptionSpec, pd.DataFrame]:
    """Return counts of five countries over two years and four SIMULATED measures of two latents, one row an observation.

    Counts and measures are placeholders: measures are minus and plus one in turn, so that standardising them, which takes
    its numbers from the data and is no part of the model, changes nothing.
    """
    spec = CorruptionSpec("latent_corruption", "drug_incident", "all_events", season=False)
    panel = small_design()
    counts = country_counts(panel, spec.outcome, spec.exposure).assign(**{spec.outcome: 1.0})
    years = range(counts["month"].dt.year.min() - 1, counts["month"].dt.year.max() + 2)
    cells = product((m.name for m in spec.measures), panel.countries, years)
    measures = pd.DataFrame(list(cells), columns=["measure", "country", "year"])
    measures = measures.assign(value=[(-1.0) ** i for i in range(len(measures))], error=ERROR)
    return spec, joint_frame(counts, measures, spec)


def composition() -> tuple[CompositionSpec, pd.DataFrame]:
    """Return cells of three countries, two regions each, over four years, one row a cell and category.

    Counts are placeholders with the cells' totals.
    """
    spec = CompositionSpec(
        *("composition", "count", "category", ("region", "year"), "country", "region"), covariates=("year",)
    )
    cells = [(f"country {c}", f"region {c}{r}", t - 1.5) for c, r, t in product(range(3), range(2), range(4))]
    rows = [
        (" ".join(map(str, cell)), category, TOTAL // len(CATEGORIES), *cell)
        for cell in cells
        for category in CATEGORIES
    ]
    return spec, pd.DataFrame(rows, columns=["cell", "category", "count", "country", "region", "year"])
