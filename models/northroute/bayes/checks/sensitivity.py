r"""How much results owe to the priors: power-scaling sensitivity, by group of priors, and what becomes of a claim.

Kallioinen, Paananen, Bürkner and Vehtari (2024, Statistics and Computing 34:57). A quantity that moves when the prior is
scaled, and moves when the likelihood is scaled, is pulled two ways (prior-data conflict); one that moves with the prior
only is what the prior says (strong prior, or weak likelihood). The posterior with a component :math:`c(\theta)` raised to
:math:`\alpha` has importance ratios :math:`c(\theta)^{\alpha - 1}`, which are Pareto-smoothed: nothing is fitted again. The
sensitivity is ArviZ's.

Scale the priors of the model's own parameters (intercept, slopes, standard deviations). An effect's distribution given
its standard deviation is part of the model, not a prior to be doubted here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import softmax

from northroute.arrays import Array
from northroute.bayes.checks.psis import MIN_DRAWS, pareto_limit, smooth
from northroute.bayes.statement.families import Prior
from northroute.conventions import CONTRADICTED_AT, SIMULATED_MARK, SUPPORTED_AT
from northroute.errors import ModelError
from northroute.look import BOUND, INK, MAIN, Figure, blank, look, mark

ALPHAS: Final = (0.8, 1.25)
"""The paper's powers: one below and one above one, a reciprocal pair."""
THRESHOLD: Final = 0.05
"""Sensitivity from which the paper calls a quantity sensitive."""
CONFLICT: Final = "prior-data conflict"
STRONG_PRIOR: Final = "strong prior / weak likelihood"
NONE: Final = "none"
ALL: Final = "all"
LIKELIHOOD: Final = "likelihood"
VERDICTS_AT: Final = (SUPPORTED_AT, CONTRADICTED_AT)
ROUNDING: Final = 1e-9
"""A change of probability below this is arithmetic, not a change."""


@dataclass(frozen=True)
class PowerWeights:
    """Normalised importance weights of the draws under one power.

    Attributes
    ----------
    weights : numpy.ndarray, shape (draw,)
        Sum to one.
    pareto_k : float
        Shape of the fitted Pareto tail of the ratios; zero where the ratios do not vary at the top and nothing is smoothed.
    """

    weights: Array
    pareto_k: float


@dataclass(frozen=True)
class Sensitivity:
    """Power-scaling sensitivity of quantities and claims.

    Attributes
    ----------
    alphas : tuple of float
        The powers, one below and one above one.
    quantities : mapping of str to numpy.ndarray, shape (draw,)
    claims : mapping of str to numpy.ndarray, shape (draw,)
        One where the claim holds, zero elsewhere.
    weights : mapping of str to tuple of PowerWeights
        For ``all`` priors, each group of priors, and ``likelihood``: the weights under the two powers.
    values : mapping of str to mapping of str to float
        Sensitivity by component and quantity.
    simulated : bool
        True if the data were simulated.
    """

    alphas: tuple[float, float]
    quantities: Mapping[str, Array]
    claims: Mapping[str, Array]
    weights: Mapping[str, tuple[PowerWeights, PowerWeights]]
    values: Mapping[str, Mapping[str, float]]
    simulated: bool

    @property
    def groups(self) -> tuple[str, ...]:
        """``all`` and the named groups of priors."""
        return tuple(c for c in self.weights if c != LIKELIHOOD)

    def diagnosis(self, quantity: str, group: str = ALL) -> str:
        """Return ``prior-data conflict``, ``strong prior / weak likelihood`` or ``none``."""
        return diagnose(self.values[group][quantity], self.values[LIKELIHOOD][quantity])

    def reliable(self, component: str) -> bool:
        """Return whether a component's weights can be trusted: Pareto k below the limit for this many draws."""
        return all(w.pareto_k <= pareto_limit(w.weights.size) for w in self.weights[component])

    def table(self) -> pd.DataFrame:
        """One row a quantity and group of priors.

        Columns ``source``, ``quantity``, ``prior`` (the group), ``prior_sensitivity``, ``likelihood_sensitivity``,
        ``diagnosis``, ``pareto_k`` (largest of the four sets of weights) and ``reliable``.
        """
        rows = []
        for quantity in self.quantities:
            for group in self.groups:
                ks = [w.pareto_k for c in (group, LIKELIHOOD) for w in self.weights[c]]
                rows.append(
                    {
                        "source": self._source,
                        "quantity": quantity,
                        "prior": group,
                        "prior_sensitivity": self.values[group][quantity],
                        "likelihood_sensitivity": self.values[LIKELIHOOD][quantity],
                        "diagnosis": self.diagnosis(quantity, group),
                        "pareto_k": max(ks),
                        "reliable": self.reliable(group) and self.reliable(LIKELIHOOD),
                    }
                )
        return pd.DataFrame(rows)

    def claim_table(self) -> pd.DataFrame:
        """One row a claim, component and power.

        Columns ``source``, ``claim``, ``component``, ``alpha``, ``probability``, ``change`` from alpha = 1, ``crosses``
        (whether the change crosses the register's probability for supported or for contradicted), ``pareto_k`` and
        ``reliable``.
        """
        rows = []
        for claim, holds in self.claims.items():
            base = float(holds.mean())
            for component, pair in self.weights.items():
                for alpha, scaled in zip(self.alphas, pair, strict=True):
                    probability = float(scaled.weights @ holds)
                    moved = abs(probability - base) > ROUNDING
                    rows.append(
                        {
                            "source": self._source,
                            "claim": claim,
                            "component": component,
                            "alpha": alpha,
                            "probability": probability,
                            "change": probability - base,
                            "crosses": moved and any((base >= at) != (probability >= at) for at in VERDICTS_AT),
                            "pareto_k": scaled.pareto_k,
                            "reliable": self.reliable(component),
                        }
                    )
        return pd.DataFrame(rows)

    @property
    def sentence(self) -> str:
        """What was found, in words, and what to do."""
        found = []
        for words in (CONFLICT, STRONG_PRIOR):
            named = [self._named(q) for q in self.quantities if self.diagnosis(q) == words]
            if named:
                found.append(f"{words[0].upper()}{words[1:]}: {', '.join(named)}.")
        if found:
            found.append("Justify those priors, or report the results under the prior set 'wide' beside these.")
        else:
            found.append(f"No quantity is sensitive to the priors (limit {THRESHOLD:g}).")
        doubtful = [c for c in self.weights if not self.reliable(c)]
        if doubtful:
            found.append(
                f"Pareto k is too large for {', '.join(doubtful)}: use powers nearer to one, such as (0.95, 1 / 0.95), "
                "or fit again with the scaled priors."
            )
        return " ".join(found)

    def figure(self, quantity: str, group: str = ALL) -> Figure:
        """Distribution function of a quantity at three powers, for a group of priors and for the likelihood."""
        if quantity not in self.quantities or group not in self.groups:
            raise ModelError(
                f"No quantity '{quantity}' with priors '{group}'. Quantities: {', '.join(self.quantities)}; "
                f"priors: {', '.join(self.groups)}."
            )
        x = self.quantities[quantity]
        order = np.argsort(x)
        shown = np.unique(np.linspace(0, x.size - 1, min(x.size, 500)).astype(int))
        titles = {group: "all priors" if group == ALL else f"priors: {group}", LIKELIHOOD: "likelihood"}
        with look():
            figure = blank(7.5, 3.2)
            panels = figure.subplots(1, 2, sharey=True)
            for axes, (component, title) in zip(panels, titles.items(), strict=True):
                low, high = self.weights[component]
                lines = (
                    (low.weights, MAIN, "--", f"alpha {self.alphas[0]:g}"),
                    (np.full(x.size, 1 / x.size), INK, "-", "as fitted"),
                    (high.weights, BOUND, "--", f"alpha {self.alphas[1]:g}"),
                )
                for weights, colour, style, label in lines:
                    share = np.cumsum(weights[order])
                    axes.plot(x[order][shown], share[shown], style, color=colour, lw=1.4, label=label)
                doubt = "" if self.reliable(component) else ", Pareto k too large"
                axes.set_title(f"{title}, sensitivity {self.values[component][quantity]:.3f}{doubt}", fontsize=9)
                axes.set_xlabel(quantity)
            panels[0].set_ylabel("posterior distribution function")
            panels[1].legend(frameon=False, fontsize=8)
        return mark(figure, simulated=self.simulated)

    @property
    def _source(self) -> str:
        return SIMULATED_MARK if self.simulated else "real"

    def _named(self, quantity: str) -> str:
        named = [g for g in self.groups if g != ALL and self.values[g][quantity] >= THRESHOLD]
        return f"{quantity} (from {', '.join(named)})" if named else quantity


def power_weights(log_density: Array, alpha: float) -> PowerWeights:
    """Weights of draws, shape (draw,), once the component with these log densities is raised to ``alpha``."""
    ratio = (alpha - 1) * log_density
    tail = int(np.ceil(min(ratio.size / 5, 3 * np.sqrt(ratio.size))))
    if np.ptp(np.partition(ratio, -tail)[-tail:]) < 1e-12:
        return PowerWeights(softmax(ratio), 0.0)
    found = smooth(ratio[:, None])
    return PowerWeights(np.exp(found.log_weights[:, 0]), float(found.k[0]))


def sensitivity_value(x: Array, low: Array, high: Array, alphas: tuple[float, float] = ALPHAS) -> float:
    """Rate of change of the cumulative Jensen-Shannon distance per doubling of alpha, the mean of below and above one.

    The distance is not the same for x and -x: the larger is taken. Zero for draws that do not vary.

    Parameters
    ----------
    x : array, shape (draw,)
    low, high : array, shape (draw,)
        Weights under the lower and the higher power.
    alphas : tuple of float
        The two powers.
    """
    from arviz_stats.base import array_stats

    if np.ptp(x) == 0:
        return 0.0
    return float(array_stats.power_scale_sense(x[None], low[None], high[None], *alphas))


def diagnose(prior: float, likelihood: float, threshold: float = THRESHOLD) -> str:
    """Diagnosis from the two sensitivities, as in the paper's table."""
    if prior < threshold:
        return NONE
    return CONFLICT if likelihood >= threshold else STRONG_PRIOR


def log_priors(priors: Mapping[str, Prior], draws: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Log prior density of each parameter's draws, on the prior's own scale.

    Parameters
    ----------
    priors : mapping of str to Prior
    draws : mapping of str to array, shape (draw, ...)
        Posterior draws of the parameters that have a prior here; other dimensions are summed over.

    Returns
    -------
    dict of str to numpy.ndarray, shape (draw,)

    Raises
    ------
    ModelError
        If a parameter has no prior in the set.
    """
    absent = sorted(set(draws) - set(priors))
    if absent:
        raise ModelError(f"No prior named {absent}; the set has {sorted(priors)}. Leave those parameters out.")
    found = {}
    for name, values in draws.items():
        density = priors[name].log_density(values)
        found[name] = np.asarray(density.reshape(len(density), -1).sum(axis=1))
    return found


def sensitivity(
    quantities: Mapping[str, ArrayLike],
    log_prior: Mapping[str, ArrayLike],
    log_likelihood: ArrayLike,
    *,
    simulated: bool,
    groups: Mapping[str, Sequence[str]] | None = None,
    claims: Mapping[str, ArrayLike] | None = None,
    alphas: tuple[float, float] = ALPHAS,
) -> Sensitivity:
    """Measure how quantities and claims answer to scaling the priors and the likelihood.

    Parameters
    ----------
    quantities : mapping of str to array, shape (draw,)
    log_prior : mapping of str to array, shape (draw,)
        Log density of each prior at the draws, as :func:`log_priors` returns; ``all`` is their sum.
    log_likelihood : array, shape (draw,)
        Summed over rows.
    simulated : bool
        True if the data were simulated.
    groups : mapping of str to sequence of str, optional
        Names of priors that are scaled together; by default each prior is a group of its own.
    claims : mapping of str to array of bool, shape (draw,), optional
        Where each claim holds.
    alphas : tuple of float
        One power below and one above one.

    Raises
    ------
    ModelError
        For shapes that do not match, fewer than 100 draws, values that are not finite, unknown or reserved names, or powers
        that are not on the two sides of one.
    """
    if not 0 < alphas[0] < 1 < alphas[1]:
        raise ModelError(f"Powers {alphas}: give one between 0 and 1 and one above 1, such as {ALPHAS}.")
    likelihood = np.asarray(log_likelihood, dtype=float)
    if likelihood.ndim != 1 or likelihood.size < MIN_DRAWS:
        raise ModelError(
            f"The log likelihood has shape {likelihood.shape}. Give its sum over rows, one value a draw, "
            f"for {MIN_DRAWS} draws or more."
        )
    pieces = {n: _checked(n, v, likelihood.size) for n, v in log_prior.items()}
    wanted = {n: (n,) for n in pieces} if groups is None else {g: tuple(names) for g, names in groups.items()}
    unknown = sorted({n for names in wanted.values() for n in names} - set(pieces))
    if unknown or not pieces or {ALL, LIKELIHOOD} & set(wanted) or not all(wanted.values()):
        raise ModelError(
            f"Groups name priors that are not there ({unknown}), are empty, or are called '{ALL}' or '{LIKELIHOOD}'. "
            f"The priors are {sorted(pieces)}."
        )
    logs = {ALL: np.sum(list(pieces.values()), axis=0)}
    logs |= {g: np.sum([pieces[n] for n in names], axis=0) for g, names in wanted.items()}
    logs[LIKELIHOOD] = _checked("log likelihood", likelihood, likelihood.size)
    draws = {n: _checked(n, v, likelihood.size) for n, v in quantities.items()}
    holds = {n: _checked(n, v, likelihood.size) for n, v in (claims or {}).items()}
    odd = [n for n, v in holds.items() if not np.all((v == 0) | (v == 1))]
    if odd:
        raise ModelError(f"Claims {odd} are neither true nor false in some draws. Give booleans, such as slope > 0.")
    weights = {c: (power_weights(v, alphas[0]), power_weights(v, alphas[1])) for c, v in logs.items()}
    values = {
        c: {n: sensitivity_value(x, low.weights, high.weights, alphas) for n, x in draws.items()}
        for c, (low, high) in weights.items()
    }
    return Sensitivity(alphas, draws, holds, weights, values, simulated)


def _checked(name: str, values: ArrayLike, draws: int) -> Array:
    array = np.asarray(values, dtype=float)
    if array.shape != (draws,) or not np.all(np.isfinite(array)):
        raise ModelError(f"'{name}' has shape {array.shape} or values that are not finite. Give {draws} finite draws.")
    return array
