"""Trials of the estimands on SIMULATED data of the real data's size: how often each decides the right way.

A world is drawn from the reference model with the claim true, false or exactly at its threshold; the reference model is
fitted to it, behind the same gate as on the page, and the register's thresholds on P decide. Equivalent specifications and
requirements do not enter: they can only turn a decision into none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy import stats

from northroute import seeds
from northroute.claims import Register
from northroute.claims.inquiry import SIDES, Side, Tables
from northroute.conventions import CONTRADICTED_AT, DEFAULT_SEED, SIMULATED_MARK, SUPPORTED_AT
from northroute.errors import ModelError
from northroute.progress import Progress, quiet
from northroute.workflow import reference_fits
from northroute.workflow.reference_fits import Found, Reference, reference

Decision = Literal["supported", "contradicted", "undecided", "failed"]
NOMINAL: Final = 0.05
"""Rate of false decisions on either side at the threshold, at most, where one quantity decides."""
CLEARLY: Final = 0.01
"""A rate lies above the nominal one if binomial counts as large have at most this probability."""
SELDOM: Final = 0.8
"""An estimand that finds the truth less often than this cannot see it reliably in data of this size."""
_RIGHT: Final[dict[Side, Decision]] = {"true": "supported", "false": "contradicted"}
_WRONG: Final[dict[Side, Decision]] = {"true": "contradicted", "false": "supported"}


@dataclass(frozen=True)
class Trial:
    """One estimand on simulated worlds of one side.

    Attributes
    ----------
    function, question : str
    side : {"true", "threshold", "false"}
        The claim in these worlds.
    found : tuple of Found
        One a world.
    """

    function: str
    question: str
    side: Side
    found: tuple[Found, ...]

    @property
    def probabilities(self) -> tuple[float, ...]:
        """P in each world whose fit passed its diagnostics."""
        return tuple(f.probability for f in self.found if f.passed)

    @property
    def decisive(self) -> int:
        """Inequalities that the claim needs together."""
        return max((f.decisive for f in self.found), default=0)

    def count(self, decision: Decision) -> int:
        """Worlds with a decision."""
        return sum(decide(f) == decision for f in self.found)

    def rate(self, decision: Decision) -> float:
        """Share of the worlds whose fit passed; NaN if none did."""
        return self.count(decision) / len(self.probabilities) if self.probabilities else float("nan")

    @property
    def right(self) -> float:
        """Share of right decisions; NaN at the threshold, where none is right."""
        return self.rate(_RIGHT[self.side]) if self.side in _RIGHT else float("nan")

    @property
    def wrong(self) -> float:
        """Share of false decisions: the other word of a true or false claim, either word at the threshold."""
        if self.side in _WRONG:
            return self.rate(_WRONG[self.side])
        return self.rate("supported") + self.rate("contradicted")

    @property
    def remark(self) -> str:
        """What a reader has to know of these rates; empty where they are as they should be."""
        if not self.probabilities:
            return "no fit passed"
        number = len(self.probabilities)
        if self.side == "threshold":
            above: list[Decision] = [d for d in ("supported", "contradicted") if _above(self.count(d), number)]
            if self.decisive > 1:
                above = [d for d in above if d == "supported"]
            return f"{' and '.join(above)} too often" if above else ""
        parts = [f"{_WRONG[self.side]} too often"] if _above(self.count(_WRONG[self.side]), number) else []
        if self.right < SELDOM:
            parts.append("seldom found")
        return "; ".join(parts)

    def row(self) -> dict[str, Any]:
        """Return the trial as a row of the table."""
        return {
            "source": SIMULATED_MARK,
            "function": self.function,
            "question": self.question,
            "side": self.side,
            "decisive": self.decisive,
            "replications": len(self.found),
            "supported": self.count("supported"),
            "contradicted": self.count("contradicted"),
            "undecided": self.count("undecided"),
            "failed": self.count("failed"),
            "mean_probability": float(np.mean(self.probabilities)) if self.probabilities else float("nan"),
            "right": self.right,
            "wrong": self.wrong,
            "remark": self.remark,
            "probabilities": " ".join(f"{p:.4f}" for p in self.probabilities),
        }


def decide(found: Found) -> Decision:
    """Return the decision by the register's thresholds on P alone."""
    if not found.passed:
        return "failed"
    if found.probability >= SUPPORTED_AT:
        return "supported"
    return "contradicted" if found.probability <= CONTRADICTED_AT else "undecided"


def trial(
    own: Reference,
    side: Side,
    replications: int,
    seed: int = DEFAULT_SEED,
    folder: Path | None = None,
    progress: Progress = quiet,
    *,
    first: int = 0,
) -> Trial:
    """Try an estimand on worlds of one side.

    Parameters
    ----------
    own : Reference
        On the real tables: simulated worlds have their sizes, exposures and totals.
    side : {"true", "threshold", "false"}
    replications : int
        Worlds.
    seed : int
        Worlds and fits have streams of their own, by function, side and number.
    folder : Path, optional
        Where finished worlds are kept, so that the same call goes on from there.
    progress : callable
    first : int
        Number of the first world.

    Raises
    ------
    ModelError
        For no replications.
    """
    if replications < 1:
        raise ModelError(f"A trial of {replications} worlds says nothing; take one at least.")
    found = []
    for i in range(first, first + replications):
        progress(f"{own.id} {side}: world {i + 1} ({SIMULATED_MARK})", (i - first) / replications)
        stream = f"trial of {own.name}, {side}, {i}"
        world = own.world(side, seeds.generator(stream, seed))
        found.append(world.found(seeds.integer(stream, seed), f"{own.id}_{side}_{i:03d}", folder))
    return Trial(own.name, own.id, side, tuple(found))


def trials(
    replications: int,
    tables: Tables,
    register: Register,
    seed: int = DEFAULT_SEED,
    folder: Path | None = None,
    progress: Progress = quiet,
    *,
    only: Sequence[str] = (),
    block: int = 8,
) -> tuple[Trial, ...]:
    """Try estimands on worlds of every side, a few worlds of each at a time.

    Parameters
    ----------
    replications : int
        Worlds a side.
    tables : mapping of str to Table
    register : Register
    seed, folder, progress
        As :func:`trial` takes them.
    only : sequence of str
        Functions or ids of questions; all by default.
    block : int
        Worlds before the next estimand has its turn: an interrupted run has tried all alike.

    Raises
    ------
    ModelError
        For no replications.
    RegisterError
        For an unknown name.
    """
    asked = [reference(name, tables, register) for name in reference_fits.chosen(tuple(only), register)]
    found: dict[tuple[str, Side], Trial] = {}
    steps = [(a, own, s) for a in range(0, max(replications, 1), block) for own in asked for s in SIDES]
    for done, (first, own, side) in enumerate(steps):

        def tell(message: str, share: float, before: int = done) -> None:
            progress(message, (before + share) / len(steps))

        more = trial(own, side, min(block, replications - first), seed, folder, tell, first=first)
        before = found.get((own.name, side))
        found[own.name, side] = replace(more, found=(*(before.found if before else ()), *more.found))
    return tuple(found.values())


def table(found: Sequence[Trial]) -> pd.DataFrame:
    """Return one row a trial, by question and side: decisions, their rates, and every P; each row is marked."""
    return pd.DataFrame([t.row() for t in sorted(found, key=lambda t: (t.question, SIDES.index(t.side)))])


def _above(count: int, number: int) -> bool:
    """Return whether a count lies clearly above the nominal rate."""
    return bool(stats.binom(number, NOMINAL).sf(count - 1) <= CLEARLY)
