r"""Groups' correlated effects, each group's standardised together by what the data say of them.

With :math:`\Lambda = D L` (standard deviations D, Cholesky factor L of the correlations), data precision Q and natural mean
b, and the effects a that the group absorbs:

.. math::
   B = I + \Lambda' Q \Lambda = C C', \qquad w = C'^{-1}\{C^{-1}\Lambda'(b - Q a) + v\}, \qquad u = \Lambda w ,

so that w is standard normal in the prior, and v standard normal in the posterior given D and L as far as it is normal. The
log prior density of v is :math:`-w'w/2 - \log|C|`. The adjoint of the Cholesky factor is that of Murray (2016,
arXiv:1602.07527).

Groups are worked on side by side, :data:`SIDE` at a time: a room holds every number of the formulae as a *line*, one place
for each group, so that all loops over a matrix are of whole lines.
"""

import math

import numpy as np

from northroute.bayes.kernel import reading, vector
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, doubles
from northroute.bayes.kernel.scalars import cholesky_backward, cholesky_of

SIDE = 32
"""Groups side by side: long enough for vector instructions; 16 to 128 took the same time."""
PRECISION, PRODUCT, ROOT, G_ROOT, G_SYMMETRIC = 0, 1, 2, 3, 4
"""Matrices of a room, each of dim * dim lines: Q; Q Lambda; C, and the gradients of C and of B."""
NATURAL, COORDINATE, T, W, INVERSE, U, G_U, G_Y, G_R = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Vectors of a room, behind its matrices: b - Q a, v, t = C^-1 Lambda' (b - Q a), w, one over C's diagonal, u, gradients."""
MATRICES, VECTORS = 5, 9


@compiled
def scaled_of(block, batch, index, values):
    """Return L and Lambda of a batch, shape (2, dim, dim)."""
    k = block.dims
    factor, scaled = np.zeros((k, k)), np.zeros((k, k))
    cholesky_of(values, index, block.correlation, k, factor)
    for i in range(k):
        s = values[index[block.sd + batch * k + i]]
        for j in range(i + 1):
            scaled[i, j] = s * factor[i, j]
    return factor, scaled


@compiled
def room_of(k):
    """Return a room."""
    return np.empty((MATRICES * k + VECTORS) * k * SIDE)


@compiled
def element(room, which, k, i, j, n):
    """Return the line of an element of a matrix."""
    return doubles(address_of(room) + 8 * SIDE * ((which * k + i) * k + j), n)


@compiled
def part(room, which, k, i, n):
    """Return the line of an element of a vector."""
    return doubles(address_of(room) + 8 * SIDE * ((MATRICES * k + which) * k + i), n)


@compiled
def load(block, raw, theta, data, parents, own, k, n, room):
    """Write Q, b - Q a and v of ``n`` groups, the first of which has the coordinates from ``raw`` on, and parents a."""
    precisions, naturals = block.centring + raw * k, block.centring + block.raw * k + raw
    for i in range(k):
        natural = part(room, NATURAL, k, i, n)
        vector.copy(natural, vector.column(data, naturals + i, n, k))
        vector.copy(part(room, COORDINATE, k, i, n), vector.column(theta, block.theta + raw + i, n, k))
        for j in range(k):
            precision = element(room, PRECISION, k, i, j, n)
            vector.copy(precision, vector.column(data, precisions + i * k + j, n, k * k))
            vector.take_products(natural, precision, vector.column(parents, own + j, n, k))


@compiled
def standardise(scaled, k, n, room):
    """Write Q Lambda, C, one over its diagonal, t and w of ``n`` groups that are loaded."""
    for i in range(k):
        for j in range(k):
            product = element(room, PRODUCT, k, i, j, n)
            vector.fill(product, 0.0)
            for m in range(j, k):
                vector.add_scaled(product, scaled[m, j], element(room, PRECISION, k, i, m, n))
    for i in range(k):
        inverse = part(room, INVERSE, k, i, n)
        for j in range(i + 1):
            root = element(room, ROOT, k, i, j, n)
            vector.fill(root, 1.0 if i == j else 0.0)
            for m in range(i, k):
                vector.add_scaled(root, scaled[m, i], element(room, PRODUCT, k, m, j, n))
            for m in range(j):
                vector.take_products(root, element(room, ROOT, k, i, m, n), element(room, ROOT, k, j, m, n))
            if j < i:
                vector.scale(root, part(room, INVERSE, k, j, n))
            else:
                for r in range(n):
                    root[r] = math.sqrt(root[r])
                    inverse[r] = 1.0 / root[r]
    for i in range(k):
        t = part(room, T, k, i, n)
        vector.fill(t, 0.0)
        for m in range(i, k):
            vector.add_scaled(t, scaled[m, i], part(room, NATURAL, k, m, n))
        for m in range(i):
            vector.take_products(t, element(room, ROOT, k, i, m, n), part(room, T, k, m, n))
        vector.scale(t, part(room, INVERSE, k, i, n))
    for i in range(k - 1, -1, -1):
        t, coordinate, w = part(room, T, k, i, n), part(room, COORDINATE, k, i, n), part(room, W, k, i, n)
        for r in range(n):
            w[r] = t[r] + coordinate[r]
        for m in range(i + 1, k):
            vector.take_products(w, element(room, ROOT, k, m, i, n), part(room, W, k, m, n))
        vector.scale(w, part(room, INVERSE, k, i, n))


@unit()
def c_correlated(table, b, batch, groups, raw, own, theta, values, parents, scratch):
    """Write the effects of a batch's groups to ``scratch``, and return the log prior density of their coordinates.

    ``raw`` is the first of them among the block's, and ``own`` the first effect; ``parents`` are all that the block absorbs.
    """
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data, k = reading.index(table), reading.data(table), reading.blocks(table)[b].dims
    theta, values, scratch = doubles(theta, size.dim), doubles(values, size.values), doubles(scratch, size.scratch)
    _, scaled = scaled_of(block, batch, index, values)
    room, absorbed, total = room_of(k), doubles(parents, own + groups * k), 0.0
    for first in range(0, groups, SIDE):
        n, at = min(SIDE, groups - first), own + first * k
        load(block, raw + first * k, theta, data, absorbed, at, k, n, room)
        standardise(scaled, k, n, room)
        for r in range(n):
            determinant = 1.0
            for i in range(k):
                determinant *= part(room, INVERSE, k, i, n)[r]
            total += math.log(determinant)
        for i in range(k):
            w = part(room, W, k, i, n)
            total -= 0.5 * vector.dot(w, w)
            u = part(room, U, k, i, n)
            vector.fill(u, 0.0)
            for j in range(i + 1):
                vector.add_scaled(u, scaled[i, j], part(room, W, k, j, n))
            vector.copy(vector.column(scratch, block.scratch + at + i, n, k), u)
    return total


@compiled
def symmetric_adjoint(k, n, room):
    """Write the gradient of B, from that of its Cholesky factor C."""
    for j in range(k):  # Phi(C' g_C): lower triangle, its diagonal halved
        for i in range(j, k):
            out = element(room, G_SYMMETRIC, k, i, j, n)
            vector.fill(out, 0.0)
            for m in range(i, k):
                vector.add_products(out, element(room, ROOT, k, m, i, n), element(room, G_ROOT, k, m, j, n))
        vector.add_scaled(element(room, G_SYMMETRIC, k, j, j, n), -0.5, element(room, G_SYMMETRIC, k, j, j, n))
        for i in range(j):
            vector.fill(element(room, G_SYMMETRIC, k, i, j, n), 0.0)
    for j in range(k):  # from the left by C'^-1
        for i in range(k - 1, -1, -1):
            out = element(room, G_SYMMETRIC, k, i, j, n)
            for m in range(i + 1, k):
                vector.take_products(out, element(room, ROOT, k, m, i, n), element(room, G_SYMMETRIC, k, m, j, n))
            vector.scale(out, part(room, INVERSE, k, i, n))
    for i in range(k):  # from the right by C^-1
        for j in range(k - 1, -1, -1):
            out = element(room, G_SYMMETRIC, k, i, j, n)
            for m in range(j + 1, k):
                vector.take_products(out, element(room, G_SYMMETRIC, k, i, m, n), element(room, ROOT, k, m, j, n))
            vector.scale(out, part(room, INVERSE, k, j, n))
    for i in range(k):
        for j in range(i):
            one, two = element(room, G_SYMMETRIC, k, i, j, n), element(room, G_SYMMETRIC, k, j, i, n)
            for r in range(n):
                one[r] = two[r] = 0.5 * (one[r] + two[r])


@compiled
def backward(scaled, g_scaled, k, n, room):
    """Write the gradients of t (to G_Y), of C t (to G_R) and of B, and add the groups' part to that of Lambda."""
    for i in range(k):  # g_y = C^-1 (Lambda' g_u - w)
        out = part(room, G_Y, k, i, n)
        vector.fill(out, 0.0)
        vector.add_scaled(out, -1.0, part(room, W, k, i, n))
        for m in range(i, k):
            vector.add_scaled(out, scaled[m, i], part(room, G_U, k, m, n))
        for m in range(i):
            vector.take_products(out, element(room, ROOT, k, i, m, n), part(room, G_Y, k, m, n))
        vector.scale(out, part(room, INVERSE, k, i, n))
    for i in range(k - 1, -1, -1):  # g_r = C'^-1 g_y
        out = part(room, G_R, k, i, n)
        vector.copy(out, part(room, G_Y, k, i, n))
        for m in range(i + 1, k):
            vector.take_products(out, element(room, ROOT, k, m, i, n), part(room, G_R, k, m, n))
        vector.scale(out, part(room, INVERSE, k, i, n))
    for i in range(k):
        for j in range(i + 1):
            out = element(room, G_ROOT, k, i, j, n)
            vector.fill(out, 0.0)
            vector.take_products(out, part(room, W, k, i, n), part(room, G_Y, k, j, n))
            vector.take_products(out, part(room, G_R, k, i, n), part(room, T, k, j, n))
        vector.add_scaled(element(room, G_ROOT, k, i, i, n), -1.0, part(room, INVERSE, k, i, n))
    symmetric_adjoint(k, n, room)
    for i in range(k):
        for j in range(i + 1):
            total = vector.dot(part(room, G_U, k, i, n), part(room, W, k, j, n))
            total += vector.dot(part(room, NATURAL, k, i, n), part(room, G_R, k, j, n))
            for m in range(k):
                total += 2.0 * vector.dot(element(room, PRODUCT, k, i, m, n), element(room, G_SYMMETRIC, k, m, j, n))
            g_scaled[i, j] += total


@unit()
def c_correlated_back(
    table, b, batch, groups, raw, own, theta, values, parents, g_u, g_parents, gradient_values, gradient
):
    """Add the part of a batch's groups to the gradient, from ``g_u``, that of their effects, shape (group * dim,)."""
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data, k = reading.index(table), reading.data(table), reading.blocks(table)[b].dims
    theta, values, gradient = doubles(theta, size.dim), doubles(values, size.values), doubles(gradient, size.dim)
    gradient_values = doubles(gradient_values, size.values)
    factor, scaled = scaled_of(block, batch, index, values)
    g_factor, g_scaled, room = np.zeros((k, k)), np.zeros((k, k)), room_of(k)
    stop = own + groups * k
    absorbed, g_absorbed, slopes = doubles(parents, stop), doubles(g_parents, stop), doubles(g_u, groups * k)
    for first in range(0, groups, SIDE):
        n, at = min(SIDE, groups - first), own + first * k
        load(block, raw + first * k, theta, data, absorbed, at, k, n, room)
        standardise(scaled, k, n, room)
        for i in range(k):
            vector.copy(part(room, G_U, k, i, n), vector.column(slopes, first * k + i, n, k))
        backward(scaled, g_scaled, k, n, room)
        for i in range(k):
            out = vector.column(gradient, block.theta + raw + first * k + i, n, k)
            vector.add_scaled(out, 1.0, part(room, G_Y, k, i, n))
            for j in range(k):  # g_natural = Lambda g_r, and the absorbed effects enter by - Q a
                product, out = element(room, PRODUCT, k, i, j, n), vector.column(g_absorbed, at + i, n, k)
                vector.take_products(out, product, part(room, G_R, k, j, n))
    for i in range(k):  # from Lambda to the standard deviations and to L
        sd = index[block.sd + batch * k + i]
        for j in range(i + 1):
            g_factor[i, j] += values[sd] * g_scaled[i, j]
            gradient_values[sd] += factor[i, j] * g_scaled[i, j]
    cholesky_backward(values, index, block.correlation, factor, g_factor, gradient_values)
    return 0.0
