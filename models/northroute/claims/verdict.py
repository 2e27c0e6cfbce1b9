"""A claim's word from its answers, and the table of verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from northroute.claims.answer import Answer
from northroute.claims.register import DATA_KINDS, Claim
from northroute.conventions import COUNTRIES, SIMULATED_MARK, interval_label
from northroute.errors import SimulatedDataError

Word = Literal["supported", "contradicted", "split", "undecided", "not testable", "recovered", "missed"]


@dataclass(frozen=True)
class Verdict:
    """A claim's word, and the answers that it comes from.

    Attributes
    ----------
    claim : Claim
    word : str
    answers : tuple of Answer
    in_part : bool
        The answers that decide reach less than the claim says.
    reason : str
        Why the word is what it is, in a sentence or two.
    """

    claim: Claim
    word: Word
    answers: tuple[Answer, ...] = ()
    in_part: bool = False
    reason: str = ""

    @property
    def simulated(self) -> bool:
        """True if it rests on simulated data."""
        return any(a.simulated for a in self.answers)

    @property
    def deciding(self) -> tuple[Answer, ...]:
        """Answers that the word rests on."""
        return tuple(a for a in self.answers if a.decides)

    @property
    def leading(self) -> Answer | None:
        """The answer to show first: of those that decide, else of all, the first of the best grade; None without any."""
        known = self.deciding or tuple(a for a in self.answers if a.estimate is not None)
        return min(known, key=lambda a: a.grade, default=None)

    @property
    def countries(self) -> tuple[str, ...]:
        """Countries that its answers reach, in the project's order."""
        reached = {c for a in self.answers if a.estimate is not None for c in a.question.countries}
        return tuple(c for c in COUNTRIES if c in reached)

    @property
    def marked(self) -> str:
        """The word with its marks."""
        if self.simulated:
            return f"{self.word} ({SIMULATED_MARK})"
        return f"{self.word} in part" if self.in_part else self.word


def combine(claim: Claim, answers: Sequence[Answer]) -> Verdict:
    """Return a claim's word from its answers on real data.

    Answers of grades A and B that decide and agree give their word, in part where they reach less than the claim says; where
    they disagree the word is split; where none decides it is undecided, with what answers of grade C indicate; without any
    answer the claim is not testable.

    Raises
    ------
    SimulatedDataError
        If an answer rests on simulated data.
    """
    if any(a.simulated for a in answers):
        raise SimulatedDataError(f"Claim {claim.id}: an answer on simulated data gives no verdict on the world.")
    kept = tuple(answers)
    if not any(a.estimate is not None for a in kept):
        return Verdict(claim, "not testable", kept, reason=_why_not(claim, kept))
    deciding = [a for a in kept if a.decides]
    words = {a.word for a in deciding}
    if not deciding:
        return Verdict(claim, "undecided", kept, reason=_undecided(kept))
    if len(words) > 1:
        return Verdict(claim, "split", kept, reason=_split(deciding))
    missing = [c for c in claim.about if not any(c in a.question.countries for a in deciding)]
    left_out = list(dict.fromkeys(a.question.leaves_out for a in deciding if a.question.leaves_out))
    everything = any(not a.question.leaves_out for a in deciding) and not missing
    parts = [f"not reached: {', '.join(COUNTRIES[c] for c in missing)}"] if missing else []
    word: Word = "supported" if words == {"supported"} else "contradicted"
    return Verdict(
        claim, word, kept, in_part=not everything, reason="" if everything else "; ".join([*parts, *left_out])
    )


def recovery(claim: Claim, answer: Answer) -> Verdict:
    """Return the word on a simulated world: recovered or missed.

    Raises
    ------
    SimulatedDataError
        If the answer rests on real data.
    """
    if answer.word != "recovered" and answer.word != "missed":
        raise SimulatedDataError(f"Claim {claim.id}: an answer on real data is no recovery.")
    return Verdict(claim, answer.word, (answer,), reason=answer.reason)


def to_frame(verdicts: Sequence[Verdict], register_hash: str) -> pd.DataFrame:
    """One row a claim, answer and quantity, for CSV and LaTeX; the simulated mark stands in every row."""
    rows: list[dict[str, Any]] = []
    for v in verdicts:
        common = {
            "claim": v.claim.id,
            "slug": v.claim.slug,
            "source": SIMULATED_MARK if v.simulated else "real",
            "verdict": v.marked,
        }
        tail = {"verdict_reason": v.reason, "register_sha256": register_hash}
        for a in v.answers or (None,):
            own = _of_answer(a) if a else {}
            for q in (a.quantities if a else ()) or (None,):
                detail = (
                    {
                        "quantity": q.name,
                        "median": q.median,
                        "low": q.low,
                        "high": q.high,
                        "interval": interval_label(q.prob),
                        "shape": q.shape,
                        "holds_above": q.region[0],
                        "holds_below": q.region[1],
                        "truth": q.truth,
                    }
                    if q
                    else {}
                )
                rows.append(common | own | detail | tail)
    return pd.DataFrame(rows)


def _of_answer(a: Answer) -> dict[str, Any]:
    q, e = a.question, a.estimate
    return {
        "answer": q.id,
        "kind": q.kind,
        "grade": a.grade,
        "registered_grade": q.grade,
        "word": a.marked,
        "probability": a.probability,
        "mcse": a.mcse,
        "prior_probability": a.prior_probability,
        "agreement": a.agreement,
        "specifications": len(a.specifications),
        "countries": " ".join(q.countries),
        "years": f"{q.years[0]}-{q.years[1]}",
        "seen": q.seen,
        "data": "; ".join(e.data) if e else "",
        "proxies": "; ".join(f"{k}: {p}" for k, p in e.proxies.items()) if e else "",
        "leaves_out": q.leaves_out,
        "reason": a.reason,
    }


def _why_not(claim: Claim, answers: Sequence[Answer]) -> str:
    reasons = [claim.untestable, *(f"{a.question.id} {a.reason}" for a in answers)]
    wanted = f"it would need {claim.wanted}" if claim.wanted else ""
    kinds = "" if claim.untestable or wanted else f"it would need {' or '.join(DATA_KINDS[k] for k in claim.data)}"
    return "; ".join(filter(None, (*reasons, wanted, kinds)))


def _named(answers: Sequence[Answer]) -> str:
    return " and ".join(f"{DATA_KINDS[a.question.kind]} (grade {a.grade})" for a in answers)


def _undecided(answers: Sequence[Answer]) -> str:
    parts = [f"{DATA_KINDS[a.question.kind]} {a.marked}" for a in answers if a.grade == "C" and "indicates" in a.marked]
    if all(a.grade == "C" for a in answers if a.estimate is not None):
        return "; ".join(["weak stand-ins alone, which decide nothing", *parts])
    return "; ".join(["no answer decides", *parts])


def _split(deciding: Sequence[Answer]) -> str:
    sides = {w: [a for a in deciding if a.word == w] for w in ("supported", "contradicted")}
    text = f"supported by {_named(sides['supported'])}, contradicted by {_named(sides['contradicted'])}"
    best = {w: min(a.grade for a in own) for w, own in sides.items()}
    if best["supported"] != best["contradicted"]:
        word = min(best, key=lambda w: best[w])
        text += (
            f". The nearer measure {'supports' if word == 'supported' else 'contradicts'} it and only the one that stands "
            "beside it disagrees: that they differ is itself a finding"
        )
    return text
