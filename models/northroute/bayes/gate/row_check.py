"""How many rows the model does not expect, given all others: Pareto k of leaving each row out, and what the gate asks.

One row with a large k says that importance sampling cannot leave it out, which moment matching may mend
(:func:`northroute.bayes.checks.match_rows`); the posterior may be sound. A share of rows says that the model does not expect
its data. Rows of models with an effect a row have large k by design, however true the model; they are left out with their
own predictor integrated away (:mod:`northroute.bayes.gate.own_rows`), so that what remains is what the model does not
expect. How often true models are refused and bad ones pass is in ``analysis/docs/gate.md``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import RowBlocks
from northroute.bayes.checks.psis import pareto_limit, smooth
from northroute.bayes.gate.gate import Check, not_computed
from northroute.bayes.gate.own_rows import lines
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.names import of_scalars
from northroute.bayes.program.window import log_likelihood_rows
from northroute.bayes.samplers.draws import Draws
from northroute.bayes.statement import distributions as dist
from northroute.errors import ModelError

NAME: Final = "share of rows with large Pareto k"
MAX_SHARE: Final = 0.1
MIN_ROWS: Final = 100
"""Of fewer, ten bad rows would already fail a fit."""
DRAWS: Final = 1000
"""Draws that are used, evenly spaced: nearly independent, and enough for a k."""
HARDLY: Final = 0.2
"""Standard deviation of a log likelihood over draws below which k is not asked for: even of exponential tails it is 0.2."""
LINE_DRAWS: Final = 500
"""Draws of the integrals: each costs a few evaluations of the density, a row."""
OWN_SHARE: Final = 0.2
"""Of what is known of a row's predictor, the part that the row itself tells; from here on the predictor is integrated."""
MOST: Final = 30
"""Rows with a large k that are looked at, evenly spaced; their share stands for all."""


@dataclass(frozen=True)
class LeftOut:
    """Rows left out.

    Attributes
    ----------
    rows : int array
        Those whose k is above ``limit``, or some of them, evenly spaced.
    share : float
        Part of all rows that they stand for.
    k : array, shape (row,)
    limit : float
    """

    rows: Ints
    share: float
    k: Array
    limit: float


def check_rows(assembled: Assembled, draws: Draws) -> Check:
    """Return the gate's check of rows: the share whose Pareto k is above what so many draws can be trusted with.

    Rows are those of counts: measures with known errors and compositions often have a latent value to two or three rows. If
    too many are above the limit, those that tell :data:`OWN_SHARE` or more of what is known of their own predictor are left
    out again with that predictor integrated away. The check is not computed where the sampler left out values, and where
    rows or draws are too few.
    """
    values = draws.values
    flat = values.reshape(-1, values.shape[-1])
    kept = np.ascontiguousarray(flat[:: -(-len(flat) // DRAWS)])
    if np.isnan(kept[0]).any():
        return not_computed(NAME, "the sampler does not report all effects. Fit with nutpie.")
    rows = counted(assembled)
    if rows.size < MIN_ROWS:
        return not_computed(NAME, f"{rows.size} rows of counts are too few for a share.")
    program = assembled.program
    parts = RowBlocks(lambda at: log_likelihood_rows(program, kept, rows[at]), len(kept), rows.size)
    try:
        k = pareto(parts)
    except ModelError as reason:
        return not_computed(NAME, str(reason))
    limit = pareto_limit(len(kept))
    failed = np.flatnonzero(~(k <= limit))
    left = LeftOut(rows[failed], failed.size / rows.size, k[failed], limit)
    if left.share > MAX_SHARE:
        mended = integrated(assembled, draws, left)
        if mended is None:
            return not_computed(NAME, "rows cannot be left out without the draws' coordinates. Fit with nutpie.")
        left = mended
    return judge(left, assembled)


def pareto(log_likelihood: RowBlocks) -> Array:
    """Return Pareto k of leaving each row out; minus infinity where the log likelihood hardly varies over draws.

    Raises
    ------
    ModelError
        With fewer than 100 draws, or log likelihoods that are not finite.
    """
    k = np.full(log_likelihood.rows, -np.inf)
    for at, values in log_likelihood:
        varied = values.std(axis=0) > HARDLY
        k[at[varied]] = smooth(-values[:, varied]).k
    return k


def counted(assembled: Assembled) -> Ints:
    """Return positions of the rows of counts."""
    own = [np.arange(s.rows.start, s.rows.stop) for s in assembled.segments if isinstance(s.distribution, dist.Counts)]
    return np.concatenate([np.zeros(0, dtype=np.int64), *own])


def integrated(assembled: Assembled, draws: Draws, left: LeftOut) -> LeftOut | None:
    """Leave rows out with their own predictors integrated away, where they tell much of them; None without coordinates."""
    own = lines(assembled, draws, LINE_DRAWS)
    if own is None:
        return left if assembled.program.dim == assembled.program.linear else None
    limit = pareto_limit(len(own.theta))
    looked = np.linspace(0, left.rows.size - 1, min(MOST, left.rows.size)).astype(int)
    k, told = left.k[looked], [own.known(row) for row in left.rows[looked].tolist()]
    asked = [i for i, known in enumerate(told) if known.share >= OWN_SHARE]
    rows, mine = left.rows[looked][asked].tolist(), [told[i] for i in asked]
    for i, row, known, step in zip(asked, rows, mine, own.directions(rows, mine), strict=True):
        k[i] = smooth(own.log_ratios(row, known, step)[:, None]).k[0]
    still = np.ones(looked.size, bool)
    still[asked] = ~(k[asked] <= limit)
    return LeftOut(left.rows[looked][still], left.share * float(still.mean()), k[still], limit)


def row_name(assembled: Assembled, row: int) -> str:
    """Name a row by response, unit and month, as far as the model has these, else by its position."""
    own = assembled.frame.iloc[row]
    known = [str(own[c]) for c in (assembled.model.response, "unit") if c and c in own]
    month = [f"{own['month']:%Y-%m}"] if isinstance(own.get("month"), pd.Timestamp) else []
    return " ".join([*known, *month]) or f"row {row}"


def scalar_name(assembled: Assembled, scalar: int) -> str:
    """Name a scalar by its parameter and its labels, as the posterior does."""
    return of_scalars(assembled.layout)[scalar] or f"scalar {scalar}"


def judge(left: LeftOut, assembled: Assembled) -> Check:
    """Judge rows left out, and name the worst."""
    if not left.rows.size:
        return Check(NAME, left.share, MAX_SHARE, True)
    worst = int(np.argmax(left.k))
    advice = (
        f"Of the rows left out with k above {left.limit:.2f} the worst has {left.k[worst]:.2f}. Given all other rows the "
        "model does not expect these counts: look at them, or take a distribution with more dispersion or heavier tails."
    )
    return Check(
        NAME, left.share, MAX_SHARE, left.share <= MAX_SHARE, row_name(assembled, int(left.rows[worst])), advice
    )
