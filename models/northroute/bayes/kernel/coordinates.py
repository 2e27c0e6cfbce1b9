r"""From the sampler's coordinates to the model's: the linear part is straightened, and follows its hyperparameters.

.. math:: \theta = m + P' L'^{-1} (e^{S'u} z + T'u)

with L the factor of the Hessian at the mode m, P its order, and u the hyperparameters' distances from their pivots, bounded
(:class:`northroute.bayes.kernel.tables.Coordinates`).
"""

import math

import numpy as np

from northroute.bayes.kernel import skyline, vector
from northroute.bayes.kernel.jit import compiled


@compiled(inside=True)
def follow(coordinates, z, u, scale):
    """Write the hyperparameters' bounded distances and the linear part's scales; return these' log determinant."""
    if u.shape[0] == 0:
        return 0.0
    logs = np.zeros(scale.shape[0])
    for k in range(u.shape[0]):
        reach = coordinates.pivot[k, 1]
        u[k] = reach * math.tanh((z[coordinates.tilted[k]] - coordinates.pivot[k, 0]) / reach)
        vector.add_scaled(logs, u[k], coordinates.stretch[k])
    vector.exponential(logs, scale)
    return vector.total(logs)


@compiled(inside=True)
def unrotate(coordinates, first, z, u, scale, theta):
    """Write the model's coordinates."""
    n = coordinates.order.shape[0]
    for i in range(z.shape[0]):
        theta[i] = z[i]
    if n == 0:
        return
    x = z[first : first + n].copy()
    if u.shape[0] > 0:
        for i in range(n):
            x[i] *= scale[i]
        for k in range(u.shape[0]):
            vector.add_scaled(x, u[k], coordinates.tilt[k])
    skyline.solve_transposed(coordinates.factor, coordinates.begin, x)
    for i in range(n):
        theta[first + coordinates.order[i]] = coordinates.shift[coordinates.order[i]] + x[i]


@compiled(inside=True)
def rotate_gradient(coordinates, first, z, u, scale, gradient):
    """Turn the gradient of the model's coordinates to that of the sampler's, in place."""
    n = coordinates.order.shape[0]
    if n == 0:
        return
    x = np.empty(n)
    for i in range(n):
        x[i] = gradient[first + coordinates.order[i]]
    skyline.solve(coordinates.factor, coordinates.begin, x)
    if u.shape[0] == 0:
        gradient[first : first + n] = x
        return
    stretched = np.empty(n)
    for i in range(n):
        gradient[first + i] = x[i] * scale[i]
        stretched[i] = 1.0 + gradient[first + i] * z[first + i]
    for k in range(u.shape[0]):
        bent = u[k] / coordinates.pivot[k, 1]
        change = vector.dot(coordinates.tilt[k], x) + vector.dot(coordinates.stretch[k], stretched)
        gradient[coordinates.tilted[k]] += (1.0 - bent * bent) * change


@compiled(inside=True)
def of_model(program, z, theta):
    """Write the model's coordinates of the sampler's."""
    coordinates = program.coordinates
    u, scale = np.empty(coordinates.tilted.shape[0]), np.empty(coordinates.order.shape[0])
    follow(coordinates, z, u, scale)
    unrotate(coordinates, program.sizes[0].linear, z, u, scale, theta)
