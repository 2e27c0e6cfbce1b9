"""The first screen's findings: each from the verdicts, every number from an answer."""

from dataclasses import replace
from pathlib import Path

import pytest

from northroute.claims import Claim, Question, Verdict, combine, load
from northroute.claims.answer import Summary
from northroute.errors import RegisterError, SimulatedDataError
from northroute.report import findings, formats, phrases
from northroute.report.findings import Finding
from tests.report import made_up

REGISTER = load()


def of(*verdicts: Verdict) -> dict[str, Finding]:
    return {f.kind: f for f in findings.findings(verdicts, REGISTER)}


def test_what_holds_is_said_with_the_number_of_the_leading_answer() -> None:
    v = made_up.verdict("C02", {"C02.M": "supported", "C02.O": "supported"})
    (point,) = of(v)["holds"].points
    leading = v.leading
    assert leading is not None and leading.question.id == "C02.O"
    ratio = leading.quantities[0]
    assert point.text.startswith("Criminal violence is rarely lethal. Rate ratio: ")
    assert formats.spread(ratio, label=False) in point.text
    assert point.basis == "registers, Kazakhstan 2022, grade A; in part"


def test_what_does_not_hold_is_said_the_other_way_round() -> None:
    found = of(made_up.verdict("C20", {"C20.O": "contradicted"}))
    assert found["fails"].points[0].text.startswith("Most drug trafficking cases name one person alone. Rate ratio: ")
    assert found["holds"].lead == "None of the 29 claims is supported."
    assert not found["holds"].points


def test_news_against_registers_is_a_finding_of_its_own() -> None:
    # on M the word lies where the measure errs, so that the answer counts C and decides nothing: they disagree all the same
    v = made_up.verdict("C02", {"C02.M": "contradicted", "C02.O": "supported"})
    assert v.word == "supported"
    disagree = of(v)["disagree"]
    assert disagree.heading == "News and other sources disagree"
    (point,) = disagree.points
    assert point.text.startswith("Rarely lethal: registers (rate ratio: ") and "say yes, news (" in point.text
    assert point.basis == "registers grade A; news grade C"


def test_two_registers_against_each_other_are_a_finding_without_news() -> None:
    v = made_up.verdict("C12", {"C12.O": "contradicted", "C12.S": "supported"})
    assert v.word == "split"
    found = of(v)["disagree"]
    assert found.heading == "Sources disagree"
    assert found.claims == ("C12",)


def test_weak_stand_ins_are_hints_and_never_findings() -> None:
    found = of(made_up.verdict("C10", {"C10.M": "supported"}))
    assert not found["holds"].points
    (point,) = found["open"].points
    assert point.text.startswith("Hints only: The gap between crime")
    assert "grade C" in point.basis
    assert found["open"].lead.startswith("1 claim stays open")


def test_what_cannot_be_known_says_why() -> None:
    found = of(made_up.verdict("C28", {}), made_up.verdict("C18", {}))["unknown"]
    assert [p.claim for p in found.points] == ["C28", "C18"]
    assert "outside what" in found.points[0].basis
    assert found.points[1].basis == "would need region-month events"


def test_three_to_five_findings_each_short() -> None:
    for verdicts in (made_up.real(REGISTER), tuple(combine(c, ()) for c in REGISTER.claims.values())):
        found = findings.findings(verdicts, REGISTER)
        assert 3 <= len(found) <= 5
        assert all(len(f.points) <= findings.SHOWN for f in found)
        named = [c for f in found if f.kind != "disagree" for c in f.claims]
        assert len(named) == len(set(named))
        split = {v.claim.id for v in verdicts if v.word == "split"}
        assert set(named) | split == set(REGISTER.claims)


def test_simulated_verdicts_are_no_findings_on_the_world() -> None:
    with pytest.raises(SimulatedDataError, match="Leave those verdicts out"):
        findings.findings(made_up.simulated(REGISTER), REGISTER)


def test_the_order_is_whole_before_part_and_grade_a_before_b() -> None:
    whole = made_up.verdict("C09", {"C09.S": "supported"})
    part = made_up.verdict("C02", {"C02.O": "supported"})
    b = made_up.verdict("C26", {"C26.I": "supported"})
    found = of(b, part, whole)["holds"]
    assert [p.claim for p in found.points] == ["C09", "C02", "C26"]


def test_where_several_quantities_decide_the_one_that_fails_is_named() -> None:
    answer = made_up.verdict("C20", {"C20.O": "contradicted"}).answers[0]
    first = answer.quantities[0]
    other = Summary("other", 0.5, 0.4, 0.6, first.prob, (1.0, None), 0.0, None)
    both = replace(answer, quantities=(replace(first, probability=0.9), other))
    assert findings.main_quantity(both) == other
    assert findings.main_quantity(replace(both, word="supported")) == both.quantities[0]
    assert findings.main_quantity(replace(both, quantities=())) is None


@pytest.mark.parametrize(
    ("name", "low", "high", "text"),
    [
        ("lethal share, KAZ", 0.09, 0.11, "10.0 % (89 % ETI 9.00 to 11.0 %)"),
        ("share ratio", 0.09, 0.11, "0.100 (89 % ETI 0.0900 to 0.110)"),
        ("share difference", -0.1, 0.3, "10.0 percentage points (89 % ETI −10.0 to 30.0)"),
        ("log share difference", -0.1, 0.3, "0.100 (89 % ETI −0.100 to 0.300)"),
        ("90 t as a share of heroin", 0.2, 1.3, "0.100 (89 % ETI 0.200 to 1.30)"),
    ],
)
def test_only_shares_are_percentages_and_their_differences_points(
    name: str, low: float, high: float, text: str
) -> None:
    assert formats.spread(Summary(name, 0.1, low, high, 0.89, (None, None), float("nan"), None)) == text


def test_a_number_out_of_so_many_is_told_as_such() -> None:
    count = Summary("countries with more opium, of 5", 3.0, 2.0, 3.0, 0.89, (2.5, None), 0.97, None)
    assert formats.named(count) == "countries with more opium"
    assert formats.spread(count, label=False) == "3 of 5 (2 to 3)"


def test_countries_are_named_and_quantities_may_have_a_name_for_the_first_screen() -> None:
    answer = made_up.verdict("C04", {"C04.O": "contradicted"}).answers[0]
    first = replace(answer.quantities[0], name="rate ratio, KAZ to MEX")
    assert formats.named(first) == "rate ratio, Kazakhstan to Mexico"
    both = (replace(first, name="difference of the two", probability=0.0), first)
    found = of(combine(load()["C04"], [replace(answer, quantities=both)]))
    (point,) = found["fails"].points
    assert (
        ". Correlation of complaints of abuse with drug offences, less that of criminal violence with them: "
        in point.text
    )


def test_every_claim_of_the_register_has_its_phrases_and_none_holds_a_number() -> None:
    known = phrases.load()
    assert list(known) == list(REGISTER.claims)
    for phrase in known.values():
        for text in (phrase.title, phrase.holds, phrase.fails, phrase.whether):
            assert not any(c.isdigit() for c in text)
            assert not text.endswith(".")
        assert not any(c.isdigit() for text in phrase.measures.values() for c in text)
        assert len(phrase.title) <= 32


def test_a_claim_without_phrases_is_named_by_its_slug() -> None:
    question = Question("C99", "O", "x.y", "A", ("KAZ",), (2020, 2020), "above 1")
    claim = Claim("C99", "new-claim", "words", ("KAZ",), ("O",), "above 1", {}, questions=(question,))
    v = combine(claim, [made_up.answered(claim, question, "supported")])
    assert of(v)["holds"].points[0].text.startswith("The claim “new claim” holds. ")


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "C01: {title: a}",
        "C01: {title: a, holds: b, fails: '', whether: d}",
        "a: [b",
        "C01: {title: a, holds: b, fails: c, whether: d, measures: {e: 1}}",
        "C01: {title: a, holds: b, fails: c, whether: d, measures: [e]}",
    ],
)
def test_a_broken_file_of_phrases_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "phrases.yaml"
    path.write_text(text)
    with pytest.raises(RegisterError):
        phrases.load(path)
