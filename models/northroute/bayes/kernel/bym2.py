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

from northroute.bayes.kernel import linear, reading
from northroute.bayes.kernel.jit import unit
from northroute.bayes.kernel.memory import doubles
from northroute.bayes.kernel.scales import spread
from northroute.bayes.kernel.special import LEAST


@unit()
def c_bym2(table, b, theta, values, scratch, shift):
    """Write the effects to ``values`` and the structured part to ``scratch``; return the log prior.

    Places are sorted by connected part, islands last: parts are the batches, and what comes after them has no neighbours.
    Nothing is swept, so that ``shift`` stays.
    """
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data = reading.index(table), reading.data(table)
    theta, values, scratch = doubles(theta, size.dim), doubles(values, size.values), doubles(scratch, size.scratch)
    n = block.places
    sigma, rho = values[block.sigma], values[block.rho]
    phi = block.scratch
    at = block.theta
    connected = 0
    for part in range(block.batches):
        first, stop = index[block.pointer + part], index[block.pointer + part + 1]
        for i in range(first, stop - 1):
            scratch[phi + i] = theta[at]
            at += 1
        linear.zero_sum(scratch, phi + first, 1, stop - first)
        connected = stop
    for i in range(connected, n):
        scratch[phi + i] = 0.0
    total = 0.0
    for edge in range(block.edge_count):
        gap = scratch[phi + index[block.edges + 2 * edge]] - scratch[phi + index[block.edges + 2 * edge + 1]]
        total -= 0.5 * gap * gap
    s = sigma * math.sqrt(max(1.0 - rho, LEAST))
    for i in range(n):
        m = sigma * math.sqrt(rho) * scratch[phi + i] * data[block.scaling + i]
        own = s if i < connected else sigma
        q = data[block.centring + i]
        k, share = spread(own, q)
        rest = k * (k * (data[block.centring + n + i] - q * m) + theta[at + i])
        total += 0.5 * math.log(share) - 0.5 * (rest / own) * (rest / own)
        values[block.value + i] = m + rest
    return total


@unit()
def c_bym2_back(table, b, theta, values, scratch, gradient_values, gradient):
    """Add the block's part to the gradient."""
    block, size = reading.blocks(table)[b], reading.sizes(table)[0]
    index, data = reading.index(table), reading.data(table)
    theta, values, scratch = doubles(theta, size.dim), doubles(values, size.values), doubles(scratch, size.scratch)
    gradient_values, gradient = doubles(gradient_values, size.values), doubles(gradient, size.dim)
    n = block.places
    sigma, rho = values[block.sigma], values[block.rho]
    phi = block.scratch
    g_phi = np.zeros(n)
    at, connected = block.theta, 0
    for part in range(block.batches):
        at += index[block.pointer + part + 1] - index[block.pointer + part] - 1
        connected = index[block.pointer + part + 1]
    for edge in range(block.edge_count):
        i, j = index[block.edges + 2 * edge], index[block.edges + 2 * edge + 1]
        gap = scratch[phi + i] - scratch[phi + j]
        g_phi[i] -= gap
        g_phi[j] += gap
    rest = max(1.0 - rho, LEAST)
    s, root = sigma * math.sqrt(rest), math.sqrt(max(rho, 1e-300))
    for i in range(n):
        factor = data[block.scaling + i]
        m = sigma * root * scratch[phi + i] * factor
        own = s if i < connected else sigma
        q = data[block.centring + i]
        k, share = spread(own, q)
        natural = data[block.centring + n + i] - q * m
        left = k * (k * natural + theta[at + i])
        g = gradient_values[block.value + i]
        g_left = g - left / (own * own)
        gradient[at + i] += g_left * k
        g_m = g - g_left * (1.0 - share)
        g_log_own = g_left * share * (left + k * k * natural) + left * left / (own * own) + share - 1.0
        g_phi[i] += g_m * sigma * root * factor
        gradient_values[block.sigma] += (g_m * m + g_log_own) / sigma
        if i < connected:
            gradient_values[block.rho] += 0.5 * g_m * m / (root * root) - 0.5 * g_log_own / rest
    at = block.theta
    for part in range(block.batches):
        first, stop = index[block.pointer + part], index[block.pointer + part + 1]
        linear.zero_sum_adjoint(g_phi, first, 1, stop - first)
        for i in range(first, stop - 1):
            gradient[at] += g_phi[i]
            at += 1
    return 0.0
