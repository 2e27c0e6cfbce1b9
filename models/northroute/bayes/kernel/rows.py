"""Rows: linear predictors from values, log densities, and the gradient back to the values."""

import math

import numpy as np

from northroute.bayes.kernel import likelihood, vector
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.likelihood import (
    DIRICHLET,
    ERRORS,
    MULTINOMIAL,
    MULTIVARIATE,
    NEGATIVE_BINOMIAL,
    NORMAL,
    POISSON,
    STUDENT,
)
from northroute.bayes.kernel.scalars import cholesky_backward, cholesky_of
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
    family, part, cell = segment.family, segment.part, segment.cell
    step = CHUNK // cell * cell
    auxiliary, slope = 0.0, 0.0
    if segment.auxiliary >= 0:
        auxiliary, slope = likelihood.auxiliary_of(family, values[segment.auxiliary])
    eta, g = np.empty((2, step)), np.zeros((2, step))
    work = np.empty((2, step))
    fused = part == NO_PART and (family == POISSON or family == NEGATIVE_BINOMIAL)
    table = np.zeros(1)
    slopes = np.zeros(1)
    if family == NEGATIVE_BINOMIAL and not fused:
        table, slopes = likelihood.rising_tables(1.0 / auxiliary, segment.table)
    factor, g_factor = np.zeros((cell, cell)), np.zeros((cell, cell))
    if family == MULTIVARIATE:
        cholesky_of(values, program.index, segment.correlation, cell, factor)
    total, g_auxiliary, soft_sum, g_sum = 0.0, 0.0, 0.0, 0.0
    for first in range(segment.start, segment.stop, step):
        stop = min(first + step, segment.stop)
        n = stop - first
        predict(program, values, segment, first, stop, eta)
        y = program.data[segment.outcome + first - segment.start : segment.outcome + stop - segment.start]
        if fused and family == POISSON:
            vector.exponential(eta[0, :n], work[0, :n])
            for i in range(n):
                total += y[i] * eta[0, i] - work[0, i]
                g[0, i] = y[i] - work[0, i]
        elif fused:
            lp, soft, g_all = negative_binomial_chunk(y, eta[0, :n], auxiliary, work, g[0, :n])
            total += lp
            soft_sum += soft
            g_sum += g_all
        elif family == NORMAL:
            for i in range(n):
                known = program.data[segment.known + first - segment.start + i] if segment.known >= 0 else 0.0
                lp, g[0, i], a = likelihood.normal_density(y[i], eta[0, i], auxiliary, known)
                total += lp
                g_auxiliary += a
        elif family == STUDENT:
            df = program.data[segment.df]
            for i in range(n):
                known = program.data[segment.known + first - segment.start + i] if segment.known >= 0 else 0.0
                lp, g[0, i], a = likelihood.student_density(y[i], eta[0, i], auxiliary, known, df)
                total += lp
                g_auxiliary += a
        elif family == ERRORS:
            slope_id, omega_id = segment.slope, segment.omega
            for i in range(n):
                at = first - segment.start + i
                known = program.data[segment.known + at] if segment.known >= 0 else 0.0
                x, tau = program.data[segment.predictor + 2 * at], program.data[segment.predictor + 2 * at + 1]
                lp, g[0, i], a, g_slope, g_omega = likelihood.errors_density(
                    y[i], eta[0, i], auxiliary, known, x, tau, values[slope_id], values[omega_id]
                )
                total += lp
                g_auxiliary += a
                gradient_values[slope_id] += g_slope
                gradient_values[omega_id] += g_omega
        elif family == MULTINOMIAL or family == DIRICHLET:
            for i in range(0, n, cell):
                lp, a = likelihood.choice_density(y[i:], eta[0, i:], cell, auxiliary, g[0, i:])
                total += lp
                g_auxiliary += a
        elif family == MULTIVARIATE:
            sd = program.index[segment.deviations :]
            for i in range(0, n, cell):
                total += multivariate_cell(
                    y[i:], eta[0, i:], cell, values, sd, factor, g[0, i:], g_factor, gradient_values
                )
        else:
            for i in range(n):
                lp, g[0, i], g[1, i], a = likelihood.row_density(
                    family, part, y[i], eta[0, i], eta[1, i], auxiliary, table, slopes
                )
                total += lp
                g_auxiliary += a
        scatter(program, values, first, stop, g, gradient_values)
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


@compiled(inside=True)
def multivariate_cell(y, eta, k, values, sd, factor, g, g_factor, gradient_values):
    """Return the log density of one cell of k correlated normals, and add its gradients."""
    w, x = np.empty(k), np.empty(k)
    total = 0.0
    for i in range(k):
        w[i] = (y[i] - eta[i]) / values[sd[i]]
        for j in range(i):
            w[i] -= factor[i, j] * w[j]
        w[i] /= factor[i, i]
        total -= 0.5 * w[i] * w[i] + math.log(factor[i, i]) + math.log(values[sd[i]])
    for i in range(k - 1, -1, -1):
        x[i] = w[i]
        for j in range(i + 1, k):
            x[i] -= factor[j, i] * x[j]
        x[i] /= factor[i, i]
    for i in range(k):
        s = values[sd[i]]
        g[i] = x[i] / s
        gradient_values[sd[i]] += (x[i] * (y[i] - eta[i]) / s - 1.0) / s
        g_factor[i, i] -= 1.0 / factor[i, i]
        for j in range(i + 1):
            g_factor[i, j] += x[i] * w[j]
    return total
