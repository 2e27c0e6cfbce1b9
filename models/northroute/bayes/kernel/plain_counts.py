"""Poisson and negative binomial counts without a second part, which most models are of: whole chunks of rows at once.

Gives sums over rows alone; :mod:`northroute.bayes.kernel.counts` gives the same row by row. A room begins with the negative
binomial's sums of softplus and of slopes.
"""

import math

from northroute.bayes.kernel import families, reading, vector
from northroute.bayes.kernel.counts import NEGATIVE_BINOMIAL
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, doubles
from northroute.bayes.kernel.special import digamma


@compiled(fastmath=vector.FAST)
def negative_binomial_chunk(y, eta, dispersion, soft, sig, g):
    """Return log density without gamma functions, sum of softplus and sum of ``g``; write the gradient to ``g``."""
    n = y.shape[0]
    size, log_dispersion = 1.0 / dispersion, math.log(dispersion)
    for i in range(n):
        g[i] = eta[i] + log_dispersion
    vector.softplus_sigmoid(g, soft, sig)
    total, soft_sum, g_sum = 0.0, 0.0, 0.0
    for i in range(n):
        total += y[i] * g[i] - (y[i] + size) * soft[i]
        soft_sum += soft[i]
        g[i] = y[i] - (y[i] + size) * sig[i]
        g_sum += g[i]
    return total, soft_sum, g_sum


@compiled
def repeated_counts(data, segment, size):
    r"""Return ``sum_i log Gamma(y_i + size) - log Gamma(size)`` and its derivative in size.

    It is :math:`\sum_j N_j\log(s+j)` with N_j the number of rows with counts above j: one logarithm for each count below
    the table's length instead of two gamma functions a row. Counts beyond it are taken one by one, each distinct one once.
    """
    last = segment.table - 1
    total, slope = 0.0, 0.0
    for j in range(last):
        rows = data[segment.above + j]
        total += rows * math.log(size + j)
        slope += rows / (size + j)
    if segment.large_count > 0:
        base, d_base = math.lgamma(size + last), digamma(size + last)
        for j in range(segment.large_count):
            y = data[segment.large + 2 * j]
            rows = data[segment.large + 2 * j + 1]
            total += rows * (math.lgamma(size + y) - base)
            slope += rows * (digamma(size + y) - d_base)
    return total, slope


@unit()
def c_plain_counts(phase, table, s, first, n, stride, values, eta, g, out, room, gradient_values):
    """Serve counts in chunks (:mod:`northroute.bayes.kernel.families`); ``out`` and the second predictor are scratch."""
    segment, data, size = reading.segments(table)[s], reading.data(table), reading.sizes(table)[0].values
    dispersion, slope, own = 0.0, 0.0, doubles(room, 2)
    if segment.family == NEGATIVE_BINOMIAL:
        dispersion, slope = families.auxiliary_of(NEGATIVE_BINOMIAL, doubles(values, size)[segment.auxiliary])
    if phase == families.CLOSE:
        if segment.family != NEGATIVE_BINOMIAL:
            return 0.0
        total, g_size = repeated_counts(data, segment, 1.0 / dispersion)
        change = -(g_size - own[0] - own[1] * dispersion) / (dispersion * dispersion)
        doubles(gradient_values, size)[segment.auxiliary] += change * slope
        return total
    if phase == families.OPEN:
        return 0.0
    y = doubles(address_of(data) + 8 * (segment.outcome + first - segment.start), n)
    x, slopes, work = doubles(eta, n), doubles(g, n), doubles(out, n)
    if segment.family == NEGATIVE_BINOMIAL:
        total, soft, slope = negative_binomial_chunk(y, x, dispersion, work, doubles(eta + 8 * stride, n), slopes)
        own[0] += soft
        own[1] += slope
        return total
    vector.exponential(x, work)
    total = 0.0
    for i in range(n):
        total += y[i] * x[i] - work[i]
        slopes[i] = y[i] - work[i]
    return total
