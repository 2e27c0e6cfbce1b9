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
from northroute.bayes.kernel.tables import (
    D_COLUMNS,
    D_MATRIX,
    D_PREDICTOR,
    D_START,
    D_STOP,
    D_VALUE,
    S_ABOVE,
    S_AUXILIARY,
    S_CELL,
    S_CORRELATION,
    S_COUNT,
    S_FAMILY,
    S_KNOWN,
    S_LARGE,
    S_LARGE_COUNT,
    S_OFFSET,
    S_PART,
    S_PREDICTOR,
    S_SHAPE,
    S_START,
    S_STOP,
    S_TABLE,
    U_INDEX,
    U_OTHER,
    U_PREDICTOR,
    U_START,
    U_STOP,
    U_WEIGHT,
)
from northroute.bayes.statement.codes import Part

CHUNK = 512
"""Rows at a time, so that all scratch stays in the nearest cache; cells never straddle chunks."""
NO_PART = int(Part.NONE)


@compiled(inside=True)
def predict(program, values, segment, first, stop, eta):
    """Write both linear predictors of rows first..stop-1 of a segment to ``eta``, shape (2, >= stop - first)."""
    offset = segment[S_OFFSET] + first - segment[S_START]
    for i in range(stop - first):
        eta[0, i] = program.data[offset + i] if segment[S_OFFSET] >= 0 else 0.0
        eta[1, i] = 0.0
    for d in range(program.dense.shape[0]):
        use = program.dense[d]
        lo, hi = max(first, use[D_START]), min(stop, use[D_STOP])
        q = use[D_COLUMNS]
        for i in range(lo, hi):
            at = use[D_MATRIX] + (i - use[D_START]) * q
            total = 0.0
            for j in range(q):
                total += program.data[at + j] * values[use[D_VALUE] + j]
            eta[use[D_PREDICTOR], i - first] += total
    for u in range(program.uses.shape[0]):
        use = program.uses[u]
        lo, hi = max(first, use[U_START]), min(stop, use[U_STOP])
        if lo >= hi:
            continue
        index = program.index[use[U_INDEX] + lo - use[U_START] : use[U_INDEX] + hi - use[U_START]]
        out = eta[use[U_PREDICTOR], lo - first : hi - first]
        if use[U_WEIGHT] < 0 and use[U_OTHER] < 0:
            for i in range(hi - lo):
                out[i] += values[index[i]]
            continue
        for i in range(hi - lo):
            w = program.data[use[U_WEIGHT] + lo - use[U_START] + i] if use[U_WEIGHT] >= 0 else 1.0
            if use[U_OTHER] >= 0:
                w *= values[program.index[use[U_OTHER] + lo - use[U_START] + i]]
            out[i] += w * values[index[i]]


@compiled(inside=True)
def scatter(program, values, first, stop, g, gradient_values):
    """Add the gradient of rows first..stop-1, ``g`` of shape (2, >= stop - first), to that of the values."""
    for d in range(program.dense.shape[0]):
        use = program.dense[d]
        lo, hi = max(first, use[D_START]), min(stop, use[D_STOP])
        q = use[D_COLUMNS]
        for i in range(lo, hi):
            at = use[D_MATRIX] + (i - use[D_START]) * q
            weight = g[use[D_PREDICTOR], i - first]
            for j in range(q):
                gradient_values[use[D_VALUE] + j] += weight * program.data[at + j]
    for u in range(program.uses.shape[0]):
        use = program.uses[u]
        lo, hi = max(first, use[U_START]), min(stop, use[U_STOP])
        if lo >= hi:
            continue
        index = program.index[use[U_INDEX] + lo - use[U_START] : use[U_INDEX] + hi - use[U_START]]
        weight = g[use[U_PREDICTOR], lo - first : hi - first]
        if use[U_WEIGHT] < 0 and use[U_OTHER] < 0:
            for i in range(hi - lo):
                gradient_values[index[i]] += weight[i]
            continue
        for i in range(hi - lo):
            w = weight[i] * (program.data[use[U_WEIGHT] + lo - use[U_START] + i] if use[U_WEIGHT] >= 0 else 1.0)
            if use[U_OTHER] >= 0:
                other = program.index[use[U_OTHER] + lo - use[U_START] + i]
                gradient_values[other] += w * values[index[i]]
                w *= values[other]
            gradient_values[index[i]] += w


@compiled(inside=True)
def segment_density(program, values, segment, gradient_values):
    """Return the log density of a segment's rows, and add its gradient."""
    family, part, cell = segment[S_FAMILY], segment[S_PART], segment[S_CELL]
    step = CHUNK // cell * cell
    auxiliary, slope = 0.0, 0.0
    if segment[S_AUXILIARY] >= 0:
        auxiliary, slope = likelihood.auxiliary_of(family, values[segment[S_AUXILIARY]])
    eta, g = np.empty((2, step)), np.zeros((2, step))
    work = np.empty((2, step))
    fused = part == NO_PART and (family == POISSON or family == NEGATIVE_BINOMIAL)
    table = np.zeros(1)
    slopes = np.zeros(1)
    if family == NEGATIVE_BINOMIAL and not fused:
        table, slopes = likelihood.rising_tables(1.0 / auxiliary, segment[S_TABLE])
    factor, g_factor = np.zeros((cell, cell)), np.zeros((cell, cell))
    if family == MULTIVARIATE:
        cholesky_of(values, program.index, segment[S_CORRELATION], cell, factor)
    total, g_auxiliary, soft_sum, g_sum = 0.0, 0.0, 0.0, 0.0
    for first in range(segment[S_START], segment[S_STOP], step):
        stop = min(first + step, segment[S_STOP])
        n = stop - first
        predict(program, values, segment, first, stop, eta)
        y = program.data[segment[S_COUNT] + first - segment[S_START] : segment[S_COUNT] + stop - segment[S_START]]
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
                known = program.data[segment[S_KNOWN] + first - segment[S_START] + i] if segment[S_KNOWN] >= 0 else 0.0
                lp, g[0, i], a = likelihood.normal_density(y[i], eta[0, i], auxiliary, known)
                total += lp
                g_auxiliary += a
        elif family == STUDENT:
            df = program.data[segment[S_SHAPE]]
            for i in range(n):
                known = program.data[segment[S_KNOWN] + first - segment[S_START] + i] if segment[S_KNOWN] >= 0 else 0.0
                lp, g[0, i], a = likelihood.student_density(y[i], eta[0, i], auxiliary, known, df)
                total += lp
                g_auxiliary += a
        elif family == ERRORS:
            slope_id, omega_id = program.index[segment[S_CORRELATION]], program.index[segment[S_CORRELATION] + 1]
            for i in range(n):
                at = first - segment[S_START] + i
                known = program.data[segment[S_KNOWN] + at] if segment[S_KNOWN] >= 0 else 0.0
                x, tau = program.data[segment[S_PREDICTOR] + 2 * at], program.data[segment[S_PREDICTOR] + 2 * at + 1]
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
            sd = program.index[segment[S_KNOWN] :]
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
        cholesky_backward(values, program.index, segment[S_CORRELATION], factor, g_factor, gradient_values)
    if segment[S_AUXILIARY] >= 0:
        gradient_values[segment[S_AUXILIARY]] += g_auxiliary * slope
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
    last = segment[S_TABLE] - 1
    total, slope = 0.0, 0.0
    for j in range(last):
        rows = program.data[segment[S_ABOVE] + j]
        total += rows * math.log(size + j)
        slope += rows / (size + j)
    if segment[S_LARGE_COUNT] > 0:
        base, d_base = math.lgamma(size + last), likelihood.digamma(size + last)
        for j in range(segment[S_LARGE_COUNT]):
            y = program.data[segment[S_LARGE] + 2 * j]
            rows = program.data[segment[S_LARGE] + 2 * j + 1]
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
