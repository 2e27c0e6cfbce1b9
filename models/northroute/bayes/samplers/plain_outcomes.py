"""Outcomes of the plain statement: how PyMC states every family, with its second part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from northroute.arrays import Array, Ints
from northroute.bayes.kernel.tables import Program, Record
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Family, Part

Dims = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class Stated:
    """A segment's outcome in the PyMC model in context, but for its distribution.

    Attributes
    ----------
    program : Program
    record : Record
        The segment's.
    mean, second : tensor, shape (row,)
        Linear predictors.
    values : tensor, shape (value,)
    factors : mapping of int to tensor
        Cholesky factors of correlations, by the identifier of the first partial correlation.
    """

    program: Program
    record: Record
    mean: Any
    second: Any
    values: Any
    factors: Mapping[int, Any]

    @property
    def auxiliary(self) -> Any:
        """The auxiliary scalar."""
        return self.values[self.record.auxiliary] if self.record.auxiliary >= 0 else pt.zeros(())

    @property
    def y(self) -> Array:
        """The outcomes, shape (row,)."""
        return self.data("outcome")

    @property
    def cells(self) -> Any:
        """The mean by cell, shape (cell, row of the cell)."""
        return self.mean.reshape((-1, int(self.record.cell)))

    @property
    def counts(self) -> Ints:
        """The outcomes as whole numbers, a row each or, of a composition, by cell."""
        y = self.y.astype(np.int64)
        return y.reshape(-1, int(self.record.cell)) if self.record.cell > 1 else y

    def data(self, field: str, width: int = 1) -> Array:
        """Return what the program holds of the rows under a field of the record, zero where there is none."""
        at, size = int(getattr(self.record, field)), width * int(self.record.stop - self.record.start)
        return self.program.data[at : at + size] if at >= 0 else np.zeros(size)


def _normal(of: Stated, name: str, dims: Dims) -> None:
    pm.Normal(name, of.mean, pt.sqrt(of.auxiliary**2 + of.data("known") ** 2), observed=of.y, dims=dims)


def _student(of: Stated, name: str, dims: Dims) -> None:
    scale = pt.sqrt(of.auxiliary**2 + of.data("known") ** 2)
    pm.StudentT(name, nu=float(of.program.data[of.record.df]), mu=of.mean, sigma=scale, observed=of.y, dims=dims)


def _errors(of: Stated, name: str, dims: Dims) -> None:
    x, tau = of.data("predictor", 2).reshape(-1, 2).T
    slope, omega = of.values[of.record.slope], of.values[of.record.omega]
    reliability = omega**2 / (omega**2 + tau**2)
    pm.Normal(f"{name}_predictor", 0.0, pt.sqrt(omega**2 + tau**2), observed=x, dims=dims)
    variance = of.auxiliary**2 + of.data("known") ** 2 + slope**2 * reliability * tau**2
    pm.Normal(name, of.mean + slope * reliability * x, pt.sqrt(variance), observed=of.y, dims=dims)


def _correlated(of: Stated, name: str, dims: Dims) -> None:
    at, cell, index = of.record.deviations, int(of.record.cell), of.program.index
    sd = of.values[index[at : at + cell].astype(np.int64)]
    factor = sd[:, None] * of.factors[int(index[of.record.correlation])]
    pm.MvNormal(name, of.cells, chol=factor, observed=of.y.reshape(-1, cell), dims=dims)


def _multinomial(of: Stated, name: str, dims: Dims) -> None:
    shares = pm.math.softmax(of.cells, axis=-1)
    pm.Multinomial(name, n=of.counts.sum(axis=-1), p=shares, observed=of.counts, dims=dims)


def _dirichlet_multinomial(of: Stated, name: str, dims: Dims) -> None:
    concentration = _size(of) * pm.math.softmax(of.cells, axis=-1)
    pm.DirichletMultinomial(name, n=of.counts.sum(axis=-1), a=concentration, observed=of.counts, dims=dims)


def _poisson(of: Stated, name: str, dims: Dims) -> None:
    mean, part, second = _parts(of)
    law = {Part.NONE: pm.Poisson, Part.ZERO_INFLATED: pm.ZeroInflatedPoisson, Part.HURDLE: pm.HurdlePoisson}[part]
    law(name, mu=pt.exp(mean), **second, observed=of.counts, dims=dims)


def _negative_binomial(of: Stated, name: str, dims: Dims) -> None:
    mean, part, second = _parts(of)
    law = {
        Part.NONE: pm.NegativeBinomial,
        Part.ZERO_INFLATED: pm.ZeroInflatedNegativeBinomial,
        Part.HURDLE: pm.HurdleNegativeBinomial,
    }[part]
    law(name, mu=pt.exp(mean), alpha=_size(of), **second, observed=of.counts, dims=dims)


def _generalised(of: Stated, name: str, dims: Dims) -> None:
    mean, part, _ = _parts(of)
    logp, random = _generalised_poisson(part)
    given = (mean, of.second, of.auxiliary)
    pm.CustomDist(name, *given, logp=logp, random=random, dtype="int64", observed=of.counts, dims=dims)


def _parts(of: Stated) -> tuple[Any, Part, dict[str, Any]]:
    """Return the log mean, which detection thins, the part of zeros, and the share of counts that are none of its zeros.

    The second predictor is the logit of a structural zero, of any zero, or of detection.
    """
    part = Part(of.record.part)
    if part is Part.DETECTION:
        return of.mean - pt.softplus(-of.second), Part.NONE, {}
    return of.mean, part, {} if part is Part.NONE else {"psi": pt.sigmoid(-of.second)}


def _size(of: Stated) -> Any:
    """One over the square of the auxiliary scalar: a negative binomial's size, a composition's concentration."""
    return 1 / pt.maximum(of.auxiliary**2, 1e-10)


FAMILIES: Final[Mapping[Family, Callable[[Stated, str, Dims], None]]] = {
    Family.POISSON: _poisson,
    Family.NEGATIVE_BINOMIAL: _negative_binomial,
    Family.GENERALISED_POISSON: _generalised,
    Family.NORMAL: _normal,
    Family.MULTINOMIAL: _multinomial,
    Family.DIRICHLET_MULTINOMIAL: _dirichlet_multinomial,
    Family.MULTIVARIATE_NORMAL: _correlated,
    Family.NORMAL_ERRORS: _errors,
    Family.STUDENT_T: _student,
}
"""Adds a family's outcome, under a name and with dimensions, to the PyMC model in context."""


def _generalised_poisson(part: Part) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return log density and random draws of a generalised Poisson (Consul and Jain 1973), with its zeros' part."""

    def plain(y: Any, eta: Any, lam: Any) -> Any:
        theta = pt.exp(eta) * (1 - lam)
        inner = theta + lam * y
        return pt.log(theta) + (y - 1) * pt.log(inner) - inner - pt.gammaln(y + 1)

    def logp(y: Any, eta: Any, second: Any, lam: Any) -> Any:
        lp, none = plain(y, eta, lam), plain(pt.zeros_like(eta), eta, lam)
        zero, some = -pt.softplus(-second), -pt.softplus(second)
        match part:
            case Part.ZERO_INFLATED:
                return pt.switch(pt.eq(y, 0), pt.logaddexp(zero, some + none), some + lp)
            case Part.HURDLE:
                return pt.switch(pt.eq(y, 0), zero, some + lp - pt.log1mexp(none))
        return lp

    def random(eta: Any, second: Any, lam: Any, rng: np.random.Generator, size: Any) -> Ints:
        shape = np.broadcast_shapes(np.shape(eta), size or ())
        eta, second, lam = (np.broadcast_to(x, shape) for x in (eta, second, lam))
        return dist.draw_counts(dist.GeneralisedPoisson(), part, rng, eta, second, lam).astype(np.int64)

    return logp, random
