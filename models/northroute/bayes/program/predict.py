"""Replicated outcomes for given values: posterior and prior predictive draws."""

from typing import Final

import numpy as np

from northroute.arrays import Array
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.segments import FAMILIES, Replicates

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
            of = Replicates(assembled.program, segment, record, part, eta[:, :, segment.rows])
            drawn = FAMILIES[type(segment.distribution)].draw(of, segment.distribution, rng)
            out[first : first + step, segment.rows] = drawn.reshape(len(part), -1)
    return out
