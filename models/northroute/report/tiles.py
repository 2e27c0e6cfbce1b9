"""A claim as a tile of the strip: word, probability of every answer, prior probability, grade, countries reached."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from northroute.claims import Answer, Verdict
from northroute.conventions import COUNTRIES
from northroute.report import formats, phrases
from northroute.report.formats import listed
from northroute.report.phrases import Phrase


@dataclass(frozen=True)
class Dot:
    """An answer's probability on the scale from 0 to 1."""

    at: float
    leading: bool
    weak: bool


@dataclass(frozen=True)
class Scale:
    """The scale of probabilities of one or more answers.

    Attributes
    ----------
    dots : tuple of Dot
        The leading answer last, so that it is drawn on top.
    prior : float or None
        Prior probability of the leading answer.
    text : str
        What the scale shows, in words.
    """

    dots: tuple[Dot, ...]
    prior: float | None
    text: str


@dataclass(frozen=True)
class Tile:
    """A claim at a glance.

    Attributes
    ----------
    claim, title : str
    word : str
        For colour and filter, such as ``supported``.
    marked : str
        As it is written, such as ``supported in part``.
    grade : str
        Of the leading answer; empty without one.
    scale : Scale or None
    reached : tuple of str
        Countries that the answers reach.
    kinds : tuple of str
        Kinds of data of the answers.
    """

    claim: str
    title: str
    word: str
    marked: str
    grade: str
    scale: Scale | None
    reached: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def places(self) -> str:
        """Countries reached, in words."""
        return f"reaches {listed([COUNTRIES[c] for c in self.reached])}" if self.reached else "reaches no country"


def tiles(verdicts: Sequence[Verdict]) -> tuple[Tile, ...]:
    """Return one tile a claim, in the order of the claims."""
    known = phrases.load()
    return tuple(_tile(v, known) for v in verdicts)


def scale(answers: Sequence[Answer], leading: Answer) -> Scale:
    """Return the scale of some answers, of which one leads."""
    shown = [a for a in answers if not math.isnan(a.probability)]
    ordered = sorted(shown, key=lambda a: a is leading)
    prior = leading.prior_probability
    text = f"P {formats.probability(leading.probability)}"
    if not math.isnan(prior):
        text += f", prior P {formats.probability(prior)}"
    others = [formats.probability(a.probability) for a in shown if a is not leading]
    if others:
        text += f"; other answers {', '.join(others)}"
    dots = tuple(Dot(a.probability, a is leading, a.grade == "C") for a in ordered)
    return Scale(dots, None if math.isnan(prior) else prior, text)


def folded(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Claims that are not testable, by the kind of reason."""
    found: dict[str, list[Verdict]] = {}
    for v in verdicts:
        if v.word == "not testable":
            found.setdefault(_why(v), []).append(v)
    return found


def _why(verdict: Verdict) -> str:
    if verdict.claim.untestable:
        return "whatever event, count or indicator data there were"
    if verdict.answers:
        return "as a fit failed its diagnostics"
    return "for want of data or of an estimand"


def _tile(verdict: Verdict, known: Mapping[str, Phrase]) -> Tile:
    leading = verdict.leading
    return Tile(
        claim=verdict.claim.id,
        title=phrases.of(verdict.claim, known).title,
        word=verdict.word.replace(" ", "-"),
        marked=verdict.marked,
        grade=leading.grade if leading else "",
        scale=scale(verdict.answers, leading) if leading else None,
        reached=verdict.countries,
        kinds=tuple(dict.fromkeys(a.question.kind for a in verdict.answers if a.estimate is not None)),
    )
