"""Trials of the estimands on SIMULATED data of the real data's size: how often each decides the right way.

A world is drawn from the reference model with the claim true, false or exactly at its threshold; the reference model is
fitted to it, behind the same gate as on the page, and the register's thresholds on P decide. Equivalent specifications and
requirements do not enter: they can only turn a decision into none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy import stats

from northroute import seeds
from northroute.claims import Register, catalogue
from northroute.claims.inquiries import indices
from northroute.claims.inquiry import SIDES, Side, Stated, Tables
from northroute.conventions import CONTRADICTED_AT, DEFAULT_SEED, SIMULATED_MARK, SUPPORTED_AT
from northroute.errors import ModelError, RegisterError
from northroute.progress import Progress, quiet
from northroute.provenance import frame_hash
from northroute.workflow import reference_fits
from northroute.workflow.reference_fits import Found

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
    name: str,
    side: Side,
    replications: int,
    tables: Tables,
    register: Register,
    seed: int = DEFAULT_SEED,
    folder: Path | None = None,
    progress: Progress = quiet,
    *,
    first: int = 0,
    stated: Stated | None = None,
) -> Trial:
    """Try an estimand on worlds of one side.

    Parameters
    ----------
    name : str
        Its function.
    side : {"true", "threshold", "false"}
    replications : int
        Worlds.
    tables : mapping of str to Table
        The real ones: simulated worlds have their sizes, exposures and totals.
    register : Register
    seed : int
        Worlds and fits have streams of their own, by function, side and number.
    folder : Path, optional
        Where finished worlds are kept, so that the same call goes on from there.
    progress : callable
    first : int
        Number of the first world.
    stated : Stated, optional
        The reference specification, where it was stated before.

    Raises
    ------
    ModelError
        For no replications.
    RegisterError
        If no estimand of this name is put to the tables.
    """
    if replications < 1:
        raise ModelError(f"A trial of {replications} worlds says nothing; take one at least.")
    if name not in reference_fits.names():
        raise RegisterError(f"No estimand '{name}'; there are {', '.join(reference_fits.names())}.")
    question = register.asked(name)[1]
    if name in catalogue.INQUIRIES:
        own = stated or reference_fits.stated(name, tables, register)
        make = partial(_fitted, name, side, own, register, seed, folder)
    else:
        make = partial(_direct, name, side, tables, register, seed, folder)
    found = []
    for i in range(first, first + replications):
        progress(f"{question.id} {side}: world {i + 1} ({SIMULATED_MARK})", (i - first) / replications)
        found.append(make(i))
    return Trial(name, question.id, side, tuple(found))


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
    tables, register, seed, folder, progress
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
    names = reference_fits.chosen(tuple(only), register)
    stated = {n: reference_fits.stated(n, tables, register) for n in names if n in catalogue.INQUIRIES}
    found: dict[tuple[str, Side], Trial] = {}
    steps = [(a, n, s) for a in range(0, max(replications, 1), block) for n in names for s in SIDES]
    for done, (first, name, side) in enumerate(steps):

        def tell(message: str, share: float, before: int = done) -> None:
            progress(message, (before + share) / len(steps))

        number = min(block, replications - first)
        more = trial(name, side, number, tables, register, seed, folder, tell, first=first, stated=stated.get(name))
        before = found.get((name, side))
        found[name, side] = Trial(name, more.question, side, (*(before.found if before else ()), *more.found))
    return tuple(found.values())


def table(found: Sequence[Trial]) -> pd.DataFrame:
    """Return one row a trial, by question and side: decisions, their rates, and every P; each row is marked."""
    return pd.DataFrame([t.row() for t in sorted(found, key=lambda t: (t.question, SIDES.index(t.side)))])


def _fitted(
    name: str, side: Side, own: Stated, register: Register, seed: int, folder: Path | None, number: int
) -> Found:
    claim, question = register.asked(name)
    inquiry, stream = catalogue.INQUIRIES[name], f"trial of {name}, {side}, {number}"
    frame = inquiry.world(own.job, claim, side, seeds.generator(stream, seed))
    chain_seed = seeds.integer(stream, seed)
    key = reference_fits.key(own, frame, question, claim, chain_seed, simulated=True)
    return reference_fits.kept(
        folder,
        f"{question.id}_{side}_{number:03d}",
        key,
        lambda: reference_fits.fitted(own, frame, claim, chain_seed, simulated=True),
    )


def _direct(
    name: str, side: Side, tables: Tables, register: Register, seed: int, folder: Path | None, number: int
) -> Found:
    claim, question = register.asked(name)
    stream = f"trial of {name}, {side}, {number}"
    world = indices.WORLDS[name](tables, claim, side, seeds.generator(stream, seed))
    key = {
        "frames": {n: frame_hash(world[n].frame) for n in sorted(world) if world[n].simulated},
        "seed": seeds.integer(stream, seed),
        "question": question.id,
        "thresholds": dict(claim.thresholds),
        "code": reference_fits.source_of(catalogue.DIRECT[name]),
    }

    def make() -> Found:
        return reference_fits.of(catalogue.DIRECT[name](world, register, seeds.integer(stream, seed)).estimate)

    return reference_fits.kept(folder, f"{question.id}_{side}_{number:03d}", key, make)


def _above(count: int, number: int) -> bool:
    """Return whether a count lies clearly above the nominal rate."""
    return bool(stats.binom(number, NOMINAL).sf(count - 1) <= CLEARLY)
