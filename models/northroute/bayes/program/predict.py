"""Replicated outcomes for given values: posterior and prior predictive draws."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import batch
from northroute.bayes.kernel.families import auxiliary_of
from northroute.bayes.kernel.scalars import cholesky_of
from northroute.bayes.kernel.tables import Record
from northroute.bayes.program.assemble import Assembled, Segment
from northroute.bayes.statement import distributions as dist

Array = NDArray[np.float64]
NUMBERS: Final = 4_000_000
"""How many predictors are held at once: 32 MB, and a few times that in scratch."""


def simulate(assembled: Assembled, values: Array, rng: np.random.Generator) -> Array:
    """Draw an outcome for every row and every draw of the values.

    Parameters
    ----------
    assembled : Assembled
    values : array, shape (draw, value)
        As :func:`northroute.bayes.kernel.batch.values_of` returns them, from the posterior or from the prior.
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (draw, row)
        In the order of ``assembled.frame``; 8 bytes a number. Cells of a composition keep their observed totals. Predictors
        are made for blocks of draws, at most :data:`NUMBERS` at once (one draw, if it has more rows), so memory beyond the
        result does not grow with the number of draws; the draws depend on that constant, not on the machine.
    """
    out = np.empty((values.shape[0], assembled.rows))
    step = max(1, NUMBERS // (2 * assembled.rows))
    for first in range(0, values.shape[0], step):
        part = np.ascontiguousarray(values[first : first + step])
        eta = batch.predictors(assembled.program, part)
        for segment, record in zip(assembled.segments, assembled.program.segments, strict=True):
            out[first : first + step, segment.rows] = _draw(
                assembled, segment, record, part, eta[:, :, segment.rows], rng
            )
    return out


def _draw(
    assembled: Assembled,
    segment: Segment,
    record: Record,
    values: Array,
    eta: Array,
    rng: np.random.Generator,
) -> Array:
    """Draw a segment's outcomes, shape (draw, row), for predictors (draw, 2, row)."""
    program = assembled.program
    mean, cell, n = eta[:, 0], segment.cell, eta.shape[2]
    cells = mean.reshape(len(values), -1, cell)
    auxiliary = _auxiliary(record, values)[:, None]
    y = program.data[record.outcome : record.outcome + n]
    at = int(record.known)
    match segment.distribution:
        case dist.Normal() | dist.StudentT():
            known = program.data[at : at + n] if at >= 0 else np.zeros(n)
            return segment.distribution.draw(rng, mean, np.hypot(auxiliary, known))
        case dist.NormalErrors():
            x, tau = program.data[record.predictor :][: 2 * n].reshape(n, 2).T
            slope, omega = values[:, [record.slope]], values[:, [record.omega]]
            reliability = np.square(omega) / (np.square(omega) + np.square(tau))
            variance = np.square(auxiliary) + np.square(program.data[at : at + n])
            variance = variance + np.square(slope * tau) * reliability
            return segment.distribution.draw(rng, mean + slope * reliability * x, np.sqrt(variance))
        case dist.MultivariateNormal():
            factor = cholesky_factors(assembled, int(record.correlation), cell, values)
            deviations = int(record.deviations)
            sd = values[:, program.index[deviations : deviations + cell]]
            drawn = segment.distribution.draw(rng, cells, sd[:, :, None] * factor)
        case dist.Multinomial():
            drawn = segment.distribution.draw(rng, cells, y.reshape(-1, cell).sum(axis=1))
        case dist.DirichletMultinomial():
            totals = y.reshape(-1, cell).sum(axis=1)
            drawn = segment.distribution.draw(rng, cells, totals, auxiliary[:, :, None])
        case counts:
            return dist.draw_counts(counts, segment.part, rng, mean, eta[:, 1], auxiliary)
    return drawn.reshape(len(values), n)


def _auxiliary(record: Record, values: Array) -> Array:
    """Return the auxiliary parameter (dispersion, lambda, standard deviation, concentration), shape (draw,)."""
    scalar = int(record.auxiliary)
    if scalar < 0:
        return np.zeros(len(values))
    family = int(record.family)
    return np.asarray([auxiliary_of(family, x)[0] for x in values[:, scalar]])


def cholesky_factors(assembled: Assembled, table: int, size: int, values: Array) -> Array:
    """Return the Cholesky factors, shape (draw, size, size), of the correlation whose identifiers begin at ``table``."""
    factors = np.zeros((len(values), size, size))
    for factor, draw in zip(factors, values, strict=True):
        cholesky_of(draw, assembled.program.index, table, size, factor)
    return factors
