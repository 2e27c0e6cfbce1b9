r"""Linear maps of effects, each with its adjoint: sum-to-zero, basis, autoregression.

Effects lie in flat arrays, row after row; ``k`` is the number of columns. Slices and reshapes are avoided throughout the
kernel: what numba compiles for their error messages takes longer than the mathematics.

The sum-to-zero map sends n - 1 coordinates to n numbers that sum to zero by an orthonormal matrix, so that independent
normal coordinates give normal numbers conditioned on their sum.
"""

import math

import numpy as np

from northroute.bayes.kernel import vector
from northroute.bayes.kernel.jit import both, compiled
from northroute.bayes.kernel.memory import address_of, doubles
from northroute.bayes.kernel.special import LEAST


@compiled
def zero_sum(x, start, stride, n):
    """Map the first n - 1 numbers of a strided vector to n numbers that sum to zero, in place."""
    last = start + (n - 1) * stride
    x[last] = 0.0
    if n == 1:
        return
    total = 0.0
    for i in range(n - 1):
        total += x[start + i * stride]
    root = math.sqrt(n)
    norm = total / (root + n)
    for i in range(n - 1):
        x[start + i * stride] -= norm
    x[last] = -total / root


@both
def zero_sum_adjoint(g, start, stride, n):
    """Map a gradient with respect to n numbers to that of their n - 1 coordinates, in place; the last becomes zero."""
    last = start + (n - 1) * stride
    if n > 1:
        root = math.sqrt(n)
        total = 0.0
        for i in range(n - 1):
            total += g[start + i * stride]
        fill = -total / (root + n) - g[last] / root
        for i in range(n - 1):
            g[start + i * stride] += fill
    g[last] = 0.0


@compiled
def basis_times(basis, first, levels, functions, u, at, k, out, to):
    """``out[t, d] = sum_f basis[t, f] u[f, d]``; each argument is followed by where it begins."""
    own = np.empty(functions)
    for d in range(k):
        vector.copy(own, vector.column(u, at + d, functions, k))
        for t in range(levels):
            row = doubles(address_of(basis) + 8 * (first + t * functions), functions)
            out[to + t * k + d] = vector.dot(row, own)


@compiled
def basis_adjoint(basis, first, levels, functions, g, at, k, out, to):
    """``out[f, d] = sum_t basis[t, f] g[t, d]``."""
    own = np.empty(functions)
    for d in range(k):
        vector.fill(own, 0.0)
        for t in range(levels):
            row = doubles(address_of(basis) + 8 * (first + t * functions), functions)
            vector.add_scaled(own, g[at + t * k + d], row)
        vector.copy(vector.column(out, to + d, functions, k), own)


@compiled
def autoregression(phi, u, at, n, k, out, to):
    """Stationary AR(1) with the innovations' scale: ``x_1 = u_1``, ``x_t = phi x_{t-1} + sqrt(1 - phi^2) u_t``."""
    q = math.sqrt(max(1.0 - phi * phi, LEAST))
    for d in range(k):
        out[to + d] = u[at + d]
        for t in range(1, n):
            out[to + t * k + d] = phi * out[to + (t - 1) * k + d] + q * u[at + t * k + d]


@compiled
def autoregression_adjoint(phi, u, at, n, k, x, g, to, out):
    """Write the innovations' gradient to ``out`` and return that of phi; ``x`` is the path, from zero on, as is ``out``."""
    q = math.sqrt(max(1.0 - phi * phi, LEAST))
    g_phi = 0.0
    for d in range(k):
        carried = 0.0
        for t in range(n - 1, 0, -1):
            carried = g[to + t * k + d] + phi * carried
            out[t * k + d] = q * carried
            g_phi += carried * (x[(t - 1) * k + d] - phi / q * u[at + t * k + d])
        out[d] = g[to + d] + phi * carried
    return g_phi


@both
def centre_columns(x, start, n, k):
    """Subtract each column's mean, in place; it is its own adjoint."""
    for d in range(k):
        mean = 0.0
        for t in range(n):
            mean += x[start + t * k + d]
        mean /= n
        for t in range(n):
            x[start + t * k + d] -= mean
