"""Models that are right pass, models that are wrong are caught, failed fits are told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.calibration import Calibratable, Calibration, Posterior, assess, run, write
from northroute.bayes.calibration.figure import coverage, ecdf_differences
from northroute.errors import ModelError
from northroute.look import BOUND
from tests.bayes.calibration.models import Array, GammaPoisson, NormalNormal

REPLICATIONS = 200


def judged(model: Calibratable, folder: Path, replications: int = REPLICATIONS) -> Calibration:
    return assess(run(model, replications, folder / "ranks.parquet", data_hash="closed form", seed=11))


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    return judged(GammaPoisson(), tmp_path_factory.mktemp("right"))


def test_a_right_posterior_is_calibrated(right: Calibration) -> None:
    assert right.passed, right.sentence
    assert right.sentence.startswith("SIMULATED. gamma_poisson: calibrated as far as 200 replications can tell")
    table = right.table.set_index("quantity")
    assert table.loc["rate", "elements"] == 6
    assert (table["source"] == "SIMULATED").all()
    # pooled over six independent regions: 1200 intervals, four standard errors
    assert table.loc["rate", "coverage_89"] == pytest.approx(0.89, abs=4 * np.sqrt(0.89 * 0.11 / 1200))
    assert table.loc["rate", "coverage_50"] == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 1200))
    assert len(right.scalars) == 7


def test_autocorrelated_draws_are_thinned_by_their_effective_size(tmp_path: Path) -> None:
    found = judged(NormalNormal(autocorrelation=0.9), tmp_path)
    assert found.passed, found.sentence
    assert set(found.table["draws"]) == {52}  # 2000 draws are worth 105, half of which are ranked against


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (NormalNormal(width=0.6), "too narrow"),
        (NormalNormal(width=1.8), "too wide"),
        (NormalNormal(shift=0.5), "too high"),
        (NormalNormal(shift=-0.5), "too low"),
    ],
)
def test_a_wrong_posterior_is_caught_and_described(model: NormalNormal, words: str, tmp_path: Path) -> None:
    found = judged(model, tmp_path)
    assert found.passed is False
    assert f"; the draws are {words})" in found.sentence
    row = found.table.set_index("quantity").loc["mean"]
    assert not row["passed"]
    if model.width != 1:
        inside = row["coverage_50_low"] <= row["coverage_50"] <= row["coverage_50_high"]
        assert not inside


def test_a_posterior_that_ignores_the_data_is_caught_by_the_log_likelihood_only(tmp_path: Path) -> None:
    found = judged(GammaPoisson(name="prior", ignores_data=True), tmp_path)
    table = found.table.set_index("quantity")
    assert table["passed"].to_dict() == {"rate": True, "log_likelihood": False}
    assert float(found.table["p_joint"].min()) < 1e-6
    assert "log_likelihood (p < 0.001; the draws are too low)" in found.sentence


def test_a_small_fault_that_all_regions_share_is_caught_together(tmp_path: Path) -> None:
    found = judged(GammaPoisson(name="tight", regions=51, tightened=0.95), tmp_path)
    row = found.table.set_index("quantity").loc["rate"]
    assert row["p_pooled"] < 1e-4 * row["p_ecdf"]  # where regions one by one show little
    assert "rate, all 51 together (p < 0.001; the draws are too narrow)" in found.sentence
    assert found.passed is False
    title = ecdf_differences(found).axes[0].title
    assert title.get_color() == BOUND


def test_false_alarms_are_as_rare_as_stated(tmp_path: Path) -> None:
    runs = [judged(GammaPoisson(name=f"right_{i}"), tmp_path / str(i), 50) for i in range(40)]
    # at most 5 % fail: 8 or more of 40 would have probability 0.0007
    assert sum(r.passed is False for r in runs) < 8


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    unbroken = run(NormalNormal(), 12, tmp_path / "unbroken.parquet", data_hash="", seed=3)
    path = tmp_path / "broken.parquet"
    with pytest.raises(KeyboardInterrupt):
        run(NormalNormal(stops_after=5), 12, path, data_hash="", seed=3)
    model = NormalNormal()
    told: list[float] = []
    resumed = run(model, 12, path, data_hash="", seed=3, progress=lambda _, share: told.append(share))
    assert len(model.fitted) == 7
    assert told == [n / 12 for n in range(6, 13)]
    pd.testing.assert_frame_equal(resumed.frame.drop(columns="seconds"), unbroken.frame.drop(columns="seconds"))


def test_failed_fits_are_left_out_and_told(tmp_path: Path) -> None:
    found = judged(NormalNormal(fails=frozenset({3}), breaks=frozenset({8, 9})), tmp_path, 100)
    assert found.failures["replication"].tolist() == [3, 8, 9]
    assert found.failures["reason"].tolist() == ["R-hat 1.2, limit 1.01", *["the sampler found no start"] * 2]
    assert set(found.table["replications"]) == {97}
    assert found.passed
    assert "3 of 100 fits (3.0%) failed their diagnostics and are left out." in found.sentence


def test_too_many_failed_fits_refuse_a_verdict(tmp_path: Path) -> None:
    found = judged(NormalNormal(width=0.3, fails=frozenset(range(6))), tmp_path, 100)
    assert found.passed is None
    assert found.verdict == "no verdict"
    assert "no verdict, because 6 of 100 fits (6.0%) failed" in found.sentence
    assert len(found.table) == 2  # the numbers are there for whoever mends it


def test_too_few_replications_refuse_a_verdict(tmp_path: Path) -> None:
    found = judged(NormalNormal(width=0.3), tmp_path, 10)
    assert found.passed is None
    assert "it takes 50: raise --replications" in found.sentence


def test_nothing_but_failures(tmp_path: Path) -> None:
    found = judged(NormalNormal(breaks=frozenset(range(4))), tmp_path, 4)
    assert found.passed is None
    assert "4 of 4 fits (100.0%) failed" in found.sentence
    assert [p.name for p in write(found, tmp_path)] == ["sbc_normal_normal.json"]
    with pytest.raises(ModelError, match="nothing to draw"):
        ecdf_differences(found)


@dataclass(frozen=True)
class Silent(NormalNormal):
    """Without some quantity in truth or draws."""

    truth_lacks: str = ""
    draws_lack: str = ""

    def simulate(self, seed: int) -> tuple[Mapping[str, Array], Any]:
        truth, data = super().simulate(seed)
        return {k: v for k, v in truth.items() if k != self.truth_lacks}, data

    def posterior(self, data: Any, seed: int) -> Posterior:
        found = super().posterior(data, seed)
        return replace(found, draws={k: v for k, v in found.draws.items() if k != self.draws_lack})


def test_a_model_must_report_what_it_claims(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="posterior that ignores the data passes"):
        judged(Silent(truth_lacks="log_likelihood"), tmp_path)
    with pytest.raises(ModelError, match="no truth, draws or effective sample size of 'mean' in replication 0"):
        judged(Silent(draws_lack="mean"), tmp_path)


def test_files_and_figures(right: Calibration, tmp_path: Path) -> None:
    paths = write(right, tmp_path)
    assert sorted(p.name for p in paths) == sorted(p.name for p in tmp_path.iterdir())
    summary = json.loads((tmp_path / "sbc_gamma_poisson.json").read_text(encoding="utf-8"))
    assert summary["verdict"] == "passed"
    assert summary["provenance"]["seed"] == 11
    assert set(pd.read_csv(tmp_path / "sbc_gamma_poisson_scalars.csv")["source"]) == {"SIMULATED"}
    for figure in (ecdf_differences(right), coverage(right)):
        assert any(t.get_text() == "SIMULATED" for t in figure.texts)
    axes = ecdf_differences(right).axes
    assert [a.get_title() for a in axes] == ["rate (6)", "log_likelihood"]
