"""Rows: linear predictors from values, log densities, and the gradient back to the values."""

import math

import numpy as np

from northroute.bayes.kernel import families, likelihood, vector
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.likelihood import MULTIVARIATE, NEGATIVE_BINOMIAL, POISSON
from northroute.bayes.kernel.scalars import cholesky_backward
from northroute.bayes.statement.codes import Part

CHUNK = 512
"""Rows at a time, so that all scratch stays in the nearest cache; cells never straddle chunks."""
NO_PART = int(Part.NONE)


@compiled(inside=True)
def predict(program, values, segment, first, stop, eta):
    """Write both linear predictors of rows first..stop-1 of a segment to ``eta``, shape (2, >= stop - first)."""
    offset = segment.offset + first - segment.start
    for i in range(stop - first):
        eta[0, i] = program.data[offset + i] if segment.offset >= 0 else 0.0
        eta[1, i] = 0.0
    for d in range(program.dense.shape[0]):
        use = program.dense[d]
        lo, hi = max(first, use.start), min(stop, use.stop)
        q = use.columns
        for i in range(lo, hi):
            at = use.matrix + (i - use.start) * q
            total = 0.0
            for j in range(q):
                total += program.data[at + j] * values[use.value + j]
            eta[use.predictor, i - first] += total
    for u in range(program.uses.shape[0]):
        use = program.uses[u]
        lo, hi = max(first, use.start), min(stop, use.stop)
        if lo >= hi:
            continue
        index = program.index[use.index + lo - use.start : use.index + hi - use.start]
        out = eta[use.predictor, lo - first : hi - first]
        if use.weight < 0 and use.other < 0:
            for i in range(hi - lo):
                out[i] += values[index[i]]
            continue
        for i in range(hi - lo):
            w = program.data[use.weight + lo - use.start + i] if use.weight >= 0 else 1.0
            if use.other >= 0:
                w *= values[program.index[use.other + lo - use.start + i]]
            out[i] += w * values[index[i]]


@compiled(inside=True)
def scatter(program, values, first, stop, g, gradient_values):
    """Add the gradient of rows first..stop-1, ``g`` of shape (2, >= stop - first), to that of the values."""
    for d in range(program.dense.shape[0]):
        use = program.dense[d]
        lo, hi = max(first, use.start), min(stop, use.stop)
        q = use.columns
        for i in range(lo, hi):
            at = use.matrix + (i - use.start) * q
            weight = g[use.predictor, i - first]
            for j in range(q):
                gradient_values[use.value + j] += weight * program.data[at + j]
    for u in range(program.uses.shape[0]):
        use = program.uses[u]
        lo, hi = max(first, use.start), min(stop, use.stop)
        if lo >= hi:
            continue
        index = program.index[use.index + lo - use.start : use.index + hi - use.start]
        weight = g[use.predictor, lo - first : hi - first]
        if use.weight < 0 and use.other < 0:
            for i in range(hi - lo):
                gradient_values[index[i]] += weight[i]
            continue
        for i in range(hi - lo):
            w = weight[i] * (program.data[use.weight + lo - use.start + i] if use.weight >= 0 else 1.0)
            if use.other >= 0:
                other = program.index[use.other + lo - use.start + i]
                gradient_values[other] += w * values[index[i]]
                w *= values[other]
            gradient_values[index[i]] += w


@compiled(inside=True)
def segment_density(program, values, segment, gradient_values):
    """Return the log density of a segment's rows, and add its gradient."""
    family, cell = segment.family, segment.cell
    step = CHUNK // cell * cell
    auxiliary, slope = 0.0, 0.0
    if segment.auxiliary >= 0:
        auxiliary, slope = likelihood.auxiliary_of(family, values[segment.auxiliary])
    eta, g, work = np.empty((2, step)), np.zeros((2, step)), np.zeros((2, step))
    fused = segment.part == NO_PART and (family == POISSON or family == NEGATIVE_BINOMIAL)
    above, slopes, factor = np.zeros(1), np.zeros(1), np.zeros((1, 1))
    if not fused:
        above, slopes, factor = families.shared(program, segment, values, auxiliary)
    g_factor = np.zeros(factor.shape)
    total, g_auxiliary, soft_sum, g_sum = 0.0, 0.0, 0.0, 0.0
    for first in range(segment.start, segment.stop, step):
        n = min(step, segment.stop - first)
        predict(program, values, segment, first, first + n, eta)
        if not fused:
            g_auxiliary += families.densities(
                program,
                segment,
                first,
                n,
                values,
                eta,
                auxiliary,
                above,
                slopes,
                factor,
                work[0],
                g,
                g_factor,
                gradient_values,
            )
            for i in range(n):
                total += work[0, i]
        else:
            at = segment.outcome + first - segment.start
            y = program.data[at : at + n]
            if family == POISSON:
                vector.exponential(eta[0, :n], work[0, :n])
                for i in range(n):
                    total += y[i] * eta[0, i] - work[0, i]
                    g[0, i] = y[i] - work[0, i]
            else:
                lp, soft, g_all = negative_binomial_chunk(y, eta[0, :n], auxiliary, work, g[0, :n])
                total += lp
                soft_sum += soft
                g_sum += g_all
        scatter(program, values, first, first + n, g, gradient_values)
    if fused and family == NEGATIVE_BINOMIAL:
        lp, g_size = repeated_counts(program, segment, 1.0 / auxiliary)
        total += lp
        g_auxiliary = -(g_size - soft_sum - g_sum * auxiliary) / (auxiliary * auxiliary)
    if family == MULTIVARIATE:
        cholesky_backward(values, program.index, segment.correlation, factor, g_factor, gradient_values)
    if segment.auxiliary >= 0:
        gradient_values[segment.auxiliary] += g_auxiliary * slope
    return total


@compiled(fastmath=vector.FAST)
def negative_binomial_chunk(y, eta, dispersion, work, g):
    """Return log density without gamma functions, sum of softplus and sum of ``g``; write the gradient to ``g``."""
    n = y.shape[0]
    size, log_dispersion = 1.0 / dispersion, math.log(dispersion)
    soft, sig = work[0, :n], work[1, :n]
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


@compiled(inside=True)
def repeated_counts(program, segment, size):
    r"""Return ``sum_i log Gamma(y_i + size) - log Gamma(size)`` and its derivative in size.

    It is :math:`\sum_j N_j\log(s+j)` with N_j the number of rows with counts above j: one logarithm for each count below
    the table's length instead of two gamma functions a row. Counts beyond it are taken one by one, each distinct one once.
    """
    last = segment.table - 1
    total, slope = 0.0, 0.0
    for j in range(last):
        rows = program.data[segment.above + j]
        total += rows * math.log(size + j)
        slope += rows / (size + j)
    if segment.large_count > 0:
        base, d_base = math.lgamma(size + last), likelihood.digamma(size + last)
        for j in range(segment.large_count):
            y = program.data[segment.large + 2 * j]
            rows = program.data[segment.large + 2 * j + 1]
            total += rows * (math.lgamma(size + y) - base)
            slope += rows * (likelihood.digamma(size + y) - d_base)
    return total, slope
