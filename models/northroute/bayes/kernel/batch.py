"""Many draws at once: values, predictors, log likelihood by row."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from northroute.arrays import Array
from northroute.bayes.kernel import families, reading
from northroute.bayes.kernel.coordinates import c_coordinates
from northroute.bayes.kernel.jit import unit
from northroute.bayes.kernel.memory import call, doubles, entry
from northroute.bayes.kernel.tables import Program, Slot
from northroute.bayes.kernel.threads import shared_out
from northroute.bayes.kernel.units import address_table

MUCH: Final = 100_000
"""Numbers that a call reads and writes, from which on its draws are shared out to all processors."""
VALUES, PREDICT = reading.FIELDS + Slot.VALUES, reading.FIELDS + Slot.PREDICT


@unit()
def c_draws(count, table, theta, values, prior):
    """Write values and log priors of draws."""
    size = reading.sizes(table)[0]
    scratch = np.empty(size.scratch)
    for d in range(count):
        doubles(prior, count)[d] = call(
            entry(table, VALUES), (table, theta + 8 * d * size.dim, values + 8 * d * size.values, scratch)
        )
    return 0.0


@unit()
def c_predictors(count, table, values, out):
    """Write both predictors of draws, shape (draw, 2, row)."""
    size, segments = reading.sizes(table)[0], reading.segments(table)
    for d in range(count):
        for s in range(segments.shape[0]):
            start, at = segments[s].start, out + 8 * (2 * d * size.rows + segments[s].start)
            where = (values + 8 * d * size.values, at, size.rows)
            call(entry(table, PREDICT), (table, s, start, segments[s].stop, *where))
    return 0.0


@unit()
def c_log_likelihood(count, table, values, out):
    """Write log likelihoods of draws by row, without constants, shape (draw, row)."""
    size, segments = reading.sizes(table)[0], reading.segments(table)
    waste = np.zeros(size.values)
    for s in range(segments.shape[0]):
        segment = segments[s]
        n = segment.stop - segment.start
        eta, g = np.empty((2, n)), np.zeros((2, n))
        family = entry(table, reading.FIELDS + families.by_row(segment.family))
        for d in range(count):
            at, room = values + 8 * d * size.values, np.zeros(families.room_of(segment))
            where = (at, eta, g, out + 8 * (d * size.rows + segment.start), room, waste)
            call(family, (families.OPEN, table, s, 0, 0, n, *where))
            call(entry(table, PREDICT), (table, s, segment.start, segment.stop, at, eta, n))
            call(family, (families.ROWS, table, s, segment.start, n, n, *where))
    return 0.0


def values_of(program: Program, theta: Array) -> tuple[Array, Array]:
    """Values (scalars and coefficients), shape (draw, value), and log priors of draws theta, shape (draw, dim)."""
    theta, table = _draws(theta, program.dim), address_table(program)
    values, prior = np.empty((len(theta), int(program.sizes["values"][0]))), np.empty(len(theta))
    _for_draws(c_draws.call, table, theta, values, prior)
    return values, prior


def predictors(program: Program, values: Array) -> Array:
    """Both linear predictors, offset included, shape (draw, 2, row)."""
    values, table = _draws(values, int(program.sizes["values"][0])), address_table(program)
    out = np.zeros((len(values), 2, int(program.sizes["rows"][0])))
    _for_draws(c_predictors.call, table, values, out)
    return out


def log_likelihood(program: Program, values: Array) -> Array:
    """Log likelihood by row, constants included, shape (draw, row). A cell's stands at its first row, others are zero."""
    values, table = _draws(values, int(program.sizes["values"][0])), address_table(program)
    out = np.zeros((len(values), int(program.sizes["rows"][0])))
    _for_draws(c_log_likelihood.call, table, values, out)
    out += families.constants(program)
    return out


def fold(program: Program, values: Array) -> None:
    """Add folds to values, shape (..., value), in place, of which they are zero before."""
    for record in program.folds:
        weight = program.data[record.weight :][: record.count] if record.weight >= 0 else 1.0
        added = values[..., program.index[record.index :][: record.count]]
        values[..., record.value : record.value + record.count] += weight * added


def coordinates(program: Program, z: Array) -> Array:
    """Model's coordinates of the sampler's draws z, shape (draw, dim)."""
    z, table = _draws(z, program.dim), address_table(program)
    out = np.empty_like(z)
    for draw, found in zip(z, out, strict=True):
        c_coordinates.call(program.dim, program.dim, *(a.ctypes.data for a in (draw, found, table)))
    return out


def _for_draws(function: Any, table: NDArray[Any], *arrays: Array) -> None:
    """Call a unit for all draws, the first axis of each array."""

    def some(part: tuple[int, int]) -> None:
        own = [a[slice(*part)] for a in arrays]
        function(part[1] - part[0], *(a.ctypes.data for a in (table, *own)))

    if sum(a.size for a in arrays) < MUCH:
        some((0, len(arrays[0])))
    else:
        shared_out(some, len(arrays[0]))


def _draws(array: Array, columns: int) -> Array:
    """Return draws as the kernel reads them, which trusts their shape."""
    found = np.ascontiguousarray(array, dtype=float)
    if found.ndim != 2 or found.shape[1] != columns:
        raise ValueError(f"draws have shape (draw, {columns}), not {found.shape}")
    return found
