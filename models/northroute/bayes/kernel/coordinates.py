r"""From the sampler's coordinates to the model's: the linear part is straightened.

.. math:: \theta = m + P' L'^{-1} z

with L the factor of the Hessian at the mode m, and P its order (:class:`northroute.bayes.kernel.tables.Coordinates`).
"""

import numpy as np
from numba import types

from northroute.bayes.kernel import reading, skyline
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import doubles


@compiled
def unrotate(table, z, theta):
    """Write the model's coordinates."""
    order, shift = reading.order(table), reading.shift(table)
    first, n = reading.sizes(table)[0].linear, order.shape[0]
    for i in range(z.shape[0]):
        theta[i] = z[i]
    if n == 0:
        return
    x = np.empty(n)
    for i in range(n):
        x[i] = z[first + i]
    skyline.solve_transposed(reading.factor(table), reading.begin(table), x)
    for i in range(n):
        theta[first + order[i]] = shift[order[i]] + x[i]


@compiled
def rotate_gradient(table, gradient):
    """Turn the gradient of the model's coordinates to that of the sampler's, in place."""
    order = reading.order(table)
    first, n = reading.sizes(table)[0].linear, order.shape[0]
    if n == 0:
        return
    x = np.empty(n)
    for i in range(n):
        x[i] = gradient[first + order[i]]
    skyline.solve(reading.factor(table), reading.begin(table), x)
    for i in range(n):
        gradient[first + i] = x[i]


@unit(types.int64)
def c_coordinates(dim, expanded, z, out, table):
    """Write the model's coordinates of a draw; what the sampler calls to keep it."""
    unrotate(table, doubles(z, dim), doubles(out, expanded))
    return 0
