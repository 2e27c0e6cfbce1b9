"""Priors as data: each has a family, its numbers and one line of reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pymc as pm
from numpy.typing import NDArray

from northroute.errors import ModelError

Family = Literal["normal", "half_normal", "half_cauchy"]


@dataclass(frozen=True)
class Prior:
    """One prior: ``normal(location, scale)``, ``half_normal(scale)`` or ``half_cauchy(scale)``, and why."""

    family: Family
    scale: float
    reason: str
    location: float = 0.0

    def variable(self, name: str, dims: str | None = None) -> Any:
        """Create the random variable in the PyMC model in context."""
        match self.family:
            case "normal":
                return pm.Normal(name, self.location, self.scale, dims=dims)
            case "half_normal":
                return pm.HalfNormal(name, self.scale, dims=dims)
            case "half_cauchy":
                return pm.HalfCauchy(name, self.scale, dims=dims)

    def draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> NDArray[np.float64]:
        """Draw from the prior, for estimands that need no model."""
        match self.family:
            case "normal":
                return rng.normal(self.location, self.scale, size)
            case "half_normal":
                return np.abs(rng.normal(0, self.scale, size))
            case "half_cauchy":
                return np.abs(rng.standard_cauchy(size)) * self.scale

    def __str__(self) -> str:
        inside = f"{self.location:g}, {self.scale:g}" if self.family == "normal" else f"{self.scale:g}"
        return f"{self.family}({inside})"


Priors = Mapping[str, Prior]

COUNTS: Priors = {
    "intercept": Prior("normal", 1.5, "log rate per exposure unit: 0.05 to 20 events with 95 %, whatever the outcome"),
    "sd_country": Prior("half_normal", 1.0, "countries' rates within a factor of about 7 of each other"),
    "sd_unit": Prior("half_normal", 1.0, "regions of one country likewise"),
    "unit_slope": Prior("normal", 0.5, "a region covariate (standardised, or 0/1) seldom changes a rate threefold"),
    "common_slope": Prior("normal", 0.5, "a standardised covariate seldom changes a rate threefold"),
    "slope": Prior("normal", 0.5, "average slope of a standardised covariate, sign unknown"),
    "sd_slope": Prior("half_normal", 0.5, "countries may differ in slope as much as the slope itself"),
    "sd_month": Prior("half_normal", 0.2, "the common level moves by at most some 40 % from a month to the next"),
    "sd_season": Prior("half_normal", 0.3, "months of the year differ by at most a factor of two"),
    "root_dispersion": Prior("half_normal", 1.0, "prior on sqrt(dispersion), which stays proper near the Poisson"),
}
"""Priors of the count models; slopes refer to standardised covariates, rates to the exposure unit."""

MEASUREMENT: Priors = {
    "intercept": Prior("normal", 3.0, "mean of a log ratio: anything from 1:400 to 400:1"),
    "sd_group": Prior("half_normal", 2.0, "countries differ by up to two orders of magnitude"),
    "sd_residual": Prior("half_normal", 1.0, "years of one country differ by up to a factor of seven"),
    "slope": Prior("normal", 2.0, "change of a log ratio per standard deviation of the predictor, sign unknown"),
    "sd_predictor": Prior(
        "half_normal", 1.0, "true values spread at most about as much as the measured ones, which have sd 1"
    ),
}
"""Priors of the normal model with known measurement error, on the log scale."""


def replaced(priors: Priors, **changes: Prior) -> Priors:
    """Return priors with some of them replaced; unknown names are refused."""
    unknown = sorted(set(changes) - set(priors))
    if unknown:
        raise ModelError(f"No prior named {unknown}; the set has {sorted(priors)}.")
    return dict(priors) | changes


def to_frame(priors: Priors) -> pd.DataFrame:
    """Return the priors as a table: parameter, prior, reason."""
    return pd.DataFrame([{"parameter": k, "prior": str(p), "reason": p.reason} for k, p in priors.items()])
