r"""Coordinates that suit the data at hand: how far effects are centred, and which directions are straightened.

An effect with standard deviation s is sampled as :math:`v = s^{c-1} u`. Sampling is fastest when v is nearly independent
of s in the posterior: centred (c = 1) where the data outweigh the prior, else not (Papaspiliopoulos, Roberts and Skold 2007,
Statistical Science 22:59). With Fisher information I on the effect, :math:`c = I s^2 / (1 + I s^2)`, the share of the data
in its posterior precision.

Given the standard deviations, the posterior of intercepts, slopes and effects is nearly normal, and its log density concave.
:func:`straighten` finds its mode by Newton's method and the Hessian there, and samples ``theta = mode + C z`` with
``C C' = H^{-1}``: intercepts against effects, covariates against trends, correlated months no longer cost steps.

Both are data of the program: nothing is compiled again, and no posterior changes.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from northroute.bayes.builder import Block, Layout
from northroute.bayes.distributions import Normal
from northroute.bayes.kernel import batch, density
from northroute.bayes.kernel import program as tables
from northroute.bayes.kernel.effects import log_spectrum
from northroute.bayes.kernel.program import Filter, Kind, Program, Transform
from northroute.bayes.model import Assembled

Array = NDArray[np.float64]
DENSE_LIMIT: Final = 1500
"""Linear parts up to this size are straightened; beyond, a product with a dense matrix costs more than it saves."""
NEWTON_STEPS: Final = 30
LOW_QUANTILE: Final = 0.05
"""The standard deviation that decides centring: where its posterior reaches down to zero, centred effects end in a funnel."""
_STEP: Final = 1e-4


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
                    (scalar.numbers[1], scalar.numbers[2]) if scalar.prior and scalar.prior.support == "interval" else (0, 1)
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


def row_information(assembled: Assembled, values: Array) -> tuple[Array, Array]:
    """Return rough Fisher information of each row on both linear predictors, shape (row,) each, at one set of values."""
    eta = batch.predictors(assembled.program, values[None])[0]
    first, second = np.zeros(assembled.rows), np.full(assembled.rows, 0.2)
    for record, segment in zip(assembled.program.segments, assembled.segments, strict=True):
        auxiliary = values[record[tables.S_AUXILIARY]] if record[tables.S_AUXILIARY] >= 0 else 0.0
        mean = np.exp(np.clip(eta[0, segment.rows], -30, 30))
        match segment.distribution.code:
            case tables.Family.NEGATIVE_BINOMIAL:
                first[segment.rows] = mean / (1 + auxiliary**2 * mean)
            case tables.Family.GENERALISED_POISSON:
                first[segment.rows] = mean * (1 - auxiliary)
            case tables.Family.NORMAL | tables.Family.MULTIVARIATE_NORMAL:
                known = assembled.frame[segment.distribution.known].to_numpy(float)[segment.rows] if (
                    isinstance(segment.distribution, Normal) and segment.distribution.known
                ) else 0.0
                first[segment.rows] = 1 / (auxiliary**2 + np.square(known) + 1e-12)
            case tables.Family.MULTINOMIAL | tables.Family.DIRICHLET_MULTINOMIAL:
                first[segment.rows] = assembled.frame[assembled.model.outcome].to_numpy(float)[segment.rows]
            case _:
                first[segment.rows] = mean
    return first, second


def coefficient_information(assembled: Assembled, values: Array) -> Array:
    """Return rough Fisher information of the data on every value, shape (value,)."""
    by_predictor = row_information(assembled, values)
    found = np.zeros(int(assembled.program.sizes[tables.Z_VALUES]))
    for predictor, start_row, stop, ids, weight, other in assembled.layout.uses:
        information = by_predictor[predictor][start_row:stop]
        factor = np.ones(len(ids)) if weight is None else np.square(weight)
        if other is not None:
            factor = factor * np.square(values[other])
        np.add.at(found, ids, information * factor)
    return found


def centre(assembled: Assembled, program: Program, values: Array, scales: Array) -> Program:
    """Return the program with every effect centred as the data say.

    Parameters
    ----------
    assembled : Assembled
    program : Program
    values : array, shape (value,)
        One set of values, where the information is taken.
    scales : array, shape (value,)
        What to take for the scalars that are standard deviations.
    """
    information = coefficient_information(assembled, values)
    data = program.data.copy()
    for block in assembled.layout.blocks:
        c = _centredness(block, information, values, scales)
        at = int(block.record[tables.B_CENTRING])
        data[at : at + c.size] = c
    return program._replace(data=data)


def _centredness(block: Block, information: Array, values: Array, scales: Array) -> Array:
    record = block.record
    k, batches = int(record[tables.B_DIMS]), int(record[tables.B_BATCHES])
    at = int(record[tables.B_VALUE])
    if record[tables.B_KIND] == Kind.BYM2:
        n = int(record[tables.B_LEVELS])
        sigma, rho = scales[block.sd[0, 0]], values[block.sd[0, 1]]
        return _share(information[at : at + n], sigma * np.sqrt(1 - rho))
    found = []
    for b in range(batches):
        groups = int(block.pointer[b + 1] - block.pointer[b])
        levels = int(record[tables.B_LEVELS]) if block.basis is not None else groups
        own = information[at : at + levels * k].reshape(levels, k)
        at += levels * k
        sd = np.broadcast_to(scales[block.sd[b]], (groups, k))
        if block.basis is not None:
            own = np.square(block.basis).T @ own
            if record[tables.B_SPECTRUM]:
                sd = sd * _roots(block, values, b)[:, None]
        elif record[tables.B_FILTER] == Filter.AR1 or record[tables.B_ZERO_ROWS]:
            own = np.broadcast_to(np.median(own, axis=0), own.shape)  # coordinates are mixtures of the groups
        if record[tables.B_ZERO_DIMS]:
            own = np.broadcast_to(own.mean(axis=1, keepdims=True), own.shape)
        c = _share(own, sd)
        found.append(c[: groups - int(record[tables.B_ZERO_ROWS]), : k - int(record[tables.B_ZERO_DIMS])].ravel())
    return np.concatenate(found)


def _roots(block: Block, values: Array, batch_number: int) -> Array:
    record = block.record
    length = values[block.length[batch_number]] if block.length is not None else 1.0
    assert block.frequency is not None
    kind, space = int(record[tables.B_SPECTRUM]), int(record[tables.B_SPACE])
    return np.asarray([np.exp(log_spectrum(kind, space, length, f)[0]) for f in block.frequency])


def _share(information: Array, scale: Array) -> Array:
    ratio = information * np.square(scale)
    return np.asarray(ratio / (1 + ratio))
