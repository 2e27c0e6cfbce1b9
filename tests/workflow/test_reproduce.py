"""The main job on the bundled tables: words, answers, marks, files, reuse."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import MissingDataError
from northroute.provenance import file_sha256
from northroute.standing import standing
from northroute.workflow import Options, reproduce
from tests.workflow.conftest import Job

ON_SIMULATED_REGIONS = {"C04", "C05", "C07", "C08", "C10", "C12"}
WORDS = {"supported", "contradicted", "split", "undecided", "not testable"}


def test_at_least_22_claims_have_a_real_answer_and_the_rest_say_what_would(job: Job) -> None:
    assert len(job.result.real) == 29
    answered = [v for v in job.result.real if any(a.estimate is not None for a in v.answers)]
    assert len(answered) >= 22
    for verdict in job.result.real:
        assert not verdict.simulated
        assert verdict.word in WORDS
        if verdict not in answered:
            assert verdict.word == "not testable"
            assert verdict.reason
    assert {v.claim.id for v in job.result.real if v.word == "not testable"} == {"C18", "C27", "C28"}


def test_every_answer_carries_its_numbers(job: Job) -> None:
    for verdict in job.result.real:
        for answer in verdict.answers:
            assert answer.estimate is not None, (answer.question.id, answer.reason)
            assert answer.mcse > 0
            assert 0 <= answer.prior_probability <= 1, answer.question.id
            assert answer.estimate.data
            assert answer.quantities


def test_weak_stand_ins_decide_nothing(job: Job) -> None:
    for verdict in job.result.real:
        for answer in verdict.answers:
            if answer.grade == "C":
                assert not answer.decides
                assert answer.marked in ("indicates for", "indicates against", "undecided")


def test_simulated_claims_are_recovered_or_missed(job: Job) -> None:
    assert {v.claim.id for v in job.result.simulated} == ON_SIMULATED_REGIONS
    assert {v.word for v in job.result.simulated} <= {"recovered", "missed"}


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
            assert a.probability == pytest.approx(b.probability, nan_ok=True)


def test_an_unchanged_run_stands(job: Job) -> None:
    assert standing(job.options.out, job.options.setting.key) is not None


def test_a_data_folder_without_data_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"holds no provider's files that northroute can read"):
        reproduce(Options(tmp_path / "out", data=tmp_path))
    assert not (tmp_path / "out").exists()
