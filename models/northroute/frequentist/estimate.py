"""What every estimator returns: coefficients with the scores and the bread that the errors are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist.design import Design
from northroute.frequentist.maximise import Block


@dataclass(frozen=True)
class Estimate:
    """A fitted count model before its errors are chosen.

    Attributes
    ----------
    model : str
        The model in words.
    family : str
        Estimator, a key of :data:`northroute.frequentist.ESTIMATORS`.
    design : Design
        The rows used.
    terms : tuple of str
    coef : array, shape (term,)
    scores : array, shape (row, term)
        Derivative of each row's log likelihood (or quasi-likelihood). With absorbed effects they are concentrated: the
        derivative along the within-transformed covariates. Groups' scores stand in each group's first row.
    bread : array, shape (term, term)
        Inverse of the negative Hessian.
    mean : array, shape (row,)
        Fitted mean count, exposure included.
    loglik : float
        NaN where there is no likelihood (GEE).
    likelihood : bool
        True if the model describes the whole distribution, so that its own information matrix can give errors.
    iterations : int
    gradient : float
        Largest gain of log likelihood per unit of a coefficient's own standard error that is left, ``max |g| sqrt(bread)``;
        for a quasi-likelihood over the square root of its Pearson dispersion, so that the outcome's unit does not matter.
    collinear : tuple of str
        Terms left out by name.
    extra : mapping of str to float
        Dispersion and the like.
    x_within : array, shape (row, mean term), optional
        Change of the log mean with the mean's coefficients, effects following: within-transformed covariates.
    blocks : tuple of Block
        The indices of a likelihood; empty for the others.
    groups : tuple of str
        Column of the groups whose scores stand in one row (random effects, GEE).
    again : callable, optional
        Fits the same model to another design, such as some of the rows.
    """

    model: str
    family: str
    design: Design
    terms: tuple[str, ...]
    coef: Array
    scores: Array
    bread: Array
    mean: Array
    loglik: float
    likelihood: bool
    iterations: int
    gradient: float
    collinear: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)
    x_within: Array | None = None
    blocks: tuple[Block, ...] = ()
    groups: tuple[str, ...] = ()
    again: "Callable[[Design], Estimate] | None" = None

    @property
    def name(self) -> str:
        """The fit's name."""
        return self.design.name

    @property
    def dropped(self) -> Mapping[str, int]:
        """Rows left out, by reason."""
        return self.design.dropped

    @property
    def rows(self) -> int:
        """Rows used."""
        return self.design.y.size

    @property
    def simulated(self) -> bool:
        """True if the data were simulated."""
        return self.design.simulated

    def term(self, name: str) -> int:
        """Position of a term, or a ModelError that lists them."""
        if name not in self.terms:
            raise ModelError(f"{self.name}: no term '{name}'; the terms are {', '.join(self.terms)}.")
        return self.terms.index(name)

    def checked(self) -> "Estimate":
        """Return the fit if its numbers are finite, its Hessian negative definite and its gradient zero.

        Raises
        ------
        ModelError
            Otherwise: such a fit is never returned.
        """
        variance = np.diag(self.bread)
        if not (np.isfinite(self.coef).all() and np.isfinite(self.bread).all() and np.isfinite(self.scores).all()):
            raise ModelError(
                f"{self.name}: coefficients or covariance are not finite. Rescale covariates or drop terms."
            )
        scale = np.sqrt(np.abs(variance) + np.finfo(float).tiny)
        if (variance <= 0).any() or np.linalg.eigvalsh(self.bread / np.outer(scale, scale)).min() < _NEGATIVE:
            bad = [t for t, v in zip(self.terms, variance, strict=True) if v <= 0] or list(self.terms)
            raise ModelError(f"{self.name}: the information matrix is singular at {bad}. Drop one of these terms.")
        if self.gradient > GRADIENT:
            raise ModelError(
                f"{self.name}: stopped with gradient {self.gradient:.2g} after {self.iterations} iterations, not at a "
                "maximum. Rescale the covariates, simplify the model, or look for separation."
            )
        return self


_NEGATIVE = -1e-10
"""Of the correlations' smallest eigenvalue: rounding, where a covariate's mean is far beyond its spread."""
GRADIENT = 1e-3
"""Largest scaled gradient (see :attr:`Estimate.gradient`) that counts as a maximum: a thousandth of a standard error."""


def scaled_gradient(scores: Array, bread: Array) -> float:
    """Return ``max |g_j| sqrt(bread_jj)``, the distance from the maximum in standard errors, about."""
    return float(np.abs(scores.sum(axis=0) * np.sqrt(np.abs(np.diag(bread)))).max(initial=0.0))


def pearson_spread(y: Array, mean: Array) -> float:
    """Return the root of Pearson's dispersion: a quasi-likelihood's outcome may be in any unit, and its errors with it."""
    return float(np.sqrt(max(np.mean((y - mean) ** 2 / mean), 1e-12 * y.mean())))
