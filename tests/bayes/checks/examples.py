"""Models whose posteriors, leave-one-out and leave-group-out densities have closed forms."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import gammaln

from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import Groups


def groups(kind: str, codes: "list[int] | Ints") -> Groups:
    """Groups named A, B, ..."""
    at = np.asarray(codes, np.int64)
    return Groups(kind, at, tuple(chr(65 + g) for g in range(int(at.max()) + 1)))


@dataclass(frozen=True)
class GammaPoisson:
    """``y ~ Poisson(exposure * rate)``, ``rate ~ Gamma(shape, rate b)``; unconstrained scale is the log rate."""

    y: Ints
    exposure: Array
    shape: float
    b: float
    draws: Array

    def log_likelihood(self, log_rate: Array) -> Array:
        return np.asarray(stats.poisson.logpmf(self.y, np.exp(log_rate)[:, None] * self.exposure))

    def log_posterior(self, theta: Array) -> Array:
        a, b = self.shape + self.y.sum(), self.b + self.exposure.sum()
        return np.asarray(a * theta[:, 0] - b * np.exp(theta[:, 0]))

    def log_likelihood_rows(self, theta: Array, rows: Ints) -> Array:
        rate = np.exp(theta[:, [0]])
        return np.asarray(stats.poisson.logpmf(self.y[rows], rate * self.exposure[rows]))

    def without(self, rows: "list[int] | Ints") -> float:
        """Exact joint log density of rows given the others."""
        out = np.zeros(self.y.size, bool)
        out[rows] = True
        return self._marginal(np.ones(self.y.size, bool)) - self._marginal(~out)

    def predictive(self, row: int) -> tuple[float, float]:
        """Size and probability of the negative binomial that predicts a row from the others."""
        a = self.shape + self.y.sum() - self.y[row]
        b = self.b + self.exposure.sum() - self.exposure[row]
        return float(a), float(b / (b + self.exposure[row]))

    def _marginal(self, keep: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> float:
        y, e = self.y[keep], self.exposure[keep]
        a, b = self.shape + y.sum(), self.b + e.sum()
        return float(
            (y * np.log(e) - gammaln(y + 1)).sum()
            + self.shape * np.log(self.b)
            - gammaln(self.shape)
            + gammaln(a)
            - a * np.log(b)
        )


def gamma_poisson(
    y: Ints, exposure: Array, *, shape: float = 1.0, b: float = 1.0, draws: int = 4000, seed: int = 1
) -> GammaPoisson:
    rng = np.random.default_rng(seed)
    rate = rng.gamma(shape + y.sum(), 1 / (b + exposure.sum()), draws)
    return GammaPoisson(y, exposure, shape, b, np.log(rate)[:, None])


@dataclass(frozen=True)
class Regression:
    """``y ~ normal(x beta, 1)``, ``beta ~ normal(0, 10)``."""

    y: Array
    x: Array
    draws: Array

    def log_posterior(self, theta: Array) -> Array:
        return np.asarray(-0.5 * ((self.y - theta @ self.x.T) ** 2).sum(axis=1) - 0.5 * (theta**2).sum(axis=1) / 100)

    def log_likelihood_rows(self, theta: Array, rows: Ints) -> Array:
        return np.asarray(stats.norm.logpdf(self.y[rows], theta @ self.x[rows].T))

    def without(self, row: int) -> float:
        keep = np.arange(self.y.size) != row
        mean, covariance = posterior(self.y[keep], self.x[keep])
        here = self.x[row]
        return float(stats.norm.logpdf(self.y[row], here @ mean, np.sqrt(1 + here @ covariance @ here)))


def posterior(y: Array, x: Array) -> tuple[Array, Array]:
    covariance = np.linalg.inv(x.T @ x + np.eye(x.shape[1]) / 100)
    return np.asarray(covariance @ x.T @ y), np.asarray(covariance)


def regression(y: Array, x: Array, *, draws: int = 4000, seed: int = 2) -> Regression:
    mean, covariance = posterior(y, x)
    return Regression(y, x, np.random.default_rng(seed).multivariate_normal(mean, covariance, draws))
