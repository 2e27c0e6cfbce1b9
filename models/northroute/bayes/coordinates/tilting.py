r"""Let coordinates of the linear part follow the hyperparameters.

Effects of many places or months hold much of what is known of their scales and correlations: given the effects, a scale
hardly moves, and a chain has to drag all of them along. So mean and scale of the straightened coordinates x are made
functions of the hyperparameters s,

.. math:: x = e^{S'u(s)} z + T'u(s),\qquad u_k(s) = r_k\tanh\frac{s_k - m_k}{r_k} ,

a triangular transport (Parno and Marzouk 2018, SIAM/ASA Journal on Uncertainty Quantification 6:645). T is the move of the
conditional mode between one standard deviation below and above, found from the gradient there and the Hessian at the mode; S
is the change of the logarithm of the coordinates' conditional scales, from the diagonal of the Hessian as random signs
estimate it (Bekas, Kokiopoulou and Saad 2007, Applied Numerical Mathematics 57:1214). Far out u is bounded, where neither
was measured. No posterior changes.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from northroute import seeds
from northroute.bayes.coordinates.curvature import gradient
from northroute.bayes.kernel import skyline
from northroute.bayes.kernel.tables import Program

Array = NDArray[np.float64]
REACH: Final = 3.0
"""Standard deviations of a hyperparameter within which the coordinates follow it."""
WORTH: Final = 2.0
"""Least gain, in the precision of a hyperparameter given all coordinates over its own, for which they follow it."""
TRIED: Final = (1.0, 2.0)
"""Standard deviations from the mode at which a tilt is tried."""
NEARER: Final = 0.5
"""Most that may be left of the conditional mode's squared distance there."""
PROBES: Final = 16
_STEP: Final = 1e-4
_SURE: Final = 2.0
_MOST: Final = 1.0
_FLATTEST: Final = 0.2


def tilt(program: Program, mode: Array, lower: Array, sd: Array) -> Program:
    """Return a straightened program whose linear part follows the hyperparameters that it gains by.

    Parameters
    ----------
    program : Program
        Straightened at ``mode``, and not tilted.
    mode : array, shape (dim,)
        In the model's coordinates.
    lower : array, shape (linear, linear)
        Cholesky factor of minus the Hessian at the mode.
    sd : array, shape (hyperparameter,)
        Posterior standard deviations of the coordinates before the linear part.
    """
    moving = np.flatnonzero(sd > 0)
    if program.coordinates.order.size == 0 or moving.size == 0:
        return program
    middle = mode.copy()
    middle[mode.size - program.coordinates.order.size :] = 0.0
    tilts = _moves(program, mode, lower, moving, sd)
    pivot = np.column_stack([mode[moving], REACH * sd[moving]])
    found = _with(program, tilted=moving, pivot=pivot, tilt=tilts, stretch=np.zeros_like(tilts))
    found = _kept(found, _nearer(found, program, middle, sd))
    found = _with(found, stretch=_stretches(found, middle, sd))
    used = found.coordinates
    changed = (np.square(used.tilt) + 2 * np.square(used.stretch)).sum(axis=1)
    return _kept(found, np.square(sd[used.tilted]) * changed > WORTH)


def _with(program: Program, **fields: NDArray[Any]) -> Program:
    """Return a program with some fields of its coordinates replaced."""
    return program._replace(coordinates=program.coordinates._replace(**fields))


def _kept(program: Program, kept: NDArray[np.bool_]) -> Program:
    """Return a program with some of its tilts."""
    tilts = program.coordinates
    return _with(
        program,
        tilted=tilts.tilted[kept],
        pivot=tilts.pivot[kept],
        tilt=tilts.tilt[kept],
        stretch=tilts.stretch[kept],
    )


def _sides(z: Array, at: int, distance: float) -> tuple[Array, Array]:
    """Return z with one coordinate larger, and smaller, by a distance."""
    ahead, behind = z.copy(), z.copy()
    ahead[at] += distance
    behind[at] -= distance
    return ahead, behind


def _moves(program: Program, mode: Array, lower: Array, moving: NDArray[np.int64], sd: Array) -> Array:
    """Return the change of the coordinates' conditional mode over that of each hyperparameter, shape (moving, linear)."""
    first, plain = program.linear, program.unrotated()
    changed = np.empty((moving.size, program.coordinates.order.size))
    for out, at in zip(changed, moving, strict=True):
        ahead, behind = (gradient(plain, theta)[1][first:] for theta in _sides(mode, at, sd[at]))
        out[:] = (ahead - behind) / (2 * sd[at])
    changed = linalg.cho_solve((lower, True), changed.T).T[:, program.coordinates.order]
    factor, begin = program.coordinates.factor, program.coordinates.begin
    return np.asarray([skyline.times_transposed(factor, begin, row) for row in changed])


def _nearer(tilted: Program, program: Program, middle: Array, sd: Array) -> NDArray[np.bool_]:
    """Return which tilts bring the conditional mode much nearer wherever it is tried; a ridge may bend too much for that."""
    first = program.linear
    found = np.ones(tilted.coordinates.tilted.size, dtype=bool)
    for k, at in enumerate(tilted.coordinates.tilted):
        alone = _kept(tilted, np.arange(found.size) == k)
        for z in (z for far in TRIED for z in _sides(middle, at, far * sd[at])):
            before, after = (np.square(gradient(p, z)[1][first:]).sum() for p in (program, alone))
            found[k] &= bool(after < before * NEARER)
    return found


def _stretches(program: Program, middle: Array, sd: Array) -> Array:
    """Return the change of the coordinates' log scales over that of each hyperparameter, as far as it is sure."""
    first = program.linear
    signs = seeds.generator("tilt").choice([-1.0, 1.0], (PROBES, program.coordinates.order.size))

    def diagonals(z: Array) -> Array:
        here, found = gradient(program, z)[1][first:], np.empty(signs.shape)
        for v, out in zip(signs, found, strict=True):
            ahead = z.copy()
            ahead[first:] += _STEP * v
            out[:] = v * (here - gradient(program, ahead)[1][first:]) / _STEP
        return found

    stretches = np.empty(program.coordinates.tilt.shape)
    for out, at in zip(stretches, program.coordinates.tilted, strict=True):
        ahead, behind = (diagonals(z) for z in _sides(middle, at, sd[at]))
        change, noise = (ahead - behind).mean(axis=0), (ahead - behind).std(axis=0) / np.sqrt(PROBES)
        level = np.maximum((ahead + behind).mean(axis=0) / 2, _FLATTEST)
        out[:] = np.where(np.abs(change) > _SURE * noise, -change / level / (4 * sd[at]), 0.0)
    return np.clip(stretches, -_MOST, _MOST)
