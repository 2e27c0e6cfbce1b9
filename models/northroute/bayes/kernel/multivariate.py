"""Correlated normal outcomes of a cell. A room is the Cholesky factor of the correlations, and the gradient in it."""

import math

import numpy as np

from northroute.bayes.kernel import families, reading
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, doubles, matrix
from northroute.bayes.kernel.scalars import cholesky_backward, cholesky_of


@compiled
def multivariate_density(y, eta, g, k, values, index, sd, factor, g_factor, gradient_values):
    """Return the log density of one cell of k correlated normals, and add its gradients."""
    w, x = np.empty(k), np.empty(k)
    total = 0.0
    for i in range(k):
        w[i] = (y[i] - eta[i]) / values[index[sd + i]]
        for j in range(i):
            w[i] -= factor[i, j] * w[j]
        w[i] /= factor[i, i]
        total -= 0.5 * w[i] * w[i] + math.log(factor[i, i]) + math.log(values[index[sd + i]])
    for i in range(k - 1, -1, -1):
        x[i] = w[i]
        for j in range(i + 1, k):
            x[i] -= factor[j, i] * x[j]
        x[i] /= factor[i, i]
    for i in range(k):
        s = values[index[sd + i]]
        g[i] = x[i] / s
        gradient_values[index[sd + i]] += (x[i] * (y[i] - eta[i]) / s - 1.0) / s
        g_factor[i, i] -= 1.0 / factor[i, i]
        for j in range(i + 1):
            g_factor[i, j] += x[i] * w[j]
    return total


@unit()
def c_multivariate(phase, table, s, first, n, stride, values, eta, g, out, room, gradient_values):
    """Serve cells of correlated normals (:mod:`northroute.bayes.kernel.families`)."""
    segment, index, size = reading.segments(table)[s], reading.index(table), reading.sizes(table)[0].values
    k, value, to = segment.cell, doubles(values, size), doubles(gradient_values, size)
    factor, g_factor = matrix(room, k, k), matrix(room + 8 * k * k, k, k)
    if phase == families.OPEN:
        cholesky_of(value, index, segment.correlation, k, factor)
        return 0.0
    if phase == families.CLOSE:
        cholesky_backward(value, index, segment.correlation, factor, g_factor, to)
        return 0.0
    y = address_of(reading.data(table)) + 8 * (segment.outcome + first - segment.start)
    found, total = doubles(out, n), 0.0
    for i in range(0, n, k):
        own = doubles(y + 8 * i, k), doubles(eta + 8 * i, k), doubles(g + 8 * i, k)
        found[i] = multivariate_density(*own, k, value, index, segment.deviations, factor, g_factor, to)
        total += found[i]
    return total
