"""The register's rule on estimates whose probability is known, and the wall between simulated and real."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from northroute.claims import (
    Claim,
    Estimate,
    Quantity,
    Requirement,
    Specification,
    Verdict,
    decide,
    not_recovered,
    not_testable,
    to_frame,
)
from northroute.claims.verdict import probability_mcse, summarise
from northroute.errors import SimulatedDataError

CLAIM = Claim("C99", "test", "words", ("E",), "above 0", {"limit": 0.0})


def draws(share: float, n: int = 1000) -> NDArray[np.float64]:
    """Return draws of which exactly ``share`` lie above 0, in random order."""
    values = np.where(np.arange(4 * n) < round(share * 4 * n), 1.0, -1.0)
    return np.random.default_rng(1).permutation(values).reshape(4, n)


def estimate(share: float, **changes: object) -> Estimate:
    quantity = Quantity("q", draws(share), draws(0.5).ravel(), (0.0, None))
    return replace(Estimate("C99", (quantity,), ("data",)), **changes)  # type: ignore[arg-type]


AGREE = tuple(Specification(str(i), 0.9) for i in range(4))


@pytest.mark.parametrize(
    ("share", "others", "word"),
    [
        (0.95, AGREE, "supported"),
        (0.94975, AGREE, "undecided"),
        (0.05, (Specification("a", 0.1),), "contradicted"),
        (0.0505, (Specification("a", 0.1),), "undecided"),
        (0.5, (), "undecided"),
        # four of five on the same side is 80 %; three of five is not
        (0.99, (*AGREE[:3], Specification("x", 0.4)), "supported"),
        (0.99, (*AGREE[:2], Specification("x", 0.4), Specification("y", 0.2)), "undecided"),
        (0.01, AGREE, "undecided"),
    ],
)
def test_the_rule(share: float, others: tuple[Specification, ...], word: str) -> None:
    verdict = decide(CLAIM, estimate(share), others)
    assert verdict.word == word, verdict.reason
    assert verdict.probability == pytest.approx(share)
    assert verdict.prior_probability == pytest.approx(0.5)


def test_an_unmet_requirement_stops_support_only() -> None:
    unmet = (Requirement("beats the common slope", False),)
    assert decide(CLAIM, estimate(0.99, requirements=unmet)).word == "undecided"
    assert "beats the common slope" in decide(CLAIM, estimate(0.99, requirements=unmet)).reason
    assert decide(CLAIM, estimate(0.01, requirements=unmet)).word == "contradicted"


def test_the_event_is_joint() -> None:
    one = Quantity("a", np.array([[1.0, 1.0, -1.0, -1.0]]), region=(0.0, None))
    two = Quantity("b", np.array([[1.0, -1.0, 1.0, -1.0]]), region=(0.0, None))
    shown = Quantity("c", np.array([[-1.0, -1.0, -1.0, -1.0]]))
    joint = Estimate("C99", (one, two, shown), ("data",))
    assert joint.event.tolist() == [[True, False, False, False]]
    assert np.isnan(joint.prior_probability)


def test_mcse_of_a_probability() -> None:
    indicator = draws(0.3) > 0
    # independent draws: sqrt(p (1 - p) / n), up to the noise of the effective sample size
    assert probability_mcse(indicator.astype(float)) == pytest.approx(np.sqrt(0.21 / 4000), rel=0.15)
    assert probability_mcse(np.ones((4, 1000))) == 1 / 4000


def test_summary_states_its_interval() -> None:
    q = Quantity("q", np.linspace(0, 1, 100_001).reshape(1, -1), region=(0.2, None))
    s = summarise(q)
    assert (s.low, s.median, s.high, s.prob) == pytest.approx((0.055, 0.5, 0.945, 0.89), abs=1e-5)
    assert s.probability == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("word", ["supported", "contradicted", "undecided", "not testable"])
def test_simulated_data_never_yield_a_verdict_on_the_world(word: str) -> None:
    with pytest.raises(SimulatedDataError, match="never a verdict on the world"):
        Verdict(CLAIM, word, simulated=True)  # type: ignore[arg-type]
    with pytest.raises(SimulatedDataError):
        Verdict(CLAIM, "recovered", simulated=False)


@pytest.mark.parametrize(
    ("share", "truth", "word"),
    [(0.97, 1.0, "recovered"), (0.03, -1.0, "recovered"), (0.97, -1.0, "missed"), (0.97, 5.0, "missed")],
)
def test_recovery_needs_the_side_and_the_interval(share: float, truth: float, word: str) -> None:
    quantity = Quantity("q", draws(share), region=(0.0, None), truth=truth)
    verdict = decide(CLAIM, Estimate("C99", (quantity,), ("data",), simulated=True))
    assert verdict.word == word, verdict.reason
    assert verdict.marked == f"{word} (SIMULATED)"


def test_a_simulated_estimate_without_truth_is_refused() -> None:
    with pytest.raises(SimulatedDataError, match="without its truth"):
        decide(CLAIM, estimate(0.9, simulated=True))


def test_marks_and_tables_carry_what_a_reader_must_know() -> None:
    marked = decide(CLAIM, estimate(0.99, proxies={"violence": "articles"}, scope="half of it"), AGREE)
    assert marked.marked == "supported (proxy, part)"
    missed = not_recovered(CLAIM, "gate")
    frame = to_frame([marked, not_testable(CLAIM, "no data"), missed], "abc")
    assert frame["source"].tolist() == ["real", "real", "SIMULATED"]
    assert frame["register_sha256"].eq("abc").all()
    assert frame.loc[0, "interval"] == "89 % ETI"
    assert frame.loc[1, "reason"] == "no data"
