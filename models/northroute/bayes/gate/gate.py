"""The diagnostics gate: what a fit must pass before anything is summarised, and what to do where it fails.

Thresholds: rank-normalised split R-hat and effective sample sizes after Vehtari et al. (2021, Bayesian Analysis
16:667); E-BFMI after Betancourt (2016, arXiv:1604.00695). What is asked of the prior and of the rows is in
:mod:`northroute.bayes.gate.prior_check` and :mod:`northroute.bayes.gate.row_check`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import xarray as xr

from northroute.arrays import Array
from northroute.bayes.gate import convergence

MAX_RHAT: Final = 1.01
MIN_ESS: Final = 400.0
MIN_EBFMI: Final = 0.3
MAX_TREE_SHARE: Final = 0.01
TOO_SHORT: Final = frozenset({"R-hat", "bulk ESS", "tail ESS"})
"""Checks that longer chains can mend."""
_ADVICE: Final = {
    "R-hat": "Chains disagree or mix slowly: sample longer, or change the parametrisation of this term.",
    "bulk ESS": "Draw more: --draws.",
    "tail ESS": "Draw more: --draws.",
    "divergences": "Usually a scale near zero: raise the target acceptance, or tighten that scale's prior.",
    "share at largest tree depth": "Steps are too small for the posterior's shape: centre covariates, or reparametrise.",
    "E-BFMI": "Energy moves slowly, usually heavy tails of a scale: tighten its prior.",
    "Pareto k": "The posterior is far from this approximation: do not rely on its draws.",
}


@dataclass(frozen=True)
class Check:
    """One diagnostic: its value, its limit, the parameter that decides it, and, on failure, cause and next step.

    ``passed``, ``value`` and ``limit`` are None where it could not be computed; ``advice`` then says why.
    """

    name: str
    value: float | None
    limit: float | None
    passed: bool | None
    parameter: str = ""
    advice: str = ""

    def __str__(self) -> str:
        if self.value is None or self.limit is None:
            return f"{self.name} not computed: {self.advice}"
        where = f" ({self.parameter})" if self.parameter else ""
        return f"{self.name} {self.value:.4g}, limit {self.limit:.4g}{where}. {self.advice}"


@dataclass(frozen=True)
class Gate:
    """The outcome of all checks."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True if no check failed; :attr:`not_computed` are no part of it."""
        return all(c.passed is not False for c in self.checks)

    @property
    def failures(self) -> tuple[str, ...]:
        """Failed checks in words."""
        return tuple(str(c) for c in self.checks if c.passed is False)

    @property
    def not_computed(self) -> tuple[str, ...]:
        """Checks that could not be computed, with the reasons."""
        return tuple(str(c) for c in self.checks if c.passed is None)

    def value(self, name: str) -> float:
        """Value of a check by name; not-a-number if it was not computed."""
        value = next(c.value for c in self.checks if c.name == name)
        return np.nan if value is None else value

    def to_list(self) -> list[dict[str, Any]]:
        """Plain list for JSON."""
        return [asdict(c) for c in self.checks]


def not_computed(name: str, reason: str) -> Check:
    """Return a check that could not be computed."""
    return Check(name, None, None, None, advice=reason)


def examine(posterior: xr.Dataset, stats: xr.Dataset, max_depth: int) -> Gate:
    """Examine a fit.

    Parameters
    ----------
    posterior : xarray.Dataset
        Every reported quantity, with dimensions chain and draw.
    stats : xarray.Dataset
        Sampler statistics ``diverging``, ``depth`` and ``energy``, with dimensions chain and draw.
    max_depth : int
        Largest tree depth that the sampler was allowed.
    """
    names, draws = labelled(posterior)
    found = convergence.diagnose(draws)
    rhat, rhat_at = _worst(names, np.where(np.isfinite(found.rhat), found.rhat, np.inf), largest=True)
    bulk, bulk_at = _worst(names, np.nan_to_num(found.bulk), largest=False)
    tail, tail_at = _worst(names, np.nan_to_num(found.tail), largest=False)
    divergences = int(stats["diverging"].sum())
    saturated = float((stats["depth"] >= max_depth).mean())
    ebfmi = float(np.min(energy_fraction(stats["energy"].transpose("chain", "draw").to_numpy())))
    judged = (
        ("R-hat", rhat, MAX_RHAT, rhat <= MAX_RHAT, rhat_at),
        ("bulk ESS", bulk, MIN_ESS, bulk >= MIN_ESS, bulk_at),
        ("tail ESS", tail, MIN_ESS, tail >= MIN_ESS, tail_at),
        ("divergences", divergences, 0, divergences == 0, ""),
        ("share at largest tree depth", saturated, MAX_TREE_SHARE, saturated <= MAX_TREE_SHARE, ""),
        ("E-BFMI", ebfmi, MIN_EBFMI, ebfmi >= MIN_EBFMI, ""),
    )
    return Gate(
        tuple(Check(name, value, limit, passed, at, _ADVICE[name]) for name, value, limit, passed, at in judged)
    )


def draft(sampler: str, pareto_k: float, limit: float) -> Gate:
    """Return the gate of an approximation, which no draft passes, with the Pareto k of its importance ratios."""
    refused = Check("draft", 1, 0, False, advice=f"A draft ({sampler}) is not for verdicts: fit with nutpie.")
    return Gate((refused, Check("Pareto k", pareto_k, limit, pareto_k <= limit, advice=_ADVICE["Pareto k"])))


def energy_fraction(energy: Array) -> Array:
    """E-BFMI by chain, from energies of shape (chain, draw): mean squared step over the variance."""
    return np.asarray(np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1))


def labelled(posterior: xr.Dataset) -> tuple[list[str], Array]:
    """Return the names of all elements of all quantities, such as ``slope_country[x, KAZ]``, and their draws.

    Shape (chain, draw, element).
    """
    names: list[str] = []
    draws: list[Array] = []
    for name, values in posterior.data_vars.items():
        dims = [d for d in values.dims if d not in ("chain", "draw")]
        ordered = values.transpose("chain", "draw", *dims)
        draws.append(ordered.to_numpy().reshape(*ordered.shape[:2], -1))
        labels = product(*(ordered[d].to_numpy() for d in dims))
        names += [f"{name}[{', '.join(map(str, label))}]" if dims else str(name) for label in labels]
    return names, np.concatenate(draws, axis=2)


def _worst(names: Sequence[str], values: Array, *, largest: bool) -> tuple[float, str]:
    at = int(values.argmax() if largest else values.argmin())
    return float(values[at]), names[at]
