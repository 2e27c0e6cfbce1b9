"""Distributions of the outcome given its linear predictors; each can simulate what it is fitted to."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.families import Prior
from northroute.bayes.kernel.program import Family, Part

Array = NDArray[np.float64]
ROOT: Final = Prior("half_normal", 1.0, "prior on sqrt(dispersion), which stays proper near the Poisson")


@dataclass(frozen=True)
class Poisson:
    """Counts with ``Var = mu``."""

    code = Family.POISSON
    auxiliary: None = None

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes, with the shape of ``eta``, the log mean."""
        return rng.poisson(np.exp(np.minimum(eta, 43.0))).astype(float)

    def describe(self) -> str:
        """In words."""
        return "Poisson"


@dataclass(frozen=True)
class NegativeBinomial:
    """Counts with ``Var = mu + dispersion mu^2``; the prior is on the square root of the dispersion."""

    root_dispersion: Prior = ROOT
    code = Family.NEGATIVE_BINOMIAL

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes; ``auxiliary`` is the dispersion, broadcast against ``eta``."""
        size = 1 / np.maximum(auxiliary, 1e-12)
        mean = rng.gamma(np.broadcast_to(size, eta.shape)) * np.exp(np.minimum(eta, 43.0)) / size
        return rng.poisson(np.minimum(mean, 1e18)).astype(float)

    def describe(self) -> str:
        """In words."""
        return "negative binomial"


@dataclass(frozen=True)
class GeneralisedPoisson:
    """Counts with ``Var = mu / (1 - lambda)^2`` (Consul and Jain 1973), lambda in [0, 1)."""

    excess: Prior = Prior("beta", 2.0, "lambda: variance from the mean's to a hundred times it", shape=1.0)
    code = Family.GENERALISED_POISSON

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes: the total progeny of Poisson ancestors, each child having Poisson(lambda) children."""
        lam = np.broadcast_to(auxiliary, eta.shape)
        generation = rng.poisson(np.exp(np.minimum(eta, 43.0)) * (1 - lam)).astype(float)
        total = generation.copy()
        while generation.any():
            generation = rng.poisson(lam * generation).astype(float)
            total += generation
        return total

    def describe(self) -> str:
        """In words."""
        return "generalised Poisson"


@dataclass(frozen=True)
class Normal:
    """Normal outcomes, with a standard deviation to estimate, or known ones in column ``known``, or both added in square."""

    sd: Prior | None = Prior("half_normal", 1.0, "standard deviation of a standardised outcome")
    known: str | None = None
    code = Family.NORMAL

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes; ``auxiliary`` is the total standard deviation."""
        return rng.normal(eta, auxiliary)

    def describe(self) -> str:
        """In words."""
        return "normal"


@dataclass(frozen=True)
class MultivariateNormal:
    """Normal outcomes of a cell, correlated over responses, LKJ(``lkj``)."""

    sd: Prior = Prior("half_student_t", 2.5, "residual of a standardised outcome", shape=3.0)
    lkj: float = 1.0
    code = Family.MULTIVARIATE_NORMAL

    def describe(self) -> str:
        """In words."""
        return "multivariate normal"


@dataclass(frozen=True)
class Multinomial:
    """Counts of a cell by category; shares are the softmax of the predictors."""

    code = Family.MULTINOMIAL

    def describe(self) -> str:
        """In words."""
        return "multinomial"


@dataclass(frozen=True)
class DirichletMultinomial:
    """Counts of a cell by category, with shares that vary: Dirichlet with means softmax and a concentration.

    The prior is on one over the square root of the concentration: zero is the multinomial.
    """

    inverse_root: Prior = Prior("half_normal", 0.5, "1 / sqrt(concentration): shares vary by up to their own size")
    code = Family.DIRICHLET_MULTINOMIAL

    def describe(self) -> str:
        """In words."""
        return "Dirichlet-multinomial"


Counts = Poisson | NegativeBinomial | GeneralisedPoisson
Distribution = Counts | Normal | MultivariateNormal | Multinomial | DirichletMultinomial
PARTS: Final = {"zero_inflated": Part.ZERO_INFLATED, "hurdle": Part.HURDLE, "detection": Part.DETECTION}
