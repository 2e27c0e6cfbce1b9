"""An answer: a claim on one kind of data, with its word by the register's rule and everything that stands beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from northroute.bayes.gate.probability import modes, probability_mcse
from northroute.claims.estimate import Estimate, Estimated, Quantity, Specification
from northroute.claims.register import Claim, Grade, Question
from northroute.conventions import AGREEMENT_AT, CONTRADICTED_AT, INTERVAL_PROB, SIMULATED_MARK, SUPPORTED_AT
from northroute.errors import RegisterError, SimulatedDataError

AnswerWord = Literal["supported", "contradicted", "undecided", "not summarised", "recovered", "missed"]
_SIMULATED_WORDS: Final = ("recovered", "missed")
NEAR: Final = "P lies within two Monte Carlo standard errors of a threshold: another seed may give another word"
_LOWER: Final[dict[Grade, Grade]] = {"A": "B", "B": "C", "C": "C"}


@dataclass(frozen=True)
class Summary:
    """Median and equal-tailed interval of one quantity; the interval's kind and probability travel along.

    ``shape`` says in words where these do not tell the whole: several separate modes, heavy tails; empty otherwise.
    """

    name: str
    median: float
    low: float
    high: float
    prob: float
    region: tuple[float | None, float | None]
    probability: float
    truth: float | None
    shape: str = ""


@dataclass(frozen=True)
class Answer:
    """A claim's answer on one kind of data.

    ``probability``, ``mcse``, ``prior_probability`` and ``agreement`` are NaN where a fit behind the gate left it without
    a number. An answer on simulated data reads ``recovered`` or ``missed`` and no other; the constructor refuses others.

    Attributes
    ----------
    claim : Claim
    question : Question
    word : str
    grade : {"A", "B", "C"}
        The registered grade, one lower where the word lies in the direction that the measure errs towards.
    simulated : bool
    reason : str
        Why the word is not a decision, or why the grade was lowered.
    probability, mcse, prior_probability, agreement : float
    draws : int
    specifications : tuple of Specification
        The reference first.
    quantities : tuple of Summary
    estimate : Estimate or None
        With the draws, for figures.
    """

    claim: Claim
    question: Question
    word: AnswerWord
    grade: Grade
    simulated: bool
    reason: str = ""
    probability: float = float("nan")
    mcse: float = float("nan")
    prior_probability: float = float("nan")
    agreement: float = float("nan")
    draws: int = 0
    specifications: tuple[Specification, ...] = ()
    quantities: tuple[Summary, ...] = ()
    estimate: Estimate | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.simulated != (self.word in _SIMULATED_WORDS):
            raise SimulatedDataError(
                f"{self.question.id}: the word '{self.word}' does not go with simulated={self.simulated}. Simulated "
                "data give 'recovered' or 'missed', never a verdict on the world."
            )

    @property
    def decides(self) -> bool:
        """True if the claim's word rests on it: supported or contradicted, of grade A or B."""
        return self.grade != "C" and self.word in ("supported", "contradicted")

    @property
    def marked(self) -> str:
        """The word as the page shows it: an answer of grade C indicates; simulated ones carry their mark."""
        if self.simulated:
            return f"{self.word} ({SIMULATED_MARK})"
        if self.grade == "C" and self.word in ("supported", "contradicted"):
            return "indicates for" if self.word == "supported" else "indicates against"
        return self.word


def answer(claim: Claim, question: Question, found: Estimated, *, partial: bool = False) -> Answer:
    """Apply the register's rule to one kind of data.

    Supported: P >= 0.95 in the reference model, every requirement met, and at least 80 % of the equivalent
    specifications (the reference among them) on the same side of 0.5. Contradicted: P <= 0.05 likewise. Undecided
    otherwise. On simulated data: recovered if the same thresholds decide for what is true there and the intervals of all
    decisive quantities, widened to joint 89 % by Bonferroni, cover the truth.

    Parameters
    ----------
    claim : Claim
    question : Question
    found : Estimated
    partial : bool
        A quick look: some of the registered variants may be missing.

    Raises
    ------
    RegisterError
        If the specifications are not those that the register names.
    """
    estimate = found.estimate
    if not estimate.simulated:
        _as_registered(question, found.specifications, partial=partial)
    event = estimate.event
    probability = float(event.mean())
    stated = (Specification("reference", probability), *found.specifications)
    agreement = float(np.mean([(s.probability > 0.5) == (probability > 0.5) for s in stated]))
    decision, reason = _decision(estimate, probability, agreement, len(stated))
    word: AnswerWord = decision
    if estimate.simulated:
        word, reason = _recovery(estimate, decision, probability)
    grade, mcse = question.grade, _mcse(estimate)
    if word == question.errs:
        grade = _LOWER[grade]
        reason = f"counts one grade lower, as the measure is known to err this way: {question.errs_because}"
    if min(abs(probability - limit) for limit in (SUPPORTED_AT, CONTRADICTED_AT)) <= 2 * mcse:
        reason = "; ".join(filter(None, (reason, NEAR)))
    return Answer(
        claim=claim,
        question=question,
        word=word,
        grade=grade,
        simulated=estimate.simulated,
        reason=reason,
        probability=probability,
        mcse=mcse,
        prior_probability=estimate.prior_probability,
        agreement=agreement,
        draws=int(event.size),
        specifications=stated,
        quantities=tuple(summarise(q) for q in estimate.quantities),
        estimate=estimate,
    )


def not_summarised(claim: Claim, question: Question, reason: str, *, simulated: bool = False) -> Answer:
    """Return the answer of a question whose fit may not be summarised."""
    word: AnswerWord = "missed" if simulated else "not summarised"
    return Answer(claim, question, word, question.grade, simulated, f"not summarised. {reason}")


def summarise(quantity: Quantity, prob: float = INTERVAL_PROB) -> Summary:
    """Median, equal-tailed interval, shape and probability of the region for one quantity."""
    low, median, high = np.quantile(quantity.draws, [(1 - prob) / 2, 0.5, (1 + prob) / 2])
    inside = float(quantity.inside(quantity.draws).mean()) if quantity.decisive else float("nan")
    shape = (
        "" if quantity.discrete else modes(np.log(quantity.draws) if quantity.log_scale else quantity.draws).describe()
    )
    return Summary(
        *(quantity.name, float(median), float(low), float(high), prob, quantity.region, inside, quantity.truth, shape)
    )


def _mcse(estimate: Estimate) -> float:
    """Monte Carlo standard error of the event's probability; one decisive quantity tells how many draws count."""
    decisive = [q.draws for q in estimate.quantities if q.decisive]
    return probability_mcse(estimate.event, decisive[0] if len(decisive) == 1 else None)


def _as_registered(question: Question, found: Sequence[Specification], *, partial: bool) -> None:
    labels = [s.label for s in found]
    same = set(labels) <= set(question.variants) if partial else sorted(labels) == sorted(question.variants)
    if not same:
        raise RegisterError(
            f"{question.id}: the equivalent specifications fitted, {labels}, are not the registered ones, "
            f"{list(question.variants)}. Mend the variants in analysis/claims.yaml, or the function {question.function}."
        )


def _decision(
    estimate: Estimate, probability: float, agreement: float, count: int
) -> tuple[Literal["supported", "contradicted", "undecided"], str]:
    unmet = [r.text for r in estimate.requirements if not r.met]
    extreme = probability >= SUPPORTED_AT or probability <= CONTRADICTED_AT
    if extreme and agreement < AGREEMENT_AT:
        return (
            "undecided",
            f"{agreement:.0%} of {count} equivalent specifications agree; the rule asks for {AGREEMENT_AT:.0%}",
        )
    if probability >= SUPPORTED_AT and unmet:
        return "undecided", f"requirement not met: {'; '.join(unmet)}"
    if probability >= SUPPORTED_AT:
        return "supported", ""
    if probability <= CONTRADICTED_AT:
        return "contradicted", ""
    return "undecided", f"P lies between {CONTRADICTED_AT} and {SUPPORTED_AT}"


def _recovery(estimate: Estimate, decision: str, probability: float) -> tuple[AnswerWord, str]:
    truth = estimate.truth
    if truth is None:
        raise SimulatedDataError(f"Claim {estimate.claim_id}: a simulated estimate without its truth cannot be judged.")
    decisive = [q for q in estimate.quantities if q.decisive]
    joint = 1 - (1 - INTERVAL_PROB) / len(decisive)
    outside = []
    for q in decisive:
        s = summarise(q, joint)
        if q.truth is None or not s.low <= q.truth <= s.high:
            outside.append(q.name)
    claim = f"the claim is {str(truth).lower()} in the simulated world"
    if decision != ("supported" if truth else "contradicted"):
        return "missed", f"{claim}, and P = {probability:.3f} does not decide for it"
    if outside:
        return "missed", f"the {joint * 100:.1f} % interval misses the truth of: {', '.join(outside)}"
    return "recovered", claim
