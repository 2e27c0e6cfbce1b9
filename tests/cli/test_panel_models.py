"""The verbs of panel models, run as a user runs them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from northroute.cli import app

runner = CliRunner()
FORMULA = "drug_incident ~ interdiction | unit + month"


def _run(*words: str) -> str:
    result = runner.invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small table of groups and periods."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"unit": np.repeat(np.arange(40), 6), "t": np.tile(np.arange(6), 40)})
    frame["x"] = rng.normal(size=240)
    frame["y"] = rng.poisson(np.exp(0.5 + 0.3 * frame["x"])) * rng.binomial(1, 0.9, 240)
    path = tmp_path_factory.mktemp("data") / "table.csv"
    frame.to_csv(path, index=False)
    return path


def test_fit_stacks_errors_and_writes(tmp_path: Path) -> None:
    kinds = ("cluster:country", "crv3:country", "webb:country", "conley:300:6", "dk:6")
    words = [w for k in kinds for w in ("--errors", k)]
    text = _run("panel", "fit", FORMULA, "--exposure", "all_events", *words, "--out", str(tmp_path))
    for needed in ("SIMULATED", "clustered by country", "CRV3", "7,776 Webb", "Conley, bartlett, 300 km", "all_events"):
        assert needed in text
    assert pd.read_csv(tmp_path / "panel_fit.csv")["source"].eq("SIMULATED").all()
    assert json.loads((tmp_path / "panel_fit.json").read_text())["simulated"] is True


@pytest.mark.parametrize(
    "model", ["poisson", "conditional", "negbin", "random", "gee", "zip", "zinb", "hurdle-poisson", "hurdle-negbin"]
)
def test_every_model_on_a_file(table: Path, model: str) -> None:
    text = _run("panel", "fit", "y ~ x", "--from", str(table), "--model", model, "--errors", "cluster:unit")
    assert "clustered by unit" in text
    assert "SIMULATED" not in text


def test_check_and_event(tmp_path: Path) -> None:
    text = _run("panel", "check", FORMULA, "--exposure", "all_events", "--term", "interdiction", "--out", str(tmp_path))
    assert "RESET" in text
    assert (tmp_path / "Morans_I.svg").exists()
    assert "rate_ratio" in _run(
        "panel", "event", "general_crime", "--shock", "kazakh_unrest", "--exposure", "all_events"
    )


def test_errors_say_what_to_do(table: Path) -> None:
    for words, message in (
        (["panel", "fit", FORMULA, "--errors", "iid"], "independent Poisson errors are refused"),
        (["panel", "fit", "y ~ x", "--from", str(table), "--model", "probit"], "choose among poisson"),
        (["panel", "fit", "y ~ x", "--from", "nowhere.csv"], "neither simulated, articles nor a file"),
        (["panel", "event", "general_crime", "--shock", "flood"], "there are covid"),
    ):
        result = runner.invoke(app, words)
        assert result.exit_code == 1
        assert message in " ".join(result.output.split())


def test_study_size(tmp_path: Path) -> None:
    text = _run(
        *(
            "study",
            "size",
            "--size",
            "1",
            "--power",
            "0",
            "--out",
            str(tmp_path / "out"),
            "--cache",
            str(tmp_path / "cache"),
        )
    )
    assert "SIMULATED" in text
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        *("inference.csv", "inference.svg", "inference.png", "inference.json")
    }


@pytest.mark.parametrize("verb", [("panel", "fit"), ("panel", "check"), ("panel", "event"), ("study", "size")])
def test_help_ends_with_an_example(verb: tuple[str, ...]) -> None:
    assert "Example: northroute" in _run(*verb, "--help")
