"""Many draws at once: values, predictors, log likelihood by row."""

import numpy as np

from northroute.bayes.kernel import coordinates as coordinates_of
from northroute.bayes.kernel import density, families, likelihood, rows
from northroute.bayes.kernel.jit import compiled


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
    n = segment.stop - segment.start
    auxiliary = 0.0
    if segment.auxiliary >= 0:
        auxiliary, _ = likelihood.auxiliary_of(segment.family, values[segment.auxiliary])
    eta, slope, waste = np.empty((2, n)), np.empty((2, n)), np.zeros(values.shape[0])
    rows.predict(program, values, segment, segment.start, segment.stop, eta)
    above, slopes, factor = families.shared(program, segment, values, auxiliary)
    own = out[segment.start : segment.stop]
    families.densities(
        program,
        segment,
        segment.start,
        n,
        values,
        eta,
        auxiliary,
        above,
        slopes,
        factor,
        own,
        slope,
        np.zeros(factor.shape),
        waste,
    )
    families.add_constants(program, segment, own)


@compiled
def coordinates(program, z):
    """Model's coordinates of the sampler's draws z, shape (draw, dim)."""
    out = np.empty_like(z)
    for d in range(z.shape[0]):
        coordinates_of.of_model(program, z[d], out[d])
    return out
