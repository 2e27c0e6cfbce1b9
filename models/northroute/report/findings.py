"""The first screen's findings: what holds, what does not, where sources disagree, what stays open, what cannot be known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from northroute.claims import Answer, Register, Verdict
from northroute.claims.answer import Summary
from northroute.claims.register import DATA_KINDS
from northroute.conventions import CONTRADICTED_AT, COUNTRIES, SUPPORTED_AT
from northroute.errors import SimulatedDataError
from northroute.report import formats, phrases
from northroute.report.formats import listed
from northroute.report.phrases import Phrase

Kind = Literal["holds", "fails", "disagree", "open", "unknown"]
HEADINGS: Final[Mapping[Kind, str]] = {
    "holds": "Holds",
    "fails": "Does not hold",
    "disagree": "Sources disagree",
    "open": "Not decided",
    "unknown": "Cannot be known from these data",
}
SHOWN: Final = 3
"""Sentences a finding has at most; further claims are named by their ids."""
SOURCES: Final[Mapping[str, str]] = {
    "E": "event data",
    "M": "news",
    "O": "registers",
    "S": "single seizures",
    "A": "yearly seizures",
    "I": "indices",
}
"""Kinds of data in one or two words."""


@dataclass(frozen=True)
class Point:
    """One sentence of a finding, the claim that it is about, and what it rests on in a few words."""

    claim: str
    text: str
    basis: str = ""


@dataclass(frozen=True)
class Finding:
    """A finding.

    Attributes
    ----------
    kind, heading : str
    lead : str
        A sentence before the points; may be empty.
    points : tuple of Point
    more : tuple of str
        Ids of further claims of which the same can be said.
    """

    kind: Kind
    heading: str
    lead: str
    points: tuple[Point, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[str, ...]:
        """Every claim that it speaks of."""
        return tuple(dict.fromkeys((*(p.claim for p in self.points), *self.more)))


def findings(verdicts: Sequence[Verdict], register: Register) -> tuple[Finding, ...]:
    """Return three to five findings in plain words; every number in them comes from an answer.

    Parameters
    ----------
    verdicts : sequence of Verdict
        On real data.
    register : Register
        Its claims give the number of claims.

    Raises
    ------
    SimulatedDataError
        If a verdict rests on simulated data.
    """
    if any(v.simulated for v in verdicts):
        raise SimulatedDataError("A finding on the world was asked for from simulated data. Leave those verdicts out.")
    known = phrases.load()
    total = len(register.claims)
    found = [
        _decided("holds", "supported", verdicts, known, total),
        _decided("fails", "contradicted", verdicts, known, total),
        _disagreements(verdicts, known),
        _open(verdicts, known),
        _unknown(verdicts, known),
    ]
    return tuple(f for f in found if f is not None)


def main_quantity(answer: Answer) -> Summary | None:
    """Return the quantity to name beside an answer's word.

    It is the first decisive one; where the answer is contradicted, the one that fails most.
    """
    decisive = [q for q in answer.quantities if q.region != (None, None)]
    if not decisive:
        return answer.quantities[0] if answer.quantities else None
    return min(decisive, key=lambda q: q.probability) if answer.word == "contradicted" else decisive[0]


def basis(answer: Answer) -> str:
    """Where an answer is from: source, countries, years and grade, such as ``registers, Kazakhstan 2022, grade A``."""
    q = answer.question
    where = places(q.countries) if len(q.countries) < 3 else f"{len(q.countries)} countries"
    return f"{SOURCES[q.kind]}, {where} {formats.years(q.years)}, grade {answer.grade}"


def places(countries: Sequence[str]) -> str:
    """Countries in words; all five are ``all five countries``."""
    if len(countries) == len(COUNTRIES):
        return "all five countries"
    return listed([COUNTRIES[c] for c in COUNTRIES if c in countries])


def _decided(
    kind: Literal["holds", "fails"],
    word: str,
    verdicts: Iterable[Verdict],
    known: Mapping[str, Phrase],
    total: int,
) -> Finding:
    own = [(v, v.leading) for v in verdicts if v.word == word and v.leading]
    own.sort(key=lambda pair: (pair[0].in_part, pair[1].grade, pair[0].claim.id))
    if not own:
        return Finding(kind, HEADINGS[kind], f"None of the {total} claims is {word}.")
    points = []
    for v, leading in own[:SHOWN]:
        phrase = phrases.of(v.claim, known)
        text = phrase.holds if kind == "holds" else phrase.fails
        rests = basis(leading) + "; in part" * v.in_part
        points.append(Point(v.claim.id, f"{text}{_number(leading, phrase)}.", rests))
    return Finding(kind, HEADINGS[kind], "", tuple(points), tuple(v.claim.id for v, _ in own[SHOWN:]))


def _number(answer: Answer, phrase: Phrase) -> str:
    q = main_quantity(answer)
    if not q:
        return ""
    name = _named(q, phrase)
    return f". {name[:1].upper()}{name[1:]}: {formats.spread(q, label=False)}"


def _named(q: Summary, phrase: Phrase) -> str:
    return phrase.measures.get(q.name, formats.named(q))


def _disagreements(verdicts: Iterable[Verdict], known: Mapping[str, Phrase]) -> Finding | None:
    points = []
    news = False
    for v in verdicts:
        yes, no = ([a for a in v.answers if a.word == word] for word in ("supported", "contradicted"))
        if not yes or not no:
            continue
        news |= any(a.question.kind == "M" for a in (*yes, *no))
        phrase = phrases.of(v.claim, known)
        sides = [f"{_sides(yes, phrase)} say yes", f"{_sides(no, phrase)} say no"]
        if min(a.grade for a in no) < min(a.grade for a in yes):
            sides.reverse()
        grades = dict.fromkeys(f"{SOURCES[a.question.kind]} grade {a.grade}" for a in (*yes, *no))
        points.append(Point(v.claim.id, f"{phrase.title}: {', '.join(sides)}.", "; ".join(grades)))
    if not points:
        return None
    heading = "News and other sources disagree" if news else HEADINGS["disagree"]
    return Finding("disagree", heading, "", tuple(points[:SHOWN]), tuple(p.claim for p in points[SHOWN:]))


def _sides(answers: Sequence[Answer], phrase: Phrase) -> str:
    best = sorted(answers, key=lambda a: a.grade)
    return listed(list(dict.fromkeys(f"{SOURCES[a.question.kind]}{_of(a, phrase)}" for a in best)))


def _of(answer: Answer, phrase: Phrase) -> str:
    q = main_quantity(answer)
    if not q:
        return ""
    return f" ({_named(q, phrase)}: {formats.spread(q, label=False).replace(' (', ', ').rstrip(')')})"


def _open(verdicts: Iterable[Verdict], known: Mapping[str, Phrase]) -> Finding | None:
    own = [v for v in verdicts if v.word == "undecided"]
    if not own:
        return None
    leaning = [(v, [a for a in v.answers if a.word in ("supported", "contradicted")]) for v in own]
    hints = [(v, answers[0]) for v, answers in leaning if len({a.word for a in answers}) == 1]
    lead = (
        f"{len(own)} {'claims stay' if len(own) > 1 else 'claim stays'} open: P lies between {CONTRADICTED_AT:g} and "
        f"{SUPPORTED_AT:g}, equivalent models disagree, or only weak stand-ins speak."
    )
    points = []
    for v, a in hints[:2]:
        phrase = phrases.of(v.claim, known)
        text = phrase.holds if a.word == "supported" else phrase.fails
        points.append(Point(v.claim.id, f"Hints only: {text}.", f"weak stand-in: {basis(a)}"))
    more = tuple(v.claim.id for v in own if v.claim.id not in {p.claim for p in points})
    return Finding("open", HEADINGS["open"], lead, tuple(points), more)


def _unknown(verdicts: Iterable[Verdict], known: Mapping[str, Phrase]) -> Finding | None:
    own = [v for v in verdicts if v.word == "not testable"]
    if not own:
        return None
    never = sorted(own, key=lambda v: (not v.claim.untestable, v.claim.id))
    asked = [(v, phrases.of(v.claim, known).whether) for v in never[:SHOWN]]
    points = tuple(Point(v.claim.id, f"{text[:1].upper()}{text[1:]}.", _wanted(v)) for v, text in asked)
    return Finding("unknown", HEADINGS["unknown"], "", points, tuple(v.claim.id for v in never[SHOWN:]))


def _wanted(verdict: Verdict) -> str:
    if verdict.claim.untestable:
        return "outside what event, count or indicator data can answer"
    if any(a.word == "not summarised" for a in verdict.answers):
        return "a fit failed its diagnostics"
    return f"would need {listed([DATA_KINDS[k] for k in verdict.claim.data]).replace(' and ', ' or ')}"
