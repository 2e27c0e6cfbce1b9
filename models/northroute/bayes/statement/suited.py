r"""Default priors that suit the data, in the user's units.

A prior that is not given is suited to the data when a model meets them. With s the spread of the outcome on the scale of the
linear predictor (one for log rates, log odds and logits; for measures the outcome's standard deviation, of Student t ones a
robust one), J the number of a term's slopes, and v the width of a covariate (half its range if it has two values, else the
larger of its standard deviation and a quarter of its range):

=========================== ==================================================================================
intercept of an average row normal(where the data lie, 2 s); where: the log of all counts over all exposure, the
                            mean or median of a measure, the log share of a category, the log odds of a zero
                            (hurdle), else zero
slope                       normal(0, s min(1, sqrt(4 / J)) / v)
sd of groups, places, GPs   half_normal(s); of a slope that varies half_normal(s / 2v)
sd of a walk's step         half_normal(0.2 s)
sd of a residual            half_normal(s); of correlated residuals half_student_t(df 3, 2.5 s)
length scale of a GP        inverse_gamma, 98 % between a tenth of the range and all of it
=========================== ==================================================================================

The intercept of an average row is :math:`\alpha_c` in :math:`\eta_i = \alpha_c + (x_i - \bar x)'\beta`; the means are those
of the rows that the intercept enters. It is reported as ``intercept_average`` beside ``intercept``,
:math:`\alpha = \alpha_c - \bar x'\beta`, that of a row whose covariates are zero. A prior of the user's is in the user's
units and of the intercept at zero. The spirit is that of rstanarm and brms (Gelman, Jakulin, Pittau and Su 2008, Annals of
Applied Statistics 2:1360); the width keeps a rare indicator and a long tail from implying absurd counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np

from northroute.arrays import Array
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.errors import ModelError

Support = Literal["positive", "share"]
INTERCEPT_SCALE: Final = 2.0
SLOPES: Final = 4
"""So many slopes of one term have their full prior scale; more share it."""
_REACHES: Final = {"positive": "below zero", "share": "beyond 0 to 1"}
_HAVE: Final = {
    "positive": "Give one on positive numbers, Prior.half_normal(sd=1) say.",
    "share": "Give a beta, or a uniform within (0, 1).",
}


def within(model: str, name: str, prior: Any, support: Support) -> Prior:
    """Return a prior that lies where its parameter may.

    Raises
    ------
    ModelError
        If it is no prior, or reaches beyond: a normal for a standard deviation, say.
    """
    if not isinstance(prior, Prior):
        raise ModelError(f"{model}: the prior of '{name}' is {prior!r}. Give a Prior, Prior.half_normal(sd=1) say.")
    ends = {"unit": (0.0, 1.0), "positive": (0.0, np.inf), "interval": (prior.location, prior.location + prior.scale)}
    low, high = ends.get(prior.support, (-np.inf, np.inf))
    if low < 0 or (support == "share" and high > 1):
        raise ModelError(f"{model}: the prior of '{name}', {prior}, reaches {_REACHES[support]}. {_HAVE[support]}")
    return prior


def spread(values: Array) -> float:
    """Return the root mean square of rows' spreads."""
    return float(np.sqrt(np.mean(np.square(values))))


def width(values: Array) -> float:
    """Return the width of a covariate: see the head of the module."""
    reach = float(np.ptp(values))
    if np.unique(values).size == 2:
        return reach / 2
    return max(float(np.std(values)), reach / 4)


def deviation(model: str, name: str, given: Prior | Suited, default: Prior, s: float) -> Prior:
    """Return the prior of a standard deviation: the given one if it is positive, else the default times a spread."""
    return scaled(default, s) if isinstance(given, Suited) else within(model, name, given, "positive")


def scaled(default: Prior, factor: float) -> Prior:
    """Return a default prior, its scale times ``factor``."""
    if factor == 1:
        return default
    return replace(
        default, scale=default.scale * factor, reason=f"{default.reason}, times {factor:.4g} to suit the data"
    )


def intercept(middle: Array, spreads: Array) -> Prior:
    """Return the prior of an average row's predictor, from where the data of its rows lie and how they spread."""
    s, at = float(np.hypot(spread(spreads), np.std(middle))), float(f"{np.mean(middle):.9g}")
    reason = "of an average row: around the data, for log rates within a factor of 50 of the observed one with 95 %"
    return Prior("normal", INTERCEPT_SCALE * s, reason, location=at)


def slope(values: Array, s: float, slopes: int) -> Prior:
    """Return the prior of a covariate's slope, one of ``slopes`` in its term."""
    share = min(1.0, float(np.sqrt(SLOPES / slopes)))
    reason = "a width of the covariate seldom changes a rate more than sevenfold (a measure by more than two sd)"
    return Prior("normal", s * share / width(values), reason)


def varying(default: Prior, values: Array, s: float) -> Prior:
    """Return the prior of the standard deviation of slopes that vary."""
    reason = "groups' slopes vary about as much as a slope is large"
    return replace(default, scale=default.scale * s / (2 * width(values)), reason=reason)


def length(half_ranges: Array) -> Prior:
    """Return the prior of a length scale of a function of covariates with these half ranges."""
    reach = 2 * float(half_ranges.max())
    if half_ranges.size == 1:
        return Prior("inverse_gamma", reach, "length scale: 98 % between a tenth and 1.2 of the range", shape=4.0)
    return Prior("inverse_gamma", 2.4 * reach, "length scale: 98 % between 0.15 and 0.8 of the range", shape=8.0)


def by_name(model: str, what: str, given: object, names: Sequence[str]) -> list[Prior | Suited]:
    """Return one prior a name: the same for all, or those that a mapping names and defaults for the others.

    Raises
    ------
    ModelError
        If a mapping names what is not there, or something is no prior.
    """
    if not isinstance(given, Mapping):
        found: list[Any] = [given] * len(names)
    else:
        unknown = [k for k in given if k not in names]
        if unknown:
            raise ModelError(
                f"{model}: a prior of {unknown[0]!r} is given for '{what}', which has {', '.join(map(repr, names))}. Name "
                "these."
            )
        found = [given.get(n, SUITED) for n in names]
    odd = [(n, p) for n, p in zip(names, found, strict=True) if not isinstance(p, Prior | Suited)]
    if odd:
        where = f" of {odd[0][0]!r}" if isinstance(given, Mapping) else ""
        raise ModelError(
            f"{model}: the prior of '{what}'{where} is {odd[0][1]!r}. Give a Prior, Prior.normal(mean=0, sd=1) say."
        )
    return found
