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


def test_columns_are_the_users(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    own = pd.DataFrame({"my place": np.repeat(np.arange(12), 36), "when": np.tile(np.arange(36), 12)})
    own["state"] = np.array(["KAZ", "KGZ", "UZB", "TJK"])[own["my place"] % 4]
    own["east"], own["north"] = 60.0 + own["my place"], 40.0 + own["my place"] % 4
    own["when"] = (2021 + own["when"] // 12) * 100 + own["when"] % 12 + 1
    own["rate%"] = rng.normal(size=len(own))
    own["n"] = rng.poisson(4, len(own))
    path = tmp_path / "own.csv"
    own.to_csv(path, index=False)
    names = ("--unit", "my place", "--time", "when", "--lon", "east", "--lat", "north")
    formula = "n ~ `rate%` | `my place` + when"
    text = _run("panel", "fit", formula, "--from", str(path), *names, "--errors", "conley:300:3", "--errors", "dk:3")
    assert "Conley, bartlett, 300 km, 3 months" in text
    assert "rate%" in text
    text = _run("panel", "check", formula, "--from", str(path), "--term", "rate%", "--by", "state", *names)
    for name in ("residual autocorrelation", "Moran's I", "leave one year out", "strict exogeneity by leads"):
        assert f" {name}: " in text
        assert f"not run {name}" not in text
    words = ("panel", "event", "n", "--shock", "kazakh_unrest", "--from", str(path), *names)
    assert "rate_ratio" in _run(*words, "--country", "state")
    refused = runner.invoke(app, words)
    assert refused.exit_code == 1
    assert "Name it with --country" in " ".join(refused.output.split())


def test_files_are_read_letter_by_letter(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    codes = np.repeat(["NA", "ZA", "BW", "ZW"], 24)
    frame = pd.DataFrame({"country": codes, "x": rng.normal(size=96), "y": rng.poisson(2, 96)})
    frame["zip"] = np.where(frame["country"] == "NA", "01", "1")
    frame.to_csv(tmp_path / "na.csv", index=False)
    words = ("panel", "fit", "y ~ x | country", "--errors", "hetero", "--from")
    assert "rows: 96" in _run(*words, str(tmp_path / "na.csv"))
    by_zip = _run("panel", "fit", "y ~ x | zip", "--errors", "hetero", "--from", str(tmp_path / "na.csv"))
    assert "zip (2)" in by_zip
    # among numbers NA is a gap, as R writes it
    frame.assign(x=frame["x"].where(frame.index > 5)).to_csv(tmp_path / "gap.csv", index=False, na_rep="NA")
    assert "6 covariate missing" in _run(*words, str(tmp_path / "gap.csv"))
    frame.assign(country=frame["country"].replace("NA", "Öst")).to_csv(
        tmp_path / "l.csv", index=False, encoding="latin-1"
    )
    (tmp_path / "bad.parquet").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    for name, message in (
        ("l.csv", "not UTF-8 text"),
        ("bad.parquet", "not a readable table"),
        ("empty.csv", "not a readable table"),
    ):
        result = runner.invoke(app, [*words, str(tmp_path / name)])
        assert result.exit_code == 1
        assert message in result.output
        assert len(result.output.strip().splitlines()) == 1


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
