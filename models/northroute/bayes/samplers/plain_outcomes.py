"""Outcomes of the plain statement: one PyMC distribution for every family and second part."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from northroute.bayes.kernel.tables import Program, Record
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Family, Part


def add(
    program: Program,
    record: Record,
    name: str,
    mean: Any,
    second: Any,
    values: Any,
    factors: dict[int, Any],
    dims: tuple[str, ...] | None = None,
) -> None:
    """Add a segment's outcome to the PyMC model in context.

    Parameters
    ----------
    program : Program
    record : int array
        The segment's.
    name : str
    mean, second : tensor, shape (row,)
        Linear predictors.
    values : tensor, shape (value,)
    factors : mapping of int to tensor
        Cholesky factors of correlations, by the identifier of the first partial correlation.
    dims : tuple of str, optional
        Of the outcome.
    """
    n, cell = int(record.stop - record.start), int(record.cell)
    y = program.data[record.outcome : record.outcome + n]
    auxiliary = values[record.auxiliary] if record.auxiliary >= 0 else pt.zeros(())
    match Family(record.family):
        case Family.NORMAL:
            at = record.known
            known = program.data[at : at + n] if at >= 0 else np.zeros(n)
            pm.Normal(name, mean, pt.sqrt(auxiliary**2 + known**2), observed=y, dims=dims)
        case Family.STUDENT_T:
            at = record.known
            known = program.data[at : at + n] if at >= 0 else np.zeros(n)
            df = float(program.data[record.df])
            pm.StudentT(name, nu=df, mu=mean, sigma=pt.sqrt(auxiliary**2 + known**2), observed=y, dims=dims)
        case Family.NORMAL_ERRORS:
            known = program.data[record.known :][:n]
            x, tau = program.data[record.predictor :][: 2 * n].reshape(n, 2).T
            slope, omega = values[record.slope], values[record.omega]
            reliability = omega**2 / (omega**2 + tau**2)
            pm.Normal(f"{name}_predictor", 0.0, pt.sqrt(omega**2 + tau**2), observed=x, dims=dims)
            variance = auxiliary**2 + known**2 + slope**2 * reliability * tau**2
            pm.Normal(name, mean + slope * reliability * x, pt.sqrt(variance), observed=y, dims=dims)
        case Family.MULTIVARIATE_NORMAL:
            at = record.deviations
            sd = values[program.index[at : at + cell].astype(np.int64)]
            factor = sd[:, None] * factors[int(program.index[record.correlation])]
            pm.MvNormal(name, mean.reshape((-1, cell)), chol=factor, observed=y.reshape(-1, cell), dims=dims)
        case Family.MULTINOMIAL:
            counts = y.reshape(-1, cell).astype(np.int64)
            shares = pm.math.softmax(mean.reshape((-1, cell)), axis=-1)
            pm.Multinomial(name, n=counts.sum(axis=1), p=shares, observed=counts, dims=dims)
        case Family.DIRICHLET_MULTINOMIAL:
            counts = y.reshape(-1, cell).astype(np.int64)
            shares = pm.math.softmax(mean.reshape((-1, cell)), axis=-1)
            concentration = 1 / pt.maximum(auxiliary**2, 1e-10)
            pm.DirichletMultinomial(name, n=counts.sum(axis=1), a=concentration * shares, observed=counts, dims=dims)
        case family:
            _counts(family, Part(record.part), name, mean, second, auxiliary, y.astype(np.int64), dims)


def _counts(
    family: Family,
    part: Part,
    name: str,
    mean: Any,
    second: Any,
    auxiliary: Any,
    y: NDArray[np.int64],
    dims: tuple[str, ...] | None,
) -> None:
    """Add counts. ``second`` is the logit of a structural zero, of any zero, or of detection, which thins the mean."""
    if part is Part.DETECTION:
        mean, part = mean - pt.softplus(-second), Part.NONE
    mu, some = pt.exp(mean), pt.sigmoid(-second)
    if family is Family.GENERALISED_POISSON:
        logp, random = _generalised_poisson(part)
        pm.CustomDist(name, mean, second, auxiliary, logp=logp, random=random, dtype="int64", observed=y, dims=dims)
        return
    if family is Family.POISSON:
        match part:
            case Part.NONE:
                pm.Poisson(name, mu, observed=y, dims=dims)
            case Part.ZERO_INFLATED:
                pm.ZeroInflatedPoisson(name, psi=some, mu=mu, observed=y, dims=dims)
            case Part.HURDLE:
                pm.HurdlePoisson(name, psi=some, mu=mu, observed=y, dims=dims)
        return
    size = 1 / pt.maximum(auxiliary**2, 1e-10)
    match part:
        case Part.NONE:
            pm.NegativeBinomial(name, mu=mu, alpha=size, observed=y, dims=dims)
        case Part.ZERO_INFLATED:
            pm.ZeroInflatedNegativeBinomial(name, psi=some, mu=mu, alpha=size, observed=y, dims=dims)
        case Part.HURDLE:
            pm.HurdleNegativeBinomial(name, psi=some, mu=mu, alpha=size, observed=y, dims=dims)


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

    def random(eta: Any, second: Any, lam: Any, rng: np.random.Generator, size: Any) -> NDArray[np.int64]:
        shape = np.broadcast_shapes(np.shape(eta), size or ())
        eta, second, lam = (np.broadcast_to(x, shape) for x in (eta, second, lam))
        return dist.draw_counts(dist.GeneralisedPoisson(), part, rng, eta, second, lam).astype(np.int64)

    return logp, random
