"""Affine maps of unconstrained draws that move their moments to weighted ones."""

from dataclasses import dataclass

import numpy as np

from northroute.bayes.checks.arrays import Floats
from northroute.errors import ModelError


@dataclass(frozen=True)
class Affine:
    """The map ``theta -> linear theta + shift``.

    Attributes
    ----------
    linear : numpy.ndarray, shape (dim,) or (dim, dim)
        A vector stands for a diagonal matrix.
    shift : numpy.ndarray, shape (dim,)
    """

    linear: Floats
    shift: Floats

    def __call__(self, theta: Floats) -> Floats:
        """Map draws of shape (draw, dim)."""
        moved = theta * self.linear if self.linear.ndim == 1 else theta @ self.linear.T
        return np.asarray(moved + self.shift)

    def inverse(self, theta: Floats) -> Floats:
        """Undo the map."""
        centred = theta - self.shift
        return np.asarray(centred / self.linear if self.linear.ndim == 1 else np.linalg.solve(self.linear, centred.T).T)

    @property
    def log_determinant(self) -> float:
        """Log of the absolute determinant."""
        return float(
            np.log(np.abs(self.linear)).sum() if self.linear.ndim == 1 else np.linalg.slogdet(self.linear).logabsdet
        )

    def after(self, first: "Affine") -> "Affine":
        """Return the map that applies ``first`` and then this one."""
        if self.linear.ndim == 1 and first.linear.ndim == 1:
            linear = self.linear * first.linear
        elif self.linear.ndim == 1:
            linear = self.linear[:, None] * first.linear
        else:
            linear = self.linear * first.linear if first.linear.ndim == 1 else self.linear @ first.linear
        return Affine(linear, self(first.shift[None])[0])


def identity(dim: int) -> Affine:
    """Leave draws where they are."""
    return Affine(np.ones(dim), np.zeros(dim))


def match_mean(theta: Floats, weights: Floats) -> Affine:
    """Shift draws of shape (draw, dim) so that their mean is the weighted one; weights sum to one."""
    return Affine(np.ones(theta.shape[1]), weights @ theta - theta.mean(axis=0))


def match_variance(theta: Floats, weights: Floats) -> Affine:
    """Shift and scale draws so that means and variances are the weighted ones."""
    mean, target = theta.mean(axis=0), weights @ theta
    scale = np.sqrt(weights @ (theta - target) ** 2 / theta.var(axis=0))
    return Affine(scale, target - scale * mean)


def match_covariance(theta: Floats, weights: Floats) -> Affine:
    """Move draws so that mean and covariance are the weighted ones, by Cholesky factors.

    Raises
    ------
    ModelError
        If a covariance is not positive definite.
    """
    mean, target = theta.mean(axis=0), weights @ theta
    here, there = theta - mean, theta - target
    try:
        now = np.linalg.cholesky(here.T @ here / len(theta))
        wanted = np.linalg.cholesky((there * weights[:, None]).T @ there)
    except np.linalg.LinAlgError as failure:
        raise ModelError("A covariance of the draws is singular: match means and variances only.") from failure
    linear = np.linalg.solve(now.T, wanted.T).T
    return Affine(linear, target - linear @ mean)
