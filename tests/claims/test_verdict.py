"""The register's rule on answers whose probability is known, how answers combine, and the wall to simulated data."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from northroute.claims import (
    Answer,
    Claim,
    Estimate,
    Estimated,
    Quantity,
    Question,
    Requirement,
    Specification,
    answer,
    combine,
    not_summarised,
    recovery,
    to_frame,
)
from northroute.claims.answer import NEAR, summarise
from northroute.conventions import COUNTRIES
from northroute.errors import RegisterError, SimulatedDataError

ABOUT = tuple(COUNTRIES)
CLAIM = Claim("C99", "test", "words", ABOUT, ("E", "O", "M"), "above 0", {"limit": 0.0})
QUESTION = Question("C99", "O", "tests.function", "A", ABOUT, (2015, 2022), "above 0")


def draws(share: float, n: int = 1000) -> NDArray[np.float64]:
    """Return draws of which exactly ``share`` lie above 0, in random order."""
    values = np.where(np.arange(4 * n) < round(share * 4 * n), 1.0, -1.0)
    return np.random.default_rng(1).permutation(values).reshape(4, n)


def estimate(share: float, **changes: object) -> Estimate:
    quantity = Quantity("q", draws(share), draws(0.5).ravel(), (0.0, None))
    return replace(Estimate("C99", (quantity,), ("data",)), **changes)  # type: ignore[arg-type]


def answered(
    share: float, others: Sequence[Specification] = (), question: Question = QUESTION, **changes: object
) -> Answer:
    """Return an answer with the question's variants set to those given."""
    asked = replace(question, variants=tuple(s.label for s in others))
    return answer(CLAIM, asked, Estimated(estimate(share, **changes), tuple(others)))


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
        # seven of nine is 78 %
        (
            0.99,
            (
                *AGREE,
                *(Specification(f"m{i}", 0.9) for i in range(2)),
                *(Specification(f"n{i}", 0.4) for i in range(2)),
            ),
            "undecided",
        ),
        (0.01, AGREE, "undecided"),
    ],
)
def test_the_rule(share: float, others: tuple[Specification, ...], word: str) -> None:
    found = answered(share, others)
    assert found.word == word, found.reason
    assert found.probability == pytest.approx(share)
    assert found.prior_probability == pytest.approx(0.5)


def test_an_undecided_answer_says_which_condition_failed() -> None:
    apart = (*AGREE[:2], Specification("x", 0.4), Specification("y", 0.2))
    assert answered(0.99, apart).reason == "60% of 5 equivalent specifications agree; the rule asks for 80%"
    # far from a decision it is the probability, whatever the others say
    assert answered(0.7, apart).reason == "P lies between 0.05 and 0.95"


def test_an_unmet_requirement_stops_support_only() -> None:
    unmet = (Requirement("beats the common slope", False),)
    assert answered(0.99, requirements=unmet).word == "undecided"
    assert "beats the common slope" in answered(0.99, requirements=unmet).reason
    assert answered(0.01, requirements=unmet).word == "contradicted"


def test_only_registered_specifications_enter() -> None:
    asked = replace(QUESTION, variants=("0", "another"))
    with pytest.raises(RegisterError, match=r"C99.O: .*\['0'\], are not the registered ones, \['0', 'another'\]"):
        answer(CLAIM, asked, Estimated(estimate(0.9), AGREE[:1]))


def test_a_known_bias_lowers_the_grade_of_its_own_word_only() -> None:
    biased = replace(QUESTION, grade="B", errs="contradicted", errs_because="lethal events draw more articles")
    found = answered(0.01, question=biased)
    assert (found.word, found.grade, found.marked) == ("contradicted", "C", "indicates against")
    assert "lethal events draw more articles" in found.reason
    assert not found.decides
    assert answered(0.99, question=biased).grade == "B"
    assert answered(0.5, question=biased).grade == "B"


def test_a_probability_at_a_threshold_is_said_to_be_there() -> None:
    # 4000 independent draws: a standard error of 0.0034 at 0.95
    assert NEAR in answered(0.949).reason
    assert NEAR in answered(0.951).reason
    assert NEAR in answered(0.052).reason
    assert NEAR not in answered(0.99).reason and NEAR not in answered(0.9).reason


def test_grade_c_indicates() -> None:
    weak = replace(QUESTION, grade="C")
    assert [answered(p, question=weak).marked for p in (0.99, 0.01, 0.5)] == [
        "indicates for",
        "indicates against",
        "undecided",
    ]


def test_the_event_is_joint() -> None:
    one = Quantity("a", np.array([[1.0, 1.0, -1.0, -1.0]]), region=(0.0, None))
    two = Quantity("b", np.array([[1.0, -1.0, 1.0, -1.0]]), region=(0.0, None))
    shown = Quantity("c", np.array([[-1.0, -1.0, -1.0, -1.0]]))
    joint = Estimate("C99", (one, two, shown), ("data",))
    assert joint.event.tolist() == [[True, False, False, False]]
    assert np.isnan(joint.prior_probability)


def test_summary_states_its_interval() -> None:
    q = Quantity("q", np.linspace(0, 1, 100_001).reshape(1, -1), region=(0.2, None))
    s = summarise(q)
    assert (s.low, s.median, s.high, s.prob) == pytest.approx((0.055, 0.5, 0.945, 0.89), abs=1e-5)
    assert s.probability == pytest.approx(0.8, abs=1e-4)


def test_a_summary_says_what_an_interval_hides() -> None:
    rng = np.random.default_rng(2)
    halves = np.where(rng.random((4, 1000)) < 0.5, -3.0, 3.0) + 0.3 * rng.normal(size=(4, 1000))
    assert summarise(Quantity("q", halves)).shape.startswith("2 separate modes")
    assert "heavy tails" in summarise(Quantity("q", rng.standard_t(2, (4, 1000)))).shape
    assert summarise(Quantity("q", rng.normal(size=(4, 1000)))).shape == ""
    # a ratio is looked at on its logarithmic scale
    assert summarise(Quantity("q", np.exp(2 * rng.normal(size=(4, 1000))), log_scale=True)).shape == ""


# --- a claim's word from its answers --------------------------------------------------------------------------------------

FOR, AGAINST, OPEN = 0.99, 0.01, 0.5


def of(kind: str, grade: str, share: float, countries: tuple[str, ...] = ABOUT, leaves_out: str = "") -> Answer:
    asked = Question("C99", kind, f"tests.{kind}", grade, countries, (2015, 2022), "x", leaves_out=leaves_out)  # type: ignore[arg-type]
    return answered(share, question=asked)


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ([("O", "A", FOR)], "supported"),
        ([("O", "B", AGAINST)], "contradicted"),
        ([("O", "A", FOR), ("M", "B", FOR)], "supported"),
        ([("O", "A", FOR), ("M", "B", OPEN)], "supported"),
        ([("O", "A", FOR), ("M", "B", AGAINST)], "split"),
        # a weak stand-in decides nothing, in either direction
        ([("O", "A", FOR), ("M", "C", AGAINST)], "supported"),
        ([("O", "A", OPEN), ("M", "C", AGAINST)], "undecided"),
        ([("M", "C", FOR)], "undecided"),
        ([("O", "A", OPEN)], "undecided"),
        ([], "not testable"),
    ],
)
def test_answers_combine(answers: list[tuple[str, str, float]], word: str) -> None:
    verdict = combine(CLAIM, [of(*a) for a in answers])
    assert verdict.word == word
    assert not verdict.in_part
    assert bool(verdict.reason) == (word not in ("supported", "contradicted"))


def test_in_part_says_what_is_not_reached() -> None:
    verdict = combine(CLAIM, [of("O", "A", FOR, ("KAZ",), "one year"), of("M", "B", FOR, ("KAZ", "KGZ"))])
    assert verdict.marked == "supported in part"
    assert "not reached: Tajikistan, Turkmenistan, Uzbekistan" in verdict.reason
    assert verdict.countries == ("KAZ", "KGZ")
    # countries are counted over the answers that decide: an undecided one reaches nothing
    wide = combine(CLAIM, [of("O", "A", FOR, ("KAZ",)), of("M", "B", OPEN)])
    assert wide.in_part
    whole = combine(CLAIM, [of("O", "A", FOR, ABOUT[:3], "visibility"), of("M", "B", FOR, ABOUT[2:])])
    assert not whole.in_part


def test_the_leading_answer_is_the_first_of_the_best_grade_that_decides() -> None:
    first = of("O", "B", FOR)
    verdict = combine(CLAIM, [of("E", "A", OPEN), first, of("M", "B", FOR), of("O", "C", AGAINST)])
    assert verdict.leading is first
    assert verdict.deciding == (first, verdict.answers[2])
    # where none decides, of all that have a number
    best = of("M", "A", OPEN)
    assert combine(CLAIM, [of("O", "C", FOR), best]).leading is best
    assert combine(CLAIM, [not_summarised(CLAIM, QUESTION, "divergences 3")]).leading is None


def test_a_split_says_which_measure_is_nearer() -> None:
    verdict = combine(CLAIM, [of("O", "A", FOR), of("M", "B", AGAINST)])
    assert "supported by official statistics by region (grade A)" in verdict.reason
    assert "contradicted by country-month article counts (grade B)" in verdict.reason
    assert "The nearer measure supports it" in verdict.reason
    level = combine(CLAIM, [of("O", "A", FOR), of("M", "A", AGAINST)])
    assert "nearer" not in level.reason


def test_weak_answers_are_told() -> None:
    verdict = combine(CLAIM, [of("O", "C", FOR)])
    assert "weak stand-ins alone" in verdict.reason
    assert "official statistics by region indicates for" in verdict.reason


def test_a_refused_fit_is_no_answer() -> None:
    refused = not_summarised(CLAIM, QUESTION, "divergences 3")
    verdict = combine(CLAIM, [refused])
    assert verdict.word == "not testable"
    assert "divergences 3" in verdict.reason
    assert combine(CLAIM, [refused, of("M", "B", FOR)]).word == "supported"


def test_untestable_claims_say_why_or_what_would_answer() -> None:
    named = replace(CLAIM, untestable="claims on named persons")
    assert combine(named, []).reason == "claims on named persons"
    assert combine(replace(CLAIM, wanted="themes"), []).reason == "it would need themes"
    assert "region-month events or official statistics" in combine(CLAIM, []).reason


# --- simulated data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["supported", "contradicted", "undecided", "not summarised"])
def test_simulated_data_never_yield_a_word_on_the_world(word: str) -> None:
    with pytest.raises(SimulatedDataError, match="never a verdict on the world"):
        Answer(CLAIM, QUESTION, word, "A", simulated=True)  # type: ignore[arg-type]
    with pytest.raises(SimulatedDataError):
        Answer(CLAIM, QUESTION, "recovered", "A", simulated=False)


def recovered(share: float, truth: float) -> Answer:
    quantity = Quantity("q", draws(share), region=(0.0, None), truth=truth)
    return answer(CLAIM, QUESTION, Estimated(Estimate("C99", (quantity,), ("data",), simulated=True)))


@pytest.mark.parametrize(
    ("share", "truth", "word"),
    [
        (0.97, 1.0, "recovered"),
        (0.03, -1.0, "recovered"),
        (0.97, -1.0, "missed"),
        (0.97, 5.0, "missed"),
        # on the right side of one half, and not decided
        (0.90, 1.0, "missed"),
        (0.10, -1.0, "missed"),
    ],
)
def test_recovery_needs_the_registers_thresholds_and_the_interval(share: float, truth: float, word: str) -> None:
    found = recovered(share, truth)
    assert found.word == word, found.reason
    verdict = recovery(CLAIM, found)
    assert verdict.marked == f"{word} (SIMULATED)"
    with pytest.raises(SimulatedDataError, match="no verdict on the world"):
        combine(CLAIM, [found])
    with pytest.raises(SimulatedDataError, match="no recovery"):
        recovery(CLAIM, answered(0.99))


def two(first: float, second: float) -> Answer:
    """Two decisive quantities, uniform on (0, 1), with these truths."""
    rng = np.random.default_rng(5)
    quantities = [
        Quantity(f"q{i}", rng.permutation(np.linspace(1e-3, 1, 4000)).reshape(4, 1000), region=(0.0, None), truth=truth)
        for i, truth in enumerate((first, second))
    ]
    return answer(CLAIM, QUESTION, Estimated(Estimate("C99", tuple(quantities), ("data",), simulated=True)))


def test_recovery_of_several_quantities_is_joint() -> None:
    # two intervals of 94.5 % for a joint 89 %: 0.0275 to 0.9725
    assert two(0.96, 0.04).word == "recovered"
    for outside in (0.98, 0.02):
        found = two(0.5, outside)
        assert found.word == "missed"
        assert found.reason == "the 94.5 % interval misses the truth of: q1"


def test_a_simulated_estimate_without_truth_is_refused() -> None:
    with pytest.raises(SimulatedDataError, match="without its truth"):
        answered(0.9, simulated=True)


def test_tables_carry_what_a_reader_must_know() -> None:
    real = combine(CLAIM, [of("O", "A", FOR, ("KAZ",)), of("M", "C", AGAINST)])
    frame = to_frame([real, combine(CLAIM, []), recovery(CLAIM, recovered(0.97, 1.0))], "abc")
    assert frame["source"].tolist() == ["real", "real", "real", "SIMULATED"]
    assert frame["register_sha256"].eq("abc").all()
    assert frame.loc[0, "interval"] == "89 % ETI"
    assert frame.loc[0, "verdict"] == "supported in part"
    assert frame["word"].tolist()[:2] == ["supported", "indicates against"]
