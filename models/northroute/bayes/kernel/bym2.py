r"""Blocks of places: the BYM2 of Riebler et al. (2016, Statistical Methods in Medical Research 25:1145).

.. math::
   u_i = \sigma(\sqrt{\rho}\,\varphi_i / \sqrt{\kappa_i} + \sqrt{1-\rho}\,\theta_i),\qquad
   \log p(\varphi) = -\tfrac12\sum_{i\sim j}(\varphi_i-\varphi_j)^2 ,

where :math:`\varphi` sums to zero in every connected part and :math:`\kappa` makes its typical variance one part by part;
a place without neighbours has :math:`u_i = \sigma\theta_i` (Freni-Sterrantino, Ventrucci and Rue 2018, Spatial and
Spatio-temporal Epidemiology 26:25). The unstructured part is standardised by what the data say, as in
:mod:`northroute.bayes.kernel.effects`: with :math:`m=\sigma\sqrt{\rho}\varphi/\sqrt\kappa` and
:math:`s=\sigma\sqrt{1-\rho}`, :math:`u = m + k^2(b - qm) + kv` and :math:`k^2 = 1/(1/s^2 + q)`.
"""

import math

import numpy as np

from northroute.bayes.kernel import linear
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.scales import spread
from northroute.bayes.kernel.tables import (
    B_BASIS,
    B_BATCHES,
    B_CENTRING,
    B_EDGE_COUNT,
    B_EDGES,
    B_LEVELS,
    B_POINTER,
    B_SCRATCH,
    B_SD,
    B_THETA,
    B_VALUE,
)


@compiled(inside=True)
def forward(block, theta, index, data, values, scratch):
    """Write the effects to ``values`` and the structured part to ``scratch``; return the log prior.

    Places are sorted by connected part, islands last: parts are the batches, and what comes after them has no neighbours.
    """
    n = block[B_LEVELS]
    sigma, rho = values[index[block[B_SD]]], values[index[block[B_SD] + 1]]
    phi = block[B_SCRATCH]
    at = block[B_THETA]
    connected = 0
    for b in range(block[B_BATCHES]):
        first, stop = index[block[B_POINTER] + b], index[block[B_POINTER] + b + 1]
        for i in range(first, stop - 1):
            scratch[phi + i] = theta[at]
            at += 1
        linear.zero_sum(scratch, phi + first, 1, stop - first)
        connected = stop
    for i in range(connected, n):
        scratch[phi + i] = 0.0
    total = 0.0
    for edge in range(block[B_EDGE_COUNT]):
        gap = scratch[phi + index[block[B_EDGES] + 2 * edge]] - scratch[phi + index[block[B_EDGES] + 2 * edge + 1]]
        total -= 0.5 * gap * gap
    s = sigma * math.sqrt(max(1.0 - rho, 1e-300))
    for i in range(n):
        m = sigma * math.sqrt(rho) * scratch[phi + i] * data[block[B_BASIS] + i]
        own = s if i < connected else sigma
        q = data[block[B_CENTRING] + i]
        k, share = spread(own, q)
        rest = k * (k * (data[block[B_CENTRING] + n + i] - q * m) + theta[at + i])
        total += 0.5 * math.log(share) - 0.5 * (rest / own) * (rest / own)
        values[block[B_VALUE] + i] = m + rest
    return total


@compiled(inside=True)
def backward(block, theta, index, data, values, scratch, gradient_values, gradient):
    """Add the block's part to the gradient."""
    n = block[B_LEVELS]
    id_sigma, id_rho = index[block[B_SD]], index[block[B_SD] + 1]
    sigma, rho = values[id_sigma], values[id_rho]
    phi = block[B_SCRATCH]
    g_phi = np.zeros(n)
    at, connected = block[B_THETA], 0
    for b in range(block[B_BATCHES]):
        at += index[block[B_POINTER] + b + 1] - index[block[B_POINTER] + b] - 1
        connected = index[block[B_POINTER] + b + 1]
    for edge in range(block[B_EDGE_COUNT]):
        i, j = index[block[B_EDGES] + 2 * edge], index[block[B_EDGES] + 2 * edge + 1]
        gap = scratch[phi + i] - scratch[phi + j]
        g_phi[i] -= gap
        g_phi[j] += gap
    rest = max(1.0 - rho, 1e-300)
    s, root = sigma * math.sqrt(rest), math.sqrt(max(rho, 1e-300))
    for i in range(n):
        factor = data[block[B_BASIS] + i]
        m = sigma * root * scratch[phi + i] * factor
        own = s if i < connected else sigma
        q = data[block[B_CENTRING] + i]
        k, share = spread(own, q)
        natural = data[block[B_CENTRING] + n + i] - q * m
        left = k * (k * natural + theta[at + i])
        g = gradient_values[block[B_VALUE] + i]
        g_left = g - left / (own * own)
        gradient[at + i] += g_left * k
        g_m = g - g_left * (1.0 - share)
        g_log_own = g_left * share * (left + k * k * natural) + left * left / (own * own) + share - 1.0
        g_phi[i] += g_m * sigma * root * factor
        gradient_values[id_sigma] += (g_m * m + g_log_own) / sigma
        if i < connected:
            gradient_values[id_rho] += 0.5 * g_m * m / (root * root) - 0.5 * g_log_own / rest
    at = block[B_THETA]
    for b in range(block[B_BATCHES]):
        first, stop = index[block[B_POINTER] + b], index[block[B_POINTER] + b + 1]
        linear.zero_sum_adjoint(g_phi, first, 1, stop - first)
        for i in range(first, stop - 1):
            gradient[at] += g_phi[i]
            at += 1
