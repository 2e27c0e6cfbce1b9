"""The manifest: what a run rests on and wrote, as plain JSON with relative names."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Never

import pytest

from northroute.claims import Answer, Register, Verdict, load, not_summarised
from northroute.provenance import file_sha256
from northroute.standing import MANIFEST, standing
from northroute.workflow import manifest
from tests.report import made_up

STAMP = {"command": "northroute reproduce", "seed": 5, "register_sha256": "r", "data_sha256": "d", "versions": {}}


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def verdicts(register: Register) -> tuple[Verdict, ...]:
    return (*made_up.real(register), *made_up.simulated(register))


def run(folder: Path) -> Path:
    """A folder as a run leaves it before its manifest: pages, a figure, a fit."""
    for name in ("index.html", "figures/real_C02.O.svg", "fits/O_lethal.nc"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return folder


def write(out: Path, verdicts: tuple[Verdict, ...], register: Register) -> dict[str, Any]:
    fits = [
        replace(f, info=dict(f.info) | {"key": f.name})
        for f in (made_up.fit("O_lethal"), made_up.fit("A_opium", passed=False))
    ]
    return manifest.write(
        out,
        key="the key",
        stamp=STAMP,
        inputs={"vdem.csv": "0"},
        fits=fits,
        verdicts=verdicts,
        register=register,
        notices=("a notice",),
        times={"started": "2026-11-27T12:00:00+00:00", "seconds": 1.5},
    )


def refuse(constant: str) -> Never:
    raise AssertionError(f"{constant} is not JSON")


def test_what_is_returned_is_what_is_written(tmp_path: Path, verdicts: tuple[Verdict, ...], register: Register) -> None:
    content = write(run(tmp_path), verdicts, register)
    text = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=refuse) == json.loads(json.dumps(content))
    assert content["key"] == "the key"
    assert content["register"] == {
        "in_force": register.sha256,
        "registered": register.registered_sha256,
        "changes": list(register.changes),
    }
    assert set(content["code"]) == {"commit", "dirty", "sha256"}
    assert STAMP.items() <= content.items()
    assert content["inputs"] == {"vdem.csv": "0"}
    assert content["notices"] == ["a notice"]
    assert content["seconds"] == 1.5
    assert [(f["name"], f["passed"]) for f in content["fits"]] == [("O_lethal", True), ("A_opium", False)]
    assert any("R-hat" in failure for failure in content["fits"][1]["failures"])
    assert not list(tmp_path.glob("*.partial"))


def test_every_claim_has_its_word_and_simulated_ones_are_told_apart(
    tmp_path: Path, verdicts: tuple[Verdict, ...], register: Register
) -> None:
    claims = write(run(tmp_path), verdicts, register)["claims"]
    assert [c["id"] for c in claims] == [v.claim.id for v in verdicts]
    for entry, verdict in zip(claims, verdicts, strict=True):
        assert entry["simulated"] == verdict.simulated
        assert ("SIMULATED" in entry["verdict"]) == verdict.simulated
        assert [a["id"] for a in entry["answers"]] == [a.question.id for a in verdict.answers]
    told = [point["claim"] for finding in claims_of(tmp_path)["findings"] for point in finding["points"]]
    assert set(told) <= set(register.claims)


def claims_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def test_an_answer_without_a_number_is_null(tmp_path: Path, register: Register) -> None:
    claim = register["C02"]
    question = claim.questions[0]
    behind_the_gate: Answer = not_summarised(claim, question, "R-hat 1.4.")
    given = made_up.answered(claim, claim.questions[1], "supported")
    verdict = Verdict(claim, "supported", (behind_the_gate, given))
    (entry,) = write(run(tmp_path), (verdict,), register)["claims"]
    none, some = entry["answers"]
    numbers = ("probability", "mcse", "prior_probability", "agreement")
    assert [none[n] for n in numbers] == [None] * 4
    assert none["word"] == "not summarised"
    assert "R-hat 1.4" in none["reason"]
    assert some["probability"] == round(given.probability, 5)
    assert all(0 <= some[n] <= 1 for n in numbers)
    written = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    assert json.loads(written, parse_constant=refuse)["claims"] == [entry]


def test_outputs_are_named_from_the_run_s_folder_wherever_that_is(
    tmp_path: Path, verdicts: tuple[Verdict, ...], register: Register
) -> None:
    out = run(tmp_path / "fits" / "mine")
    (out / "manifest.partial").write_text("cut", encoding="utf-8")
    outputs = write(out, verdicts, register)["outputs"]
    assert outputs == {name: file_sha256(out / name) for name in ("figures/real_C02.O.svg", "index.html")}
    assert standing(out, "the key") is not None
    assert str(tmp_path) not in (out / MANIFEST).read_text(encoding="utf-8")
    again = write(out, verdicts, register)["outputs"]
    assert again == outputs
