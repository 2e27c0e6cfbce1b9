r"""Coordinates that suit the data at hand: how far effects are centred, and which directions are straightened.

An effect with standard deviation s is sampled as :math:`v = s^{c-1} u`. Sampling is fastest when v is nearly independent
of s in the posterior: centred (c = 1) where the data outweigh the prior, else not (Papaspiliopoulos, Roberts and Skold 2007,
Statistical Science 22:59). With the data's information I on the effect, everything else integrated out,
:math:`c = I s^2 / (1 + I s^2)`, the share of the data in its posterior precision; I comes from the straightened posterior.

Given the standard deviations, the posterior of intercepts, slopes and effects is nearly normal, and its log density concave.
:func:`straighten` finds its mode by Newton's method and the Hessian there, and samples ``theta = mode + C z`` with
``C C' = H^{-1}``: intercepts against effects, covariates against trends, correlated months no longer cost steps.

Both are data of the program: nothing is compiled again, and no posterior changes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from northroute.bayes.kernel import batch, density
from northroute.bayes.kernel import program as tables
from northroute.bayes.kernel.program import Program, Transform
from northroute.bayes.layout import Layout
from northroute.bayes.model import Assembled

Array = NDArray[np.float64]
DENSE_LIMIT: Final = 1500
"""Linear parts up to this size are straightened; beyond, a product with a dense matrix costs more than it saves."""
NEWTON_STEPS: Final = 30
LOW_QUANTILE: Final = 0.05
"""The scale that decides centring: where its posterior reaches down to zero, centred effects end in a funnel."""
_STEP: Final = 1e-4


@dataclass(frozen=True)
class Adapted:
    """A centred and straightened program, and a point to start from in the sampler's coordinates."""

    program: Program
    z: Array


def first(assembled: Assembled) -> Adapted:
    """Adapt before anything was sampled: standard deviations are taken at half of where they start."""
    program, theta = assembled.program, start(assembled.layout, assembled.program.dim)
    for _ in range(2):  # what a group absorbs depends on how far it is centred
        straight, _ = straighten(program, theta)
        values = batch.values_of(program, theta[None])[0][0]
        program = centre(assembled, straight, theta, values, values / 2)
    return Adapted(*straighten(program, theta))


def learnt(assembled: Assembled, program: Program, theta: Array) -> Adapted:
    """Adapt to draws theta, shape (chain, draw, dim), of ``program``: their means, and low quantiles of the scales."""
    flat = theta.reshape(-1, theta.shape[-1])
    drawn, _ = batch.values_of(program, flat)
    curved = int(program.sizes[tables.Z_LINEAR])
    point = np.zeros(program.dim)
    point[:curved] = flat[:, :curved].mean(axis=0)
    if program.dim - curved > DENSE_LIMIT:
        point = flat.mean(axis=0)
    straight, _ = straighten(program, point)
    values = batch.values_of(program, point[None])[0][0]
    scales = np.quantile(drawn[:, : len(assembled.layout.scalars)], LOW_QUANTILE, axis=0)
    centred = centre(assembled, straight, point, values, np.concatenate([scales, values[scales.size :]]))
    return Adapted(*straighten(centred, point))


def start(layout: Layout, dim: int) -> Array:
    """Return a starting point in the model's coordinates: scalars where they say, effects at zero."""
    theta = np.zeros(dim)
    for scalar, at in zip(layout.scalars, layout.position, strict=True):
        x = scalar.start
        match scalar.transform:
            case Transform.EXP:
                x = np.log(max(x, 1e-8))
            case Transform.INTERVAL:
                lower, width = (
                    (scalar.numbers[1], scalar.numbers[2])
                    if scalar.prior and scalar.prior.support == "interval"
                    else (0, 1)
                )
                p = np.clip((x - lower) / width, 1e-6, 1 - 1e-6)
                x = np.log(p / (1 - p))
            case Transform.TANH:
                x = np.arctanh(np.clip(x, -0.999, 0.999))
        theta[at] = x
    return theta


def gradient(program: Program, z: Array) -> tuple[float, Array]:
    """Return log density and gradient at one point."""
    out = np.empty_like(z)
    return float(density.log_density(program, z, out)), out


def hessian(program: Program, theta: Array) -> Array:
    """Return minus the Hessian of the log density in the linear part, by central differences of the gradient."""
    first = int(program.sizes[tables.Z_LINEAR])
    n = program.dim - first
    found = np.empty((n, n))
    for j in range(n):
        ahead, behind = theta.copy(), theta.copy()
        ahead[first + j] += _STEP
        behind[first + j] -= _STEP
        found[j] = (gradient(program, behind)[1] - gradient(program, ahead)[1])[first:] / (2 * _STEP)
    return (found + found.T) / 2


def straighten(program: Program, theta: Array) -> tuple[Program, Array]:
    """Rotate the linear part so that its conditional posterior is nearly standard normal.

    Parameters
    ----------
    program : Program
    theta : array, shape (dim,)
        In the model's coordinates; its scalars with a curved transform are what the mode is conditional on.

    Returns
    -------
    program : Program
    z : array, shape (dim,)
        The mode, in the sampler's coordinates. Programs beyond :data:`DENSE_LIMIT` are returned as they are.
    """
    plain = program._replace(shift=np.zeros(0), rotation=np.zeros((0, 0)))
    first = int(program.sizes[tables.Z_LINEAR])
    n = program.dim - first
    if n == 0 or n > DENSE_LIMIT:
        return plain, theta
    theta, factor = _mode(plain, theta, first)
    rotation = linalg.solve_triangular(factor, np.eye(n), lower=True).T
    z = theta.copy()
    z[first:] = 0.0
    return plain._replace(shift=theta[first:].copy(), rotation=np.ascontiguousarray(rotation)), z


def _mode(program: Program, theta: Array, first: int) -> tuple[Array, Array]:
    """Newton's method with halved steps; return the mode and the Cholesky factor of minus the Hessian there."""
    value, slope = gradient(program, theta)
    factor = _factor(hessian(program, theta))
    for _ in range(NEWTON_STEPS):
        step = linalg.cho_solve((factor, True), slope[first:])
        gain = float(slope[first:] @ step)
        if gain < 1e-6 * max(1.0, len(step)):
            break
        for halving in range(20):
            ahead = theta.copy()
            ahead[first:] += step / 2**halving
            new, new_slope = gradient(program, ahead)
            if np.isfinite(new) and new > value:
                break
        else:
            break
        theta, value, slope = ahead, new, new_slope
        factor = _factor(hessian(program, theta))
    return theta, factor


def _factor(matrix: Array) -> Array:
    """Cholesky factor; where the log density is not concave, curvature is lifted to a thousandth of its mean."""
    try:
        return np.asarray(linalg.cholesky(matrix, lower=True))
    except linalg.LinAlgError:
        values, vectors = linalg.eigh(matrix)
        lifted = np.maximum(np.abs(values), 1e-3 * np.abs(values).mean())
        return np.asarray(linalg.cholesky((vectors * lifted) @ vectors.T, lower=True))


def posterior_variance(program: Program, theta: Array) -> Array:
    """Return the conditional posterior variance of every coordinate of the linear part.

    From the rotation of a straightened program; else one over the curvature in each coordinate, all others held, which takes
    less from the data than they say where coordinates are correlated.
    """
    if program.rotation.size:
        return np.asarray(np.square(program.rotation).sum(axis=1))
    first = int(program.sizes[tables.Z_LINEAR])
    found = np.empty(program.dim - first)
    for j in range(found.size):
        ahead, behind = theta.copy(), theta.copy()
        ahead[first + j] += _STEP
        behind[first + j] -= _STEP
        slope = gradient(program, behind)[1][first + j] - gradient(program, ahead)[1][first + j]
        found[j] = 2 * _STEP / max(slope, 1e-12)
    return found


def centre(assembled: Assembled, program: Program, theta: Array, values: Array, scales: Array) -> Program:
    """Return the program, not straightened, with every effect centred as the data say.

    Parameters
    ----------
    assembled : Assembled
    program : Program
        Straightened at ``values``, or beyond :data:`DENSE_LIMIT`.
    theta : array, shape (dim,)
        The coordinates of ``values``.
    values : array, shape (value,)
    scales : array, shape (value,)
        What to take for the scalars that are standard deviations.
    """
    plain = program._replace(shift=np.zeros(0), rotation=np.zeros((0, 0)))
    variance = posterior_variance(program, theta)
    first = int(program.sizes[tables.Z_LINEAR])
    data = program.data.copy()
    for block in assembled.layout.blocks:
        at, size = int(block.record[tables.B_CENTRING]), block.centred
        raw = int(block.record[tables.B_THETA]) + int(block.record[tables.B_RAW]) - size - first
        now = block.deviations(values)
        c = data[at : at + size]
        of_effect = variance[raw : raw + size] * now ** (2 * (1 - c))
        information = np.maximum(1 / of_effect - 1 / np.square(now), 0.0)
        ratio = information * np.square(block.deviations(values, scales))
        data[at : at + size] = ratio / (1 + ratio)
    return plain._replace(data=data)
