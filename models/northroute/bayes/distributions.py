"""Distributions of an outcome, as a user names them: ``from northroute.bayes.distributions import Poisson``."""

from northroute.bayes.statement.distributions import (
    DirichletMultinomial,
    GeneralisedPoisson,
    Multinomial,
    MultivariateNormal,
    NegativeBinomial,
    Normal,
    NormalErrors,
    Poisson,
    StudentT,
)

__all__ = [
    "DirichletMultinomial",
    "GeneralisedPoisson",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "NormalErrors",
    "Poisson",
    "StudentT",
]
