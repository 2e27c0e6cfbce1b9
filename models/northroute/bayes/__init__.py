"""Bayesian hierarchical models: specifications, priors, sampling, the diagnostics gate, fits."""

from typing import TYPE_CHECKING, Any

from northroute.bayes.counts import fit_counts
from northroute.bayes.engine import Origin, fit_model
from northroute.bayes.fit import BayesFit, load
from northroute.bayes.gate.gate import Check, Gate
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.measurement import MeasurementSpec, fit_measurement
from northroute.bayes.samplers.settings import QUICK, Sampling
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.prior_sets import prior_set
from northroute.bayes.statement.priors import COUNTS, MEASUREMENT, Prior, replaced

if TYPE_CHECKING:
    from northroute.bayes.samplers.plain import pymc_model

__all__ = [
    "COUNTS",
    "MEASUREMENT",
    "QUICK",
    "BayesFit",
    "Check",
    "CountSpec",
    "Gate",
    "MeasurementSpec",
    "Model",
    "Origin",
    "Prior",
    "Sampling",
    "fit_counts",
    "fit_measurement",
    "fit_model",
    "load",
    "prior_set",
    "pymc_model",
    "replaced",
]


def __getattr__(name: str) -> Any:
    """Load PyMC when its statement of a model is asked for, and not before."""
    if name == "pymc_model":
        from northroute.bayes.samplers.plain import pymc_model

        return pymc_model
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
