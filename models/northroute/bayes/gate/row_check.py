"""How many rows a fit predicts only because it has seen them: Pareto k of leaving each row out, and what the gate asks.

One row with a large k says that importance sampling cannot leave it out, which moment matching may mend
(:func:`northroute.bayes.checks.match_rows`); the posterior may be sound. A share of rows says that the model bends to single
rows, or does not expect them. Fits of the ladder with default priors to simulated regions and to article counts have up to
1.8 % of such rows, two rows an effect 3.9 %, the published model of epileptics' seizures 5.5 %, a Poisson dynamic model of
overdispersed article counts 23 %.
"""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.bayes.checks.arrays import RowBlocks
from northroute.bayes.checks.loo import Loo, loo
from northroute.bayes.gate.gate import Check, not_computed
from northroute.bayes.kernel import tables
from northroute.bayes.kernel.tables import Filter, Kind
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.layout import Block
from northroute.bayes.program.window import log_likelihood_rows
from northroute.bayes.statement import distributions as dist
from northroute.errors import ModelError

NAME: Final = "share of rows with large Pareto k"
MAX_SHARE: Final = 0.1
MIN_ROWS: Final = 100
"""Of fewer, ten bad rows would already fail a fit."""
DRAWS: Final = 1000
"""Draws that are used, evenly spaced: nearly independent, and enough for a k."""
FLEXIBLE: Final = 0.2
"""Coordinates a row from which on a model is called flexible, as in the glossary of Vehtari's R package loo."""

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def check_rows(assembled: Assembled, values: Array) -> Check:
    """Return the gate's check of rows: the share whose Pareto k is above what so many draws can be trusted with.

    Rows are those of counts: measures with known errors and compositions often have a latent value to two or three rows. The
    check is not computed where the sampler left out values, where rows or draws are too few, and where every row has an
    effect of its own: left out, that effect follows its prior, so that k is large by design (9 % of rows where the model is
    true) and says nothing of the posterior.

    Parameters
    ----------
    assembled : Assembled
    values : array, shape (chain, draw, value)
    """
    flat = values.reshape(-1, values.shape[-1])
    kept = np.ascontiguousarray(flat[:: -(-len(flat) // DRAWS)])
    if np.isnan(kept[0]).any():
        return not_computed(NAME, "the sampler does not report all effects. Fit with nutpie.")
    counted = [
        np.arange(s.rows.start, s.rows.stop) for s in assembled.segments if isinstance(s.distribution, dist.Counts)
    ]
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *counted])
    if rows.size < MIN_ROWS:
        return not_computed(NAME, f"{rows.size} rows of counts are too few for a share.")
    if any(_independent(block) >= rows.size for block in assembled.layout.blocks):
        return not_computed(NAME, "every row has an effect of its own. Leave groups out: northroute ladder --deep.")
    program = assembled.program
    parts = RowBlocks(lambda at: log_likelihood_rows(program, kept, rows[at]), len(kept), rows.size)
    try:
        return judge(loo(parts), assembled, rows)
    except ModelError as reason:
        return not_computed(NAME, str(reason))


def row_name(assembled: Assembled, row: int) -> str:
    """Name a row by response, unit and month, as far as the model has these, else by its position."""
    own = assembled.frame.iloc[row]
    known = [str(own[c]) for c in (assembled.model.response, "unit") if c and c in own]
    month = [f"{own['month']:%Y-%m}"] if isinstance(own.get("month"), pd.Timestamp) else []
    return " ".join([*known, *month]) or f"row {row}"


def judge(found: Loo, assembled: Assembled, rows: Ints) -> Check:
    """Judge ``rows`` left out; the likely cause follows from the effective parameters and the model's coordinates."""
    share = found.failed.size / rows.size
    worst = int(np.argmax(found.k))
    seen = f"{found.failed.size} rows are above {found.limit:.2f}, the worst has {found.k[worst]:.2f}. "
    dim = assembled.program.dim
    if found.effective_parameters <= dim and dim > FLEXIBLE * rows.size:
        advice = "Rows are fitted by effects of their own: drop the finest term, or tighten the prior of its scale."
    else:
        advice = "The model does not expect them: look at that count, or take a distribution with heavier tails."
    return Check(NAME, share, MAX_SHARE, share <= MAX_SHARE, row_name(assembled, int(rows[worst])), seen + advice)


def _independent(block: Block) -> int:
    """Return how many of a block's levels differ by a part that no other level informs."""
    if block.record[tables.B_KIND] == Kind.BYM2:
        return int(block.record[tables.B_LEVELS])
    return int(block.pointer[-1] * block.record[tables.B_DIMS]) if block.record[tables.B_FILTER] == Filter.NONE else 0
