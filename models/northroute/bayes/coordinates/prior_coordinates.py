r"""Draws from the prior in the model's coordinates, so that the kernel's values of them are prior draws.

Scalars come from their priors through the inverse of their transforms; canonical partial correlations of an LKJ matrix from
their beta distributions (Lewandowski, Kurowicka and Joe 2009, Journal of Multivariate Analysis 100:1989); a block's raw
coordinates are standard normal, no mean being swept into another value; the structured part of places is a square root of
the pseudo-inverse of their Laplacian times standard normals.
"""

import numpy as np

from northroute.arrays import Array
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Kind
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.graphs import laplacian_root
from northroute.bayes.program.layout import Block
from northroute.bayes.statement.codes import Transform
from northroute.bayes.statement.terms.writer import Scalar


def prior_theta(assembled: Assembled, draws: int, rng: np.random.Generator) -> Array:
    """Draw coordinates from the prior, of the program in which no mean is swept: ``assembled.unswept().program``.

    Parameters
    ----------
    assembled : Assembled
    draws : int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (draw, dim)
        8 bytes a number.

    Raises
    ------
    ModelError
        If a prior is flat.
    """
    assembled = assembled.unswept()
    layout = assembled.layout
    values = np.column_stack([_scalar(s, draws, rng) for s in layout.scalars])
    theta = np.zeros((draws, assembled.program.dim))
    for i, scalar in enumerate(layout.scalars):
        theta[:, layout.position[i]] = coordinate(scalar, values[:, i])
    for block in layout.blocks:
        first = int(block.record.theta)
        raw = int(block.record.raw)
        places = block.record.kind == Kind.BYM2
        own = _places(assembled, block, draws, rng) if places else rng.standard_normal((draws, raw))
        theta[:, first : first + raw] = own
    return theta


def prior_values(assembled: Assembled, draws: int, rng: np.random.Generator) -> Array:
    """Draw every value (scalars, effects) from the prior, shape (draw, value), for tables and for ``predict.simulate``."""
    values, _ = batch.values_of(assembled.unswept().program, prior_theta(assembled, draws, rng))
    return np.asarray(values)


def coordinate(scalar: Scalar, values: Array) -> Array:
    """Return the unconstrained coordinates of a scalar's values; those at the edge of the support are moved inside."""
    match scalar.transform:
        case Transform.EXP:
            return np.asarray(np.log(np.maximum(values, 1e-300)))
        case Transform.INTERVAL:
            lower, width = scalar.interval
            share = np.clip((values - lower) / width, 1e-15, 1 - 1e-15)
            return np.asarray(np.log(share) - np.log1p(-share))
        case Transform.TANH:
            return np.asarray(np.arctanh(np.clip(values, -1 + 1e-15, 1 - 1e-15)))
    return values


def _scalar(scalar: Scalar, draws: int, rng: np.random.Generator) -> Array:
    if scalar.prior is None:
        shape = scalar.numbers.shape
        return np.asarray(2 * rng.beta(shape, shape, draws) - 1)
    return scalar.prior.draw(rng, (draws,))


def _places(assembled: Assembled, block: Block, draws: int, rng: np.random.Generator) -> Array:
    """Draw the coordinates of places: those of the structured parts, then the others."""
    n = block.centred
    root = laplacian_root(assembled.program, block)
    structured = rng.standard_normal((draws, root.shape[1])) @ root.T
    parts = [
        zero_sum_coordinates(structured[:, first:stop])
        for first, stop in zip(block.pointer[:-1], block.pointer[1:], strict=True)
    ]
    return np.concatenate([*parts, rng.standard_normal((draws, n))], axis=1)


def zero_sum_coordinates(effects: Array) -> Array:
    """Return the n - 1 coordinates of effects, shape (..., n), that sum to zero: the inverse of the kernel's map."""
    n = effects.shape[-1]
    return np.asarray(effects[..., :-1] - effects[..., -1:] / (1 + np.sqrt(n)))
