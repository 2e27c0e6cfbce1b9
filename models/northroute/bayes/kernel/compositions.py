"""Counts of a cell's categories: multinomial and Dirichlet-multinomial. A room is the slope in the concentration."""

import math

from northroute.bayes.kernel import families, reading
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, doubles
from northroute.bayes.kernel.special import digamma


@compiled
def composition_density(y, eta, k, concentration, g):
    """Return the log density of a cell's counts, shares being the softmax of ``eta``; its gradient goes to ``g``.

    All three are views of length k. ``concentration`` is a Dirichlet-multinomial's, or zero for the multinomial. Also
    returns the derivative in the concentration.
    """
    top, total_y = eta[0], 0.0
    for j in range(k):
        top = max(top, eta[j])
        total_y += y[j]
    total = 0.0
    for j in range(k):
        total += math.exp(eta[j] - top)
    log_total = top + math.log(total)
    lp = 0.0
    if concentration <= 0.0:
        for j in range(k):
            lp += y[j] * (eta[j] - log_total)
            g[j] = y[j] - total_y * math.exp(eta[j] - log_total)
        return lp, 0.0
    lp = math.lgamma(concentration) - math.lgamma(concentration + total_y)
    g_concentration = digamma(concentration) - digamma(concentration + total_y)
    mean = 0.0
    for j in range(k):
        p = math.exp(eta[j] - log_total)
        a = max(concentration * p, 1e-300)
        lp += math.lgamma(a + y[j]) - math.lgamma(a)
        d = digamma(a + y[j]) - digamma(a) if y[j] > 0.0 else 0.0
        g_concentration += p * d
        g[j] = d * a
        mean += d * a
    for j in range(k):
        g[j] -= math.exp(eta[j] - log_total) * mean
    return lp, g_concentration


@unit()
def c_compositions(phase, table, s, first, n, stride, values, eta, g, out, room, gradient_values):
    """Serve compositions, cell by cell (:mod:`northroute.bayes.kernel.families`)."""
    segment, size, own = reading.segments(table)[s], reading.sizes(table)[0].values, doubles(room, 1)
    concentration, slope, k = 0.0, 0.0, segment.cell
    if segment.auxiliary >= 0:
        concentration, slope = families.auxiliary_of(segment.family, doubles(values, size)[segment.auxiliary])
    if phase == families.OPEN:
        return 0.0
    if phase == families.CLOSE:
        if segment.auxiliary >= 0:
            doubles(gradient_values, size)[segment.auxiliary] += own[0] * slope
        return 0.0
    y = address_of(reading.data(table)) + 8 * (segment.outcome + first - segment.start)
    found, total = doubles(out, n), 0.0
    for i in range(0, n, k):
        found[i], a = composition_density(
            doubles(y + 8 * i, k), doubles(eta + 8 * i, k), k, concentration, doubles(g + 8 * i, k)
        )
        own[0] += a
        total += found[i]
    return total
