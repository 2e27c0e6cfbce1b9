r"""One group's correlated effects, standardised together by what the data say of them.

With :math:`\Lambda = D L` (standard deviations D, Cholesky factor L of the correlations), data precision Q and natural mean
b, and the effects a that the group absorbs:

.. math::
   B = I + \Lambda' Q \Lambda = C C', \qquad w = C'^{-1}\{C^{-1}\Lambda'(b - Q a) + v\}, \qquad u = \Lambda w ,

so that w is standard normal in the prior, and v standard normal in the posterior given D and L as far as it is normal. The
log prior density of v is :math:`-w'w/2 - \log|C|`. The adjoint of the Cholesky factor is that of Murray (2016,
arXiv:1602.07527).
"""

import math

import numpy as np

from northroute.bayes.kernel import reading
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import doubles
from northroute.bayes.kernel.scalars import cholesky_backward, cholesky_of

FACTOR, G_FACTOR, SCALED, G_SCALED, PRODUCT, ROOT, G_ROOT, G_SYMMETRIC = 0, 1, 2, 3, 4, 5, 6, 7
"""Matrices of a room: L, Lambda, each followed by its gradient; Q Lambda; C, and the gradients of C and of B."""
NATURAL, W, T, G_Y, G_R = 8, 9, 10, 11, 12
"""Vectors of a room, each the first row of a matrix: b - Q a, w, t = C^-1 Lambda' (b - Q a), gradients of t and C t."""


@compiled
def room_of(block, batch, index, values):
    """Return the matrices that a batch's groups share, shape (13, dim, dim), with L and Lambda written, the rest zero."""
    k = block.dims
    room = np.zeros((13, k, k))
    cholesky_of(values, index, block.correlation, k, room[FACTOR])
    for i in range(k):
        s = values[index[block.sd + batch * k + i]]
        for j in range(i + 1):
            room[SCALED, i, j] = s * room[FACTOR, i, j]
    return room


@compiled
def standardise(block, raw, theta, data, parents, own, room):
    """Write Q Lambda (to PRODUCT), C, and the vectors b - Q a, w and t of one group, whose parents a lie from ``own`` on."""
    k, q = block.dims, block.centring + raw * block.dims
    scaled, product, root = room[SCALED], room[PRODUCT], room[ROOT]
    for i in range(k):
        natural = data[block.centring + block.raw * k + raw + i]
        for j in range(k):
            natural -= data[q + i * k + j] * parents[own + j]
            total = 0.0
            for m in range(j, k):
                total += data[q + i * k + m] * scaled[m, j]
            product[i, j] = total
        room[NATURAL, 0, i] = natural
    for i in range(k):
        for j in range(i + 1):
            total = 1.0 if i == j else 0.0
            for m in range(i, k):
                total += scaled[m, i] * product[m, j]
            for m in range(j):
                total -= root[i, m] * root[j, m]
            root[i, j] = math.sqrt(total) if i == j else total / root[j, j]
    for i in range(k):
        total = 0.0
        for m in range(i, k):
            total += scaled[m, i] * room[NATURAL, 0, m]
        for m in range(i):
            total -= root[i, m] * room[T, 0, m]
        room[T, 0, i] = total / root[i, i]
    for i in range(k - 1, -1, -1):
        total = room[T, 0, i] + theta[block.theta + raw + i]
        for m in range(i + 1, k):
            total -= root[m, i] * room[W, 0, m]
        room[W, 0, i] = total / root[i, i]


@compiled
def symmetric_adjoint(root, g_root, k, out):
    """Write the gradient of a symmetric matrix, from that of its Cholesky factor."""
    for j in range(k):  # Phi(C' g_C): lower triangle, its diagonal halved
        for i in range(k - 1, j - 1, -1):
            total = 0.0
            for m in range(i, k):
                total += root[m, i] * g_root[m, j]
            out[i, j] = 0.5 * total if i == j else total
    for i in range(k):
        for j in range(i + 1, k):
            out[i, j] = 0.0
    for j in range(k):  # from the left by C'^-1
        for i in range(k - 1, -1, -1):
            total = out[i, j]
            for m in range(i + 1, k):
                total -= root[m, i] * out[m, j]
            out[i, j] = total / root[i, i]
    for i in range(k):  # from the right by C^-1
        for j in range(k - 1, -1, -1):
            total = out[i, j]
            for m in range(j + 1, k):
                total -= out[i, m] * root[m, j]
            out[i, j] = total / root[j, j]
    for i in range(k):
        for j in range(i):
            mean = 0.5 * (out[i, j] + out[j, i])
            out[i, j] = mean
            out[j, i] = mean


@unit()
def c_correlated(table, b, batch, groups, raw, own, theta, values, parents, scratch):
    """Write the effects of a batch's groups to ``scratch``, and return the log prior density of their coordinates.

    ``raw`` is the first of them among the block's, and ``own`` the first effect; ``parents`` are all that the block absorbs.
    """
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data = reading.index(table), reading.data(table)
    theta, values, scratch = doubles(theta, size.dim), doubles(values, size.values), doubles(scratch, size.scratch)
    k, room = block.dims, room_of(block, batch, index, values)
    absorbed, total = doubles(parents, own + groups * k), 0.0
    for group in range(groups):
        standardise(block, raw + group * k, theta, data, absorbed, own + group * k, room)
        for i in range(k):
            w = room[W, 0, i]
            total -= 0.5 * w * w + math.log(room[ROOT, i, i])
            u = 0.0
            for j in range(i + 1):
                u += room[SCALED, i, j] * room[W, 0, j]
            scratch[block.scratch + own + group * k + i] = u
    return total


@compiled
def backward(block, raw, theta, data, parents, own, room, g_u, at, g_parents, gradient):
    """Add one group's part to the gradients of its coordinates, of Lambda and of the absorbed effects."""
    k = block.dims
    standardise(block, raw, theta, data, parents, own, room)
    scaled, g_scaled, root, g_root = room[SCALED], room[G_SCALED], room[ROOT], room[G_ROOT]
    for i in range(k):  # g_y = C^-1 (Lambda' g_u - w)
        total = -room[W, 0, i]
        for m in range(i, k):
            total += scaled[m, i] * g_u[at + m]
        for m in range(i):
            total -= root[i, m] * room[G_Y, 0, m]
        room[G_Y, 0, i] = total / root[i, i]
        gradient[block.theta + raw + i] += room[G_Y, 0, i]
    for i in range(k - 1, -1, -1):  # g_r = C'^-1 g_y
        total = room[G_Y, 0, i]
        for m in range(i + 1, k):
            total -= root[m, i] * room[G_R, 0, m]
        room[G_R, 0, i] = total / root[i, i]
    for i in range(k):
        for j in range(i + 1):
            g_root[i, j] = -room[W, 0, i] * room[G_Y, 0, j] - room[G_R, 0, i] * room[T, 0, j]
            g_scaled[i, j] += g_u[at + i] * room[W, 0, j] + room[NATURAL, 0, i] * room[G_R, 0, j]
        g_root[i, i] -= 1.0 / root[i, i]
    for j in range(k):  # g_natural = Lambda g_r, and the absorbed effects enter by - Q a
        total = 0.0
        for i in range(k):
            total += room[PRODUCT, j, i] * room[G_R, 0, i]
        g_parents[own + j] -= total
    symmetric_adjoint(root, g_root, k, room[G_SYMMETRIC])
    for i in range(k):
        for j in range(i + 1):
            total = 0.0
            for m in range(k):
                total += room[PRODUCT, i, m] * room[G_SYMMETRIC, m, j]
            g_scaled[i, j] += 2.0 * total


@unit()
def c_correlated_back(
    table, b, batch, groups, raw, own, theta, values, parents, g_u, g_parents, gradient_values, gradient
):
    """Add the part of a batch's groups to the gradient, from ``g_u``, that of their effects, shape (group * dim,)."""
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data = reading.index(table), reading.data(table)
    theta, values, gradient = doubles(theta, size.dim), doubles(values, size.values), doubles(gradient, size.dim)
    gradient_values = doubles(gradient_values, size.values)
    k, room = block.dims, room_of(block, batch, index, values)
    stop = own + groups * k
    absorbed, g_absorbed, slopes = doubles(parents, stop), doubles(g_parents, stop), doubles(g_u, groups * k)
    for r in range(groups):
        backward(block, raw + r * k, theta, data, absorbed, own + r * k, room, slopes, r * k, g_absorbed, gradient)
    for i in range(k):  # from Lambda to the standard deviations and to L
        sd = index[block.sd + batch * k + i]
        for j in range(i + 1):
            room[G_FACTOR, i, j] += values[sd] * room[G_SCALED, i, j]
            gradient_values[sd] += room[FACTOR, i, j] * room[G_SCALED, i, j]
    cholesky_backward(values, index, block.correlation, room[FACTOR], room[G_FACTOR], gradient_values)
    return 0.0
