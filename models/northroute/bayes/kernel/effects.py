r"""Blocks of effects: batches of groups by dimensions, normal, correlated, filtered, in coordinates that suit the data.

A batch holds G groups and K dimensions. Effects u with standard deviations s and correlation R over dimensions are normal.
What the data say of a group's effects is taken as a normal likelihood with precision Q and natural mean b, fixed numbers
that :mod:`northroute.bayes.coordinates.adaptation` finds. The raw coordinate v is the effect standardised by its posterior
given s and R; for one dimension, with precision q,

.. math:: u = \kappa^2 b + \kappa v, \qquad \kappa^2 = 1/(1/s^2 + q) .

Correlated effects are standardised together (:mod:`northroute.bayes.kernel.correlated`). Any Q and b give the same
posterior. Q = 0 is the non-centred parametrisation, large Q the centred one; in between, v stays nearly standard normal and
independent of s and R wherever these move, as far as the normal approximation of the likelihood holds, so that no funnel
forms. Then u is made to sum to zero over groups or dimensions, and sent through a basis or an autoregression. In the
Hilbert-space form of a Gaussian process, s is multiplied by the square root of the spectral density at the basis function's
frequency (Riutort-Mayol et al. 2023, Statistics and Computing 33:17).

Means of batches may be swept (:class:`northroute.bayes.statement.codes.Rows`): with mean m of the coordinates, a target (an
intercept or a mean slope) has the value of its own coordinate less m. Effects absorb what the data know only together with
them (:mod:`northroute.bayes.program.absorption`): with the sum a of these parents, less what all groups share of it, b
becomes b - Q a. Neither changes the Jacobian, and the predictor no longer changes with standard deviations of effects that
the data know only as part of a sum.
"""

import math

import numpy as np

from northroute.bayes.kernel import linear, reading
from northroute.bayes.kernel.jit import both, compiled, unit
from northroute.bayes.kernel.memory import call, doubles, entry
from northroute.bayes.kernel.scales import NO_SPECTRUM, scale_of, spread
from northroute.bayes.kernel.tables import Filter, Slot
from northroute.bayes.statement.codes import Rows

NO_FILTER, BASIS, AR1 = (int(f) for f in Filter)
GROUPS, ZERO_SUM, WITH_MEAN = (int(r) for r in Rows)
CORRELATED, CORRELATED_BACK = reading.FIELDS + Slot.CORRELATED, reading.FIELDS + Slot.CORRELATED_BACK


@both
def parents_of(block, index, values):
    """Return what the groups' effects are known together with, in the raw coordinates' directions, shape (group * dim,).

    What all groups share is left out: deviations from a mean do not take it in, and the mean has a target of its own.
    """
    k, n = block.dims, index[block.pointer + block.batches] - index[block.pointer]
    out = np.zeros(n * k)
    if block.parents < 0:
        return out
    for i in range(n * k):
        out[i] = values[block.parents + i]
    if block.rows == GROUPS:
        linear.centre_columns(out, 0, n, k)
        return out
    for b in range(block.batches):
        first = index[block.pointer + b]
        for d in range(k):
            linear.zero_sum_adjoint(out, first * k + d, k, index[block.pointer + b + 1] - first)
    return out


@compiled
def parents_adjoint(block, index, g, gradient_values):
    """Add the gradient of what the groups' effects are known together with, from that of :func:`parents_of`."""
    if block.parents < 0:
        return
    k, n = block.dims, index[block.pointer + block.batches] - index[block.pointer]
    if block.rows == GROUPS:
        linear.centre_columns(g, 0, n, k)
    else:
        for b in range(block.batches):
            first = index[block.pointer + b]
            for d in range(k):
                linear.zero_sum(g, first * k + d, k, index[block.pointer + b + 1] - first)
    for i in range(n * k):
        gradient_values[block.parents + i] += g[i]


@compiled
def effect_of(block, data, values, index, theta, batch, group, dim, raw, parent):
    r"""Return an effect of uncorrelated dimensions, and what it is made of.

    These are its standard deviation s, that one's slope in the length scale, kappa, the prior's share of the precision, and
    the natural mean less what the ``parent`` explains, :math:`b - q a`.
    """
    s, slope = scale_of(block, data, values, index, batch, group, dim)
    q = data[block.centring + raw]
    kappa, share = spread(s, q)
    natural = data[block.centring + block.raw + raw] - q * parent
    return kappa * (kappa * natural + theta[block.theta + raw]), s, slope, kappa, share, natural


@unit()
def c_effects(table, b, theta, values, scratch, shift):
    """Write a block's coefficients to ``values``, its unfiltered effects to ``scratch``, swept means to ``shift``.

    Returns the log prior density of its coordinates.
    """
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data = reading.index(table), reading.data(table)
    theta, values, shift = doubles(theta, size.dim), doubles(values, size.values), doubles(shift, size.values)
    scratch = doubles(scratch, size.scratch)
    k, free = block.dims, block.dims - block.zero_dims
    parents = parents_of(block, index, values)
    raw, out, at = 0, block.value, block.scratch
    total = 0.0
    for batch in range(block.batches):
        groups = index[block.pointer + batch + 1] - index[block.pointer + batch]
        own = at - block.scratch
        for i in range(groups * k):
            scratch[at + i] = 0.0
        coordinates = groups - (block.rows == ZERO_SUM)
        if block.correlation >= 0:
            total += call(
                entry(table, CORRELATED), (table, b, batch, coordinates, raw, own, theta, values, parents, scratch)
            )
            raw += k * coordinates
        else:
            for r in range(coordinates):
                for d in range(free):
                    parent = parents[own + r * k + d]
                    u, s, _, _, share, _ = effect_of(block, data, values, index, theta, batch, r, d, raw, parent)
                    scratch[at + r * k + d] = u
                    total += 0.5 * math.log(share) - 0.5 * (u / s) * (u / s)
                    raw += 1
        expand(block, batch, groups, index, scratch, at, shift)
        levels = groups
        if block.filter == BASIS:
            levels = block.levels
            linear.basis_times(data, block.basis, levels, groups, scratch, at, k, values, out)
        elif block.filter == AR1:
            phi = values[index[block.coefficient + batch]]
            linear.autoregression(phi, scratch, at, groups, k, values, out)
        else:
            for i in range(groups * k):
                values[out + i] = scratch[at + i]
        if block.demean:
            linear.centre_columns(values, out, levels, k)
        at += groups * k
        out += levels * k
    return total


@compiled
def expand(block, batch, groups, index, scratch, at, shift):
    """Turn a batch's raw effects to those of all groups and dimensions, and sweep their mean into its targets."""
    k = block.dims
    if block.zero_dims:
        for r in range(groups - (block.rows == ZERO_SUM)):
            linear.zero_sum(scratch, at + r * k, 1, k)
    if block.rows == GROUPS:
        return
    for d in range(k):
        mean = scratch[at + (groups - 1) * k + d] / math.sqrt(groups) if block.rows == WITH_MEAN else 0.0
        linear.zero_sum(scratch, at + d, k, groups)
        for r in range(groups):
            scratch[at + r * k + d] += mean
        if block.rows == WITH_MEAN:
            shift[index[block.target + batch * k + d]] += mean


@compiled
def unfilter(block, batch, groups, index, data, values, scratch, at, gradient_values, out, g_u):
    """Write the gradient with respect to a batch's raw effects to ``g_u``, from that of its coefficients."""
    k = block.dims
    levels = block.levels if block.filter == BASIS else groups
    if block.demean:
        linear.centre_columns(gradient_values, out, levels, k)
    if block.filter == BASIS:
        linear.basis_adjoint(data, block.basis, levels, groups, gradient_values, out, k, g_u, 0)
    elif block.filter == AR1:
        parameter = index[block.coefficient + batch]
        path = np.empty(groups * k)
        linear.autoregression(values[parameter], scratch, at, groups, k, path, 0)
        gradient_values[parameter] += linear.autoregression_adjoint(
            values[parameter], scratch, at, groups, k, path, gradient_values, out, g_u
        )
    else:
        for i in range(groups * k):
            g_u[i] = gradient_values[out + i]
    if block.rows != GROUPS:
        for d in range(k):
            total = 0.0
            for r in range(groups):
                total += g_u[r * k + d]
            linear.zero_sum_adjoint(g_u, d, k, groups)
            if block.rows == WITH_MEAN:
                swept = gradient_values[index[block.target + batch * k + d]]
                g_u[(groups - 1) * k + d] = (total - swept) / math.sqrt(groups)
    if block.zero_dims:
        for r in range(groups - (block.rows == ZERO_SUM)):
            linear.zero_sum_adjoint(g_u, r * k, 1, k)
    return levels


@unit()
def c_effects_back(table, b, theta, values, scratch, gradient_values, gradient):
    """Add a block's part to the gradient, from that of its coefficients, which becomes that of the posterior density."""
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data = reading.index(table), reading.data(table)
    theta, values, gradient = doubles(theta, size.dim), doubles(values, size.values), doubles(gradient, size.dim)
    scratch, gradient_values = doubles(scratch, size.scratch), doubles(gradient_values, size.values)
    k, free = block.dims, block.dims - block.zero_dims
    parents = parents_of(block, index, values)
    g_parents = np.zeros(parents.shape[0])
    raw, out, at = 0, block.value, block.scratch
    for batch in range(block.batches):
        groups = index[block.pointer + batch + 1] - index[block.pointer + batch]
        own = at - block.scratch
        g_u = np.empty(groups * k)
        levels = unfilter(block, batch, groups, index, data, values, scratch, at, gradient_values, out, g_u)
        coordinates = groups - (block.rows == ZERO_SUM)
        if block.correlation >= 0:
            where = (theta, values, parents, g_u, g_parents, gradient_values, gradient)
            call(entry(table, CORRELATED_BACK), (table, b, batch, coordinates, raw, own, *where))
            raw += k * coordinates
        else:
            for r in range(coordinates):
                for d in range(free):
                    u, s, slope, kappa, share, natural = effect_of(
                        block, data, values, index, theta, batch, r, d, raw, parents[own + r * k + d]
                    )
                    g = g_u[r * k + d] - u / (s * s)
                    gradient[block.theta + raw] += g * kappa
                    g_parents[own + r * k + d] -= g * (1.0 - share)
                    g_log = share - 1.0 + (u / s) * (u / s) + g * share * (u + kappa * kappa * natural)
                    sd = index[block.sd + batch * k + d]
                    gradient_values[sd] += g_log / values[sd]
                    if block.spectrum != NO_SPECTRUM:
                        gradient_values[index[block.length + batch]] += g_log * slope
                    raw += 1
        at += groups * k
        out += levels * k
    parents_adjoint(block, index, g_parents, gradient_values)
    return 0.0
