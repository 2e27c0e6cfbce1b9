r"""From the sampler's coordinates to the model's: the linear part is straightened, and follows its hyperparameters.

.. math:: \theta = m + P' L'^{-1} (e^{S'u} z + T'u)

with L the factor of the Hessian at the mode m, P its order, and u the hyperparameters' distances from their pivots, bounded
(:class:`northroute.bayes.kernel.tables.Program`).
"""

import math

import numpy as np

from northroute.bayes.kernel import skyline, vector
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.tables import Z_LINEAR


@compiled(inside=True)
def follow(program, z, u, scale):
    """Write the hyperparameters' bounded distances and the linear part's scales; return these' log determinant."""
    if u.shape[0] == 0:
        return 0.0
    logs = np.zeros(scale.shape[0])
    for k in range(u.shape[0]):
        reach = program.pivot[k, 1]
        u[k] = reach * math.tanh((z[program.tilted[k]] - program.pivot[k, 0]) / reach)
        vector.add_scaled(logs, u[k], program.stretch[k])
    vector.exponential(logs, scale)
    return vector.total(logs)


@compiled(inside=True)
def unrotate(program, z, u, scale, theta):
    """Write the model's coordinates."""
    first, n = program.sizes[Z_LINEAR], program.order.shape[0]
    for i in range(z.shape[0]):
        theta[i] = z[i]
    if n == 0:
        return
    x = z[first : first + n].copy()
    if u.shape[0] > 0:
        for i in range(n):
            x[i] *= scale[i]
        for k in range(u.shape[0]):
            vector.add_scaled(x, u[k], program.tilt[k])
    skyline.solve_transposed(program.factor, program.begin, x)
    for i in range(n):
        theta[first + program.order[i]] = program.shift[program.order[i]] + x[i]


@compiled(inside=True)
def rotate_gradient(program, z, u, scale, gradient):
    """Turn the gradient of the model's coordinates to that of the sampler's, in place."""
    first, n = program.sizes[Z_LINEAR], program.order.shape[0]
    if n == 0:
        return
    x = np.empty(n)
    for i in range(n):
        x[i] = gradient[first + program.order[i]]
    skyline.solve(program.factor, program.begin, x)
    if u.shape[0] == 0:
        gradient[first : first + n] = x
        return
    stretched = np.empty(n)
    for i in range(n):
        gradient[first + i] = x[i] * scale[i]
        stretched[i] = 1.0 + gradient[first + i] * z[first + i]
    for k in range(u.shape[0]):
        bent = u[k] / program.pivot[k, 1]
        change = vector.dot(program.tilt[k], x) + vector.dot(program.stretch[k], stretched)
        gradient[program.tilted[k]] += (1.0 - bent * bent) * change


@compiled(inside=True)
def of_model(program, z, theta):
    """Write the model's coordinates of the sampler's."""
    u, scale = np.empty(program.tilted.shape[0]), np.empty(program.order.shape[0])
    follow(program, z, u, scale)
    unrotate(program, z, u, scale, theta)
