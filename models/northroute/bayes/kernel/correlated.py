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

from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.scalars import cholesky_of

FACTOR, G_FACTOR, SCALED, G_SCALED, PRODUCT, ROOT, G_ROOT, G_SYMMETRIC = 0, 1, 2, 3, 4, 5, 6, 7
"""Matrices of a room: L, Lambda, each followed by its gradient; Q Lambda; C, and the gradients of C and of B."""
NATURAL, W, T, G_Y, G_R = 8, 9, 10, 11, 12
"""Vectors of a room, each the first row of a matrix: b - Q a, w, t = C^-1 Lambda' (b - Q a), gradients of t and C t."""


@compiled(inside=True)
def room_of(block, index, values):
    """Return the matrices that a block's groups share, shape (13, dim, dim), with L written; empty without correlations."""
    if block.correlation < 0:
        return np.zeros((0, 1, 1))
    k = block.dims
    room = np.zeros((13, k, k))
    cholesky_of(values, index, block.correlation, k, room[FACTOR])
    return room


@compiled(inside=True)
def scale_batch(block, batch, index, values, room):
    """Write Lambda of a batch, and set its gradient to zero."""
    k = block.dims
    for i in range(k):
        s = values[index[block.sd + batch * k + i]]
        for j in range(i + 1):
            room[SCALED, i, j] = s * room[FACTOR, i, j]
            room[G_SCALED, i, j] = 0.0


@compiled(inside=True)
def unscale_batch(block, batch, index, values, room, gradient_values):
    """Send the gradient of Lambda to the standard deviations and to L."""
    k = block.dims
    for i in range(k):
        sd = index[block.sd + batch * k + i]
        for j in range(i + 1):
            room[G_FACTOR, i, j] += values[sd] * room[G_SCALED, i, j]
            gradient_values[sd] += room[FACTOR, i, j] * room[G_SCALED, i, j]


@compiled(inside=True)
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


@compiled(inside=True)
def forward(block, raw, theta, data, parents, own, room, out, at):
    """Write one group's effects to ``out``, from ``at`` on, and return the log prior density of its coordinates."""
    k = block.dims
    standardise(block, raw, theta, data, parents, own, room)
    total = 0.0
    for i in range(k):
        w = room[W, 0, i]
        total -= 0.5 * w * w + math.log(room[ROOT, i, i])
        u = 0.0
        for j in range(i + 1):
            u += room[SCALED, i, j] * room[W, 0, j]
        out[at + i] = u
    return total


@compiled(inside=True)
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


@compiled(inside=True)
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
