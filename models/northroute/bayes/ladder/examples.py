"""One small example of every step of the ladder, compiled but not fitted: for its priors, its graph and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import xarray as xr

from northroute.bayes.ladder import composition, designs, latent_corruption
from northroute.bayes.ladder.corruption_spec import CorruptionSpec
from northroute.bayes.ladder.formulate import STEPS, formulate
from northroute.bayes.ladder.measures import governance_measures
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.quantities import named
from northroute.panel import Panel

MODULES: Final = STEPS | {"latent_corruption": latent_corruption, "composition": composition}
"""Module of every step, whose docstring has its mathematics, in the order of the ladder."""
MONTHS: Final = 18


@dataclass(frozen=True)
class Example:
    """A step on a small SIMULATED design.

    Attributes
    ----------
    step : str
    assembled : Assembled
    derive : callable
        Reported quantities that are made from others.
    """

    step: str
    assembled: Assembled
    derive: Callable[[xr.Dataset], xr.Dataset]

    def reported(self) -> dict[str, tuple[str, ...]]:
        """Dimensions of every reported quantity, those of the step's own first, then derived ones."""
        size = int(self.assembled.program.sizes[0].values)
        values = named(self.assembled, np.full((1, 1, size), 0.5))
        every = values.assign(self.derive(values).data_vars)
        return {str(k): tuple(str(d) for d in v.dims if d not in ("chain", "draw")) for k, v in every.data_vars.items()}


def example(step: str) -> Example:
    """Compile the example of a step of :data:`MODULES`."""
    if step == "latent_corruption":
        return _corruption()
    if step == "composition":
        return _composition()
    panel = designs.small_design(months=MONTHS)
    stated = formulate(panel, _spec(step, panel))
    return Example(step, assemble(stated.model, stated.frame), stated.derive)


def _spec(step: str, panel: Panel) -> CountSpec:
    specs = designs.ladder_specs(panel)
    found = replace(specs["walk" if step == "dynamic" else step], season=True, time="walk", varying=("interdiction",))
    return replace(found, name=step, detection=("hub",)) if step == "reporting" else replace(found, name=step)


def _corruption() -> Example:
    spec = CorruptionSpec("latent_corruption", "drug_incident", "all_events")
    counts = latent_corruption.country_counts(designs.small_design(months=MONTHS), spec.outcome, spec.exposure)
    frame = latent_corruption.joint_frame(counts, governance_measures(), spec)
    return Example(spec.name, assemble(latent_corruption.joint_model(spec), frame), spec.derive)


def _composition() -> Example:
    spec, frame = designs.composition()
    spec = replace(spec, focus="heroin")
    return Example(spec.name, assemble(spec.model(), frame), spec.derive)
