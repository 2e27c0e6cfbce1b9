"""What terms say: scalars, blocks of effects, and which values enter which rows. The program is written from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from northroute.arrays import Array, Ints
from northroute.bayes.statement.codes import Rows, Spectrum, Transform
from northroute.bayes.statement.families import FAMILIES, Prior
from northroute.errors import ModelError

Ids = Ints
"""Identifiers of values: scalars, and coefficients of effects."""
Key = tuple[str, ...]
"""Names a value that means may be swept into: predictor, rows, column, level of ``by``, groups and group."""
COEFFICIENT: Final = 1 << 28
"""Identifiers from here on are coefficients of blocks; below, scalars."""
_TRANSFORMS: Final = {
    "real": Transform.IDENTITY,
    "positive": Transform.EXP,
    "unit": Transform.INTERVAL,
    "interval": Transform.INTERVAL,
}


class Numbers(NamedTuple):
    """A prior as the kernel has it: place of its family in ``FAMILIES``, or one more for a partial correlation; numbers."""

    family: int
    location: float
    scale: float
    shape: float


@dataclass(frozen=True)
class Scalar:
    """A scalar: its prior (none for a partial correlation), the prior's numbers, its transform, where to start."""

    prior: Prior | None
    numbers: Numbers
    transform: Transform
    start: float

    @property
    def interval(self) -> tuple[float, float]:
        """Lower end and width of the interval that its values are mapped to, where its transform is to one."""
        if self.prior is not None and self.prior.support == "interval":
            return self.prior.location, self.prior.scale
        return 0.0, 1.0


@dataclass(frozen=True, eq=False)
class Batches:
    """A block of effects: batches of groups, each group with one effect a dimension.

    Attributes
    ----------
    pointer : int array, shape (batch + 1,)
        Where each batch begins and ends among the groups; with a basis, among its functions.
    sd : int array, shape (batch, dim)
        Scalars that hold the standard deviations.
    rows : Rows
        Whether effects sum to zero over a batch's groups, or are written as deviations and a mean.
    targets : sequence of Key, shape (batch * dim,)
        What a batch's mean is swept into, or whose effect its groups absorb; without all of them, neither.
    zero_dims : bool
        Effects sum to zero over dimensions.
    correlation : int array, optional
        Canonical partial correlations over dimensions.
    basis : array, shape (level, function), optional
    autoregression : int array, shape (batch,), optional
        Scalars that hold the AR(1) coefficients.
    spectrum, frequency, length, space
        Spectral density, squared frequencies (function,), length scales (batch,) and the space's dimension.
    demean : bool
        Subtract each batch's mean from its coefficients.
    """

    pointer: Ids
    sd: Ids
    rows: Rows = Rows.GROUPS
    targets: Sequence[Key] = ()
    zero_dims: bool = False
    correlation: Ids | None = None
    basis: Array | None = None
    autoregression: Ids | None = None
    spectrum: Spectrum = Spectrum.NONE
    frequency: Array | None = None
    length: Ids | None = None
    space: int = 1
    demean: bool = False

    @property
    def effects(self) -> int:
        """Groups times dimensions."""
        return int(self.pointer[-1] * self.sd.shape[1])

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return self.effects if self.basis is None else len(self.basis) * self.sd.size


@dataclass(frozen=True, eq=False)
class Places:
    """A block of places in the BYM2 form, sorted by connected part, islands last.

    Attributes
    ----------
    pointer : int array, shape (part + 1,)
        Where each connected part begins and ends.
    edges : int array, shape (edge, 2)
    factor : array, shape (place,)
        One over the square root of the part's scaling.
    sigma, rho : int
        Scalars that hold the standard deviation and the structured share of the variance.
    """

    pointer: Ids
    edges: Ids
    factor: Array
    sigma: int
    rho: int

    @property
    def size(self) -> int:
        """Number of coefficients, one a place."""
        return self.factor.size


@dataclass(frozen=True, eq=False)
class Use:
    """Values that enter consecutive rows.

    Attributes
    ----------
    predictor : int
        0 or 1.
    start, stop : int
        First row, and the row behind the last.
    ids : int array, shape (row,)
        A value's identifier by row.
    weight : array, shape (row,), optional
    other : int array, shape (row,), optional
        By row, the identifier of a value that it is multiplied by.
    """

    predictor: int
    start: int
    stop: int
    ids: Ids
    weight: Array | None = None
    other: Ids | None = None

    def meets(self, other: "Use") -> bool:
        """Tell whether another use enters the same rows of the same predictor."""
        return (self.predictor, self.start, self.stop) == (other.predictor, other.start, other.stop)


class Covariates(NamedTuple):
    """Covariates times slopes, in rows ``start`` to ``stop - 1``: a matrix (row, column), and the first column's slope."""

    predictor: int
    start: int
    stop: int
    matrix: Array
    value: int


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


@dataclass
class Writer:
    """Collects what terms say.

    Attributes
    ----------
    scalars, blocks, uses, covariates : list
    parameters : dict of str to Parameter
        Reported quantities, by identifier.
    coords : dict of str to list
        Labels of dimensions.
    targets : dict of Key to int
        Values that means of effects may be swept into.
    averages : list of Average
        Intercepts of average rows.
    coefficients : int
        How many coefficients the blocks have.
    """

    scalars: list[Scalar] = field(default_factory=list)
    blocks: list[Batches | Places] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    covariates: list[Covariates] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    coords: dict[str, list[Any]] = field(default_factory=dict)
    targets: dict[Key, int] = field(default_factory=dict)
    averages: list[Average] = field(default_factory=list)
    coefficients: int = 0

    def scalar(
        self, name: str, prior: Prior | Sequence[Prior], dims: tuple[str, ...] = (), *, starts: Any = None
    ) -> Ids:
        """Create scalars with one prior, or one each in order, shaped as ``dims``; return identifiers.

        ``starts`` are values to start from.
        """
        shape, first = tuple(len(self.coords[d]) for d in dims), len(self.scalars)
        size = int(np.prod(shape))
        priors = [prior] * size if not isinstance(prior, Sequence) else list(prior)
        for one in priors:
            if not isinstance(one, Prior):
                raise ModelError(f"The prior of '{name}' is {one!r}. Give a Prior, Prior.normal(mean=0, sd=1) say.")
        middles = np.reshape([0.0 if p.family == "flat" else p.median for p in priors], shape)
        begin = np.broadcast_to(np.asarray(middles if starts is None else starts, dtype=float), shape)
        for one, at in zip(priors, begin.flat, strict=True):
            self._create(one, float(at))
        ids = first + np.arange(size).reshape(shape)
        self.report(name, ids, dims)
        return ids

    def report(self, name: str, ids: Ids, dims: tuple[str, ...]) -> None:
        """Name values as a reported quantity."""
        if self.parameters.setdefault(name, Parameter(ids, dims)).ids is not ids:
            raise ModelError(
                f"Two terms report '{name}', or a term and the distribution do. Give one of the terms another 'name', or "
                "leave it out if it is there twice."
            )

    def extend(self, name: str, prior: Prior, dim: str, label: str, start: float) -> int:
        """Create one more scalar of a quantity that has one for each label of ``dim``; return its identifier."""
        known = self.parameters.get(name, Parameter(np.zeros(0, dtype=np.int64), (dim,)))
        self.coords.setdefault(dim, [])
        if label not in self.coords[dim]:
            self.coords[dim].append(label)
        self._create(prior, start)
        self.parameters[name] = Parameter(np.append(known.ids, len(self.scalars) - 1), (dim,))
        return len(self.scalars) - 1

    def correlation(self, name: str, dim: str, shape: float) -> Ids:
        """Create the canonical partial correlations of an LKJ(shape) matrix over ``dim``; return their identifiers."""
        k, first = len(self.coords[dim]), len(self.scalars)
        for i in range(1, k):
            for j in range(i):
                numbers = Numbers(len(FAMILIES), 0.0, 1.0, shape + (k - 2 - j) / 2)
                self.scalars.append(Scalar(None, numbers, Transform.TANH, 0.0))
        self.coords.setdefault(f"{dim}_2", list(self.coords[dim]))
        self.parameters[name] = Parameter(np.arange(first, len(self.scalars)), (dim, f"{dim}_2"))
        return self.parameters[name].ids

    def effects(self, block: Batches) -> Ids:
        """Add a block of effects; return its coefficients' identifiers, shape (level over all batches, dim)."""
        return self._add(block).reshape(-1, block.sd.shape[1])

    def bym2(self, block: Places) -> Ids:
        """Add a block of places; return its coefficients' identifiers, shape (place,)."""
        return self._add(block)

    def use(self, predictor: int, rows: slice, ids: Ids, weight: Array | None = None, other: Ids | None = None) -> None:
        """Add values ``ids``, shape (row,), to a predictor of the rows, times weights and other values where given."""
        self.uses.append(Use(predictor, rows.start, rows.stop, ids, weight, other))

    def columns(self, predictor: int, rows: slice, matrix: Array, first: int) -> None:
        """Add ``matrix @ scalars``, matrix (row, column), the scalars being consecutive from ``first``."""
        self.covariates.append(Covariates(predictor, rows.start, rows.stop, matrix, first))

    def _create(self, prior: Prior, start: float) -> None:
        self.scalars.append(Scalar(prior, Numbers(*prior.numbers), _TRANSFORMS[prior.support], start))

    def _add(self, block: Batches | Places) -> Ids:
        first = COEFFICIENT + self.coefficients
        self.blocks.append(block)
        self.coefficients += block.size
        return np.arange(first, first + block.size)
