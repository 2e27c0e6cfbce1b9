"""A line of the job: one kind of data through panel, fits and estimands to answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from northroute.bayes import BayesFit, Sampling
from northroute.claims import Answer, Estimated, Register, answer, not_summarised
from northroute.conventions import DEFAULT_SEED
from northroute.errors import GateError
from northroute.frequentist import FrequentistFit
from northroute.progress import Progress, quiet


@dataclass(frozen=True)
class Run:
    """What every line needs to know of the run: where fits are kept, the seed, the command, whom to tell."""

    folder: Path | None = None
    seed: int = DEFAULT_SEED
    command: str = ""
    quick: bool = False
    allow_failed: bool = False
    whole_ladder: bool = False
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

    answers: tuple[Answer, ...]
    fits: tuple[BayesFit, ...] = ()
    fixed_effects: tuple[FrequentistFit, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


def answered(register: Register, function: str, make: Callable[[], Estimated], *, simulated: bool = False) -> Answer:
    """Answer the question of a function; a fit behind the gate leaves it without a number and with the gate's reason."""
    claim, question = register.asked(function)
    try:
        found = make()
    except GateError as refusal:
        return not_summarised(claim, question, str(refusal), simulated=simulated)
    return answer(claim, question, found, partial=register.partial)
