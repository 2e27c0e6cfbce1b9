"""What the checks take: rows' labels, and a log likelihood whole or in blocks of rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from northroute.arrays import Array, Ints
from northroute.errors import ModelError

type LogLikelihood = Array | RowBlocks


@dataclass(frozen=True)
class Groups:
    """The group that each row belongs to, such as its unit or its country.

    Attributes
    ----------
    kind : str
        What the groups are, in the singular: ``unit``, ``country``, ``month``.
    codes : numpy.ndarray of int, shape (row,)
    names : tuple of str
        Name of each code.

    Raises
    ------
    ModelError
        If a code has no name, or a name no row.
    """

    kind: str
    codes: Ints
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        here = np.unique(self.codes)
        if not np.array_equal(here, np.arange(len(self.names))):
            raise ModelError(
                f"The codes of {self.kind} do not run from 0 to {len(self.names) - 1} without gaps. "
                "Recode the rows so that each name has a row and each code a name."
            )

    def __len__(self) -> int:
        return len(self.names)

    @property
    def sizes(self) -> Ints:
        """Number of rows by group."""
        return np.bincount(self.codes, minlength=len(self.names)).astype(np.int64)

    def rows(self, group: int) -> Ints:
        """Positions of a group's rows."""
        return np.flatnonzero(self.codes == group).astype(np.int64)

    def indicator(self) -> sparse.csr_array:
        """One where a row is in a group, shape (row, group)."""
        rows = len(self.codes)
        return sparse.csr_array((np.ones(rows), (np.arange(rows), self.codes)), shape=(rows, len(self.names)))


@dataclass(frozen=True)
class RowBlocks:
    """A log likelihood that is computed a block of rows at a time, for when (draw, row) does not fit into memory.

    With 4,000 draws a block of the default 2,000 rows takes 64 MB.

    Attributes
    ----------
    of : callable
        From positions of rows, shape (k,), to their log likelihood, shape (draw, k).
    draws, rows : int
    block : int
        Rows at a time.
    """

    of: Callable[[Ints], Array]
    draws: int
    rows: int
    block: int = 2000

    def __iter__(self) -> Iterator[tuple[Ints, Array]]:
        """Blocks, each with the positions of its rows."""
        for start in range(0, self.rows, self.block):
            rows = np.arange(start, min(start + self.block, self.rows), dtype=np.int64)
            values = np.asarray(self.of(rows), dtype=np.float64)
            if values.shape != (self.draws, rows.size):
                raise ModelError(
                    f"The log likelihood of {rows.size} rows has shape {values.shape}, not {(self.draws, rows.size)}. "
                    "Return one column a row, one line a draw."
                )
            if np.isnan(values).any() or np.isposinf(values).any():
                bad = int(rows[~(values < np.inf).all(axis=0)][0])
                raise ModelError(
                    f"The log likelihood of row {bad} is not a number or infinite. Look at that row's count and exposure."
                )
            yield rows, values


def blocks(log_likelihood: LogLikelihood) -> RowBlocks:
    """Return a log likelihood in blocks of rows; an array of shape (draw, row) is cut without a copy.

    Raises
    ------
    ModelError
        If an array does not have two dimensions.
    """
    if isinstance(log_likelihood, RowBlocks):
        return log_likelihood
    if log_likelihood.ndim != 2:
        raise ModelError(f"The log likelihood has shape {log_likelihood.shape}; flatten chains to get (draw, row).")
    whole = log_likelihood

    def of(rows: Ints) -> Array:
        together = rows.size and rows[-1] - rows[0] + 1 == rows.size
        return whole[:, rows[0] : rows[-1] + 1] if together else whole[:, rows]

    return RowBlocks(of, whole.shape[0], whole.shape[1])


def group_sums(log_likelihood: LogLikelihood, groups: Groups) -> Array:
    """Sum the log likelihood over the rows of each group; shape (draw, group). Works in blocks of rows.

    Raises
    ------
    ModelError
        If rows and labels differ in number.
    """
    source = blocks(log_likelihood)
    if source.rows != len(groups.codes):
        raise ModelError(
            f"{len(groups.codes)} labels of {groups.kind} for a log likelihood of {source.rows} rows. Give one a row."
        )
    member, total = groups.indicator(), np.zeros((source.draws, len(groups)))
    for rows, values in source:
        total += values @ member[rows]
    return total
