"""How a model is sampled: the sampler and its settings."""

import os
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from northroute.bayes.statement.intake import checked, one_of
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError

Sampler = Literal["nutpie", "pymc", "numpyro", "laplace"]


@dataclass(frozen=True)
class Sampling:
    """Settings of the sampler, named in every output.

    A fit that fails its diagnostics is tried again up to ``retries`` times, in coordinates adapted to the last attempt and
    with twice the warm-up; with twice the draws if chains were too short, and half the distance of ``target_accept``
    to one if any draw diverged. A pilot of two chains of ``pilot`` draws, thrown away, adapts the first attempt; 0 leaves
    it out.

    ``sampler`` is nutpie on the compiled kernel; pymc or numpyro on the plain statement (give these a ``tune`` of 1000);
    or laplace, a draft of ``chains * draws`` draws, which never passes its diagnostics.

    A prior that expects implausible counts is not sampled from, unless ``force``; the fit fails its diagnostics either way.
    """

    chains: int = 4
    draws: int = 1000
    tune: int = 300
    target_accept: float = 0.8
    retries: int = 3
    seed: int = DEFAULT_SEED
    prior_draws: int = 4000
    pilot: int = 150
    sampler: Sampler = "nutpie"
    force: bool = False

    def __post_init__(self) -> None:
        one_of("Sampling", "sampler", self.sampler, get_args(Sampler))
        for what, least in (
            ("chains", 1),
            ("draws", 1),
            ("tune", 0),
            ("retries", 0),
            ("prior_draws", 0),
            ("pilot", 0),
            ("seed", 0),
        ):
            value = getattr(self, what)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
                raise ModelError(f"Sampling: {what} is {value!r}. Give a whole number from {least}.")
        checked(self, flags=("force",), positive=("target_accept",))
        if not self.target_accept < 1:
            raise ModelError(f"Sampling: target_accept is {self.target_accept!r}. Give a number between 0 and 1.")

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
        return replace(self, draws=self.pilot, tune=self.pilot, chains=min(self.chains, 2))


QUICK = Sampling(prior_draws=1000)
