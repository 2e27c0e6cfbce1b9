"""The register's rule, from an estimate and its equivalent specifications to a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import arviz_stats as azs
import numpy as np
import pandas as pd

from northroute.claims.estimate import Draws, Estimate, Quantity, Specification
from northroute.claims.register import Claim
from northroute.conventions import (
    AGREEMENT_AT,
    CONTRADICTED_AT,
    INTERVAL_PROB,
    SIMULATED_MARK,
    SUPPORTED_AT,
    interval_label,
)
from northroute.errors import SimulatedDataError

Word = Literal["supported", "contradicted", "undecided", "not testable", "recovered", "missed"]
_SIMULATED_WORDS = ("recovered", "missed")


@dataclass(frozen=True)
class Summary:
    """Median and equal-tailed interval of one quantity; the interval's kind and probability travel along."""

    name: str
    median: float
    low: float
    high: float
    prob: float
    region: tuple[float | None, float | None]
    probability: float
    truth: float | None


@dataclass(frozen=True)
class Verdict:
    """A claim's verdict and everything that stands beside it.

    ``probability``, ``mcse``, ``prior_probability`` and ``agreement`` are NaN for a claim that is not testable. A
    verdict on simulated data reads ``recovered`` or ``missed`` and no other; the constructor refuses anything else.
    """

    claim: Claim
    word: Word
    simulated: bool
    reason: str = ""
    probability: float = float("nan")
    mcse: float = float("nan")
    prior_probability: float = float("nan")
    agreement: float = float("nan")
    draws: int = 0
    specifications: tuple[Specification, ...] = ()
    quantities: tuple[Summary, ...] = ()
    data: tuple[str, ...] = ()
    scope: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.simulated != (self.word in _SIMULATED_WORDS):
            raise SimulatedDataError(
                f"Claim {self.claim.id}: the word '{self.word}' does not go with simulated={self.simulated}. Simulated "
                "data give 'recovered' or 'missed', never a verdict on the world."
            )

    @property
    def marked(self) -> str:
        """The word with its marks: SIMULATED, proxies, partial scope."""
        marks = [SIMULATED_MARK] if self.simulated else []
        marks += ["proxy"] if self.proxies else []
        marks += ["part"] if self.scope else []
        return self.word + (f" ({', '.join(marks)})" if marks else "")


def decide(claim: Claim, estimate: Estimate, specifications: Sequence[Specification] = ()) -> Verdict:
    """Apply the register's rule.

    Supported: P >= 0.95 in the reference model, every requirement met, and at least 80 % of the equivalent
    specifications (the reference among them) on the same side of 0.5. Contradicted: P <= 0.05 likewise. Undecided
    otherwise. On simulated data: recovered if P lies on the truth's side of 0.5 and the intervals of all decisive
    quantities, widened to joint 89 % by Bonferroni, cover the truth.

    Parameters
    ----------
    claim : Claim
    estimate : Estimate
        The reference specification.
    specifications : sequence of Specification
        The equivalent specifications other than the reference.
    """
    event = estimate.event
    probability = float(event.mean())
    stated = (Specification("reference", probability), *specifications)
    agreement = float(np.mean([(s.probability > 0.5) == (probability > 0.5) for s in stated]))
    word, reason = _word(estimate, probability, agreement, len(stated))
    return Verdict(
        claim=claim,
        word=word,
        simulated=estimate.simulated,
        reason=reason,
        probability=probability,
        mcse=probability_mcse(event.astype(float)),
        prior_probability=estimate.prior_probability,
        agreement=agreement,
        draws=int(event.size),
        specifications=stated,
        quantities=tuple(summarise(q) for q in estimate.quantities),
        data=estimate.data,
        scope=estimate.scope,
        proxies=estimate.proxies,
        assumptions=estimate.assumptions,
        fits=estimate.fits,
        stamps=estimate.stamps,
    )


def not_testable(claim: Claim, reason: str) -> Verdict:
    """Return the verdict of a claim that the data at hand cannot answer."""
    return Verdict(claim=claim, word="not testable", simulated=False, reason=reason)


def not_recovered(claim: Claim, reason: str) -> Verdict:
    """Return the verdict of a claim whose simulated estimate may not be summarised."""
    return Verdict(claim=claim, word="missed", simulated=True, reason=reason)


def summarise(quantity: Quantity, prob: float = INTERVAL_PROB) -> Summary:
    """Median, equal-tailed interval and probability of the region for one quantity."""
    low, median, high = np.quantile(quantity.draws, [(1 - prob) / 2, 0.5, (1 + prob) / 2])
    inside = float(quantity.inside(quantity.draws).mean()) if quantity.decisive else float("nan")
    return Summary(quantity.name, float(median), float(low), float(high), prob, quantity.region, inside, quantity.truth)


def probability_mcse(indicator: Draws) -> float:
    """Monte Carlo standard error of a probability, from draws of its indicator of shape (chain, draw).

    Where every draw agrees the effective sample size is undefined; the standard error is then that of one contrary draw
    among them, ``sqrt(1/n) / sqrt(n)``, an upper bound rather than a false zero.
    """
    if indicator.min() == indicator.max():
        return 1.0 / indicator.size
    return float(azs.mcse(indicator, method="mean"))


def to_frame(verdicts: Sequence[Verdict], register_hash: str) -> pd.DataFrame:
    """One row a claim, quantity by quantity, for CSV and LaTeX; the simulated mark stands in every row."""
    rows: list[dict[str, Any]] = []
    for v in verdicts:
        common = {
            "claim": v.claim.id,
            "slug": v.claim.slug,
            "source": SIMULATED_MARK if v.simulated else "real",
            "verdict": v.marked,
            "probability": v.probability,
            "mcse": v.mcse,
            "prior_probability": v.prior_probability,
            "agreement": v.agreement,
            "specifications": len(v.specifications),
        }
        tail = {
            "data": "; ".join(v.data),
            "proxies": "; ".join(f"{k}: {p}" for k, p in v.proxies.items()),
            "scope": v.scope,
            "reason": v.reason,
            "register_sha256": register_hash,
        }
        for q in v.quantities or (None,):
            detail = (
                {
                    "quantity": q.name,
                    "median": q.median,
                    "low": q.low,
                    "high": q.high,
                    "interval": interval_label(q.prob),
                    "holds_above": q.region[0],
                    "holds_below": q.region[1],
                    "truth": q.truth,
                }
                if q
                else {}
            )
            rows.append(common | detail | tail)
    return pd.DataFrame(rows)


def _word(estimate: Estimate, probability: float, agreement: float, count: int) -> tuple[Word, str]:
    if estimate.simulated:
        return _recovery(estimate, probability)
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


def _recovery(estimate: Estimate, probability: float) -> tuple[Word, str]:
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
    if (probability > 0.5) != truth:
        return "missed", f"the claim is {str(truth).lower()} in the simulated world, P points the other way"
    if outside:
        return "missed", f"the {joint * 100:.1f} % interval misses the truth of: {', '.join(outside)}"
    return "recovered", f"the claim is {str(truth).lower()} in the simulated world"
