"""How far one row alone moves what a model says of all rows.

A single row can decide a fit that passes every other check: one gross count in a Poisson model without dispersion, or at one
time of an autoregression, whose standard deviation then is that count's. The mean of a scalar (an intercept, a slope, a
standard deviation) without the row differs from that with it, to first order, by minus the posterior covariance of scalar
and row's log likelihood (Giordano and Broderick 2023, arXiv:2305.06466). A row that tells most of its own predictor hides
from that; for those that surprise most, given all others, the covariance is taken with the log ratio whose predictor is
integrated away (:mod:`northroute.bayes.gate.own_rows`). A distribution's own dispersion is not asked: it is there to take
heavy rows, and one of them is what tells it. In true models a row moves a scalar by a fraction of its posterior standard
deviation; the rates are in ``analysis/docs/gate.md``.
"""

from typing import Final

import numpy as np

from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import RowBlocks
from northroute.bayes.gate.gate import Check, not_computed
from northroute.bayes.gate.own_rows import MOST_SHARE, Known, Lines, lines
from northroute.bayes.gate.row_check import DRAWS, OWN_SHARE, counted, row_name, scalar_name
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.window import log_likelihood_rows, window
from northroute.bayes.samplers.draws import Draws

NAME: Final = "largest shift by one row"
MAX_SHIFT: Final = 1.5
"""In posterior standard deviations of the scalar."""
SURPRISING: Final = 3
"""Rows that are left out with their predictor integrated away: the most surprising."""
FEW: Final = 250
"""Draws of the integrals, evenly spaced, that suffice where the shift is far from the limit."""
SURE: Final = 4
"""Standard errors that lie between a shift that is far from the limit and that limit."""


def check_single_rows(assembled: Assembled, draws: Draws) -> Check:
    """Return the gate's check of single rows of counts: the largest shift of a scalar that one of them makes."""
    flat = draws.values.reshape(-1, draws.values.shape[-1])
    kept = np.ascontiguousarray(flat[:: -(-len(flat) // DRAWS)])
    if np.isnan(kept[0]).any():
        return not_computed(NAME, "the sampler does not report all effects. Fit with nutpie.")
    rows, asked = counted(assembled), _asked(assembled)
    if not rows.size or not kept[:, asked].std(axis=0).any():
        return not_computed(NAME, "there is no row of counts, or no scalar.")
    program, found, told = assembled.program, list[tuple[float, int, int]](), list[tuple[float, int]]()
    for part, likelihood in RowBlocks(lambda at: log_likelihood_rows(program, kept, rows[at]), len(kept), rows.size):
        shift, scalar, at = _largest(kept[:, asked], likelihood)
        found.append((shift, scalar, int(rows[part[at]])))
        told += surprising(program, kept, rows[part], likelihood)
    worst = [row for _, row in sorted(told, reverse=True)[:SURPRISING]]
    own = lines(assembled, draws, DRAWS) if worst else None
    if own is not None:
        known = [own.known(row) for row in worst]
        for row, its, step in zip(worst, known, own.directions(worst, known), strict=True):
            found.append((*integrated_shift(own, asked, row, its, step), row))
    shift, scalar, row = max(found)
    where = f"{scalar_name(assembled, int(asked[scalar]))} by {row_name(assembled, row)}"
    advice = "This row alone decides the result: mend it, or take a distribution with dispersion, which expects it."
    return Check(NAME, shift, MAX_SHIFT, shift <= MAX_SHIFT, where, advice)


def _asked(assembled: Assembled) -> Ints:
    """Return the scalars that are no dispersion of a distribution."""
    return np.setdiff1d(np.arange(len(assembled.layout.scalars)), assembled.program.segments["auxiliary"])


def surprising(program: Program, values: Array, rows: Ints, log_likelihood: Array) -> list[tuple[float, int]]:
    r"""Return the rows of a block that tell much of their own predictor and surprise most, given all others, and how much.

    With slope g and share w of a row's log likelihood, shape (draw, row), in its predictor, over the draws and in posterior
    standard deviations, its distance from what the others predict is :math:`g/\sqrt{1-w}` standard deviations.
    """
    first, last = int(rows[0]), int(rows[-1])
    eta = batch.predictors(window(program, first, last + 1), values)[:, 0, rows - first]
    sd = eta.std(axis=0)
    x = (eta - eta.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    columns = np.stack([np.ones_like(x), x, np.square(x)])
    products = np.einsum("idr,jdr->rij", columns, columns) + 1e-9 * np.eye(3)
    slopes = np.linalg.solve(products, np.einsum("idr,dr->ri", columns, log_likelihood)[:, :, None])[:, :, 0]
    share = -2 * slopes[:, 2]
    distance = np.abs(slopes[:, 1]) / np.sqrt(1 - np.clip(share, 0, MOST_SHARE))
    able = np.flatnonzero((share >= OWN_SHARE) & (sd > 0))
    return [(float(distance[i]), int(rows[i])) for i in able[np.argsort(-distance[able])[:SURPRISING]]]


def integrated_shift(own: Lines, asked: Ints, row: int, known: Known, step: Array) -> tuple[float, int]:
    """Return the largest shift of the scalars ``asked`` by a row whose predictor is integrated away, and which it is.

    ``step`` is the row's direction. All draws are taken only if :data:`FEW` of them leave open whether the row passes.
    """
    taken = np.arange(len(own.theta)) % max(1, len(own.theta) // FEW) == 0
    ratios = np.empty(len(taken))
    ratios[taken] = own.some(taken).log_ratios(row, known, step)
    if not taken.all() and not surely_small(own.values[taken][:, asked], ratios[taken]):
        ratios[~taken] = own.some(~taken).log_ratios(row, known, step)
        taken[:] = True
    return _largest(own.values[taken][:, asked], ratios[taken, None])[:2]


def surely_small(scalars: Array, log_ratios: Array) -> bool:
    """Whether the shifts of all scalars, shape (draw, scalar), are below the limit, their Monte Carlo errors considered."""
    products = _standardised(scalars) * (log_ratios - log_ratios.mean())[:, None]
    error = products.std(axis=0) / np.sqrt(len(products))
    return bool((np.abs(products.mean(axis=0)) + SURE * error < MAX_SHIFT).all())


def _largest(scalars: Array, log_ratios: Array) -> tuple[float, int, int]:
    """Return the largest shift over scalars, shape (draw, scalar), and rows, shape (draw, row), and which these are."""
    z = _standardised(scalars)
    shift = np.abs(z.T @ (log_ratios - log_ratios.mean(axis=0))) / len(z)
    scalar, row = np.unravel_index(int(shift.argmax()), shift.shape)
    return float(shift[scalar, row]), int(scalar), int(row)


def _standardised(scalars: Array) -> Array:
    sd = scalars.std(axis=0)
    return np.asarray((scalars - scalars.mean(axis=0)) / np.where(sd > 0, sd, 1.0))
