"""What is fitted and how: the specification of a count model and the settings of the sampler."""

import os
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from northroute.bayes.priors import COUNTS, Priors
from northroute.conventions import DEFAULT_SEED


@dataclass(frozen=True)
class CountSpec:
    """A hierarchical negative binomial for a panel of counts.

    Attributes
    ----------
    name : str
        Names the fit, its file and its random stream.
    outcome : str
    exposure : str, optional
        Its log enters with coefficient one.
    exposure_unit : float
        Rates are per this much exposure (100 articles, say).
    unit_covariates : tuple of str
        Covariates that are constant within a unit.
    covariates : tuple of str
        Unit-month covariates with one slope for all countries.
    varying : tuple of str
        Unit-month covariates whose slope varies by country.
    month : {"shared", "country"}
        One random walk over months for all units, or one for each country.
    priors : mapping of str to Prior
    """

    name: str
    outcome: str
    exposure: str | None = None
    exposure_unit: float = 1.0
    unit_covariates: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()
    month: Literal["shared", "country"] = "shared"
    priors: Priors = field(default_factory=lambda: COUNTS)

    def describe(self) -> str:
        """One line for tables: the model in words."""
        parts = ["negative binomial", f"log exposure {self.exposure}" if self.exposure else "no exposure"]
        parts.append(
            "country and region intercepts, random walk over months" + (" by country" * (self.month == "country"))
        )
        for label, names in (
            ("region covariates", self.unit_covariates),
            ("common slopes", self.covariates),
            ("country-varying slopes", self.varying),
        ):
            if names:
                parts.append(f"{label} {', '.join(names)}")
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for JSON and for the fit's key."""
        return asdict(self)


@dataclass(frozen=True)
class Sampling:
    """Settings of the sampler; the sampler is nutpie, named in every call and every output.

    A fit that fails its diagnostics is tried again up to ``retries`` times, with effects centred by the scales of the last
    attempt and twice the warm-up; with twice the draws if chains were too short, and half the distance of ``target_accept``
    to one if any draw diverged. A pilot of ``pilot`` draws, thrown away, centres the first attempt; 0 leaves it out.
    """

    chains: int = 4
    draws: int = 1000
    tune: int = 600
    target_accept: float = 0.95
    retries: int = 2
    seed: int = DEFAULT_SEED
    prior_draws: int = 4000
    pilot: int = 200

    @property
    def cores(self) -> int:
        """Chains run side by side, at most one a processor."""
        return min(self.chains, os.cpu_count() or 1)

    def harder(self, *, short: bool, diverged: bool) -> "Sampling":
        """Return the settings of the next attempt, by what failed in the last."""
        return replace(
            self,
            draws=self.draws * (2 if short else 1),
            tune=2 * self.tune,
            target_accept=1 - (1 - self.target_accept) / 2 if diverged else self.target_accept,
            retries=self.retries - 1,
        )

    def short(self) -> "Sampling":
        """Return the settings of the pilot."""
        return replace(self, draws=self.pilot, tune=2 * self.pilot)


QUICK = Sampling(tune=400, target_accept=0.9, prior_draws=1000)
