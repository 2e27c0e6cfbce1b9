"""The verbs of panel models, run as a user runs them."""

import json
from pathlib import Path
from typing import Any

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
        ("empty.csv", "the file is empty"),
    ):
        result = runner.invoke(app, [*words, str(tmp_path / name)])
        assert result.exit_code == 1
        assert message in result.output
        assert len(result.output.strip().splitlines()) == 1


def _own(seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    own = pd.DataFrame({"unit": np.repeat(np.arange(30), 24), "t": np.tile(np.arange(24), 30)})
    own["country"] = np.array(["KAZ", "KGZ", "UZB", "TJK"])[own["unit"] % 4]
    own["month"] = [f"{2021 + t // 12}-{t % 12 + 1:02d}" for t in own["t"]]
    own["x"], own["w"], own["z"] = rng.normal(size=(3, len(own)))
    return own.assign(y=rng.poisson(np.exp(0.6 + 0.3 * own["x"])), p=rng.poisson(3, len(own)))


@pytest.mark.parametrize(
    "code",
    [
        lambda u: f"1.{u}",  # 1.1 and 1.10 are two codes and one number
        lambda u: ("+" if u % 2 else "") + str(u // 2),
        lambda u: "NA" if u == 5 else str(u),
        lambda u: str(2**60 + u),
        lambda u: f"{u:02d}",
        lambda u: ("None", "nan", "inf", "NULL")[u] if u < 4 else str(u),
        lambda u: f"1e{u}",
    ],
)
def test_codes_of_effects_and_clusters_are_kept_letter_by_letter(tmp_path: Path, code: Any) -> None:
    own = _own()
    own.assign(unit=own["unit"].map(code)).to_csv(tmp_path / "own.csv", index=False)
    text = _run("panel", "fit", "y ~ x | unit", "--from", str(tmp_path / "own.csv"), "--errors", "cluster:unit")
    assert "effects: unit (30)" in text
    assert "rows: 720" in text
    assert "30 unit;" in text


@pytest.mark.parametrize("gap", ["", "NA", "n/a", "#N/A", "..", " ", "NaN"])
def test_gaps_among_numbers(tmp_path: Path, gap: str) -> None:
    own = _own()
    own.assign(y=own["y"].astype(str).mask(own["t"] == 7, gap)).to_csv(tmp_path / "own.csv", index=False)
    text = _run("panel", "fit", "y ~ x | unit", "--from", str(tmp_path / "own.csv"), "--errors", "hetero")
    assert "rows left out: 30 outcome unobserved" in text


DAMAGED: dict[str, tuple[Any, str]] = {
    "cut off": (lambda t: t[: len(t) // 2 + 3], "the line is cut off"),
    "a comma too many": (lambda t: t.replace("KAZ,", "KAZ,oops,", 1), "fields where the header has 9"),
    "a field too few": (lambda t: t.replace("KAZ,", "", 1), "8 fields where the header has 9"),
    "a header twice": (lambda t: t.replace("unit,t,", "unit,x,", 1), r"column(s) ['x'] occur twice"),
    "semicolons": (lambda t: t.replace(",", ";"), "separated by ';', not by commas"),
    "tabs": (lambda t: t.replace(",", "\t"), "separated by '\\t', not by commas"),
    "a header alone": (lambda t: t.split("\n")[0] + "\n", "a header and no rows"),
    "an open quote": (lambda t: t.replace("KAZ", '"KAZ', 1), "not valid CSV"),
    "a zero byte": (lambda t: t.replace("KAZ", "K\0Z", 1), "a zero byte"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_tables_end_in_one_line(tmp_path: Path, case: str) -> None:
    change, message = DAMAGED[case]
    (tmp_path / "own.csv").write_text(change(_own().to_csv(index=False)))
    result = runner.invoke(app, ["panel", "fit", "y ~ x", "--from", str(tmp_path / "own.csv"), "--errors", "hetero"])
    assert result.exit_code == 1
    assert message in result.output
    assert "own.csv" in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_parquet_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    _own().to_parquet(tmp_path / "own.data")
    words = ("panel", "fit", "y ~ x", "--errors", "hetero", "--from")
    assert "rows: 720" in _run(*words, str(tmp_path / "own.data"))
    whole = (tmp_path / "own.data").read_bytes()
    for name, content in (
        ("half.data", whole[: len(whole) // 2]),
        ("middle.data", whole[:600] + bytes(400) + whole[1000:]),
    ):
        (tmp_path / name).write_bytes(content)
        result = runner.invoke(app, [*words, str(tmp_path / name)])
        assert result.exit_code == 1
        assert f"{name}: not a readable table" in result.output
        assert len(result.output.strip().splitlines()) == 1


def test_names_are_printed_letter_by_letter(tmp_path: Path) -> None:
    """Square brackets are no markup and ':b:' no picture, on the console as in the CSV and in LaTeX."""
    names = {"x": "x[red]", "w": "b", "z": "c:_%", "unit": "the:b:place", "p": "p/q [bold]"}
    _own().rename(columns=names).to_csv(tmp_path / "own.csv", index=False)
    source = ("--from", str(tmp_path / "own.csv"), "--out", str(tmp_path / "out"))
    formula = "y ~ `x[red]` + `x[red]`:b:`c:_%` | `the:b:place`"
    text = _run("panel", "fit", formula, *source, "--errors", "cluster:the:b:place")
    terms = pd.read_csv(tmp_path / "out" / "panel_fit.csv")["term"].unique()
    assert sorted(terms) == ["x[red]", "x[red]:b:c:_%"]
    assert all(f"\n{term} " in f"\n{text}" for term in terms)
    assert "clustered by the:b:place" in text
    latex = (tmp_path / "out" / "panel_fit.tex").read_text()
    assert r"x{[}red]:b:c:\_\%" in latex
    words = ("panel", "check", "y ~ `x[red]` | `the:b:place`", *source, "--term", "x[red]", "--unit", "the:b:place")
    text = _run(*words, "--placebo", "p/q [bold]", "--by", "country")
    assert "Of 1 placebo outcomes p/q [bold] has" in text
    own = pd.read_csv(tmp_path / "own.csv").rename(columns={"country": "a/b [c]"})
    own.to_csv(tmp_path / "own.csv", index=False)
    _run(*words, "--by", "a/b [c]")
    assert (tmp_path / "out" / "leverage_by_a_b_c_.csv").exists()


def test_an_event_is_the_same_on_the_console_and_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    _own().to_csv(tmp_path / "own.csv", index=False)
    text = _run(
        *(
            "panel",
            "event",
            "y",
            "--shock",
            "kazakh_unrest",
            "--from",
            str(tmp_path / "own.csv"),
            "--out",
            str(tmp_path),
        )
    )
    path = pd.read_csv(tmp_path / "panel_event.csv")
    lines = text.splitlines()
    assert lines[0].split() == ["source", "months_from_shock", "coef", "se", "p", "rate_ratio"]
    for line, row in zip(lines[1:], path.itertuples(), strict=False):
        assert line.split()[1:3] == [str(row.months_from_shock), f"{row.coef:.3f}"]
    assert "Errors: clustered by unit." in text


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
