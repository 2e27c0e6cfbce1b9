"""What a count model with latent corruption is made of: outcome, measures, priors, and what is reported."""

from dataclasses import dataclass, field
from typing import Final

import pandas as pd
import xarray as xr

from northroute.bayes.ladder.measures import MEASURES, Measure
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.priors import COUNTS, Priors

COUNT: Final = "counts"
"""The response that is not a measure."""
CORRUPTION: Final[Priors] = {
    **{
        k: COUNTS[k]
        for k in ("intercept", "sd_country", "sd_month", "sd_season", "sd_shock", "root_dispersion", "slope")
    },
    "loading": COUNTS["loading"],
    "measure_intercept": Prior(
        "normal", 1.0, "a standardised measure has mean 0 over the table, its anchor's latent nearly so"
    ),
    "sd_level": Prior("half_normal", 1.0, "countries' levels spread about as much as the measure, which has sd 1"),
    "sd_course": Prior("half_normal", 0.2, "corruption moves by at most some 0.4 sd from a year to the next"),
    "sd_bias": Prior(
        "half_normal", 0.5, "a measure seldom places a country more than one sd from where the anchor does"
    ),
    "sd_residual": Prior(
        "half_normal", 0.3, "beyond its published error, a measure misses a year by at most some 0.6 sd"
    ),
}
"""Priors on the scale of standardised measures, and those of the count models."""


@dataclass(frozen=True)
class CorruptionSpec:
    """A count model with latent corruption.

    Attributes
    ----------
    name : str
    outcome : str
    exposure : str, optional
        Its log enters with coefficient one.
    exposure_unit : float
    measures : tuple of Measure
        The first of every latent is its anchor.
    season : bool
        Months of the year differ.
    imputations : int
        Draws of the latents in version ``cut``.
    priors : mapping of str to Prior
    """

    name: str
    outcome: str
    exposure: str | None = None
    exposure_unit: float = 100.0
    measures: tuple[Measure, ...] = MEASURES
    season: bool = True
    imputations: int = 20
    priors: Priors = field(default_factory=lambda: CORRUPTION)

    @property
    def latents(self) -> tuple[str, ...]:
        """Latents in order."""
        return tuple(dict.fromkeys(m.latent for m in self.measures))

    @property
    def anchors(self) -> tuple[str, ...]:
        """The first measure of every latent."""
        return tuple(next(m.name for m in self.measures if m.latent == latent) for latent in self.latents)

    def derive(self, values: xr.Dataset) -> xr.Dataset:
        """``corruption`` (country, year, latent) is level and course; ``slope`` (latent) as the counts have it."""
        found = {}
        if "level_effect" in values:
            z = values["level_effect"] + values["course_effect"]
            z = z if "latent" in z.dims else z.expand_dims(latent=list(self.latents))
            found["corruption"] = z.transpose("chain", "draw", "country", "year", "latent")
        slopes = [values[f"slope_{latent}"] for latent in self.latents if f"slope_{latent}" in values]
        if slopes:
            found["slope"] = xr.concat(slopes, pd.Index(list(self.latents), name="latent")).transpose(
                "chain", "draw", "latent"
            )
        return xr.Dataset(found)
