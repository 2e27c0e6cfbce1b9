"""Count models for panels and their uncertainty.

Estimators return an :class:`Estimate`; :mod:`northroute.frequentist.covariance` makes its errors,
:mod:`northroute.frequentist.checks` its diagnosis, :mod:`northroute.frequentist.effects` its effects.
"""

from northroute.frequentist.conditional import conditional_poisson
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.fit import FrequentistFit, load
from northroute.frequentist.gee import gee
from northroute.frequentist.negative_binomial import negative_binomial
from northroute.frequentist.poisson import fit_poisson
from northroute.frequentist.ppml import poisson
from northroute.frequentist.random_effects import random_effects
from northroute.frequentist.spec import CONVENTIONS, PoissonSpec, Regression, regression
from northroute.frequentist.two_part import hurdle, zero_inflated

__all__ = [
    "CONVENTIONS",
    "Estimate",
    "FrequentistFit",
    "PoissonSpec",
    "Regression",
    "conditional_poisson",
    "fit_poisson",
    "gee",
    "hurdle",
    "load",
    "negative_binomial",
    "poisson",
    "random_effects",
    "regression",
    "zero_inflated",
]
