"""The main job on the bundled tables: words, answers, marks, files, reuse."""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.claims import Answer, Verdict
from northroute.errors import MissingDataError
from northroute.provenance import file_sha256
from northroute.standing import standing
from northroute.workflow import Options, Result, ladder, reproduce

REPORTS = Path(__file__).parents[2] / "reports"
ON_SIMULATED_REGIONS = {"C04", "C05", "C07", "C08", "C10", "C12"}
WORDS = {"supported", "contradicted", "split", "undecided", "not testable"}


@dataclass(frozen=True)
class Job:
    options: Options
    result: Result
    again: Result
    messages: tuple[str, ...]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    options = Options(tmp_path_factory.mktemp("job"), quick=True, command="northroute reproduce --quick")
    result = reproduce(options)
    messages: list[str] = []
    again = reproduce(replace(options, command="again"), lambda message, _: messages.append(message))
    return Job(options, result, again, tuple(messages))


@pytest.fixture(scope="module")
def out(job: Job) -> Path:
    return job.options.out


def test_26_claims_have_a_real_answer_and_the_rest_say_what_would(job: Job) -> None:
    assert len(job.result.real) == 29
    answered = [v for v in job.result.real if any(a.estimate is not None for a in v.answers)]
    assert len(answered) == 26
    for verdict in job.result.real:
        assert not verdict.simulated
        assert verdict.word in WORDS
        if verdict not in answered:
            assert verdict.word == "not testable"
            assert "it would need" in verdict.reason or (
                verdict.claim.untestable and verdict.claim.untestable in verdict.reason
            )
    assert {v.claim.id for v in job.result.real if v.word == "not testable"} == {"C18", "C27", "C28"}


def test_every_answer_carries_its_numbers(job: Job) -> None:
    for answer in _answers(job.result.real):
        name = answer.question.id
        assert answer.estimate is not None, (name, answer.reason)
        assert answer.estimate.data
        event = answer.estimate.event
        assert answer.probability == event.mean()
        # of a share of draws that are worth 400 at least, as the gate has it, or of none that differs
        assert 0 < answer.mcse <= 0.5 / 400**0.5, name
        assert 0 <= answer.prior_probability <= 1, name
        first, *others = answer.specifications
        assert (first.label, first.probability) == ("reference", answer.probability)
        assert {s.label for s in others} <= set(answer.question.variants), name
        side = [(s.probability > 0.5) == (answer.probability > 0.5) for s in answer.specifications]
        assert answer.agreement == pytest.approx(sum(side) / len(side))
        assert answer.quantities
        for q in answer.quantities:
            assert q.low <= q.median <= q.high, (name, q.name)


def test_no_assumption_is_said_twice(job: Job) -> None:
    twice = []
    for answer in _answers((*job.result.real, *job.result.simulated)):
        assert answer.estimate is not None
        said = Counter((*answer.question.assumes, *answer.estimate.assumptions))
        twice += [(answer.question.id, text) for text, times in said.items() if times > 1]
    assert not twice


def test_words_are_the_registers_rule_on_these_numbers(job: Job) -> None:
    for verdict in job.result.real:
        for a in verdict.answers:
            assert a.estimate is not None
            met = all(r.met for r in a.estimate.requirements)
            word = "undecided"
            if a.agreement >= 0.8 and a.probability >= 0.95 and met:
                word = "supported"
            elif a.agreement >= 0.8 and a.probability <= 0.05:
                word = "contradicted"
            assert a.word == word, a.question.id
            lowered = {"A": "B", "B": "C", "C": "C"} if word == a.question.errs else {}
            assert a.grade == lowered.get(a.question.grade, a.question.grade), a.question.id
        words = {a.word for a in verdict.answers if a.grade != "C"} - {"undecided"}
        expected = "split" if len(words) > 1 else "".join(words) or "undecided" if verdict.answers else "not testable"
        assert verdict.word == expected, verdict.claim.id


def test_a_quick_look_says_what_the_committed_full_run_says(job: Job) -> None:
    """The same reference models, fewer draws and variants: probabilities agree within four Monte Carlo standard errors."""
    published = json.loads((REPORTS / "reference" / "claims.json").read_text(encoding="utf-8"))
    full = {a["id"]: a for c in published["claims"] if not c["simulated"] for a in c["answers"]}
    found = {a.question.id: a for a in _answers(job.result.real)}
    assert set(found) == set(full)
    apart = {
        name: (a.probability, full[name]["probability"])
        for name, a in found.items()
        if abs(a.probability - full[name]["probability"]) > 4 * math.hypot(a.mcse, full[name]["mcse"])
    }
    assert not apart


def test_weak_stand_ins_decide_nothing(job: Job) -> None:
    weak = [a for a in _answers(job.result.real) if a.grade == "C"]
    assert weak
    for answer in weak:
        assert not answer.decides
        shown = {"supported": "indicates for", "contradicted": "indicates against"}
        assert answer.marked == shown.get(answer.word, answer.word)
    for verdict in job.result.real:
        assert all(a.grade in ("A", "B") for a in verdict.deciding)


def test_simulated_claims_are_recovered_or_missed(job: Job) -> None:
    assert {v.claim.id for v in job.result.simulated} == ON_SIMULATED_REGIONS
    for verdict in job.result.simulated:
        (a,) = verdict.answers
        assert a.simulated and a.estimate is not None and a.estimate.truth is not None
        decisive = [q for q in a.estimate.quantities if q.decisive]
        tail = 0.11 / len(decisive) / 2
        covered = all(
            q.truth is not None and np.quantile(q.draws, tail) <= q.truth <= np.quantile(q.draws, 1 - tail)
            for q in decisive
        )
        decided = a.probability >= 0.95 if a.estimate.truth else a.probability <= 0.05
        right = decided and a.agreement >= 0.8 and all(r.met for r in a.estimate.requirements)
        assert verdict.word == ("recovered" if right and covered else "missed"), (verdict.claim.id, verdict.reason)
        assert verdict.marked == f"{verdict.word} (SIMULATED)"


@pytest.mark.parametrize(("name", "kind"), [("index.html", "real"), ("calibration.html", "simulated")])
def test_each_page_has_its_ladder(out: Path, name: str, kind: str) -> None:
    page = (out / name).read_text(encoding="utf-8")
    section = re.search(r"<summary>The ladder of models</summary>.*?</details>", page, re.DOTALL)
    assert section
    body = re.search(r"<tbody>.*?</tbody>", section[0], re.DOTALL)
    assert body and body[0].count("<tr") == len(ladder.QUICK_STEPS)
    assert body[0].count("SIMULATED") == (len(ladder.QUICK_STEPS) if kind == "simulated" else 0)
    assert "A quick look: 18 simulated months" in section[0]
    assert "No verdict rests on this table" in section[0]
    frame = pd.read_csv(out / "tables" / f"ladder_{kind}.csv")
    assert list(dict.fromkeys(frame["step"])) == list(ladder.QUICK_STEPS)
    fitted = frame[frame["gate"] != "not fitted"]
    assert (fitted["gate"] == "passed").all() and (fitted["smallest_ess"] >= 400).all()
    assert set(frame["step"]) - set(fitted["step"]) == ({"spatial"} if kind == "real" else set())
    assert (out / "figures" / f"ladder_{kind}.svg").exists()


def test_simulated_slopes_lie_near_the_truth(out: Path) -> None:
    frame = pd.read_csv(out / "tables" / "ladder_simulated.csv")
    # the truth is within an interval's width of the median, which is some three standard deviations
    assert ((frame["median"] - frame["truth"]).abs() < frame["high"] - frame["low"]).all()


def _answers(verdicts: Sequence[Verdict]) -> list[Answer]:
    return [a for v in verdicts for a in v.answers]


def test_all_fits_passed(job: Job) -> None:
    assert job.result.failed == ()


def test_a_quick_page_says_so(out: Path) -> None:
    assert "quick look" in (out / "index.html").read_text(encoding="utf-8").lower()


def test_the_pages_are_self_contained_and_apart(out: Path) -> None:
    page, world = ((out / n).read_text(encoding="utf-8") for n in ("index.html", "calibration.html"))
    for text in (page, world):
        # nothing is loaded from elsewhere: images are embedded, there is no script, style sheet or font to fetch
        outside = [a for a in re.findall(r'(?:src|href)="([^"]*)"', text) if not a.startswith(("data:", "#"))]
        assert set(outside) <= {"index.html", "calibration.html", *(f"index.html{a}" for a in ("#claims",))}
    assert "SIMULATED" in world
    for claim in ON_SIMULATED_REGIONS:
        assert claim in world


def test_tables_come_as_csv_and_latex_with_their_stamp(out: Path, job: Job) -> None:
    names = {p.stem for p in (out / "tables").glob("*.csv")}
    assert {"claims_real", "claims_simulated", "diagnostics_real", "fixed_effects_simulated"} <= names
    for name in names:
        table = pd.read_csv(out / "tables" / f"{name}.csv", keep_default_na=False)
        latex = (out / "tables" / f"{name}.tex").read_text(encoding="utf-8")
        stamp = json.loads((out / "tables" / f"{name}.json").read_text(encoding="utf-8"))
        simulated = name.endswith("simulated")
        assert (table["source"] == "SIMULATED").all() if simulated else (table["source"] != "SIMULATED").all()
        assert ("SIMULATED" in latex) == simulated
        assert stamp["seed"] == job.options.seed
        assert stamp["register_sha256"] in latex
        assert {"command", "data_sha256", "versions"} <= set(stamp)


def test_figures_come_as_svg_and_png(out: Path, job: Job) -> None:
    svg = {p.stem for p in (out / "figures").glob("*.svg")}
    assert svg == {p.stem for p in (out / "figures").glob("*.png")}
    asked = {f"real_{a.question.id}" for v in job.result.real for a in v.answers if a.estimate is not None}
    assert asked <= svg


def test_the_manifest_accounts_for_every_output(out: Path, job: Job) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["register"]["in_force"] == manifest["register"]["registered"]
    for name, sha in manifest["outputs"].items():
        assert file_sha256(out / name) == sha
    assert {"index.html", "calibration.html"} <= set(manifest["outputs"])
    assert {"kz_offences_2022.csv", "article_counts.csv", "vdem.csv", "regions.csv", "simulator"} <= set(
        manifest["inputs"]
    )
    assert set(manifest["code"]) == {"commit", "dirty", "sha256"}
    assert all(f["passed"] for f in manifest["fits"])


def test_a_second_run_samples_nothing_and_says_the_same(job: Job) -> None:
    assert not [m for m in job.messages if "sampling" in m or "compiling" in m]
    for first, second in zip(job.result.real, job.again.real, strict=True):
        assert first.marked == second.marked
        for a, b in zip(first.answers, second.answers, strict=True):
            assert (a.probability, a.mcse, a.agreement) == (b.probability, b.mcse, b.agreement)
            assert [q.median for q in a.quantities] == pytest.approx([q.median for q in b.quantities], rel=1e-12)


def test_an_unchanged_run_stands(job: Job) -> None:
    assert standing(job.options.out, job.options.setting.key) is not None


def test_a_data_folder_without_data_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"holds no provider's files that northroute can read"):
        reproduce(Options(tmp_path / "out", data=tmp_path))
    assert not (tmp_path / "out").exists()
