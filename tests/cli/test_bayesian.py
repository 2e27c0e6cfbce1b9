"""The verbs of Bayesian models."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from northroute.bayes.calibration import steps as calibrate
from northroute.cli import app

runner = CliRunner()


def test_ladder_fits_checks_and_writes(tmp_path: Path) -> None:
    words = ["ladder", "pooled", "--months", "12", "--draws", "250", "--priors", "tight", "--output", str(tmp_path)]
    result = runner.invoke(app, words)
    assert result.exit_code == 0, result.output
    for needed in ("SIMULATED", "89 % ETI", "rootogram"):
        assert needed in result.output
    assert (tmp_path / "ladder_regions_pooled.nc").exists()
    assert (tmp_path / "ladder_regions_pooled_rootogram.svg").exists()


def test_priors_that_expect_the_absurd_are_not_sampled_unless_asked_for(tmp_path: Path) -> None:
    words = ["ladder", "country", "--months", "12", "--draws", "250", "--priors", "wide", "--output", str(tmp_path)]
    refused = runner.invoke(app, words)
    assert refused.exit_code == 1
    assert "was not sampled: prior too large" in " ".join(refused.output.split())
    shown = runner.invoke(app, [*words, "--allow-failed"])
    assert shown.exit_code == 0, shown.output
    assert "FAILED DIAGNOSTICS" in shown.output


def test_sbc_writes_ranks_and_says_no_verdict_yet(tmp_path: Path) -> None:
    result = runner.invoke(app, ["sbc", "pooled", "--replications", "3", "--draws", "250", "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "SIMULATED" in result.output
    assert (tmp_path / "sbc_pooled.json").exists()


def test_sbc_of_all_writes_an_overview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = {name: calibrate.CALIBRATIONS[name] for name in ("pooled", "composition")}
    monkeypatch.setattr(calibrate, "CALIBRATIONS", two)
    folders = ["--output", str(tmp_path / "figures"), "--ranks", str(tmp_path / "ranks")]
    result = runner.invoke(app, ["sbc", "all", "--replications", "2", "--draws", "250", *folders])
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tmp_path / "figures" / "overview.csv")["model"].tolist() == ["pooled", "composition"]
    names = {p.name for p in (tmp_path / "ranks").glob("*.parquet")}
    assert names == {"ranks_pooled.parquet", "ranks_composition.parquet"}
    assert (tmp_path / "figures" / "overview.svg").exists()


def test_unknown_names_say_what_there_is() -> None:
    for words in (["ladder", "top"], ["sbc", "top"], ["ladder", "pooled", "--priors", "odd"]):
        result = runner.invoke(app, words)
        assert result.exit_code == 1
        assert "pooled" in result.output or "default" in result.output


def test_the_composition_of_real_seizures_is_fitted_and_checked(tmp_path: Path) -> None:
    words = ["ladder", "composition", "--real", "--draws", "250", "--output", str(tmp_path)]
    result = runner.invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "SIMULATED" not in result.output and "Not done" not in result.output
    assert "not kilograms" in result.output
    assert (tmp_path / "ladder_seizures_composition_posterior_predictive.csv").exists()


def test_a_folder_without_article_counts_is_refused_and_not_replaced_by_the_bundle(tmp_path: Path) -> None:
    result = runner.invoke(app, ["ladder", "pooled", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "No article counts in" in result.output and "--real" in result.output


def test_a_step_without_real_data_says_why() -> None:
    result = runner.invoke(app, ["ladder", "spatial", "--real"])
    assert result.exit_code == 1
    assert "not fitted to article counts" in result.output and "complete graph" in result.output


def test_priors_by_name_are_for_steps_of_counts() -> None:
    result = runner.invoke(app, ["ladder", "composition", "--months", "12", "--priors", "wide"])
    assert result.exit_code == 1
    assert "priors of its own" in result.output
