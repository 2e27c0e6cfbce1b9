"""From terms to a compiled program: hands out coordinates and coefficients, and writes the kernel's tables."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from northroute.bayes.kernel.tables import Program
from northroute.bayes.program import records
from northroute.bayes.program.derived import derived
from northroute.bayes.program.layout import COEFFICIENT, Array, Block, Layout, Numbers, Scalar
from northroute.bayes.program.uses import Covariates, Use
from northroute.bayes.program.writing import Collected, write
from northroute.bayes.statement.codes import Rows, Spectrum, Transform
from northroute.bayes.statement.families import FAMILIES, Prior
from northroute.bayes.statement.terms.writer import Ids, Key, Parameter
from northroute.errors import ModelError

_TRANSFORMS: Final = {
    "real": Transform.IDENTITY,
    "positive": Transform.EXP,
    "unit": Transform.INTERVAL,
    "interval": Transform.INTERVAL,
}


class Builder(Collected):
    """Collects scalars, blocks, uses and segments; :meth:`finish` writes the program."""

    def scalar(
        self,
        name: str,
        prior: Prior | Sequence[Prior],
        dims: tuple[str, ...] = (),
        *,
        starts: Any = None,
        transform: Transform | None = None,
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
            how = transform if transform is not None else _TRANSFORMS[one.support]
            self.scalars.append(Scalar(one, Numbers(*one.numbers), how, float(at)))
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
        self.scalars.append(Scalar(prior, Numbers(*prior.numbers), _TRANSFORMS[prior.support], start))
        self.parameters[name] = Parameter(np.append(known.ids, len(self.scalars) - 1), (dim,))
        return len(self.scalars) - 1

    def correlation(self, name: str, dim: str, shape: float) -> Ids:
        """Create the canonical partial correlations of an LKJ(shape) matrix over ``dim``; return their identifiers."""
        k = len(self.coords[dim])
        ids = []
        for i in range(1, k):
            for j in range(i):
                ids.append(len(self.scalars))
                numbers = Numbers(len(FAMILIES), 0.0, 1.0, shape + (k - 2 - j) / 2)
                self.scalars.append(Scalar(None, numbers, Transform.TANH, 0.0))
        self.coords.setdefault(f"{dim}_2", list(self.coords[dim]))
        self.parameters[name] = Parameter(np.asarray(ids), (dim, f"{dim}_2"))
        return np.asarray(ids)

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
        """Create a block of effects and return its coefficients' identifiers, shape (level over all batches, dim).

        Parameters
        ----------
        pointer : int array, shape (batch + 1,)
            Where each batch begins and ends among the groups; with a basis, among its functions.
        sd : int array, shape (batch, dim)
            Scalars that hold the standard deviations.
        rows : Rows
            Whether effects sum to zero over a batch's groups, or are written as deviations and a mean.
        targets : sequence of Key, shape (batch * dim,), optional
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
        ends = np.asarray(pointer, dtype=np.int64)
        record = records.effects(
            self.store,
            ends,
            sd,
            rows=rows,
            zero_dims=zero_dims,
            correlation=correlation,
            basis=basis,
            autoregression=autoregression,
            spectrum=spectrum,
            frequency=frequency,
            length=length,
            space=space,
            demean=demean,
        )
        block = Block(record, ends, sd, basis, frequency, length, tuple(targets))
        return self._add(block, int(ends[-1]) * sd.shape[1]).reshape(-1, sd.shape[1])

    def bym2(self, parts: Sequence[int] | Ids, edges: Ids, factor: Array, sigma: int, rho: int) -> Ids:
        """Create a block of places, sorted by connected part, islands last; return its coefficients, shape (place,).

        Parameters
        ----------
        parts : int array, shape (part + 1,)
            Where each connected part begins and ends.
        edges : int array, shape (edge, 2)
        factor : array, shape (place,)
            One over the square root of the part's scaling.
        sigma, rho : int
            Scalars that hold the standard deviation and the structured share of the variance.
        """
        ends = np.asarray(parts, dtype=np.int64)
        record = records.places(self.store, ends, edges, factor, sigma, rho)
        return self._add(Block(record, ends, np.asarray([[sigma, rho]], dtype=np.int64)), factor.size)

    def _add(self, block: Block, scratch: int) -> Ids:
        block.record.theta, block.record.value, block.record.scratch = self.raw, self.coefficients, self.scratch
        start, stop = block.span
        self.blocks.append(block)
        self.raw += int(block.record.raw)
        self.coefficients += stop - start
        self.scratch += scratch
        return COEFFICIENT + np.arange(start, stop)

    def use(self, predictor: int, rows: slice, ids: Ids, weight: Array | None = None, other: Ids | None = None) -> None:
        """Add values ``ids``, shape (row,), to a predictor of the rows, times weights and other values where given."""
        self.uses.append(Use(predictor, rows.start, rows.stop, ids, weight, other))

    def columns(self, predictor: int, rows: slice, matrix: Array, first: int) -> None:
        """Add ``matrix @ scalars``, matrix (row, column), the scalars being consecutive from ``first``."""
        self.covariates.append(Covariates(predictor, rows.start, rows.stop, matrix, first))

    def finish(self, rows: int) -> tuple[Program, Layout]:
        """Write the program, neither centred nor rotated, and what is needed to read its values."""
        return write(self, rows, derived(self))
