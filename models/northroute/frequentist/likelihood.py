"""From a maximum to an Estimate: dummies for effects, start values, and terms other than the dummies."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy import linalg

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist import irls
from northroute.frequentist.absorb import absorber
from northroute.frequentist.collinearity import collinear
from northroute.frequentist.design import INTERCEPT, Design
from northroute.frequentist.estimate import Estimate, scaled_gradient
from northroute.frequentist.maximise import Block, Density, Maximum, indices, maximise, of_rows
from northroute.frequentist.scaling import far_off, inverted, scaled
from northroute.frequentist.separation import without_separated

MeanOf = Callable[[Array], Array]
Again = Callable[[Design], Estimate]
DISPERSION = "log_dispersion"
_MOST_DUMMIES = 1_500
_NEAR_POISSON = 1e-3
"""Excess variance over a Poisson's, relative, below which the dispersion is not identified."""


def mean_block(built: Design) -> Block:
    """Return the mean's index with an intercept and dummies for effects, redundant dummies left out.

    Raises
    ------
    ModelError
        If there are too many dummies, or a term is collinear with the others or the effects.
    """
    if not built.effects:
        check_rank(built.x, built.terms, built.name)
        return Block("", built.x, built.terms, built.offset)
    if sum(e.levels for e in built.effects) > _MOST_DUMMIES:
        raise ModelError(
            f"{built.name}: {sum(e.levels for e in built.effects)} levels of effects as dummies are too many for this "
            "likelihood (its estimates would be biased, too). Use Poisson with absorbed effects, or conditional Poisson."
        )
    columns, names = [np.ones((built.y.size, 1))], [INTERCEPT]
    for effect in built.effects:
        columns.append(np.eye(effect.levels)[effect.codes][:, 1:])
        names += [f"{effect.name}[{level}]" for level in range(1, effect.levels)]
    dummies = np.hstack(columns)
    spare = collinear(dummies, dummies, np.ones(built.y.size))
    dummies, names = dummies[:, ~spare], [n for n, s in zip(names, spare, strict=True) if not s]
    x = np.hstack([dummies, built.x])
    check_rank(x, (*names, *built.terms), built.name)
    # covariates first, so that their positions are those of the design
    return Block("", np.hstack([built.x, dummies]), (*built.terms, *names), built.offset)


def check_rank(x: Array, terms: Sequence[str], name: str) -> None:
    """Raise a ModelError that names collinear terms, if there are any."""
    check_level(x, terms, name)
    out = collinear(x, x, np.ones(len(x)))
    if out.any():
        lost = [t for t, o in zip(terms, out, strict=True) if o]
        raise ModelError(f"{name}: {lost} is collinear with the other terms or absorbed by the effects. Leave it out.")


def check_level(x: Array, terms: Sequence[str], name: str) -> None:
    """Raise a ModelError that names columns whose mean is far beyond their spread."""
    far = far_off(x)
    if far.any():
        found = [t for t, f in zip(terms, far, strict=True) if f]
        raise ModelError(
            f"{name}: the mean of {found} is more than 100,000 times its spread, so that standard errors would be rounding. "
            "Write center() around it: its coefficient stays."
        )


def poisson_start(y: Array, block: Block) -> tuple[Array, Array]:
    """Poisson coefficients of a block and its fitted means, to start from."""
    found = irls.solve(y, block.x, block.offset, absorber(()), tol=1e-8)
    if not found.converged:
        return np.zeros(block.x.shape[1]), np.full(y.size, y.mean())
    return found.coef, found.mean


def dispersion_start(y: Array, mean: Array) -> float:
    """Log of the moment estimate of NB2's dispersion at Poisson means, kept between 0.01 and 10."""
    estimate = np.sum((y - mean) ** 2 - mean) / np.sum(mean**2)
    return float(np.log(np.clip(estimate, 0.01, 10.0)))


def dispersion_block(rows: int) -> Block:
    """Return the index of the log dispersion: one constant."""
    return Block("", np.ones((rows, 1)), (DISPERSION,), np.zeros(rows))


def of_maximum(
    built: Design,
    found: Maximum,
    own: Array,
    x: Array,
    terms: Sequence[str],
    mean: Array,
    *,
    family: str,
    model: str,
    again: Again,
) -> Estimate:
    """Return the estimate of all terms but the effects' dummies, before it is checked.

    Scores and the mean's covariates are cleared of the dummies with the information as weight: the sandwich of the cleared
    scores is the block of the whole sandwich that belongs to the other terms.

    Parameters
    ----------
    built : Design
    found : Maximum
        With a score for each row, in any units of the terms.
    own : array, shape (term, term)
        Coefficients in the terms' own units are ``own`` times those found.
    x : array, shape (row, mean term)
        Change of the log mean with the mean's coefficients: the design's terms, then dummies.
    terms : sequence of str
        All of them; the mean's come first.
    mean : array, shape (row,)
    family, model : str
    again : callable
        Fits the same model to another design whose separated rows are out.
    """
    to_own = np.linalg.inv(own)
    bread = own @ inverted(found.information) @ own.T
    information, scores, coef = to_own.T @ found.information @ to_own, found.scores @ to_own, own @ found.coef
    width = built.x.shape[1]
    kept, out = np.r_[0:width, x.shape[1] : len(terms)], np.arange(width, x.shape[1])
    clearing = np.linalg.solve(information[np.ix_(out, out)], information[np.ix_(out, kept)])
    inner = bread[np.ix_(kept, kept)]
    names = tuple(terms[i] for i in kept)
    return Estimate(
        model=model,
        family=family,
        design=built,
        terms=names,
        coef=coef[kept],
        scores=scores[:, kept] - scores[:, out] @ clearing,
        bread=(inner + inner.T) / 2,
        mean=mean,
        loglik=found.value,
        likelihood=True,
        iterations=found.iterations,
        gradient=scaled_gradient(scores, bread),
        extra={"dispersion": float(np.exp(coef[kept][names.index(DISPERSION)]))} if DISPERSION in names else {},
        x_within=x[:, :width] - x[:, out] @ clearing[:, :width],
        again=lambda other: again(without_separated(other, "drop")),
    )


def fit(
    built: Design,
    blocks: Sequence[Block],
    density: Density,
    start: Array,
    *,
    family: str,
    model: str,
    mean: MeanOf,
    again: Again,
) -> Estimate:
    """Maximise and return the estimate of all terms but the effects' dummies.

    Parameters
    ----------
    built : Design
    blocks : sequence of Block
        The mean's first.
    density : callable
    start : array, shape (term,)
        Coefficients of all blocks, in order.
    family, model : str
    mean : callable
        Expected count from the indices, shape (row, block).
    again : callable
        Fits the same model to another design whose separated rows are out.

    Raises
    ------
    ModelError
        If the maximum does not pass :meth:`Estimate.checked`.
    """
    parts = [scaled(b.x) for b in blocks]
    inner = [replace(b, x=x) for b, (x, _) in zip(blocks, parts, strict=True)]
    own = linalg.block_diag(*(a for _, a in parts))
    found = maximise(of_rows(built.y, inner, density), np.linalg.solve(own, start))
    names = [n for b in blocks for n in b.names]
    expected = mean(indices(inner, found.coef))
    made = of_maximum(built, found, own, blocks[0].x, names, expected, family=family, model=model, again=again)
    dispersion = made.extra.get("dispersion")
    if dispersion is not None and dispersion * expected.mean() < _NEAR_POISSON:
        raise ModelError(
            f"{built.name}: the dispersion went to zero ({dispersion:.2g}); the counts do not vary more than a Poisson's. "
            "Fit Poisson."
        )
    return replace(made, blocks=tuple(blocks)).checked()
