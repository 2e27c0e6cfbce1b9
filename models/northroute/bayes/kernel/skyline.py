r"""Triangular solves with a sparse Cholesky factor, stored as its envelope: every row from its first entry to the diagonal.

The factor of a matrix has no entry outside the envelope of the matrix (George and Liu 1981, Computer Solution of Large
Sparse Positive Definite Systems, ch. 4), so each row is one stretch of memory, and a solve is inner products of stretches.
The diagonal is stored inverted. Numbers have single precision: every step of the sampler reads all of them twice, and any
factor gives the same posterior.
"""

from northroute.bayes.kernel import vector
from northroute.bayes.kernel.jit import compiled
from northroute.bayes.kernel.memory import address_of, doubles, singles


@compiled
def solve(factor, begin, x):
    """Solve ``L y = x`` in place; row i of L begins at column ``begin[i]``."""
    at = 0
    for i in range(x.shape[0]):
        width = i - begin[i]
        row, known = singles(address_of(factor) + 4 * at, width), doubles(address_of(x) + 8 * begin[i], width)
        x[i] = (x[i] - vector.dot(row, known)) * factor[at + width]
        at += width + 1


@compiled
def solve_transposed(factor, begin, x):
    """Solve ``L' y = x`` in place."""
    at = factor.shape[0]
    for i in range(x.shape[0] - 1, -1, -1):
        width = i - begin[i]
        at -= width + 1
        x[i] *= factor[at + width]
        row, rest = singles(address_of(factor) + 4 * at, width), doubles(address_of(x) + 8 * begin[i], width)
        vector.add_scaled(rest, -x[i], row)
