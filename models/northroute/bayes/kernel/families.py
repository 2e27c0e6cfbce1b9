"""What the kernel knows of each family: the log densities of outcomes, and the constants that a sampler needs not.

This is the one place of the kernel where families are told apart; ``analysis/docs/engine.md`` lists where else a family is
written down. Poisson and negative binomial counts without a second part, which most models are of,
have a faster way through :mod:`northroute.bayes.kernel.rows`.
"""

import math

import numpy as np

from northroute.bayes.kernel import likelihood
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.likelihood import (
    DIRICHLET,
    ERRORS,
    MULTINOMIAL,
    MULTIVARIATE,
    NEGATIVE_BINOMIAL,
    NORMAL,
    STUDENT,
)
from northroute.bayes.kernel.scalars import cholesky_of

HALF_LOG = 0.5 * math.log(2.0 * math.pi)


@compiled(inside=True)
def shared(program, segment, values, auxiliary):
    """Return what a segment's outcomes share: tables of a negative binomial, and the factor of a cell's correlations."""
    above, slopes = np.zeros(1), np.zeros(1)
    if segment.family == NEGATIVE_BINOMIAL:
        above, slopes = likelihood.rising_tables(1.0 / auxiliary, segment.table)
    factor = np.zeros((segment.cell, segment.cell))
    if segment.family == MULTIVARIATE:
        cholesky_of(values, program.index, segment.correlation, segment.cell, factor)
    return above, slopes, factor


@compiled(inside=True)
def densities(program, segment, first, n, values, eta, auxiliary, above, slopes, factor, out, g, g_factor, g_values):
    """Write log densities up to constants of rows first..first+n-1 to ``out`` and their slopes in the predictors to ``g``.

    A cell's log density stands at its first row. ``eta`` and ``g`` have shape (2, >= n); ``out`` is zero where a cell's
    other rows are. Slopes in a cell's Cholesky factor and in scalars beside the auxiliary one are added to ``g_factor`` and
    ``g_values``; returns that in the auxiliary parameter.
    """
    family, cell, at = segment.family, segment.cell, first - segment.start
    y = program.data[segment.outcome + at : segment.outcome + at + n]
    g_auxiliary = 0.0
    if family == NORMAL:
        for i in range(n):
            known = program.data[segment.known + at + i] if segment.known >= 0 else 0.0
            out[i], g[0, i], a = likelihood.normal_density(y[i], eta[0, i], auxiliary, known)
            g_auxiliary += a
    elif family == STUDENT:
        df = program.data[segment.df]
        for i in range(n):
            known = program.data[segment.known + at + i] if segment.known >= 0 else 0.0
            out[i], g[0, i], a = likelihood.student_density(y[i], eta[0, i], auxiliary, known, df)
            g_auxiliary += a
    elif family == ERRORS:
        for i in range(n):
            known = program.data[segment.known + at + i] if segment.known >= 0 else 0.0
            x, tau = program.data[segment.predictor + 2 * (at + i)], program.data[segment.predictor + 2 * (at + i) + 1]
            out[i], g[0, i], a, g_slope, g_omega = likelihood.errors_density(
                y[i], eta[0, i], auxiliary, known, x, tau, values[segment.slope], values[segment.omega]
            )
            g_auxiliary += a
            g_values[segment.slope] += g_slope
            g_values[segment.omega] += g_omega
    elif family == MULTINOMIAL or family == DIRICHLET:
        for i in range(0, n, cell):
            out[i], a = likelihood.choice_density(y[i:], eta[0, i:], cell, auxiliary, g[0, i:])
            g_auxiliary += a
    elif family == MULTIVARIATE:
        sd = program.index[segment.deviations :]
        for i in range(0, n, cell):
            out[i] = likelihood.multivariate_density(
                y[i:], eta[0, i:], cell, values, sd, factor, g[0, i:], g_factor, g_values
            )
    else:
        for i in range(n):
            out[i], g[0, i], g[1, i], a = likelihood.row_density(
                family, segment.part, y[i], eta[0, i], eta[1, i], auxiliary, above, slopes
            )
            g_auxiliary += a
    return g_auxiliary


@compiled(inside=True)
def add_constants(program, segment, out):
    """Add to a segment's log densities, shape (row,), what depends on outcomes and degrees of freedom alone."""
    family, cell = segment.family, segment.cell
    y = program.data[segment.outcome : segment.outcome + out.shape[0]]
    if family == NORMAL or family == STUDENT or family == ERRORS or family == MULTIVARIATE:
        constant = -cell * HALF_LOG
        if family == STUDENT:
            constant = likelihood.student_constant(program.data[segment.df])
        elif family == ERRORS:
            constant = -2.0 * HALF_LOG
        for i in range(0, out.shape[0], cell):
            out[i] += constant
        return
    chosen = family == MULTINOMIAL or family == DIRICHLET
    for i in range(0, out.shape[0], cell):
        total = 0.0
        for j in range(cell):
            total += y[i + j]
            out[i] -= math.lgamma(y[i + j] + 1.0)
        if chosen:
            out[i] += math.lgamma(total + 1.0)
