"""Scalars: transforms, prior densities and their derivatives. Constants of the densities are left out."""

import math

from northroute.bayes.kernel.jit import both, compiled
from northroute.bayes.kernel.special import LEAST
from northroute.bayes.statement.codes import Transform

IDENTITY, EXP, INTERVAL, TANH = (int(t) for t in Transform)
# families, in the order of northroute.bayes.statement.priors.FAMILIES
NORMAL, STUDENT_T, LOGNORMAL, HALF_NORMAL, HALF_CAUCHY, HALF_STUDENT_T = 0, 1, 2, 3, 4, 5
EXPONENTIAL, GAMMA, INVERSE_GAMMA, BETA, UNIFORM, FLAT, PARTIAL_CORRELATION = 6, 7, 8, 9, 10, 11, 12


@both
def value_of(transform, x, lower, width):
    """Return the value of a scalar and its derivative with respect to the coordinate x."""
    if transform == IDENTITY:
        return x, 1.0
    if transform == EXP:
        v = math.exp(x)
        return v, v
    if transform == INTERVAL:
        p = _share(x)
        return lower + width * p, width * p * _share(-x)
    return math.tanh(x), rest_of(transform, x)


@both
def _share(x):
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


@both
def rest_of(transform, x):
    """Return what a value leaves of one: 1 - v of a share, 1 - v^2 of a correlation, with the digits that v has lost."""
    if transform == INTERVAL:
        return _share(-x)
    if transform == TANH:
        e = math.exp(-2.0 * abs(x))
        return 4.0 * e / ((1.0 + e) * (1.0 + e))
    return 1.0


@both
def log_jacobian(transform, x):
    """Return log |d value / d x| up to a constant, and its derivative with respect to x."""
    if transform == IDENTITY:
        return 0.0, 0.0
    if transform == EXP:
        return x, 1.0
    if transform == INTERVAL:
        a = abs(x)
        return -a - 2.0 * math.log1p(math.exp(-a)), -math.tanh(0.5 * x)
    a = abs(x)
    return 2.0 * (math.log(2.0) - a - math.log1p(math.exp(-2.0 * a))), -2.0 * math.tanh(x)


@both
def prior_density(family, location, scale, shape, v, rest):
    """Return the log density of a prior at v, up to a constant, and its derivative; ``rest`` is :func:`rest_of` v."""
    if family == NORMAL or family == HALF_NORMAL:
        centre = location if family == NORMAL else 0.0
        e = (v - centre) / scale
        return -0.5 * e * e, -e / scale
    if family == STUDENT_T or family == HALF_STUDENT_T or family == HALF_CAUCHY:
        df = 1.0 if family == HALF_CAUCHY else shape
        centre = location if family == STUDENT_T else 0.0
        e = (v - centre) / scale
        return -0.5 * (df + 1.0) * math.log1p(e * e / df), -(df + 1.0) * e / (df + e * e) / scale
    if family == LOGNORMAL:
        e = (math.log(v) - location) / scale
        return -0.5 * e * e - math.log(v), -(e / scale + 1.0) / v
    if family == EXPONENTIAL:
        return -v / scale, -1.0 / scale
    if family == GAMMA:
        return (shape - 1.0) * math.log(v) - v / scale, (shape - 1.0) / v - 1.0 / scale
    if family == INVERSE_GAMMA:
        return -(shape + 1.0) * math.log(v) - scale / v, -(shape + 1.0) / v + scale / (v * v)
    rest = max(rest, 1e-300)
    if family == BETA:
        v = max(v, 1e-300)
        return (shape - 1.0) * math.log(v) + (scale - 1.0) * math.log(rest), (shape - 1.0) / v - (scale - 1.0) / rest
    if family == PARTIAL_CORRELATION:
        return (shape - 1.0) * math.log(rest), -2.0 * (shape - 1.0) * v / rest
    return 0.0, 0.0


@compiled
def write_values(theta, scalars, values):
    """Write every scalar's own value, before means of effects are swept into it; return the log Jacobian."""
    total = 0.0
    for s in range(scalars.shape[0]):
        own = scalars[s]
        x = theta[own.position]
        values[s], _ = value_of(own.transform, x, own.lower, own.width)
        total += log_jacobian(own.transform, x)[0]
    return total


@compiled
def log_prior(theta, scalars, values, shift):
    """Take what was swept into each scalar off its value, and return the log prior density."""
    total = 0.0
    for s in range(scalars.shape[0]):
        own = scalars[s]
        values[s] -= shift[s]
        rest = rest_of(own.transform, theta[own.position])
        total += prior_density(own.family, own.prior_location, own.prior_scale, own.prior_shape, values[s], rest)[0]
    return total


@compiled
def log_prior_backward(theta, scalars, values, gradient_values):
    """Add the gradient of :func:`log_prior` to that of the values."""
    for s in range(scalars.shape[0]):
        own = scalars[s]
        rest = rest_of(own.transform, theta[own.position])
        _, slope = prior_density(own.family, own.prior_location, own.prior_scale, own.prior_shape, values[s], rest)
        gradient_values[s] += slope


@compiled
def backward(theta, scalars, gradient_values, gradient):
    """Add every scalar's part to the gradient of the unconstrained coordinates."""
    for s in range(scalars.shape[0]):
        own = scalars[s]
        x = theta[own.position]
        _, slope = value_of(own.transform, x, own.lower, own.width)
        gradient[own.position] += gradient_values[s] * slope + log_jacobian(own.transform, x)[1]


@both
def cholesky_of(values, index, first, k, factor):
    """Write the Cholesky factor (k, k) of a correlation matrix, from its canonical partial correlations, row by row.

    ``index`` holds the partial correlations' identifiers from ``first`` on; ``factor`` is zero on entry.
    """
    factor[0, 0] = 1.0
    at = first
    for i in range(1, k):
        used = 0.0
        for j in range(i):
            factor[i, j] = values[index[at]] * math.sqrt(max(1.0 - used, LEAST))
            used += factor[i, j] * factor[i, j]
            at += 1
        factor[i, i] = math.sqrt(max(1.0 - used, LEAST))


@compiled
def cholesky_backward(values, index, first, factor, gradient_factor, gradient_values):
    """Add the part of the partial correlations, from the gradient of their Cholesky factor."""
    for i in range(1, factor.shape[0]):
        row = first + i * (i - 1) // 2
        used = 1.0 - factor[i, i] * factor[i, i]
        g_used = -0.5 * gradient_factor[i, i] / factor[i, i]
        for j in range(i - 1, -1, -1):
            used -= factor[i, j] * factor[i, j]
            rest = math.sqrt(max(1.0 - used, LEAST))
            g = gradient_factor[i, j] + 2.0 * g_used * factor[i, j]
            gradient_values[index[row + j]] += g * rest
            g_used -= 0.5 * g * values[index[row + j]] / rest
