"""Many draws at once: values, predictors, log likelihood by row."""

import math

import numpy as np

from northroute.bayes.kernel import coordinates as coordinates_of
from northroute.bayes.kernel import density, likelihood, rows
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


@compiled
def values_of(program, theta):
    """Values (scalars and coefficients) of draws theta, shape (draw, dim), in the model's coordinates; and log priors."""
    values, prior = np.empty((theta.shape[0], program.sizes[0].values)), np.empty(theta.shape[0])
    scratch = np.empty(program.sizes[0].scratch)
    for d in range(theta.shape[0]):
        prior[d] = density.evaluate_values(program, theta[d], values[d], scratch)
    return values, prior


@compiled
def predictors(program, values):
    """Both linear predictors, offset included, shape (draw, 2, row)."""
    out = np.zeros((values.shape[0], 2, program.sizes[0].rows))
    for d in range(values.shape[0]):
        for s in range(program.segments.shape[0]):
            segment = program.segments[s]
            rows.predict(program, values[d], segment, segment.start, segment.stop, out[d][:, segment.start :])
    return out


@compiled
def log_likelihood(program, values):
    """Log likelihood by row, constants included, shape (draw, row). A cell's stands at its first row, others are zero."""
    out = np.zeros((values.shape[0], program.sizes[0].rows))
    for d in range(values.shape[0]):
        for s in range(program.segments.shape[0]):
            segment_by_row(program, values[d], program.segments[s], out[d])
    return out


@compiled
def segment_by_row(program, values, segment, out):
    """Write the log likelihood of a segment's rows to ``out``."""
    family, part, cell = segment.family, segment.part, segment.cell
    first, stop = segment.start, segment.stop
    n = stop - first
    auxiliary = 0.0
    if segment.auxiliary >= 0:
        auxiliary, _ = likelihood.auxiliary_of(family, values[segment.auxiliary])
    eta, g = np.empty((2, n)), np.empty(cell)
    rows.predict(program, values, segment, first, stop, eta)
    y = program.data[segment.outcome : segment.outcome + n]
    above, slopes = np.zeros(1), np.zeros(1)
    if family == NEGATIVE_BINOMIAL:
        above, slopes = likelihood.rising_tables(1.0 / auxiliary, segment.table)
    factor, ignored, waste = np.zeros((cell, cell)), np.zeros((cell, cell)), np.zeros(values.shape[0])
    if family == MULTIVARIATE:
        cholesky_of(values, program.index, segment.correlation, cell, factor)
    half_log = 0.5 * math.log(2.0 * math.pi)
    for i in range(0, n, cell):
        if family == NORMAL:
            known = program.data[segment.known + i] if segment.known >= 0 else 0.0
            out[first + i] = likelihood.normal_density(y[i], eta[0, i], auxiliary, known)[0] - half_log
        elif family == STUDENT:
            known = program.data[segment.known + i] if segment.known >= 0 else 0.0
            df = program.data[segment.df]
            lp = likelihood.student_density(y[i], eta[0, i], auxiliary, known, df)[0]
            out[first + i] = lp + likelihood.student_constant(df)
        elif family == ERRORS:
            known = program.data[segment.known + i] if segment.known >= 0 else 0.0
            x, tau = program.data[segment.predictor + 2 * i], program.data[segment.predictor + 2 * i + 1]
            slope, omega = values[segment.slope], values[segment.omega]
            lp = likelihood.errors_density(y[i], eta[0, i], auxiliary, known, x, tau, slope, omega)[0]
            out[first + i] = lp - 2.0 * half_log
        elif family == MULTIVARIATE:
            sd = program.index[segment.deviations :]
            lp = rows.multivariate_cell(y[i:], eta[0, i:], cell, values, sd, factor, g, ignored, waste)
            out[first + i] = lp - cell * half_log
        elif family == MULTINOMIAL or family == DIRICHLET:
            lp = likelihood.choice_density(y[i:], eta[0, i:], cell, auxiliary, g)[0]
            total = 0.0
            for j in range(cell):
                total += y[i + j]
                lp -= math.lgamma(y[i + j] + 1.0)
            out[first + i] = lp + math.lgamma(total + 1.0)
        else:
            lp = likelihood.row_density(family, part, y[i], eta[0, i], eta[1, i], auxiliary, above, slopes)[0]
            out[first + i] = lp - math.lgamma(y[i] + 1.0)


@compiled
def coordinates(program, z):
    """Model's coordinates of the sampler's draws z, shape (draw, dim)."""
    out = np.empty_like(z)
    for d in range(z.shape[0]):
        coordinates_of.of_model(program, z[d], out[d])
    return out
