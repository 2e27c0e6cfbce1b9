"""Alternative texts: what a figure shows, made from its numbers."""

from collections.abc import Sequence

from northroute.claims import Answer
from northroute.claims.answer import Summary
from northroute.conventions import SIMULATED_MARK, interval_label
from northroute.report import formats
from northroute.report.ladder import LadderRow, Number

NAMED = 4
"""Quantities that an alternative text names; the table beside the figure has all."""


def posterior(answer: Answer) -> str:
    """Say what the figure of an answer's posterior shows."""
    quantities = sorted(answer.quantities, key=lambda q: q.region == (None, None))
    named = "; ".join(_quantity(q) for q in quantities[:NAMED])
    rest = len(quantities) - NAMED
    more = f"; and {rest} more in the table beside it" if rest > 0 else ""
    chance = f"The claim holds with probability {formats.probability(answer.probability)}."
    return f"{_mark(answer.simulated)}Posterior of {answer.question.id}: {named}{more}. {chance}"


def overview(answers: Sequence[Answer], *, simulated: bool) -> str:
    """Say what the figure of all answers shows."""
    words: dict[str, list[str]] = {}
    for a in answers:
        words.setdefault(a.word, []).append(f"{a.question.id} {formats.probability(a.probability)}")
    text = ". ".join(f"{w}: {', '.join(own)}" for w, own in words.items())
    return f"{_mark(simulated)}Posterior probability of every answer. {text}."


def ladder(rows: Sequence[LadderRow], *, simulated: bool) -> str:
    """Say what the figure of the ladder shows."""
    named = [f"{r.step.replace('_', ' ')}: level {_number(r.level)}, slope {_number(r.slope)}" for r in rows if r.level]
    return f"{_mark(simulated)}Level and slope of interdiction by step of the ladder. {'; '.join(named)}."


def _quantity(q: Summary) -> str:
    decides = q.region != (None, None)
    holds = f", holds {formats.bounds(q.region)} (P {formats.probability(q.probability)})" if decides else ""
    return f"{q.name} {formats.spread(q)}{holds}"


def _number(number: Number | None) -> str:
    if number is None:
        return formats.NONE
    return formats.interval(number.median, number.low, number.high, label=f"{interval_label()} ")


def _mark(simulated: bool) -> str:
    return f"{SIMULATED_MARK}: " if simulated else ""
