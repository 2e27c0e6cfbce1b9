"""Flat priors that data do not make up for: a posterior that is none is refused before it is sampled.

A flat prior is improper, and so is the posterior if the likelihood stays away from zero along some direction of the scalars
with flat priors: two intercepts of the same rows, a slope of a column that others add up to, a group without a single event,
a share of structural zeros that may be nil. Whether such a direction exists is a linear program over the rows (for binary
outcomes Albert and Anderson 1984, Biometrika 71:1; for counts Correia, Guimaraes and Zylkin 2019, arXiv:1903.01633). Other
coordinates have proper priors, so the direction need not move them.
"""

from typing import Final

import numpy as np
from scipy import linalg, optimize

from northroute import seeds
from northroute.arrays import Array, Bools, Ints
from northroute.bayes.gate.row_check import scalar_name
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.segments import Segment
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Part, Transform
from northroute.errors import ModelError

SINGULAR: Final = 1e-9
"""Smallest singular value of scaled columns, relative to the largest, below which they add up to each other."""
MOVED: Final = 1e-6
MOST_NAMED: Final = 4


def require_proper(assembled: Assembled) -> None:
    """Refuse a model whose scalars with flat priors the data do not identify.

    Raises
    ------
    ModelError
        It names those scalars.
    """
    layout = assembled.layout
    flat = [i for i, s in enumerate(layout.scalars) if s.prior is not None and s.prior.family == "flat"]
    flat = [i for i in flat if layout.scalars[i].transform is Transform.IDENTITY]
    if not flat:
        return
    columns = _columns(assembled, layout.position[flat])
    found = _free(assembled, columns)
    if found.any():
        named = [scalar_name(assembled, flat[i]) for i in np.flatnonzero(found)]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        first = ", ".join(named[:MOST_NAMED])
        raise ModelError(
            f"{assembled.model.name}: the data do not identify {first}{more}, whose prior is flat, so "
            "there is no posterior. Give a proper prior, Prior.normal(mean=0.0, sd=1.0) say, or leave a term out."
        )


def _columns(assembled: Assembled, places: Ints) -> Array:
    """Return how the scalars at these coordinates move both predictors, shape (2, row, scalar), at no special point."""
    theta = seeds.generator("no special point", 1).normal(0.0, 0.3, assembled.program.dim)
    theta[places] = 0.0
    moved = np.repeat(theta[None], len(places) + 1, axis=0)
    moved[np.arange(1, len(moved)), places] += 1.0
    eta = batch.predictors(assembled.program, batch.values_of(assembled.program, moved)[0])
    columns = np.moveaxis(eta[1:] - eta[0], 0, 2)
    columns[np.abs(columns) < SINGULAR * np.abs(eta[0]).max()] = 0.0
    return np.asarray(columns)


def _free(assembled: Assembled, columns: Array) -> Bools:
    """Return which scalars take part in a direction along which the likelihood does not fall to zero."""
    parts = [_bounds(assembled, s, columns[:, s.rows], way) for s in assembled.segments for way in (False, True)]
    size = np.abs(columns).max(axis=(0, 1))
    if (size == 0).any():
        return np.asarray(size == 0)
    for way in (0, 1):
        fixed = np.unique(np.concatenate([p[0] for p in parts[way::2]]) / size, axis=0)
        falling = np.unique(np.concatenate([p[1] for p in parts[way::2]]) / size, axis=0)
        null = linalg.null_space(fixed, rcond=SINGULAR) if len(fixed) else np.eye(len(size))
        if not null.shape[1]:
            continue
        if not len(falling):
            return np.asarray((np.abs(null) > MOVED).any(axis=1))
        limits = falling @ null
        for k in range(null.shape[1]):
            for sign in (1.0, -1.0):
                cost = np.zeros(null.shape[1])
                cost[k] = -sign
                best = optimize.linprog(cost, A_ub=limits, b_ub=np.zeros(len(limits)), bounds=(-1.0, 1.0))
                if best.x is not None and sign * best.x[k] > MOVED:
                    return np.asarray(np.abs(null @ best.x) > MOVED)
    return np.zeros(len(size), bool)


def _bounds(assembled: Assembled, segment: Segment, columns: Array, other: bool) -> tuple[Array, Array]:
    """Return the rows' combinations that have to stay where they are, and those that may only fall, each (line, scalar).

    With a second predictor the directions that leave the likelihood above zero are two cones; ``other`` asks for the second.
    """
    eta, second = columns
    y = assembled.frame[assembled.model.outcome].to_numpy(float)[segment.rows]
    some, none = y > 0, y == 0
    nothing = np.zeros((0, eta.shape[1]))
    match segment.distribution:
        case dist.Multinomial() | dist.DirichletMultinomial():
            cells, counts = eta.reshape(-1, segment.cell, eta.shape[1]), y.reshape(-1, segment.cell)
            pairs = [cells[counts[:, j] > 0] - cells[counts[:, j] > 0, j][:, None] for j in range(segment.cell)]
            return nothing, np.concatenate(pairs).reshape(-1, eta.shape[1])
        case dist.Poisson() | dist.NegativeBinomial() | dist.GeneralisedPoisson():
            pass
        case _:
            return eta, nothing
    match segment.part:
        case Part.ZERO_INFLATED:  # zeros stand where counts are rare, or zeros structural
            return eta[some], np.concatenate([second[some], -second[none] if other else eta[none]])
        case Part.HURDLE:
            return eta[y > 1], np.concatenate([eta[y == 1], second[some], -second[none]])
        case Part.DETECTION if other:  # more events, fewer of them seen
            return (eta + second)[some], np.concatenate([(eta + second)[none], second])
        case Part.DETECTION:
            return eta[some], np.concatenate([eta[none], -second[some]])
        case _:
            return eta[some], eta[none]
