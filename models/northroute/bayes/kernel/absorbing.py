"""Groups within groups: what a block takes in of the effects of the groups that hold its batches."""

import numpy as np

from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.program import B_BATCHES, B_CENTRING, B_DIMS, B_ROWS, B_SD, B_TARGET, Rows
from northroute.bayes.kernel.scales import spread

GROUPS = int(Rows.GROUPS)


@compiled
def mean_parents(block, index, values):
    """Return the means of the effects that a block absorbs, shape (dim,); zeros if it absorbs none."""
    k = block[B_DIMS]
    means = np.zeros(k)
    if block[B_ROWS] == GROUPS and block[B_TARGET] >= 0:
        for i in range(block[B_BATCHES] * k):
            means[i % k] += values[index[block[B_TARGET] + i]] / block[B_BATCHES]
    return means


@compiled
def absorb_adjoint(block, batch, groups, raw, index, data, values, means, gradient_values, out, taken):
    """Add to the gradient of the absorbed effects and of the standard deviations; what falls on means goes to ``taken``."""
    k = block[B_DIMS]
    for i in range(groups * k):
        own, sd = index[block[B_TARGET] + batch * k + i % k], index[block[B_SD] + batch * k + i % k]
        _, share = spread(values[sd], data[block[B_CENTRING] + raw + i])
        g = (1.0 - share) * gradient_values[out + i]
        gradient_values[sd] -= 2.0 * share * (values[own] - means[i % k]) * g / values[sd]
        gradient_values[own] -= g
        taken[i % k] += g


@compiled
def return_means(block, index, taken, gradient_values):
    """Give every absorbed effect its share of the gradient of their mean."""
    k = block[B_DIMS]
    for i in range(block[B_BATCHES] * k):
        gradient_values[index[block[B_TARGET] + i]] += taken[i % k] / block[B_BATCHES]
