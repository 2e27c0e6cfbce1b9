r"""Coordinates that suit the data at hand: effects standardised by what the data say, and directions straightened.

Effects that the data know well sample best centred, others not (Papaspiliopoulos, Roberts and Skold 2007, Statistical
Science 22:59). The kernel standardises every effect by its conditional posterior given its standard deviation s, with the
data's part taken as a normal likelihood of precision q and natural mean b (:mod:`northroute.bayes.kernel.effects`). Both
come from the posterior of the effect, everything else integrated out, with mean m and variance V at one s:
:math:`q = 1/V - 1/s^2`, :math:`b = m/V`.

Given the standard deviations, the posterior of intercepts, slopes and effects is nearly normal, and its log density concave.
The mode (:func:`find_mode`) and the Hessian H there give coordinates (:func:`straighten`) ``theta = mode + C z`` with
``C C' = H^{-1}``: intercepts against effects, covariates against trends, correlated months no longer cost steps.

All are data of the program: nothing is compiled again, and no posterior changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import linalg

from northroute.arrays import Array
from northroute.bayes.coordinates.curvature import definite, gradient, hessian
from northroute.bayes.coordinates.envelope import factorise
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.effects import parents_of
from northroute.bayes.kernel.scalars import cholesky_of
from northroute.bayes.kernel.tables import Coordinates, Kind, Program
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.layout import Block, Layout
from northroute.bayes.statement.codes import Rows, Transform

NEWTON_STEPS: Final = 30
STALE: Final = 1e-3
"""Squared distance a coordinate, in posterior standard deviations, over which a Hessian is taken as the same."""
_VANISHED: Final = 1e-12
"""A standard deviation below which a mode has no effects left: its square says nothing any more."""


@dataclass(frozen=True)
class Adapted:
    """A straightened program, and a point to start from in the sampler's coordinates."""

    program: Program
    z: Array


def first(assembled: Assembled) -> Adapted:
    """Adapt before anything was sampled, at the values that scalars start from."""
    program, theta = assembled.program, start(assembled.layout, assembled.program.dim)
    for _ in range(2):  # what a group absorbs depends on what is known of it
        program, theta = centre(assembled.layout, program, find_mode(program, theta))
    return straighten(program, find_mode(program, theta))


def learnt(assembled: Assembled, before: Adapted, theta: Array) -> Adapted:
    """Adapt to draws of coordinates, shape (chain, draw, dim), of a program adapted ``before``: at their scalars' means."""
    plain, point = before.program.unrotated(), theta.mean(axis=(0, 1))
    program, point = centre(assembled.layout, plain, find_mode(plain, point))
    return straighten(program, find_mode(program, point))


def start(layout: Layout, dim: int) -> Array:
    """Return a starting point in the model's coordinates: scalars where they say, effects at zero."""
    theta = np.zeros(dim)
    for scalar, at in zip(layout.scalars, layout.position, strict=True):
        x = scalar.start
        match scalar.transform:
            case Transform.EXP:
                x = np.log(max(x, 1e-8))
            case Transform.INTERVAL:
                lower, width = scalar.interval
                p = np.clip((x - lower) / width, 1e-6, 1 - 1e-6)
                x = np.log(p / (1 - p))
            case Transform.TANH:
                x = np.arctanh(np.clip(x, -0.999, 0.999))
        theta[at] = x
    return theta


@dataclass(frozen=True)
class Mode:
    """Coordinates with the linear part at its conditional mode, minus the Hessian there, and its lower Cholesky factor."""

    theta: Array
    curvature: Array
    lower: Array


def find_mode(program: Program, theta: Array) -> Mode:
    """Find the mode of the linear part of a program that is not straightened, by Newton's method with halved steps.

    A Hessian is kept while steps with it pay: it costs as much as hundreds of gradients.

    Parameters
    ----------
    program : Program
    theta : array, shape (dim,)
        In the model's coordinates; its scalars with a curved transform are what the mode is conditional on.
    """
    first = program.linear
    if program.dim == first:
        return Mode(theta, np.zeros((0, 0)), np.zeros((0, 0)))
    value, slope = gradient(program, theta)
    curvature, lower = definite(hessian(program, theta))
    moved, last = 0.0, np.inf
    for _ in range(NEWTON_STEPS):
        step = linalg.cho_solve((lower, True), slope[first:])
        gain = float(slope[first:] @ step)
        if gain < 1e-6 * max(1.0, len(step)):
            break
        if gain > last / 4:
            curvature, lower = definite(hessian(program, theta))
            moved, last = 0.0, np.inf
            continue
        for halving in range(20):
            ahead = theta.copy()
            ahead[first:] += step / 2**halving
            new, new_slope = gradient(program, ahead)
            if np.isfinite(new) and new > value:
                break
        else:
            break
        theta, value, slope, moved, last = ahead, new, new_slope, moved + gain, gain
    if moved >= STALE * len(theta):
        curvature, lower = definite(hessian(program, theta))
    return Mode(theta, curvature, lower)


def straighten(program: Program, mode: Mode) -> Adapted:
    """Give the linear part coordinates in which its posterior is nearly standard normal around the mode."""
    first = program.linear
    if program.dim == first:
        return Adapted(program, mode.theta)
    factor = factorise(mode.curvature)
    z = mode.theta.copy()
    z[first:] = 0.0
    shift = mode.theta[first:].copy()
    straight = Coordinates(shift=shift, order=factor.order, begin=factor.begin, factor=factor.rows)
    return Adapted(program._replace(coordinates=straight), z)


def centre(layout: Layout, program: Program, mode: Mode) -> tuple[Program, Array]:
    """Return the program with every effect standardised by what the data say of it.

    Returns
    -------
    program : Program
    theta : array, shape (dim,)
        The mode in its coordinates, those of effects at zero.
    """
    values = batch.values_of(program, mode.theta[None])[0][0]
    first = program.linear
    data, moved = program.data.copy(), mode.theta.copy()
    spans = [_span(block) for block in layout.blocks]
    covariances = informed(mode.curvature, [slice(s.start - first, s.stop - first) for s in spans])
    for block, own, covariance in zip(layout.blocks, spans, covariances, strict=True):
        standardise = _jointly if block.correlated else _singly
        data[block.stored] = standardise(block, program, values, mode.theta[own], covariance)
        moved[own] = 0.0
    return program._replace(data=data), moved


def informed(curvature: Array, blocks: Sequence[slice]) -> list[Array]:
    """Return every block's posterior covariance, given smaller blocks and scalars, with larger blocks integrated out.

    What the data say of a country's effect, say, has to go through those of its regions, which adapt; what they say of a
    region's is about its sum with its country's effect and slopes, which are coordinates of their own.
    """
    order = sorted(range(len(blocks)), key=lambda i: blocks[i].start - blocks[i].stop)
    every = np.arange(len(curvature))
    taken = [every[blocks[i]] for i in order]
    permutation = np.concatenate([*taken, np.setdiff1d(every, np.concatenate([np.zeros(0, dtype=int), *taken]))])
    lower = linalg.cholesky(curvature[np.ix_(permutation, permutation)], lower=True)
    found, at = dict[int, Array](), 0
    for i, own in zip(order, taken, strict=True):
        root = linalg.solve_triangular(lower[at : at + own.size, at : at + own.size], np.eye(own.size), lower=True)
        found[i] = root.T @ root
        at += own.size
    return [found[i] for i in range(len(blocks))]


def _span(block: Block) -> slice:
    """Where the standardised coordinates of a block are."""
    stop = int(block.record.theta) + int(block.record.raw)
    return slice(stop - block.centred, stop)


def _singly(block: Block, program: Program, values: Array, v: Array, covariance: Array) -> Array:
    """Return precisions and natural means of effects that are standardised one by one, shape (2 * coordinate,).

    Of effects that have all but vanished the data say nothing.
    """
    told = block.deviations(values)
    s, (q, b) = np.maximum(told, _VANISHED), program.data[block.stored].reshape(2, -1)
    kappa2 = np.square(s) / (1 + q * np.square(s))
    given = _given(block, program, values, kappa2, v)
    effect = kappa2 * (b - q * given) + np.sqrt(kappa2) * v
    found = np.maximum(1 / (np.diag(covariance) * kappa2) - 1 / np.square(s), 0.0)
    natural = effect * (found + 1 / np.square(s)) + found * given
    return np.where(np.tile(told > _VANISHED, 2), np.concatenate([found, natural]), 0.0)


def _given(block: Block, program: Program, values: Array, kappa2: Array, v: Array) -> Array:
    """Return what each effect is known only together with: of places their structured part, else what it absorbs."""
    if block.record.kind == Kind.BYM2:  # values hold m + kappa^2 (b - q m) + kappa v
        q, b = program.data[block.stored].reshape(2, -1)
        return np.asarray((values[slice(*block.span)] - kappa2 * b - np.sqrt(kappa2) * v) / (1 - q * kappa2))
    return _absorbed(block, program, values).ravel()


def _absorbed(block: Block, program: Program, values: Array) -> Array:
    """Return what every group's raw effects absorb, shape (group, dim)."""
    k, zero = int(block.record.dims), int(block.record.zero_dims)
    whole = parents_of(block.record, program.index, values).reshape(-1, k)[:, : k - zero]
    if block.record.rows == Rows.ZERO_SUM:
        whole = np.delete(whole, block.pointer[1:] - 1, axis=0)
    return np.asarray(whole)


def _jointly(block: Block, program: Program, values: Array, v: Array, covariance: Array) -> Array:
    """Return precisions (group, dim, dim) and natural means (group, dim) of correlated effects, flattened."""
    k = int(block.record.dims)
    groups = block.centred // k
    numbers = program.data[block.stored]
    q, b = numbers[: groups * k * k].reshape(-1, k, k), numbers[groups * k * k :].reshape(-1, k)
    scaled = _scaled(block, program, values)
    if (np.abs(np.diagonal(scaled, axis1=1, axis2=2)) <= _VANISHED).any():
        return np.zeros_like(numbers)
    given = _absorbed(block, program, values)
    root = np.linalg.cholesky(np.eye(k) + scaled.transpose(0, 2, 1) @ q @ scaled)
    unroot = np.linalg.inv(root).transpose(0, 2, 1)
    natural = np.einsum("gji,gj->gi", scaled, b - np.einsum("gij,gj->gi", q, given))
    w = np.einsum("gij,gj->gi", unroot, np.einsum("gji,gj->gi", unroot, natural) + v.reshape(-1, k))
    at = np.arange(groups)
    own = covariance.reshape(groups, k, groups, k)[at, :, at, :]
    precision = np.linalg.inv(unroot @ own @ unroot.transpose(0, 2, 1))
    sizes, vectors = np.linalg.eigh(precision)
    found = (vectors * np.maximum(sizes - 1, 0)[:, None]) @ vectors.transpose(0, 2, 1)
    unscaled = np.linalg.inv(scaled)
    precisions = unscaled.transpose(0, 2, 1) @ found @ unscaled
    whole = w + np.einsum("gij,gj->gi", found, w)
    means = np.einsum("gji,gj->gi", unscaled, whole) + np.einsum("gij,gj->gi", precisions, given)
    return np.concatenate([precisions.ravel(), means.ravel()])


def _scaled(block: Block, program: Program, values: Array) -> Array:
    """Return standard deviations times the Cholesky factor of the correlations, by group, shape (group, dim, dim)."""
    k = int(block.record.dims)
    factor = np.zeros((k, k))
    cholesky_of(values, program.index, int(block.record.correlation), k, factor)
    sizes = np.diff(block.pointer) - int(block.record.rows == Rows.ZERO_SUM)
    return np.asarray(np.repeat(values[block.sd][:, :, None] * factor, sizes, axis=0))
