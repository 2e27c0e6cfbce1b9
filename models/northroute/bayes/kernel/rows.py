"""Rows: linear predictors from values, log densities, and the gradient back to the values."""

import numpy as np

from northroute.bayes.kernel import families, reading
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import call, doubles, entry, matrix
from northroute.bayes.kernel.tables import Slot

CHUNK = 512
"""Rows at a time, so that all scratch stays in the nearest cache; cells never straddle chunks."""
PREDICT = reading.FIELDS + Slot.PREDICT


@unit()
def c_predict(table, s, first, stop, values, eta, stride):
    """Write both linear predictors of rows first..stop-1 of segment ``s`` to ``eta``, shape (2, stride)."""
    segment, index, data = reading.segments(table)[s], reading.index(table), reading.data(table)
    values, eta = doubles(values, reading.sizes(table)[0].values), matrix(eta, 2, stride)
    offset = segment.offset + first - segment.start
    for i in range(stop - first):
        eta[0, i] = data[offset + i] if segment.offset >= 0 else 0.0
        eta[1, i] = 0.0
    dense, uses = reading.dense(table), reading.uses(table)
    for d in range(dense.shape[0]):
        use = dense[d]
        q = use.columns
        for i in range(max(first, use.start), min(stop, use.stop)):
            at = use.matrix + (i - use.start) * q
            total = 0.0
            for j in range(q):
                total += data[at + j] * values[use.value + j]
            eta[use.predictor, i - first] += total
    for u in range(uses.shape[0]):
        use = uses[u]
        lo, hi = max(first, use.start), min(stop, use.stop)
        if lo >= hi:
            continue
        out, to, at = eta[use.predictor], lo - first, use.index + lo - use.start
        if use.weight < 0 and use.other < 0:
            for i in range(hi - lo):
                out[to + i] += values[index[at + i]]
            continue
        for i in range(hi - lo):
            w = data[use.weight + lo - use.start + i] if use.weight >= 0 else 1.0
            if use.other >= 0:
                w *= values[index[use.other + lo - use.start + i]]
            out[to + i] += w * values[index[at + i]]
    return 0.0


@compiled
def scatter(table, values, first, stop, g, gradient_values):
    """Add the gradient of rows first..stop-1, ``g`` of shape (2, >= stop - first), to that of the values."""
    dense, uses, index, data = reading.dense(table), reading.uses(table), reading.index(table), reading.data(table)
    for d in range(dense.shape[0]):
        use = dense[d]
        q = use.columns
        for i in range(max(first, use.start), min(stop, use.stop)):
            at = use.matrix + (i - use.start) * q
            weight = g[use.predictor, i - first]
            for j in range(q):
                gradient_values[use.value + j] += weight * data[at + j]
    for u in range(uses.shape[0]):
        use = uses[u]
        lo, hi = max(first, use.start), min(stop, use.stop)
        if lo >= hi:
            continue
        slope, of, at = g[use.predictor], lo - first, use.index + lo - use.start
        if use.weight < 0 and use.other < 0:
            for i in range(hi - lo):
                gradient_values[index[at + i]] += slope[of + i]
            continue
        for i in range(hi - lo):
            w = slope[of + i] * (data[use.weight + lo - use.start + i] if use.weight >= 0 else 1.0)
            if use.other >= 0:
                other = index[use.other + lo - use.start + i]
                gradient_values[other] += w * values[index[at + i]]
                w *= values[other]
            gradient_values[index[at + i]] += w


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
        scatter(table, values, first, first + n, g, gradient_values)
    return total + call(family, (families.CLOSE, table, s, 0, 0, step, *where))
