r"""Blocks of effects: batches of groups by dimensions, normal, correlated, filtered, in coordinates that suit the data.

A batch holds G groups and K dimensions. Effects u with standard deviations s and correlation R over dimensions are normal.
What the data say of an effect is taken as a normal likelihood with precision q and mean b / q, fixed numbers that
:mod:`northroute.bayes.adaptation` finds; given s, the effect's posterior then has variance
:math:`\kappa^2 = 1/(1/s^2 + q)` and mean :math:`\kappa^2 b`, and the raw coordinate v is the effect standardised by them:

.. math:: u = \kappa^2 b + \kappa v .

Any q and b give the same posterior. q = 0 is the non-centred parametrisation, large q the centred one; in between, v stays
nearly standard normal and independent of s wherever s moves, as far as the normal approximation of the likelihood holds, so
that no funnel forms. Then u is made to sum to zero over groups or dimensions, and sent through a basis or an autoregression.
In the Hilbert-space form of a Gaussian process, s is multiplied by the square root of the spectral density at the basis
function's frequency (Riutort-Mayol et al. 2023, Statistics and Computing 33:17).

Correlated effects that the data know little of are written :math:`u = D L v` with L the Cholesky factor of R, so that their
coordinates do not depend on R either; a negative precision marks such a block.

Means of batches may be swept (:class:`northroute.bayes.kernel.program.Rows`): with mean m of the coordinates, a target (an
intercept or a mean slope) has the value of its own coordinate less m. Groups within a group that has effects of its own
absorb them: with the parents' effects a less their mean, :math:`u = \kappa^2(b - q a) + \kappa v`, since the data know only
u + a. Neither changes the Jacobian, and the predictor no longer changes with standard deviations of effects that the data
know only as part of a sum.
"""

import math

import numpy as np

from northroute.bayes.kernel import linear
from northroute.bayes.kernel.absorbing import absorb_adjoint, mean_parents, return_means
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.program import (
    B_BASIS,
    B_BATCHES,
    B_CENTRING,
    B_CORRELATION,
    B_DEMEAN,
    B_DIMS,
    B_FILTER,
    B_LEVELS,
    B_PARAMETER,
    B_POINTER,
    B_RAW,
    B_ROWS,
    B_SCRATCH,
    B_SD,
    B_SPECTRUM,
    B_TARGET,
    B_THETA,
    B_VALUE,
    B_ZERO_DIMS,
    Filter,
    Rows,
)
from northroute.bayes.kernel.scalars import cholesky_backward, cholesky_of
from northroute.bayes.kernel.scales import NO_SPECTRUM, scale_of, spread

NO_FILTER, BASIS, AR1 = (int(f) for f in Filter)
GROUPS, ZERO_SUM, WITH_MEAN = (int(r) for r in Rows)


@compiled
def standardise(factor, k, e):
    """Solve ``factor w = e`` in place, factor (k, k) lower triangular."""
    for i in range(k):
        for j in range(i):
            e[i] -= factor[i, j] * e[j]
        e[i] /= factor[i, i]


@compiled
def standardise_adjoint(factor, k, w, out):
    """Solve ``factor' out = w``."""
    for i in range(k - 1, -1, -1):
        out[i] = w[i]
        for j in range(i + 1, k):
            out[i] -= factor[j, i] * out[j]
        out[i] /= factor[i, i]


@compiled
def is_expanded(block):
    """Tell whether the prior is evaluated on the groups' effects (which may be shifted) or on raw coordinates."""
    return block[B_FILTER] == NO_FILTER and not block[B_ZERO_DIMS]


@compiled
def row_prior(e, k, correlated, factor):
    """Return the log density of one group's standardised effects, which are standardised further in place."""
    if correlated:
        standardise(factor, k, e)
    total = 0.0
    for d in range(e.shape[0]):
        total -= 0.5 * e[d] * e[d]
    return total


@compiled
def is_whitened(block, data):
    """Tell whether correlated effects are written in coordinates independent of their correlations."""
    return block[B_CORRELATION] >= 0 and block[B_RAW] > 0 and data[block[B_CENTRING]] < 0.0


@compiled
def whitened(block, theta, index, data, values, factor, batch, group, raw, out, at):
    """Write one group's effects ``D L v`` to ``out``, from ``at`` on, and return the log prior of v."""
    total = 0.0
    for d in range(block[B_DIMS]):
        s, _ = scale_of(block, data, values, index, batch, group, d)
        u = 0.0
        for j in range(d + 1):
            u += factor[d, j] * theta[block[B_THETA] + raw + j]
        out[at + d] = s * u
        total -= 0.5 * theta[block[B_THETA] + raw + d] * theta[block[B_THETA] + raw + d]
    return total


@compiled
def whitened_adjoint(
    block, theta, index, data, values, factor, batch, group, raw, g_u, at, g_factor, g_values, gradient
):
    """Add the part of one group's effects to all gradients."""
    first = block[B_THETA] + raw
    for d in range(block[B_DIMS]):
        s, slope = scale_of(block, data, values, index, batch, group, d)
        g, u = g_u[at + d] * s, 0.0
        for j in range(d + 1):
            u += factor[d, j] * theta[first + j]
            gradient[first + j] += g * factor[d, j]
            g_factor[d, j] += g * theta[first + j]
        gradient[first + d] -= theta[first + d]
        sd = index[block[B_SD] + batch * block[B_DIMS] + d]
        g_values[sd] += g * u / values[sd]
        if block[B_SPECTRUM] != NO_SPECTRUM:
            g_values[index[block[B_PARAMETER] + batch]] += g * u * slope


@compiled
def forward(block, theta, index, data, values, scratch, shift):
    """Write the block's coefficients to ``values`` and its unfiltered effects to ``scratch``; return its log prior."""
    k, free = block[B_DIMS], block[B_DIMS] - block[B_ZERO_DIMS]
    white = is_whitened(block, data)
    correlated, expanded = block[B_CORRELATION] >= 0, is_expanded(block) and not white
    factor = np.zeros((k, k))
    log_diagonal = 0.0
    if correlated:
        cholesky_of(values, index, block[B_CORRELATION], k, factor)
        for i in range(k):
            log_diagonal += math.log(factor[i, i])
    e, means = np.empty(free), mean_parents(block, index, values)
    raw, out, at = 0, block[B_VALUE], block[B_SCRATCH]
    total = 0.0
    for b in range(block[B_BATCHES]):
        groups = index[block[B_POINTER] + b + 1] - index[block[B_POINTER] + b]
        for i in range(groups * k):
            scratch[at + i] = 0.0
        for r in range(groups - (block[B_ROWS] == ZERO_SUM)):
            if white:
                total += whitened(block, theta, index, data, values, factor, b, r, raw, scratch, at + r * k)
                raw += k
                continue
            for d in range(free):
                s, _ = scale_of(block, data, values, index, b, r, d)
                kappa, share = spread(s, data[block[B_CENTRING] + raw])
                u = kappa * (kappa * data[block[B_CENTRING] + block[B_RAW] + raw] + theta[block[B_THETA] + raw])
                e[d] = u / s
                scratch[at + r * k + d] = u
                total += 0.5 * math.log(share)
                raw += 1
            total -= log_diagonal
            if not expanded:
                total += row_prior(e, k, correlated, factor)
        expand(block, b, groups, index, scratch, at, shift)
        levels = groups
        if block[B_FILTER] == BASIS:
            levels = block[B_LEVELS]
            linear.basis_times(data, block[B_BASIS], levels, groups, scratch, at, k, values, out)
        elif block[B_FILTER] == AR1:
            phi = values[index[block[B_PARAMETER] + b]]
            linear.autoregression(phi, scratch, at, groups, k, values, out)
        else:
            for i in range(groups * k):
                values[out + i] = scratch[at + i]
            if block[B_ROWS] == GROUPS and block[B_TARGET] >= 0 and not white:
                first = raw - groups * k
                for i in range(groups * k):
                    s = values[index[block[B_SD] + b * k + i % k]]
                    _, share = spread(s, data[block[B_CENTRING] + first + i])
                    parent = values[index[block[B_TARGET] + b * k + i % k]] - means[i % k]
                    values[out + i] -= (1.0 - share) * parent
        if block[B_DEMEAN]:
            linear.centre_columns(values, out, levels, k)
        if expanded:
            for r in range(groups):
                for d in range(k):
                    e[d] = values[out + r * k + d] / values[index[block[B_SD] + b * k + d]]
                total += row_prior(e, k, correlated, factor)
        at += groups * k
        out += levels * k
    return total


@compiled
def expand(block, batch, groups, index, scratch, at, shift):
    """Turn a batch's raw effects to those of all groups and dimensions, and sweep their mean into its targets."""
    k = block[B_DIMS]
    if block[B_ZERO_DIMS]:
        for r in range(groups - (block[B_ROWS] == ZERO_SUM)):
            linear.zero_sum(scratch, at + r * k, 1, k)
    if block[B_ROWS] == GROUPS:
        return
    for d in range(k):
        mean = scratch[at + (groups - 1) * k + d] / math.sqrt(groups) if block[B_ROWS] == WITH_MEAN else 0.0
        linear.zero_sum(scratch, at + d, k, groups)
        for r in range(groups):
            scratch[at + r * k + d] += mean
        if block[B_ROWS] == WITH_MEAN:
            shift[index[block[B_TARGET] + batch * k + d]] += mean


@compiled
def unfilter(block, batch, groups, index, data, values, scratch, at, gradient_values, out, g_u):
    """Write the gradient with respect to a batch's raw effects to ``g_u``, from that of its coefficients."""
    k = block[B_DIMS]
    levels = block[B_LEVELS] if block[B_FILTER] == BASIS else groups
    if block[B_DEMEAN]:
        linear.centre_columns(gradient_values, out, levels, k)
    if block[B_FILTER] == BASIS:
        linear.basis_adjoint(data, block[B_BASIS], levels, groups, gradient_values, out, k, g_u, 0)
    elif block[B_FILTER] == AR1:
        parameter = index[block[B_PARAMETER] + batch]
        path = np.empty(groups * k)
        linear.autoregression(values[parameter], scratch, at, groups, k, path, 0)
        gradient_values[parameter] += linear.autoregression_adjoint(
            values[parameter], scratch, at, groups, k, path, gradient_values, out, g_u
        )
    else:
        for i in range(groups * k):
            g_u[i] = gradient_values[out + i]
    if block[B_ROWS] != GROUPS:
        for d in range(k):
            total = 0.0
            for r in range(groups):
                total += g_u[r * k + d]
            linear.zero_sum_adjoint(g_u, d, k, groups)
            if block[B_ROWS] == WITH_MEAN:
                swept = gradient_values[index[block[B_TARGET] + batch * k + d]]
                g_u[(groups - 1) * k + d] = (total - swept) / math.sqrt(groups)
    if block[B_ZERO_DIMS]:
        for r in range(groups - (block[B_ROWS] == ZERO_SUM)):
            linear.zero_sum_adjoint(g_u, r * k, 1, k)
    return levels


@compiled
def row_adjoint(e, w, x, k, correlated, factor, g_factor):
    """Write minus the gradient of :func:`row_prior` in ``e`` to ``x``, and add that of the Cholesky factor."""
    for d in range(e.shape[0]):
        w[d] = e[d]
        x[d] = e[d]
    if correlated:
        standardise(factor, k, w)
        standardise_adjoint(factor, k, w, x)
        for i in range(k):
            for j in range(i + 1):
                g_factor[i, j] += x[i] * w[j]


@compiled
def backward(block, theta, index, data, values, scratch, gradient_values, gradient):
    """Add the block's part to the gradient, from that of its coefficients, which becomes that of the posterior density."""
    k, free = block[B_DIMS], block[B_DIMS] - block[B_ZERO_DIMS]
    white = is_whitened(block, data)
    correlated, expanded = block[B_CORRELATION] >= 0, is_expanded(block) and not white
    factor, g_factor = np.zeros((k, k)), np.zeros((k, k))
    if correlated:
        cholesky_of(values, index, block[B_CORRELATION], k, factor)
    e, w, x = np.empty(free), np.empty(free), np.empty(free)
    means, taken = mean_parents(block, index, values), np.zeros(k)
    raw, out, at = 0, block[B_VALUE], block[B_SCRATCH]
    for b in range(block[B_BATCHES]):
        groups = index[block[B_POINTER] + b + 1] - index[block[B_POINTER] + b]
        if expanded:
            for r in range(groups):
                for d in range(k):
                    e[d] = values[out + r * k + d] / values[index[block[B_SD] + b * k + d]]
                row_adjoint(e, w, x, k, correlated, factor, g_factor)
                for d in range(k):
                    sd = index[block[B_SD] + b * k + d]
                    gradient_values[out + r * k + d] -= x[d] / values[sd]
                    gradient_values[sd] += e[d] * x[d] / values[sd]
        if block[B_ROWS] == GROUPS and block[B_TARGET] >= 0 and not white:
            absorb_adjoint(block, b, groups, raw, index, data, values, means, gradient_values, out, taken)
        g_u = np.empty(groups * k)
        levels = unfilter(block, b, groups, index, data, values, scratch, at, gradient_values, out, g_u)
        for r in range(groups - (block[B_ROWS] == ZERO_SUM)):
            if white:
                whitened_adjoint(
                    block,
                    theta,
                    index,
                    data,
                    values,
                    factor,
                    b,
                    r,
                    raw,
                    g_u,
                    r * k,
                    g_factor,
                    gradient_values,
                    gradient,
                )
                raw += k
                continue
            for i in range(k if correlated else 0):
                g_factor[i, i] -= 1.0 / factor[i, i]
            for d in range(free):
                s, _ = scale_of(block, data, values, index, b, r, d)
                kappa, _ = spread(s, data[block[B_CENTRING] + raw + d])
                natural = data[block[B_CENTRING] + block[B_RAW] + raw + d]
                e[d] = kappa * (kappa * natural + theta[block[B_THETA] + raw + d]) / s
            if not expanded:
                row_adjoint(e, w, x, k, correlated, factor, g_factor)
            for d in range(free):
                s, slope = scale_of(block, data, values, index, b, r, d)
                kappa, share = spread(s, data[block[B_CENTRING] + raw])
                natural = data[block[B_CENTRING] + block[B_RAW] + raw]
                g, g_log = g_u[r * k + d], share - 1.0
                if not expanded:
                    g -= x[d] / s
                    g_log += e[d] * x[d]
                gradient[block[B_THETA] + raw] += g * kappa
                g_log += g * share * (e[d] * s + kappa * kappa * natural)
                sd = index[block[B_SD] + b * k + d]
                gradient_values[sd] += g_log / values[sd]
                if block[B_SPECTRUM] != NO_SPECTRUM:
                    gradient_values[index[block[B_PARAMETER] + b]] += g_log * slope
                raw += 1
        at += groups * k
        out += levels * k
    if block[B_ROWS] == GROUPS and block[B_TARGET] >= 0 and not white:
        return_means(block, index, taken, gradient_values)
    if correlated:
        cholesky_backward(values, index, block[B_CORRELATION], factor, g_factor, gradient_values)
