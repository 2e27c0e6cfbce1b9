"""Whether P scatters over seeds as its Monte Carlo standard error says: the same data, the same model, other seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from northroute import seeds as streams
from northroute.claims import Register
from northroute.claims.inquiry import Tables
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.progress import Progress, quiet
from northroute.workflow import reference_fits
from northroute.workflow.reference_fits import Found, reference

FAMILY_ERROR: Final = 0.05
"""Probability that any question of a table is flagged although every error is right."""
ENOUGH: Final = 5.0
"""P has to be this many standard errors from zero and one to scatter like a normal; nearer, only a scatter that is too wide
is told."""
AS_STATED, WIDER, NARROWER, NEAR_BOUND = "as stated", "wider", "narrower", "near 0 or 1, not wider"


def scatter(
    count: int,
    tables: Tables,
    register: Register,
    seed: int = DEFAULT_SEED,
    folder: Path | None = None,
    progress: Progress = quiet,
    *,
    only: Sequence[str] = (),
) -> pd.DataFrame:
    """Refit reference models with other seeds and compare the scatter of P with its standard error.

    The ratio is the variance of P over seeds to the mean square of the standard errors stated. If those are right it is a
    chi-square over its degrees of freedom; the bounds hold all questions of the table with 95 %.

    Parameters
    ----------
    count : int
        Seeds.
    tables : mapping of str to Table
    register : Register
    seed : int
        Of the seeds' own stream.
    folder : Path, optional
        Where finished fits are kept.
    progress : callable
    only : sequence of str
        Functions or ids of questions; all by default.

    Returns
    -------
    pandas.DataFrame
        Columns ``source, question, function, seeds, failed, mean_probability, sd, mcse, ratio, low, high, verdict,
        probabilities``; ``mcse`` is the root mean square of the stated ones, ``failed`` fits did not pass the gate and do
        not count.

    Raises
    ------
    ModelError
        For fewer than three seeds.
    RegisterError
        For an unknown name.
    """
    if count < 3:
        raise ModelError(f"{count} seeds have no scatter to speak of; take three at least, better 24.")
    asked = [reference(name, tables, register) for name in reference_fits.chosen(tuple(only), register)]
    found: dict[str, list[Found]] = {own.name: [] for own in asked}
    steps = [(i, own) for i in range(count) for own in asked]
    for done, (i, own) in enumerate(steps):
        progress(f"{own.id}: seed {i + 1} of {count}", done / len(steps))
        stream = streams.integer(f"seed {i + 1}", seed)
        found[own.name].append(own.found(stream, f"{own.id}_seed_{stream}", folder))
    rows = [_row(name, all_of_it, register, len(found)) for name, all_of_it in found.items()]
    return pd.DataFrame(rows).sort_values("question", ignore_index=True)


def compare(probabilities: Sequence[float], errors: Sequence[float], questions: int = 1) -> dict[str, Any]:
    """Compare the scatter of P over seeds with the standard errors that were stated with it.

    Parameters
    ----------
    probabilities, errors : sequence of float
        One a seed.
    questions : int
        How many are compared in one table; the bounds widen with it.

    Returns
    -------
    dict
        ``mean_probability, sd, mcse, ratio, low, high, verdict``.

    Raises
    ------
    ModelError
        For fewer than three seeds.
    """
    if len(probabilities) < 3 or len(probabilities) != len(errors):
        raise ModelError(
            f"{len(probabilities)} values of P and {len(errors)} errors cannot be compared; give three each."
        )
    freedom = len(probabilities) - 1
    mean, variance = float(np.mean(probabilities)), float(np.var(probabilities, ddof=1))
    square = float(np.mean(np.square(errors)))
    tail = FAMILY_ERROR / questions / 2
    low, high = (float(v) / freedom for v in stats.chi2(freedom).ppf([tail, 1 - tail]))
    ratio = variance / square
    near = min(mean, 1 - mean) < ENOUGH * np.sqrt(square)
    if ratio > high:
        verdict = WIDER
    elif near:
        verdict = NEAR_BOUND
    else:
        verdict = NARROWER if ratio < low else AS_STATED
    return {
        "mean_probability": mean,
        "sd": float(np.sqrt(variance)),
        "mcse": float(np.sqrt(square)),
        "ratio": ratio,
        "low": low,
        "high": high,
        "verdict": verdict,
    }


def _row(name: str, found: Sequence[Found], register: Register, questions: int) -> dict[str, Any]:
    passed = [f for f in found if f.passed]
    head = {
        "source": "real",
        "question": register.asked(name)[1].id,
        "function": name,
        "seeds": len(found),
        "failed": len(found) - len(passed),
    }
    tail = {"probabilities": " ".join(f"{f.probability:.5f}" for f in passed)}
    if len(passed) < 3:
        return head | {"verdict": "too few fits passed"} | tail
    return head | compare([f.probability for f in passed], [f.mcse for f in passed], questions) | tail
