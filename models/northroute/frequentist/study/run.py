"""The study itself: replicates in chunks that are kept on disk, so that it resumes where it stopped."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import pandas as pd

from northroute import keeping
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.errors import ModelError
from northroute.frequentist.covariance.randomisation import block_orders
from northroute.frequentist.study.methods import METHODS, RANDOMISATIONS, Orders, outcomes
from northroute.frequentist.study.world import MONTHS, SCENARIOS, Ground, Scenario, ground, replicate
from northroute.progress import Progress, quiet
from northroute.provenance import value_hash, versions

LEVEL: Final = 0.05
EFFECTS: Final = (0.0, 0.05, 0.1)
_CHUNK: Final = 100
_BLOCK: Final = 12


@dataclass(frozen=True)
class Study:
    """Rejection rates by scenario, effect and method.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``source, scenario, dependence, effect, rate_ratio, method, replicates, no_answer, rejected, mcse,
        coverage, length``: share of replicates in which the zero effect is rejected at 5 %, its Monte Carlo standard
        error, share of 95 % intervals that cover the effect, their median length.
    seed : int
    """

    table: pd.DataFrame
    seed: int


def run(
    size: int = 1000,
    power: int = 400,
    *,
    folder: Path,
    draws: int = 999,
    seed: int = DEFAULT_SEED,
    scenarios: tuple[Scenario, ...] = SCENARIOS,
    progress: Progress = quiet,
) -> Study:
    """Run, or resume, the study.

    Parameters
    ----------
    size, power : int
        Replicates with a zero effect, and with each other effect.
    folder : Path
        Where chunks of 100 replicates are kept; chunks of other settings or versions are not read.
    draws : int
        Reorderings of randomisation inference.
    seed : int
    scenarios : tuple of Scenario
    progress : callable

    Raises
    ------
    ModelError
        For no replicates.
    """
    if size < 1 or power < 0 or draws < 19:
        raise ModelError(
            f"A study of {size} and {power} replicates with {draws} reorderings; take at least 1, 0 and 19."
        )
    laid = ground(seed)
    countries = int(laid.country.max()) + 1
    orders = (
        block_orders(MONTHS, _BLOCK, len(laid.country), draws, seed),
        block_orders(MONTHS, _BLOCK, countries, draws, seed),
    )
    cells = [(s, e, size if e == 0 else power) for s in scenarios for e in EFFECTS]
    whole, done, frames = sum(n for _, _, n in cells), 0, []
    for scenario, effect, count in cells:
        for first in range(0, count, _CHUNK):
            numbers = range(first, min(first + _CHUNK, count))
            progress(f"{scenario.name}, effect {effect:g}", done / whole)
            frames.append(_chunk(laid, scenario, effect, numbers, orders, folder, seed))
            done += len(numbers)
    return Study(summarise(pd.concat(frames, ignore_index=True), scenarios), seed)


def summarise(outcome: pd.DataFrame, scenarios: tuple[Scenario, ...] = SCENARIOS) -> pd.DataFrame:
    """Rejection rates and coverage from one row a replicate and method."""
    rows = []
    words = {s.name: s.words for s in scenarios}
    for key, group in outcome.groupby(["scenario", "effect", "method"], sort=False):
        scenario, effect, method = cast(tuple[str, float, str], key)
        answered = group[group["p"].notna()]
        rejected = float((answered["p"] <= LEVEL).mean())
        covered = (answered["low"] <= effect) & (answered["high"] >= effect)
        interval = bool(answered["low"].notna().all())
        rows.append(
            {
                "source": SIMULATED_MARK,
                "scenario": scenario,
                "dependence": words[scenario],
                "effect": effect,
                "rate_ratio": np.exp(effect),
                "method": method,
                "replicates": len(group),
                "no_answer": len(group) - len(answered),
                "rejected": rejected,
                "mcse": np.sqrt(rejected * (1 - rejected) / len(answered)),
                "coverage": float(covered.mean()) if interval else np.nan,
                "length": float((answered["high"] - answered["low"]).median()) if interval else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _chunk(
    laid: Ground,
    scenario: Scenario,
    effect: float,
    numbers: range,
    orders: tuple[Orders, Orders],
    folder: Path,
    seed: int,
) -> pd.DataFrame:
    settings = {
        "scenario": scenario.__dict__,
        "effect": effect,
        "numbers": [numbers.start, numbers.stop],
        "draws": len(orders[0]),
        "seed": seed,
        "methods": [*METHODS, *RANDOMISATIONS],
        "ground": laid.design.data_hash,
        "versions": versions(("northroute", "numpy", "scipy", "pyfixest")),
    }
    key = value_hash(settings)
    path = folder / f"{scenario.name}_{effect:g}_{numbers.start:05d}_{key[:12]}.parquet"
    known = keeping.read(path, key, lambda content: pd.read_parquet(io.BytesIO(content)))
    if known is not None:
        return known
    rows = [
        {"scenario": scenario.name, "effect": effect, "replicate": number, **one.__dict__}
        for number in numbers
        for one in outcomes(replicate(laid, scenario, effect, number, seed), orders)
    ]
    frame = pd.DataFrame(rows)
    with keeping.writing(path, key) as partial:
        frame.to_parquet(partial)
    return frame
