"""What every family of outcomes has to say to the kernel: one unit, called in three phases.

``unit(phase, table, s, first, n, stride, values, eta, g, out, room, gradient_values)`` serves segment ``s``:

OPEN fills the room, zero before, with what the segment's rows share.

ROWS returns the log density of rows first..first+n-1, up to what depends on outcomes alone, with predictors ``eta``, shape
(2, stride). It writes log densities by row to ``out`` (a cell's at its first row, others stay zero) and slopes in the
predictors to ``g``, shape (2, stride); slopes in values are added to ``gradient_values`` or to the room.

CLOSE sends what the room has gathered to ``gradient_values``, and returns what is left of the log density.
"""

import math

import numpy as np
from scipy import special

from northroute.arrays import Array
from northroute.bayes.kernel.jit import both, compiled
from northroute.bayes.kernel.tables import Program, Record, Slot
from northroute.bayes.statement.codes import Family, Part

OPEN, ROWS, CLOSE = 0, 1, 2
NEGATIVE_BINOMIAL, NORMAL, ERRORS = int(Family.NEGATIVE_BINOMIAL), int(Family.NORMAL), int(Family.NORMAL_ERRORS)
STUDENT, MULTINOMIAL, DIRICHLET = int(Family.STUDENT_T), int(Family.MULTINOMIAL), int(Family.DIRICHLET_MULTINOMIAL)
MULTIVARIATE, GENERALISED_POISSON = int(Family.MULTIVARIATE_NORMAL), int(Family.GENERALISED_POISSON)
NO_PART = int(Part.NONE)
PLAIN_COUNTS, COUNTS, NORMALS = int(Slot.PLAIN_COUNTS), int(Slot.COUNTS), int(Slot.NORMALS)
COMPOSITIONS, CELLS = int(Slot.COMPOSITIONS), int(Slot.MULTIVARIATE)


@both
def by_row(family):
    """Return the slot of the unit that writes a family's log densities by row."""
    if family == NORMAL or family == STUDENT or family == ERRORS:
        return NORMALS
    if family == MULTINOMIAL or family == DIRICHLET:
        return COMPOSITIONS
    return CELLS if family == MULTIVARIATE else COUNTS


@both
def slot_of(family, part):
    """Return the slot of the unit that serves a family where only sums over rows are asked for."""
    if part == NO_PART and family != GENERALISED_POISSON and by_row(family) == COUNTS:
        return PLAIN_COUNTS
    return by_row(family)


@compiled
def room_of(segment):
    """Return how many numbers a segment's room has to hold."""
    return 2 + 2 * max(segment.table, 0) + 2 * segment.cell * segment.cell


@both
def auxiliary_of(family, x):
    """Return a family's auxiliary parameter from its scalar, and the derivative.

    Dispersion from its square root, at least 1e-10; concentration from its inverse square root; others as they are.
    """
    if family == NEGATIVE_BINOMIAL:
        return max(x * x, 1e-10), 2.0 * x
    if family == DIRICHLET:
        return 1.0 / max(x * x, 1e-10), -2.0 / max(x * x * x, 1e-15)
    return x, 1.0


def constants(program: Program) -> Array:
    """Return what log densities leave out, shape (row,): what depends on outcomes and degrees of freedom alone."""
    out = np.zeros(int(program.sizes["rows"][0]))
    for segment in program.segments:
        out[segment.start : segment.stop : segment.cell] = _constants(program, segment)
    return out


def _constants(program: Program, segment: Record) -> Array | float:
    cell, half_log = int(segment.cell), 0.5 * math.log(2.0 * math.pi)
    match by_row(segment.family):
        case Slot.NORMALS if segment.family == STUDENT:
            df = program.data[segment.df]
            return math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df) - 0.5 * math.log(df * math.pi)
        case Slot.NORMALS:
            return -2.0 * half_log if segment.family == ERRORS else -half_log
        case Slot.MULTIVARIATE:
            return -cell * half_log
        case slot:
            y = program.data[segment.outcome :][: segment.stop - segment.start].reshape(-1, cell)
            found = -special.gammaln(y + 1.0).sum(axis=1)
            return found + special.gammaln(y.sum(axis=1) + 1.0) if slot == Slot.COMPOSITIONS else found
