"""The diagnostics gate: what a fit must pass before anything is summarised, and what to do where it fails.

Thresholds: rank-normalised split R-hat and effective sample sizes after Vehtari et al. (2021, Bayesian Analysis
16:667); E-BFMI after Betancourt (2016, arXiv:1604.00695). What is asked of the prior and of the rows is in
:mod:`northroute.bayes.prior_check` and :mod:`northroute.bayes.row_check`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import arviz_stats as azs
import numpy as np
import xarray as xr

MAX_RHAT: Final = 1.01
MIN_ESS: Final = 400.0
MIN_EBFMI: Final = 0.3
MAX_TREE_SHARE: Final = 0.01
TOO_SHORT: Final = frozenset({"R-hat", "bulk ESS", "tail ESS"})
"""Checks that longer chains can mend."""


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
    with np.errstate(invalid="ignore"):  # a parameter that never moves gives NaN, which fails below
        rhat, rhat_at = _worst(_by_name(azs.rhat(posterior)), largest=True)
        bulk, bulk_at = _worst(_by_name(azs.ess(posterior, method="bulk")), largest=False)
        tail, tail_at = _worst(_by_name(azs.ess(posterior, method="tail")), largest=False)
    divergences = int(stats["diverging"].sum())
    saturated = float((stats["depth"] >= max_depth).mean())
    ebfmi = float(np.min(energy_fraction(stats["energy"].transpose("chain", "draw").to_numpy())))
    more = "Chains disagree or mix slowly: sample longer, or change the parametrisation of this term."
    return Gate(
        (
            Check("R-hat", rhat, MAX_RHAT, rhat <= MAX_RHAT, rhat_at, more),
            Check("bulk ESS", bulk, MIN_ESS, bulk >= MIN_ESS, bulk_at, "Draw more: --draws."),
            Check("tail ESS", tail, MIN_ESS, tail >= MIN_ESS, tail_at, "Draw more: --draws."),
            Check(
                "divergences",
                divergences,
                0,
                divergences == 0,
                advice="Usually a scale near zero: raise the target acceptance, or tighten that scale's prior.",
            ),
            Check(
                "share at largest tree depth",
                saturated,
                MAX_TREE_SHARE,
                saturated <= MAX_TREE_SHARE,
                advice="Steps are too small for the posterior's shape: centre covariates, or reparametrise.",
            ),
            Check(
                "E-BFMI",
                ebfmi,
                MIN_EBFMI,
                ebfmi >= MIN_EBFMI,
                advice="Energy moves slowly, usually heavy tails of a scale: tighten its prior.",
            ),
        )
    )


def draft(sampler: str, pareto_k: float, limit: float) -> Gate:
    """Return the gate of an approximation, which no draft passes, with the Pareto k of its importance ratios."""
    return Gate(
        (
            Check("draft", 1, 0, False, advice=f"A draft ({sampler}) is not for verdicts: fit with nutpie."),
            Check(
                "Pareto k",
                pareto_k,
                limit,
                pareto_k <= limit,
                advice="The posterior is far from this approximation: do not rely on its draws.",
            ),
        )
    )


def energy_fraction(energy: "np.ndarray[Any, np.dtype[np.float64]]") -> "np.ndarray[Any, np.dtype[np.float64]]":
    """E-BFMI by chain, from energies of shape (chain, draw): mean squared step over the variance."""
    return np.asarray(np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1))


def _by_name(dataset: xr.Dataset) -> dict[str, float]:
    named: dict[str, float] = {}
    for name, values in dataset.data_vars.items():
        if values.ndim == 0:
            named[str(name)] = float(values)
            continue
        flat = values.stack(cell=values.dims)
        labels = [", ".join(map(str, c)) for c in flat["cell"].to_numpy()]
        named |= {f"{name}[{label}]": float(v) for label, v in zip(labels, flat.to_numpy(), strict=True)}
    return named


def _worst(values: Mapping[str, float], *, largest: bool) -> tuple[float, str]:
    finite = {k: (v if np.isfinite(v) else (np.inf if largest else 0.0)) for k, v in values.items()}
    name = max(finite, key=lambda k: finite[k]) if largest else min(finite, key=lambda k: finite[k])
    return finite[name], name
