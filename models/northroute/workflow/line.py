"""A line of the job: one kind of data through panel, fits and estimands to findings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from northroute.bayes import BayesFit, Sampling
from northroute.claims import Claim, decide, not_recovered, not_testable
from northroute.claims.answer import Answer
from northroute.conventions import DEFAULT_SEED
from northroute.errors import GateError
from northroute.frequentist import FrequentistFit
from northroute.progress import Progress, quiet
from northroute.report import Finding


@dataclass(frozen=True)
class Run:
    """What every line needs to know of the run: where fits are kept, the seed, the command, whom to tell."""

    folder: Path | None = None
    seed: int = DEFAULT_SEED
    command: str = ""
    quick: bool = False
    allow_failed: bool = False
    progress: Progress = quiet

    def settings(self, base: Sampling) -> Sampling:
        """Return settings with the run's seed; a prior that fails its check is sampled if failed fits were asked for."""
        return replace(base, seed=self.seed, force=self.allow_failed)

    def released(self, fit: BayesFit) -> BayesFit:
        """Return the fit, its summaries allowed if failed fits were asked for."""
        return fit.allow_failed() if self.allow_failed else fit


@dataclass(frozen=True)
class Line:
    """What a line brings to the page."""

    findings: Mapping[str, Finding]
    fits: tuple[BayesFit, ...] = ()
    fixed_effects: tuple[FrequentistFit, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


def finding(claim: Claim, make: Callable[[], Answer], *, simulated: bool = False) -> Finding:
    """Answer a claim; a fit behind the gate leaves it without an answer and with the gate's reason."""
    try:
        answer = make()
    except GateError as refusal:
        without = not_recovered if simulated else not_testable
        return Finding(without(claim, f"not summarised. {refusal}"))
    return Finding(decide(claim, answer.estimate, answer.specifications), answer.estimate)
