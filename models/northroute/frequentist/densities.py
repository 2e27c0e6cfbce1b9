"""Log densities of counts in their indices, with first and second derivatives.

Indices are the log mean and, for the negative binomial, the log dispersion, where ``Var = mu + dispersion * mu^2`` (NB2;
Cameron and Trivedi 2013, Regression Analysis of Count Data, sections 3.3, 4.3 and 4.4). Zero inflation adds the logit of the
probability of a structural zero; a hurdle the logit of the probability of any zero.
"""

import numpy as np
from scipy import special

from northroute.arrays import Array
from northroute.frequentist.maximise import Density, Rows

_SIZES = (1e-12, 1e12)


def poisson(y: Array, index: Array) -> Rows:
    """Poisson with log mean ``index[:, 0]``."""
    eta = index[:, 0]
    mean = np.exp(np.minimum(eta, 700))
    value = y * eta - mean - special.gammaln(y + 1)
    return Rows(value, (y - mean)[:, None], -mean[:, None, None])


def negative_binomial(y: Array, index: Array) -> Rows:
    """NB2 with log mean ``index[:, 0]`` and log dispersion ``index[:, 1]``."""
    eta = np.minimum(index[:, 0], 700)
    size = np.clip(np.exp(np.clip(-index[:, 1], -700, 700)), *_SIZES)
    mean = np.exp(eta)
    both = size + mean
    share = np.log1p(mean / size)
    value = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
    value += -size * share + y * (eta - np.log(both))
    by_size = special.digamma(y + size) - special.digamma(size) - share + (mean - y) / both
    curved = special.polygamma(1, y + size) - special.polygamma(1, size)
    curved += 1 / size - 1 / both - (mean - y) / both**2
    gradient = np.column_stack([(y - mean) * size / both, -size * by_size])
    hessian = np.empty((y.size, 2, 2))
    hessian[:, 0, 0] = -mean * size * (size + y) / both**2
    hessian[:, 0, 1] = hessian[:, 1, 0] = -size * (y - mean) * mean / both**2
    hessian[:, 1, 1] = size**2 * curved + size * by_size
    return Rows(value, gradient, hessian)


def zero_inflated(count: Density) -> Density:
    """Mixture with structural zeros; the last index is the logit of their probability."""

    def rows(y: Array, index: Array) -> Rows:
        logit, inner = index[:, -1], index[:, :-1]
        structural = special.expit(logit)
        zero = y == 0
        at = count(y, inner)
        from_count = at.value - np.logaddexp(0, logit)
        value = np.where(zero, np.logaddexp(logit - np.logaddexp(0, logit), from_count), from_count)
        w = np.where(zero, np.exp(np.minimum(from_count - value, 0.0)), 1.0)
        r = 1 - w
        gradient = np.column_stack([w[:, None] * at.gradient, r - structural])
        k = inner.shape[1]
        hessian = np.empty((y.size, k + 1, k + 1))
        outer = at.gradient[:, :, None] * at.gradient[:, None, :]
        hessian[:, :k, :k] = w[:, None, None] * at.hessian + (r * w)[:, None, None] * outer
        hessian[:, :k, k] = hessian[:, k, :k] = -(r * w)[:, None] * at.gradient
        hessian[:, k, k] = r * w - structural * (1 - structural)
        return Rows(value, gradient, hessian)

    return rows


def hurdle(count: Density) -> Density:
    """Two parts: a zero with the logit in the last index, and a positive count's size from the zero-truncated density."""

    def rows(y: Array, index: Array) -> Rows:
        logit, inner = -index[:, -1], index[:, :-1]
        positive = y > 0
        crossing = special.expit(logit)
        at, none = count(y, inner), count(np.zeros_like(y), inner)
        # log(1 - f(0)) and f(0) / (1 - f(0)), exact for small means
        log_rest = np.log(-np.expm1(np.minimum(none.value, -1e-300)))
        odds = np.exp(none.value - log_rest)
        value = np.where(positive, logit, 0.0) - np.logaddexp(0, logit) + np.where(positive, at.value - log_rest, 0.0)
        gradient = np.where(positive[:, None], at.gradient + odds[:, None] * none.gradient, 0.0)
        outer = none.gradient[:, :, None] * none.gradient[:, None, :]
        curved = at.hessian + odds[:, None, None] * none.hessian + (odds * (1 + odds))[:, None, None] * outer
        k = inner.shape[1]
        hessian = np.zeros((y.size, k + 1, k + 1))
        hessian[:, :k, :k] = np.where(positive[:, None, None], curved, 0.0)
        hessian[:, k, k] = -crossing * (1 - crossing)
        return Rows(value, np.column_stack([gradient, crossing - positive]), hessian)

    return rows
