"""Bayesian hierarchical models: specifications, priors, sampling, the diagnostics gate, fits.

Each name is loaded when it is first asked for, so that a process that compiles the kernel loads the kernel alone, and nobody
waits for PyMC who does not ask for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from northroute.bayes.counts import fit_counts
    from northroute.bayes.engine import Origin, fit_model
    from northroute.bayes.fit import BayesFit, load
    from northroute.bayes.gate.gate import Check, Gate
    from northroute.bayes.ladder.spec import CountSpec
    from northroute.bayes.measurement import MeasurementSpec, fit_measurement
    from northroute.bayes.samplers.plain import pymc_model
    from northroute.bayes.samplers.settings import QUICK, Sampling
    from northroute.bayes.statement.model import Model
    from northroute.bayes.statement.prior_sets import prior_set
    from northroute.bayes.statement.priors import COUNTS, MEASUREMENT, Prior, replaced

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

_MODULES: Final = {
    "counts": ("fit_counts",),
    "engine": ("Origin", "fit_model"),
    "fit": ("BayesFit", "load"),
    "gate.gate": ("Check", "Gate"),
    "ladder.spec": ("CountSpec",),
    "measurement": ("MeasurementSpec", "fit_measurement"),
    "samplers.plain": ("pymc_model",),
    "samplers.settings": ("QUICK", "Sampling"),
    "statement.model": ("Model",),
    "statement.prior_sets": ("prior_set",),
    "statement.priors": ("COUNTS", "MEASUREMENT", "Prior", "replaced"),
}
_HOMES: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that it is written in."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
