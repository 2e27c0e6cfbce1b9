"""Sums of coefficients and joint tests, from any errors that have a covariance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from northroute.arrays import Array
from northroute.conventions import INTERVAL_PROB
from northroute.errors import ModelError
from northroute.frequentist.covariance.result import Errors, probability


@dataclass(frozen=True)
class Combination:
    """A weighted sum of coefficients with its standard error, two-sided p and interval of probability ``prob``."""

    estimate: float
    se: float
    df: float
    p: float
    low: float
    high: float
    prob: float


@dataclass(frozen=True)
class JointTest:
    """Wald test that several coefficients are zero: F with (terms, df) degrees of freedom."""

    statistic: float
    terms: int
    df: float
    p: float


def combine(errors: Errors, weights: Mapping[str, float], prob: float = INTERVAL_PROB) -> Combination:
    """Weighted sum of coefficients, such as the cumulated effect of lags.

    Raises
    ------
    ModelError
        For an unknown term, or errors without a covariance.
    """
    probability(prob)
    covariance, at = _parts(errors, list(weights))
    w = np.array(list(weights.values()))
    estimate, se = float(w @ errors.coef[at]), float(np.sqrt(w @ covariance @ w))
    half = float(stats.t.ppf((1 + prob) / 2, errors.df)) * se
    p = 2 * float(stats.t.sf(abs(estimate) / se, errors.df))
    return Combination(estimate, se, errors.df, p, estimate - half, estimate + half, prob)


def joint(errors: Errors, terms: Sequence[str]) -> JointTest:
    """Test that the terms' coefficients are all zero.

    With G clusters a covariance has rank G - 1 at most, so that no more than G - 1 terms can be tested together.

    Raises
    ------
    ModelError
        For an unknown term, errors without a covariance, or more terms than degrees of freedom.
    """
    covariance, at = _parts(errors, terms)
    if len(terms) > errors.df:
        raise ModelError(
            f"{errors.fit}: {len(terms)} terms cannot be tested together with {errors.kind} and {errors.df:g} degrees of "
            "freedom. Test fewer terms, or use errors with more clusters."
        )
    coef = errors.coef[at]
    unit = np.sqrt(np.diag(covariance))
    inner = np.linalg.pinv(covariance / np.outer(unit, unit), hermitian=True)
    statistic = float((coef / unit) @ inner @ (coef / unit)) / len(terms)
    return JointTest(statistic, len(terms), errors.df, float(stats.f.sf(statistic, len(terms), errors.df)))


def _parts(errors: Errors, terms: Sequence[str]) -> tuple[Array, list[int]]:
    unknown = [t for t in terms if t not in errors.terms]
    if unknown or not terms:
        raise ModelError(f"{errors.fit}: no term {unknown}; the terms are {', '.join(errors.terms)}.")
    if errors.covariance is None:
        raise ModelError(f"{errors.fit}: '{errors.kind}' gives p-values only; use errors with a covariance.")
    at = [errors.terms.index(t) for t in terms]
    return errors.covariance[np.ix_(at, at)], at
