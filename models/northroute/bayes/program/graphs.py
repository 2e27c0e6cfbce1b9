"""The intrinsic autoregression of a block of places, as a square root of its covariance."""

import numpy as np
from scipy import linalg

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program.layout import Block
from northroute.bayes.statement.terms import places


def laplacian(program: Program, block: Block) -> Array:
    """Return the graph's Laplacian over the places that have neighbours, shape (place, place)."""
    at = int(block.record.edges)
    edges = program.index[at : at + 2 * int(block.record.edge_count)].reshape(-1, 2).astype(np.int64)
    return np.asarray(places.laplacian(int(block.pointer[-1]), edges).toarray())


def laplacian_root(program: Program, block: Block) -> Array:
    r"""Return a matrix that sends standard normals to the structured effects, shape (place, place - part).

    It is :math:`V\,\mathrm{diag}(\lambda^{-1/2})` part by part, over the positive eigenvalues of the Laplacian: its square
    is the Laplacian's pseudo-inverse, the covariance of an intrinsic autoregression that sums to zero in every part.
    """
    whole = laplacian(program, block)
    roots = []
    for first, stop in zip(block.pointer[:-1], block.pointer[1:], strict=True):
        eigenvalues, vectors = linalg.eigh(whole[first:stop, first:stop])
        roots.append(vectors[:, 1:] / np.sqrt(eigenvalues[1:]))
    return np.asarray(linalg.block_diag(*roots))
