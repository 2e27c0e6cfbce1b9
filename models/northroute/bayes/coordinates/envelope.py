"""Sparse Cholesky factors: the order of coordinates in which a factor is small, and the factor by rows.

A hierarchical posterior's Hessian is an arrow: effects of places that share nothing but population terms, which touch
everything. With those last, and what is left in the order of Cuthill and McKee (1969), the envelope of the factor is a small
part of the matrix.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from northroute.arrays import Array, Bools, Ints

LARGEST: Final = 1_200_000
"""Entries of a factor: more cost more in every step of the sampler than they save."""
DROPPED: Final = (1e-9, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)
"""Correlations below which entries of the matrix are left out, until the factor is small enough."""
_LAST: Final = (1.0, 0.99, 0.97, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True)
class Factor:
    """Cholesky factor of a matrix, or of a sparse neighbour of it, in the form of :mod:`northroute.bayes.kernel.skyline`.

    Attributes
    ----------
    order : int array (n,)
        Row i stands for coordinate ``order[i]``.
    begin : int array (n,)
        First column of row i.
    rows : float32 array
        Row after row, from the first column to the diagonal, the diagonal inverted.
    """

    order: Ints
    begin: Ints
    rows: NDArray[np.float32]


def factorise(matrix: Array, largest: int = LARGEST) -> Factor:
    """Return the factor of a positive definite matrix, shape (n, n), of at most ``largest`` entries.

    Small entries are left out where that is needed: what the factor stands for is then a neighbour of the matrix.
    """
    scale = np.sqrt(np.diag(matrix))
    correlation = np.abs(matrix) / scale / scale[:, None]
    for tolerance in DROPPED:
        pattern = correlation > tolerance
        np.fill_diagonal(pattern, True)
        order, begin = arrange(pattern)
        if _size(begin) <= largest:
            break
    lower = _cholesky(np.where(pattern, matrix, 0.0)[np.ix_(order, order)])
    lower[np.diag_indices_from(lower)] = 1 / np.diag(lower)
    rows = np.concatenate([lower[i, first : i + 1] for i, first in enumerate(begin)])
    return Factor(order, begin, rows.astype(np.float32))


def arrange(pattern: Bools) -> tuple[Ints, Ints]:
    """Return the order of a symmetric pattern's rows with the smallest envelope found, and each row's first column there.

    The best of some orders: the rows with most entries last, the others as Cuthill and McKee have it. The diagonal of the
    pattern is full.
    """
    entries = sparse.csr_matrix(pattern)
    degree = np.diff(entries.indptr)
    best: tuple[Ints, Ints] | None = None
    for cut in sorted({float(c) for c in np.quantile(degree, _LAST)}, reverse=True):
        last = np.flatnonzero(degree > cut)
        rest = np.flatnonzero(degree <= cut)
        inner = reverse_cuthill_mckee(entries[rest][:, rest], symmetric_mode=True)
        order = np.concatenate([rest[inner], last[np.argsort(degree[last], kind="stable")]]).astype(np.int64)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        begin = np.minimum.reduceat(place[entries.indices], entries.indptr[:-1])[order]
        if best is None or _size(begin) < _size(best[1]):
            best = order, begin
    if best is None:
        raise ValueError("a pattern has at least one row")
    return best


def _size(begin: Ints) -> int:
    """Entries of an envelope."""
    return int((np.arange(begin.size) - begin + 1).sum())


def _cholesky(matrix: Array) -> Array:
    """Cholesky factor; a matrix that lost its definiteness with its small entries is given a larger diagonal."""
    diagonal = np.diag(matrix).copy()
    for more in (0.0, *0.02 * 3.0 ** np.arange(6)):
        try:
            return np.asarray(linalg.cholesky(matrix + np.diag(more * diagonal), lower=True))
        except linalg.LinAlgError:
            continue
    return np.diag(np.sqrt(diagonal))
