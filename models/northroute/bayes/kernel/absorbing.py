"""Groups within groups: what a block takes in of the effects of the groups that hold its batches."""

from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.program import B_BATCHES, B_CENTRING, B_DIMS, B_SD, B_TARGET
from northroute.bayes.kernel.scales import spread


@compiled
def mean_parent(block, index, values, dim):
    """Return the mean of the effects that a block absorbs."""
    total = 0.0
    for b in range(block[B_BATCHES]):
        total += values[index[block[B_TARGET] + b * block[B_DIMS] + dim]]
    return total / block[B_BATCHES]


@compiled
def absorb_adjoint(block, batch, groups, raw, index, data, values, gradient_values, out):
    """Add to the gradient of the absorbed effects and of the standard deviations."""
    k = block[B_DIMS]
    for i in range(groups * k):
        own, sd = index[block[B_TARGET] + batch * k + i % k], index[block[B_SD] + batch * k + i % k]
        _, share = spread(values[sd], data[block[B_CENTRING] + raw + i])
        g = (1.0 - share) * gradient_values[out + i]
        parent = values[own] - mean_parent(block, index, values, i % k)
        gradient_values[sd] -= 2.0 * share * parent * g / values[sd]
        gradient_values[own] -= g
        for b in range(block[B_BATCHES]):
            gradient_values[index[block[B_TARGET] + b * k + i % k]] += g / block[B_BATCHES]
