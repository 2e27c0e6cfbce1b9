"""What a compiled program's tables mean: scalars, blocks, reported quantities."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel import tables
from northroute.bayes.kernel.scales import log_spectrum
from northroute.bayes.kernel.tables import Kind
from northroute.bayes.program.folding import Use
from northroute.bayes.statement.codes import Rows, Transform
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.writer import Ids, Key, Parameter

Array = NDArray[np.float64]
COEFFICIENT: Final = 1 << 28
"""Identifiers from here on are coefficients of blocks; below, scalars."""


@dataclass(frozen=True)
class Scalar:
    """A scalar: its prior (none for a partial correlation), the prior's numbers, its transform, where to start."""

    prior: Prior | None
    numbers: tuple[int, float, float, float]
    transform: Transform
    start: float


@dataclass(frozen=True, eq=False)
class Block:
    """What is known of a block besides its record: its raw coordinates, and how the data inform them.

    Attributes
    ----------
    record : int array
    pointer : int array, shape (batch + 1,)
    sd : int array, shape (batch, dim)
        Scalars that hold the standard deviations; of a BYM2, sigma and rho.
    basis : array, shape (level, function), optional
    frequency : array, shape (function,), optional
    length : int array, shape (batch,), optional
        Scalars that hold the length scales.
    targets : tuple of Key
        What its means are swept into.
    """

    record: Ids
    pointer: Ids
    sd: Ids
    basis: Array | None = None
    frequency: Array | None = None
    length: Ids | None = None
    targets: tuple[Key, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """Where its coefficients begin and end."""
        k, at = int(self.record[tables.B_DIMS]), int(self.record[tables.B_VALUE])
        if self.record[tables.B_KIND] == Kind.BYM2:
            return at, at + int(self.record[tables.B_LEVELS])
        levels = int(self.pointer[-1]) if self.basis is None else self.basis.shape[0] * (self.pointer.size - 1)
        return at, at + levels * k

    @property
    def centred(self) -> int:
        """How many raw coordinates are standardised: all effects; of places, the unstructured part, which comes last."""
        column = tables.B_LEVELS if self.record[tables.B_KIND] == Kind.BYM2 else tables.B_RAW
        return int(self.record[column])

    @property
    def correlated(self) -> bool:
        """Whether effects are correlated over dimensions."""
        return bool(self.record[tables.B_KIND] == Kind.EFFECTS and self.record[tables.B_CORRELATION] >= 0)

    @property
    def stored(self) -> slice:
        """Where the program's data hold what its coordinates are standardised by: precisions, then natural means."""
        at, precisions = int(self.record[tables.B_CENTRING]), int(self.record[tables.B_DIMS]) if self.correlated else 1
        return slice(at, at + self.centred * (precisions + 1))

    def deviations(self, values: Array) -> Array:
        """Return the standard deviation of every standardised coordinate, shape (centred,), at values (value,)."""
        if self.record[tables.B_KIND] == Kind.BYM2:
            sigma, rho = values[self.sd[0, 0]], values[self.sd[0, 1]]
            connected = np.arange(self.centred) < self.pointer[-1]
            return np.asarray(np.where(connected, sigma * np.sqrt(1 - rho), sigma))
        free = int(self.record[tables.B_DIMS] - self.record[tables.B_ZERO_DIMS])
        found = []
        for b, groups in enumerate(np.diff(self.pointer)):
            own = np.broadcast_to(values[self.sd[b]], (groups, self.sd.shape[1]))
            if self.length is not None and self.frequency is not None:
                kind, space, length = (
                    self.record[tables.B_SPECTRUM],
                    self.record[tables.B_SPACE],
                    values[self.length[b]],
                )
                roots = [np.exp(log_spectrum(kind, space, length, f)[0]) for f in self.frequency]
                own = own * np.asarray(roots)[:, None]
            found.append(own[: groups - int(self.record[tables.B_ROWS] == Rows.ZERO_SUM), :free].ravel())
        return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class Combination:
    """A reported quantity that is a sum of scalars times weights; both have the shape of ``dims``, and one more axis."""

    ids: Ids
    weights: Array
    dims: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How to read a program's values, and what its blocks are."""

    parameters: dict[str, Parameter]
    coords: dict[str, list[Any]]
    scalars: tuple[Scalar, ...]
    position: Ids
    blocks: tuple[Block, ...]
    uses: tuple[Use, ...]
    derived: dict[str, Combination] = field(default_factory=dict)
