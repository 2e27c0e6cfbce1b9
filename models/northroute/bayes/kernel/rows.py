"""Rows: linear predictors from values, log densities, and the gradient back to the values."""

import numpy as np

from northroute.bayes.kernel import families, reading, vector
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import address_of, call, doubles, entry, matrix, places
from northroute.bayes.kernel.tables import Slot

CHUNK = 512
"""Rows at a time, so that all scratch stays in the nearest cache; cells never straddle chunks."""
PREDICT, SCATTER = reading.FIELDS + Slot.PREDICT, reading.FIELDS + Slot.SCATTER


@compiled
def weigh(table, use, skipped, x, n):
    """Multiply the first ``n`` numbers of ``x`` by a use's weights, from its row ``skipped`` on."""
    if use.weight >= 0:
        weight = doubles(address_of(reading.data(table)) + 8 * (use.weight + skipped), n)
        for i in range(n):
            x[i] *= weight[i]


@unit()
def c_predict(table, s, first, stop, values, eta, stride):
    """Write both linear predictors of rows first..stop-1 of segment ``s`` to ``eta``, shape (2, stride)."""
    segment, dense, uses = reading.segments(table)[s], reading.dense(table), reading.uses(table)
    index, data = address_of(reading.index(table)), address_of(reading.data(table))
    values, whole = doubles(values, reading.sizes(table)[0].values), matrix(eta, 2, stride)
    part = np.empty(stop - first)
    offset = doubles(data + 8 * (segment.offset + first - segment.start), stop - first)
    for i in range(stop - first):
        whole[0, i] = whole[1, i] = 0.0
    if segment.offset >= 0:
        for i in range(stop - first):
            whole[0, i] = offset[i]
    for d in range(dense.shape[0]):
        use = dense[d]
        lo, n = max(first, use.start), min(stop, use.stop) - max(first, use.start)
        out = doubles(eta + 8 * (use.predictor * stride + lo - first), n)
        for j in range(use.columns):
            column = data + 8 * (use.matrix + j * use.stride + lo - use.start)
            vector.add_scaled(out, values[use.value + j], doubles(column, n))
    for u in range(uses.shape[0]):
        use = uses[u]
        lo, n = max(first, use.start), min(stop, use.stop) - max(first, use.start)
        out = doubles(eta + 8 * (use.predictor * stride + lo - first), n)
        at = places(index + 4 * (use.index + lo - use.start), n)
        if use.weight < 0 and use.other < 0:
            for i in range(n):
                out[i] += values[at[i]]
            continue
        for i in range(n):
            part[i] = values[at[i]]
        weigh(table, use, lo - use.start, part, n)
        if use.other >= 0:
            other = places(index + 4 * (use.other + lo - use.start), n)
            for i in range(n):
                part[i] *= values[other[i]]
        for i in range(n):
            out[i] += part[i]
    return 0.0


@unit()
def c_scatter(table, values, first, stop, g, stride, gradient_values):
    """Add the gradient of rows first..stop-1 to that of the values; ``g`` has shape (2, stride)."""
    dense, uses, size = reading.dense(table), reading.uses(table), reading.sizes(table)[0].values
    index, data = address_of(reading.index(table)), address_of(reading.data(table))
    values, gradient_values, part = doubles(values, size), doubles(gradient_values, size), np.empty(stop - first)
    for d in range(dense.shape[0]):
        use = dense[d]
        lo, n = max(first, use.start), min(stop, use.stop) - max(first, use.start)
        slope = doubles(g + 8 * (use.predictor * stride + lo - first), n)
        for j in range(use.columns):
            column = data + 8 * (use.matrix + j * use.stride + lo - use.start)
            gradient_values[use.value + j] += vector.dot(slope, doubles(column, n))
    for u in range(uses.shape[0]):
        use = uses[u]
        lo, n = max(first, use.start), min(stop, use.stop) - max(first, use.start)
        slope = doubles(g + 8 * (use.predictor * stride + lo - first), n)
        at = places(index + 4 * (use.index + lo - use.start), n)
        if use.weight < 0 and use.other < 0:
            vector.add_at(gradient_values, at, slope, n)
            continue
        for i in range(n):
            part[i] = slope[i]
        weigh(table, use, lo - use.start, part, n)
        if use.other >= 0:
            other = places(index + 4 * (use.other + lo - use.start), n)
            for i in range(n):
                gradient_values[other[i]] += part[i] * values[at[i]]
                part[i] *= values[other[i]]
        vector.add_at(gradient_values, at, part, n)
    return 0.0


@compiled
def segment_density(table, s, values, gradient_values):
    """Return the log density of a segment's rows, and add its gradient."""
    segment = reading.segments(table)[s]
    step = CHUNK // segment.cell * segment.cell
    eta, g, out = np.empty((2, step)), np.zeros((2, step)), np.zeros(step)
    room = np.zeros(families.room_of(segment))
    family = entry(table, reading.FIELDS + families.slot_of(segment.family, segment.part))
    where = (values, eta, g, out, room, gradient_values)
    total = call(family, (families.OPEN, table, s, 0, 0, step, *where))
    for first in range(segment.start, segment.stop, step):
        n = min(step, segment.stop - first)
        call(entry(table, PREDICT), (table, s, first, first + n, values, eta, step))
        total += call(family, (families.ROWS, table, s, first, n, step, *where))
        call(entry(table, SCATTER), (table, values, first, first + n, g, step, gradient_values))
    return total + call(family, (families.CLOSE, table, s, 0, 0, step, *where))
