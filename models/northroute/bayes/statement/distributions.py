"""Distributions of the outcome given its linear predictors; each can simulate what it is fitted to."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from scipy.special import expit, softmax

from northroute.arrays import Array
from northroute.bayes.statement.codes import Family, Part
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.errors import ModelError

HIGHEST: Final = 43.0
"""Log means are cut here when drawing: beyond, a count no longer fits 64 bits."""
ROOT: Final = Prior("half_normal", 1.0, "prior on sqrt(dispersion), which stays proper near the Poisson")
EXCESS: Final = Prior("beta", 2.0, "lambda: variance from the mean's to a hundred times it", shape=1.0)
SD: Final = Prior("half_normal", 1.0, "residual: at most about as wide as the outcome")
RESIDUAL: Final = Prior("half_student_t", 2.5, "residual: seldom wider than a few times the outcome", shape=3.0)
INVERSE_ROOT: Final = Prior("half_normal", 0.5, "1 / sqrt(concentration): shares vary by up to their own size")


class _Law:
    """What every distribution has.

    Attributes
    ----------
    code : Family
    words : str
        What it is called, with its own fields in braces.
    """

    code: ClassVar[Family]
    words: ClassVar[str]

    def describe(self) -> str:
        """In words."""
        return self.words.format(**vars(self))

    def natural(self, scalar: Array) -> Array:
        """Return the auxiliary parameter from the scalar that has its prior."""
        return scalar


@dataclass(frozen=True)
class Poisson(_Law):
    """Counts with ``Var = mu``."""

    code = Family.POISSON
    words = "Poisson"
    auxiliary: None = None

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes, with the shape of ``eta``, the log mean."""
        return rng.poisson(_mean(eta)).astype(float)

    def draw_positive(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes given that they are not zero."""
        return _positive_poisson(rng, _mean(eta))

    def some(self, mean: Array, auxiliary: Array) -> Array:
        """Return the probability that a count is not zero."""
        return np.asarray(-np.expm1(-mean))


@dataclass(frozen=True)
class NegativeBinomial(_Law):
    """Counts with ``Var = mu + dispersion mu^2``; the prior is on the square root of the dispersion."""

    root_dispersion: Prior = ROOT
    code = Family.NEGATIVE_BINOMIAL
    words = "negative binomial"

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes; ``auxiliary`` is the dispersion, broadcast against ``eta``."""
        size = np.broadcast_to(1 / np.maximum(auxiliary, 1e-12), eta.shape)
        return _negative_binomial(rng, size, _mean(eta) / size)

    def draw_positive(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes given that they are not zero.

        The count is a process over time 0 to size that jumps at rate ``log(1 + odds)`` by logarithmic numbers. Given that
        it jumps, its first jump comes at a truncated exponential time; what follows is the process over the time left.
        """
        size = np.broadcast_to(1 / np.maximum(auxiliary, 1e-12), eta.shape)
        odds = _mean(eta) / size
        rate = np.maximum(np.log1p(odds), 1e-300)
        time = _first_event(rng, rate * size) / rate
        first = rng.logseries(np.minimum(odds / (1 + odds), 1 - 1e-15))
        return first + _negative_binomial(rng, np.maximum(size - time, 1e-300), odds)

    def some(self, mean: Array, auxiliary: Array) -> Array:
        """Return the probability that a count is not zero."""
        return np.asarray(-np.expm1(-np.log1p(auxiliary * mean) / auxiliary))

    def natural(self, scalar: Array) -> Array:
        """Return the dispersion from its square root."""
        return dispersion(scalar)


@dataclass(frozen=True)
class GeneralisedPoisson(_Law):
    """Counts with ``Var = mu / (1 - lambda)^2`` (Consul and Jain 1973), lambda in [0, 1)."""

    excess: Prior = EXCESS
    code = Family.GENERALISED_POISSON
    words = "generalised Poisson"

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes: the total progeny of Poisson ancestors, each child having Poisson(lambda) children."""
        lam = np.broadcast_to(auxiliary, eta.shape)
        return _progeny(rng, rng.poisson(_mean(eta) * (1 - lam)).astype(float), lam)

    def draw_positive(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes given that they are not zero: that there are ancestors."""
        lam = np.broadcast_to(auxiliary, eta.shape)
        return _progeny(rng, _positive_poisson(rng, _mean(eta) * (1 - lam)), lam)

    def some(self, mean: Array, auxiliary: Array) -> Array:
        """Return the probability that a count is not zero."""
        return np.asarray(-np.expm1(-mean * (1 - auxiliary)))


@dataclass(frozen=True)
class Normal(_Law):
    """Normal outcomes, with a standard deviation to estimate, or known ones in column ``known``, or both added in square.

    The default prior of ``sd`` is scaled by the outcome's standard deviation; with None there is none to estimate.
    """

    sd: Prior | Suited | None = SUITED
    known: str | None = None
    code = Family.NORMAL
    words = "normal"

    def draw(self, rng: np.random.Generator, eta: Array, auxiliary: Array) -> Array:
        """Draw outcomes; ``auxiliary`` is the total standard deviation."""
        return rng.normal(eta, auxiliary)


@dataclass(frozen=True)
class StudentT(_Law):
    """Student t outcomes: the normal's scale with heavier tails, so that single gross outliers bend no slope.

    Attributes
    ----------
    sd : Prior, optional
        Of the scale; the standard deviation is ``sqrt(df / (df - 2))`` times it, and infinite up to two degrees of freedom.
        The default is scaled by the outcome's spread; with None there is none to estimate.
    known : str, optional
        Column of known scales, added in square.
    df : float
        Degrees of freedom, fixed: a few dozen rows say little of them. Four is the choice of Gelman, Hill and Vehtari
        (2020, Regression and Other Stories, 15.6) and of Lange, Little and Taylor (1989, JASA 84:881) for small data.

    Raises
    ------
    ModelError
        If the degrees of freedom are not positive and finite.
    """

    sd: Prior | Suited | None = SUITED
    known: str | None = None
    df: float = 4.0
    code = Family.STUDENT_T
    words = "Student t with {df:g} degrees of freedom"

    def __post_init__(self) -> None:
        if not isinstance(self.df, int | float | np.number) or not 0 < self.df < np.inf:
            raise ModelError(
                f"A Student t has {self.df!s} degrees of freedom. They are not estimated: give a positive number, or use a "
                "normal."
            )

    def draw(self, rng: np.random.Generator, eta: Array, scale: Array) -> Array:
        """Draw outcomes; ``scale`` is the total one, broadcast against ``eta``."""
        return np.asarray(eta + scale * rng.standard_t(self.df, size=eta.shape))


@dataclass(frozen=True)
class NormalErrors(_Law):
    """Normal outcomes with a slope on a predictor that is itself measured with known error, both integrated exactly.

    The predictor's true values are normal around zero, so it is given centred.

    Attributes
    ----------
    known, predictor, predictor_sd : str
        Columns: the outcome's known standard deviation, the predictor and its own.
    slope, spread : Prior
        Of the slope, and of the standard deviation of the true predictor.
    sd : Prior, optional
        Of a residual beyond the known error.
    """

    known: str
    predictor: str
    predictor_sd: str
    slope: Prior
    spread: Prior
    sd: Prior | None = None
    code = Family.NORMAL_ERRORS
    words = "normal with a slope on {predictor}, which is measured with error"

    def draw(self, rng: np.random.Generator, eta: Array, sd: Array) -> Array:
        """Draw outcomes at their mean and standard deviation given the measured predictor."""
        return rng.normal(eta, sd)


@dataclass(frozen=True)
class MultivariateNormal(_Law):
    """Normal outcomes of a cell, correlated over responses, LKJ(``lkj``).

    The default prior of the residuals' standard deviations is scaled by each response's own.
    """

    sd: Prior | Suited = SUITED
    lkj: float = 1.0
    code = Family.MULTIVARIATE_NORMAL
    words = "multivariate normal"

    def draw(self, rng: np.random.Generator, eta: Array, factor: Array) -> Array:
        """Draw cells, shape (draw, cell, response); ``factor`` is their covariance's Cholesky factor, by draw."""
        return np.asarray(eta + np.einsum("dij,dcj->dci", factor, rng.standard_normal(eta.shape)))


@dataclass(frozen=True)
class Multinomial(_Law):
    """Counts of a cell by category; shares are the softmax of the predictors."""

    code = Family.MULTINOMIAL
    words = "multinomial"

    def draw(self, rng: np.random.Generator, eta: Array, totals: Array) -> Array:
        """Draw cells, shape (draw, cell, category), that sum to ``totals``, shape (cell,)."""
        return _choices(rng, eta, totals)


@dataclass(frozen=True)
class DirichletMultinomial(_Law):
    """Counts of a cell by category, with shares that vary: Dirichlet with means softmax and a concentration.

    The prior is on one over the square root of the concentration: zero is the multinomial.
    """

    inverse_root: Prior = INVERSE_ROOT
    code = Family.DIRICHLET_MULTINOMIAL
    words = "Dirichlet-multinomial"

    def draw(self, rng: np.random.Generator, eta: Array, totals: Array, concentration: Array) -> Array:
        """Draw cells as the multinomial does; ``concentration`` broadcasts against ``eta``.

        Gamma numbers are drawn as logs, ``log gamma(a) = log gamma(a + 1) + log(u) / a``: small shapes would all be zero.
        """
        shape = np.maximum(concentration * softmax(eta, axis=-1), 1e-300)
        log_gamma = np.log(rng.gamma(shape + 1)) - rng.exponential(size=eta.shape) / shape
        return _choices(rng, log_gamma, totals)

    def natural(self, scalar: Array) -> Array:
        """Return the concentration from one over its square root."""
        return 1 / dispersion(scalar)


Counts = Poisson | NegativeBinomial | GeneralisedPoisson
Measures = Normal | StudentT | NormalErrors | MultivariateNormal
Distribution = Counts | Measures | Multinomial | DirichletMultinomial
PARTS: Final = {"zero_inflated": Part.ZERO_INFLATED, "hurdle": Part.HURDLE, "detection": Part.DETECTION}


def draw_counts(
    distribution: Counts, part: Part, rng: np.random.Generator, eta: Array, second: Array, auxiliary: Array
) -> Array:
    """Draw counts with the shape of ``eta``; ``second`` is the logit of a structural zero, of any zero, or of detection."""
    if part is Part.DETECTION:  # thinned counts have the thinned mean
        return distribution.draw(rng, eta - np.logaddexp(0, -second), auxiliary)
    if part is Part.NONE:
        return distribution.draw(rng, eta, auxiliary)
    zero = rng.random(eta.shape) < expit(second)
    draw = distribution.draw_positive if part is Part.HURDLE else distribution.draw
    return np.where(zero, 0.0, draw(rng, eta, auxiliary))


def expected_counts(distribution: Counts, part: Part, eta: Array, second: Array, auxiliary: Array) -> Array:
    """Return the means of what :func:`draw_counts` draws, with the shape of ``eta``."""
    mean = np.exp(eta)
    match part:
        case Part.ZERO_INFLATED:
            mean = mean * expit(-second)
        case Part.HURDLE:
            mean = mean / distribution.some(mean, auxiliary) * expit(-second)
        case Part.DETECTION:
            mean = mean * expit(second)
    return np.asarray(mean)


def dispersion(root: Array) -> Array:
    """Return the dispersion from its square root, 1e-10 at least, which no data tell from a Poisson."""
    return np.maximum(np.square(root), 1e-10)


def _mean(eta: Array) -> Array:
    return np.asarray(np.exp(np.minimum(eta, HIGHEST)))


def _first_event(rng: np.random.Generator, mean: Array) -> Array:
    """Return standard exponential times given that they lie below ``mean``, by inversion."""
    return np.asarray(-np.log1p(rng.random(mean.shape) * np.expm1(-mean)))


def _positive_poisson(rng: np.random.Generator, mean: Array) -> Array:
    """Draw Poisson counts given that they are not zero: one for the first event, and what comes after its time."""
    return np.asarray(1.0 + rng.poisson(np.maximum(mean - _first_event(rng, mean), 0.0)), dtype=float)


def _negative_binomial(rng: np.random.Generator, size: Array, odds: Array) -> Array:
    """Draw Poisson counts whose means are gamma with shape ``size`` and scale ``odds``."""
    return rng.poisson(np.minimum(rng.gamma(size) * odds, 1e18)).astype(float)


def _progeny(rng: np.random.Generator, ancestors: Array, lam: Array) -> Array:
    """Return the total progeny, ancestors included, each member having Poisson(``lam``) children."""
    total, alive = ancestors.copy(), np.nonzero(ancestors)
    generation = ancestors[alive]
    while generation.size:
        generation = rng.poisson(lam[alive] * generation).astype(float)
        total[alive] += generation
        living = generation > 0
        alive, generation = tuple(a[living] for a in alive), generation[living]
    return total


def _choices(rng: np.random.Generator, logits: Array, totals: Array) -> Array:
    shares = softmax(logits, axis=-1)
    shares /= shares.sum(axis=-1, keepdims=True)
    return rng.multinomial(totals.astype(np.int64), shares).astype(float)
