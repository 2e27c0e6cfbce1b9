r"""From the sampler's coordinates to the model's: the linear part is straightened, and follows its hyperparameters.

.. math:: \theta = m + P' L'^{-1} (e^{S'u} z + T'u)

with L the factor of the Hessian at the mode m, P its order, and u the hyperparameters' distances from their pivots, bounded
(:class:`northroute.bayes.kernel.tables.Coordinates`).
"""

import math

import numpy as np
from numba import types

from northroute.bayes.kernel import reading, skyline, vector
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import doubles


@compiled
def follow(table, z, u, scale):
    """Write the hyperparameters' bounded distances and the linear part's scales; return these' log determinant."""
    if u.shape[0] == 0:
        return 0.0
    pivot, tilted, stretch = reading.pivot(table), reading.tilted(table), reading.stretch(table)
    logs = np.zeros(scale.shape[0])
    for k in range(u.shape[0]):
        reach = pivot[k, 1]
        u[k] = reach * math.tanh((z[tilted[k]] - pivot[k, 0]) / reach)
        vector.add_scaled(logs, u[k], stretch[k])
    vector.exponential(logs, scale)
    return vector.total(logs)


@compiled
def unrotate(table, z, u, scale, theta):
    """Write the model's coordinates."""
    order, shift, tilt = reading.order(table), reading.shift(table), reading.tilt(table)
    first, n = reading.sizes(table)[0].linear, order.shape[0]
    for i in range(z.shape[0]):
        theta[i] = z[i]
    if n == 0:
        return
    x = np.empty(n)
    for i in range(n):
        x[i] = z[first + i]
    if u.shape[0] > 0:
        for i in range(n):
            x[i] *= scale[i]
        for k in range(u.shape[0]):
            vector.add_scaled(x, u[k], tilt[k])
    skyline.solve_transposed(reading.factor(table), reading.begin(table), x)
    for i in range(n):
        theta[first + order[i]] = shift[order[i]] + x[i]


@compiled
def rotate_gradient(table, z, u, scale, gradient):
    """Turn the gradient of the model's coordinates to that of the sampler's, in place."""
    order = reading.order(table)
    first, n = reading.sizes(table)[0].linear, order.shape[0]
    if n == 0:
        return
    x = np.empty(n)
    for i in range(n):
        x[i] = gradient[first + order[i]]
    skyline.solve(reading.factor(table), reading.begin(table), x)
    if u.shape[0] == 0:
        for i in range(n):
            gradient[first + i] = x[i]
        return
    pivot, tilted = reading.pivot(table), reading.tilted(table)
    tilt, stretch = reading.tilt(table), reading.stretch(table)
    stretched = np.empty(n)
    for i in range(n):
        gradient[first + i] = x[i] * scale[i]
        stretched[i] = 1.0 + gradient[first + i] * z[first + i]
    for k in range(u.shape[0]):
        bent = u[k] / pivot[k, 1]
        change = vector.dot(tilt[k], x) + vector.dot(stretch[k], stretched)
        gradient[tilted[k]] += (1.0 - bent * bent) * change


@unit(types.int64)
def c_coordinates(dim, expanded, z, out, table):
    """Write the model's coordinates of a draw; what the sampler calls to keep it."""
    u, scale = np.empty(reading.tilted(table).shape[0]), np.empty(reading.order(table).shape[0])
    follow(table, doubles(z, dim), u, scale)
    unrotate(table, doubles(z, dim), u, scale, doubles(out, expanded))
    return 0
