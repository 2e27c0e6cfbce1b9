"""What a term may write: the scalars, effects and uses that a program is made of, whoever makes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.statement.codes import Rows, Spectrum, Transform
from northroute.bayes.statement.families import Prior

Array = NDArray[np.float64]
Ids = NDArray[np.int64]
"""Identifiers of values: scalars, and coefficients of effects."""
Key = tuple[str, ...]
"""Names a value that means may be swept into: predictor, rows, column, level of ``by``, groups and group."""


@dataclass(frozen=True)
class Parameter:
    """A reported quantity: identifiers of its values, shape as ``dims``."""

    ids: Ids
    dims: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Average:
    """An intercept of average rows: by its terms of slopes, covariates are taken from their means over its rows.

    Attributes
    ----------
    name : str
    predictor : int
    codes : int array, shape (row,)
        Which of its levels each row has; -1 for rows that it does not enter.
    ids : int array, shape (level,)
    dims : tuple of str
    shifts : list of (int array, shape (slope,); array, shape (level, slope))
        Slopes, and the means that were taken off their columns.
    """

    name: str
    predictor: int
    codes: Ids
    ids: Ids
    dims: tuple[str, ...]
    shifts: list[tuple[Ids, Array]] = field(default_factory=list)


class Writer(Protocol):
    """What a term calls; :class:`northroute.bayes.program.builder.Builder` is one, and says what each argument is.

    Attributes
    ----------
    parameters : dict of str to Parameter
        Reported quantities so far.
    coords : dict of str to list
        Labels of dimensions so far.
    targets : dict of Key to int
        Values that means of effects may be swept into.
    averages : list of Average
        Intercepts of average rows so far.
    """

    parameters: dict[str, Parameter]
    coords: dict[str, list[Any]]
    targets: dict[Key, int]
    averages: list[Average]

    def scalar(
        self,
        name: str,
        prior: Prior | Sequence[Prior],
        dims: tuple[str, ...] = (),
        *,
        starts: Any = None,
        transform: Transform | None = None,
    ) -> Ids:
        """Create scalars with one prior, or one each in order; return identifiers, shaped as ``dims``."""

    def report(self, name: str, ids: Ids, dims: tuple[str, ...]) -> None:
        """Name values as a reported quantity."""

    def correlation(self, name: str, dim: str, shape: float) -> Ids:
        """Create an LKJ(shape) correlation matrix over ``dim``; return identifiers of its partial correlations."""

    def effects(
        self,
        pointer: Sequence[int] | Ids,
        sd: Ids,
        *,
        rows: Rows = Rows.GROUPS,
        targets: Sequence[Key] = (),
        zero_dims: bool = False,
        correlation: Ids | None = None,
        basis: Array | None = None,
        autoregression: Ids | None = None,
        spectrum: Spectrum = Spectrum.NONE,
        frequency: Array | None = None,
        length: Ids | None = None,
        space: int = 1,
        demean: bool = False,
    ) -> Ids:
        """Create a block of effects; return identifiers of its coefficients, shape (level over all batches, dim)."""

    def bym2(self, parts: Sequence[int] | Ids, edges: Ids, factor: Array, sigma: int, rho: int) -> Ids:
        """Create a block of places; return identifiers of its coefficients, shape (place,)."""

    def use(self, predictor: int, rows: slice, ids: Ids, weight: Array | None = None, other: Ids | None = None) -> None:
        """Add values ``ids``, shape (row,), to a predictor of the rows, times weights and other values where given."""

    def columns(self, predictor: int, rows: slice, matrix: Array, first: int) -> None:
        """Add ``matrix @ scalars``, matrix (row, column), the scalars being consecutive from ``first``."""
