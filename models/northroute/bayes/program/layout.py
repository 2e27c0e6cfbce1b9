"""What a compiled program's tables mean: scalars, blocks, reported quantities."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from northroute.arrays import Array
from northroute.bayes.kernel.scales import log_spectrum
from northroute.bayes.kernel.tables import Kind, Record
from northroute.bayes.statement.codes import Rows
from northroute.bayes.statement.terms.writer import Ids, Key, Parameter, Scalar, Use


@dataclass(frozen=True, eq=False)
class Block:
    """What is known of a block besides its record: its raw coordinates, and how the data inform them.

    Attributes
    ----------
    record : Record
        Of ``kernel.tables.BLOCK``.
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

    record: Record
    pointer: Ids
    sd: Ids
    basis: Array | None = None
    frequency: Array | None = None
    length: Ids | None = None
    targets: tuple[Key, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """Where its coefficients begin and end."""
        k, at = int(self.record.dims), int(self.record.value)
        if self.record.kind == Kind.BYM2:
            return at, at + int(self.record.places)
        levels = int(self.pointer[-1]) if self.basis is None else self.basis.shape[0] * (self.pointer.size - 1)
        return at, at + levels * k

    @property
    def centred(self) -> int:
        """How many raw coordinates are standardised: all effects; of places, the unstructured part, which comes last."""
        return int(self.record.places if self.record.kind == Kind.BYM2 else self.record.raw)

    @property
    def correlated(self) -> bool:
        """Whether effects are correlated over dimensions."""
        return bool(self.record.correlation >= 0)

    @property
    def stored(self) -> slice:
        """Where the program's data hold what its coordinates are standardised by: precisions, then natural means."""
        at, precisions = int(self.record.centring), int(self.record.dims) if self.correlated else 1
        return slice(at, at + self.centred * (precisions + 1))

    def deviations(self, values: Array) -> Array:
        """Return the standard deviation of every standardised coordinate, shape (centred,), at values (value,)."""
        if self.record.kind == Kind.BYM2:
            sigma, rho = values[self.sd[0, 0]], values[self.sd[0, 1]]
            connected = np.arange(self.centred) < self.pointer[-1]
            return np.asarray(np.where(connected, sigma * np.sqrt(1 - rho), sigma))
        free = int(self.record.dims - self.record.zero_dims)
        found = []
        for b, groups in enumerate(np.diff(self.pointer)):
            own = np.broadcast_to(values[self.sd[b]], (groups, self.sd.shape[1]))
            if self.length is not None and self.frequency is not None:
                kind, space = int(self.record.spectrum), int(self.record.space)
                roots = [np.exp(log_spectrum(kind, space, values[self.length[b]], f)[0]) for f in self.frequency]
                own = own * np.asarray(roots)[:, None]
            found.append(own[: groups - int(self.record.rows == Rows.ZERO_SUM), :free].ravel())
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
