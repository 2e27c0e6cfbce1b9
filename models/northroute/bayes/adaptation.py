r"""Coordinates that suit the data at hand: effects standardised by what the data say, and directions straightened.

Effects that the data know well sample best centred, others not (Papaspiliopoulos, Roberts and Skold 2007, Statistical
Science 22:59). The kernel standardises every effect by its conditional posterior given its standard deviation s, with the
data's part taken as a normal likelihood of precision q and natural mean b (:mod:`northroute.bayes.kernel.effects`). Both
come from the posterior of the effect, everything else integrated out, with mean m and variance V at one s:
:math:`q = 1/V - 1/s^2`, :math:`b = m/V`.

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
from northroute.bayes.kernel.program import Kind, Program, Transform
from northroute.bayes.layout import Layout
from northroute.bayes.model import Assembled

Array = NDArray[np.float64]
DENSE_LIMIT: Final = 1500
"""Linear parts up to this size are straightened; beyond, a product with a dense matrix costs more than it saves."""
NEWTON_STEPS: Final = 30
WHITEN: Final = 0.1
"""Correlated effects whose prior holds more than this share of their precision are written free of correlations."""
_STEP: Final = 1e-4


@dataclass(frozen=True)
class Adapted:
    """A centred and straightened program, and a point to start from in the sampler's coordinates."""

    program: Program
    z: Array


def first(assembled: Assembled) -> Adapted:
    """Adapt before anything was sampled, at the values that scalars start from."""
    return _adapt(assembled, assembled.program, start(assembled.layout, assembled.program.dim))


def learnt(assembled: Assembled, theta: Array) -> Adapted:
    """Adapt to draws of coordinates, shape (chain, draw, dim): at the mean of their curved scalars."""
    curved = int(assembled.program.sizes[tables.Z_LINEAR])
    point = np.zeros(theta.shape[-1])
    point[:curved] = theta.reshape(-1, theta.shape[-1])[:, :curved].mean(axis=0)
    return _adapt(assembled, assembled.program, point)


def _adapt(assembled: Assembled, program: Program, theta: Array) -> Adapted:
    for _ in range(2):  # what a group absorbs depends on what is known of it
        program, theta = straighten(program, theta)
        program, theta = centre(assembled, program, theta)
    return Adapted(*straighten(program, theta))


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


def hessian(program: Program, theta: Array, first: int | None = None) -> Array:
    """Return minus the Hessian of the log density, by central differences of the gradient, shape (dim - first, dim - first).

    Coordinates before ``first`` are held where they are; by default all but the linear part.
    """
    first = int(program.sizes[tables.Z_LINEAR]) if first is None else first
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
    factor = curvature_factor(hessian(program, theta))
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
        factor = curvature_factor(hessian(program, theta))
    return theta, factor


def curvature_factor(matrix: Array) -> Array:
    """Cholesky factor; where the log density is not concave, curvature is lifted to a thousandth of its mean."""
    try:
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        values, vectors = linalg.eigh(matrix)
        lifted = np.maximum(np.abs(values), 1e-3 * np.abs(values).mean())
        return np.linalg.cholesky((vectors * lifted) @ vectors.T)


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


def centre(assembled: Assembled, program: Program, z: Array) -> tuple[Program, Array]:
    """Return the program, not straightened, with every effect standardised by what the data say of it.

    Parameters
    ----------
    assembled : Assembled
    program : Program
        Straightened, or beyond :data:`DENSE_LIMIT`.
    z : array, shape (dim,)
        The mode (or a mean) in the sampler's coordinates.

    Returns
    -------
    program : Program
    theta : array, shape (dim,)
        The same point in the model's coordinates, its effects' coordinates at zero.
    """
    theta = batch.coordinates(program, z[None])[0]
    plain = program._replace(shift=np.zeros(0), rotation=np.zeros((0, 0)))
    variance = posterior_variance(program, theta)
    values = batch.values_of(plain, theta[None])[0][0]
    first = int(program.sizes[tables.Z_LINEAR])
    data = program.data.copy()
    moved = theta.copy()
    for block in assembled.layout.blocks:
        at, size = int(block.record[tables.B_CENTRING]), block.centred
        correlated = block.record[tables.B_KIND] == Kind.EFFECTS and block.record[tables.B_CORRELATION] >= 0
        if correlated and size and data[at] < 0:
            continue
        raw = int(block.record[tables.B_THETA]) + int(block.record[tables.B_RAW]) - size
        s = block.deviations(values)
        q, b, v = data[at : at + size], data[at + size : at + 2 * size], theta[raw : raw + size]
        kappa = s / np.sqrt(1 + q * np.square(s))
        own = np.square(kappa) * b + kappa * v
        given = np.zeros(size)
        if block.record[tables.B_KIND] == Kind.BYM2:  # v is what is left of the effect beside its structured part
            effect = values[slice(*block.span)]
            given = (effect - own) / (1 - q * np.square(kappa))
            own = effect - given
        of_effect = variance[raw - first : raw - first + size] * np.square(kappa)
        found = np.maximum(1 / of_effect - 1 / np.square(s), 0.0)
        if correlated and np.mean(1 / (1 + found * np.square(s))) > WHITEN:
            data[at : at + size] = -1.0  # marks the block; its coordinates are standard normal in the prior
            moved[raw : raw + size] = 0.0
            continue
        data[at : at + size] = found
        data[at + size : at + 2 * size] = own / of_effect + found * given
        moved[raw : raw + size] = 0.0
    return plain._replace(data=data), moved
