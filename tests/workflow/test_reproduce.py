"""The main job on the bundled tables: verdicts, marks, files, reuse."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import MissingDataError
from northroute.provenance import file_sha256
from northroute.workflow import Options, reproduce
from tests.workflow.conftest import Job

ON_BUNDLED_TABLES = {"C13", "C14", "C15", "C26"}
ON_SIMULATED_REGIONS = {"C04", "C05", "C07", "C08", "C10", "C12"}


def test_every_claim_has_a_verdict_or_a_reason(job: Job) -> None:
    assert len(job.result.real) == 29
    for finding in job.result.real:
        verdict = finding.verdict
        assert not verdict.simulated
        if verdict.claim.id in ON_BUNDLED_TABLES:
            assert verdict.word in ("supported", "contradicted", "undecided"), verdict.reason
            assert verdict.mcse > 0
            assert 0 <= verdict.prior_probability <= 1
        else:
            assert verdict.word == "not testable"
            assert verdict.reason


def test_without_article_counts_the_page_says_how_to_get_them(job: Job) -> None:
    assert any("make reproduce-real" in n for n in job.result.notices)
    reasons = {f.verdict.claim.id: f.verdict.reason for f in job.result.real}
    assert "northroute fetch mlp" in reasons["C01"]


def test_simulated_claims_are_recovered_or_missed(job: Job) -> None:
    assert {f.verdict.claim.id for f in job.result.simulated} == ON_SIMULATED_REGIONS
    words = [f.verdict.word for f in job.result.simulated]
    assert set(words) <= {"recovered", "missed"}
    # 89 % intervals miss some. C04 and C10 of these 18 months are bad luck: even with timing and slopes known, regions'
    # observed rates of criminal and drug events are correlated 0.38 less than the latent ones (mean over 150 seeds 0.16, sd
    # 0.11), and Kazakhstan has drug events 1.5 sd below and crimes 1.7 sd above what its true rates expect
    assert words.count("recovered") >= 4


def test_all_fits_passed(job: Job) -> None:
    assert job.result.failed == ()


def test_the_page_is_self_contained_and_marked(out: Path) -> None:
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.index('id="claims"') < page.index('id="simulated"') < page.index('id="each"')
    # nothing is loaded from elsewhere: images are embedded, there is no script, style sheet or font to fetch
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page
    for claim in ON_SIMULATED_REGIONS:
        article = re.search(rf'<article id="simulated-{claim}".*?</article>', page, re.DOTALL)
        assert article
        assert '<p class="banner">SIMULATED</p>' in article[0]
        rows = re.findall(r"<tr><td>.*?</tr>", article[0], re.DOTALL)
        assert rows and all("SIMULATED" in r for r in rows)
    for claim in ON_BUNDLED_TABLES:
        article = re.search(rf'<article id="real-{claim}".*?</article>', page, re.DOTALL)
        assert article
        assert "SIMULATED" not in article[0]


def test_tables_come_as_csv_and_latex_with_their_stamp(out: Path, job: Job) -> None:
    names = {p.stem for p in (out / "tables").glob("*.csv")}
    assert {"claims_real", "claims_simulated", "diagnostics_real", "fixed_effects_simulated"} <= names
    for name in names:
        table = pd.read_csv(out / "tables" / f"{name}.csv")
        latex = (out / "tables" / f"{name}.tex").read_text(encoding="utf-8")
        stamp = json.loads((out / "tables" / f"{name}.json").read_text(encoding="utf-8"))
        simulated = name.endswith("simulated")
        assert (table["source"] == "SIMULATED").all() if simulated else (table["source"] != "SIMULATED").all()
        assert ("SIMULATED" in latex) == simulated
        assert stamp["seed"] == job.options.seed
        assert stamp["register_sha256"] in latex
        assert {"command", "data_sha256", "versions"} <= set(stamp)


def test_figures_come_as_svg_and_png(out: Path) -> None:
    svg = {p.stem for p in (out / "figures").glob("*.svg")}
    png = {p.stem for p in (out / "figures").glob("*.png")}
    assert svg == png
    assert {f"real_{c}" for c in ON_BUNDLED_TABLES} | {f"simulated_{c}" for c in ON_SIMULATED_REGIONS} <= svg
    assert {"map_regions", "real_overview", "simulated_overview", "map_simulated_rates"} <= svg


def test_the_manifest_accounts_for_every_output(out: Path, job: Job) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["register"]["in_force"] == manifest["register"]["registered"]
    for name, sha in manifest["outputs"].items():
        assert file_sha256(out / name) == sha
    assert "index.html" in manifest["outputs"]
    assert {"opium.csv", "seizures.csv", "vdem.csv", "regions.csv", "simulator"} <= set(manifest["inputs"])
    assert all(f["passed"] for f in manifest["fits"])


def test_a_second_run_samples_nothing_and_says_the_same(job: Job) -> None:
    assert not [m for m in job.messages if "sampling" in m or "compiling" in m]
    for first, second in zip(job.result.real, job.again.real, strict=True):
        assert first.verdict.marked == second.verdict.marked
        assert first.verdict.probability == pytest.approx(second.verdict.probability, nan_ok=True)


def test_a_data_folder_without_data_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"holds no complete mlp_civic_space_counts/.*northroute fetch mlp"):
        reproduce(Options(tmp_path / "out", data=tmp_path))
    assert not (tmp_path / "out").exists()
