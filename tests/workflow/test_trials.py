"""Trials of the estimands and the scatter over seeds: counted right, read back, marked, a wrong estimand caught."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from northroute import holding
from northroute.claims import Register, answer, catalogue
from northroute.claims.inquiry import SIDES, Inquiry, Job, Reader, Stated, Tables, Values
from northroute.claims.register import Claim
from northroute.cli import app
from northroute.conventions import SIMULATED_MARK
from northroute.errors import DataError, MissingDataError, ModelError, RegisterError
from northroute.sources import tables as sources
from northroute.workflow import reference_fits, seed_scatter, trials, trials_page
from northroute.workflow.reference_fits import Found
from northroute.workflow.trials import Trial

FAST = ("offences.several_people", "annual_seizures.synthetics")
INDEX = "indices.state_embedded"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return sources.load().tables


@pytest.fixture(scope="module")
def register() -> Register:
    return catalogue.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trials")


@pytest.fixture(scope="module")
def tried(tables: Tables, register: Register, folder: Path) -> tuple[Trial, ...]:
    return trials.trials(1, tables, register, folder=folder, only=(*FAST, INDEX))


def found(*probabilities: float, decisive: int = 1) -> tuple[Found, ...]:
    return tuple(Found(p, 0.01, decisive, ("R-hat",) if np.isnan(p) else ()) for p in probabilities)


def test_one_world_a_side_decides_the_right_way(tried: tuple[Trial, ...]) -> None:
    by = {(t.function, t.side): t for t in tried}
    assert set(by) == {(name, side) for name in (*FAST, INDEX) for side in SIDES}
    for name in (*FAST, INDEX):
        assert by[name, "true"].right == 1
        assert by[name, "false"].right == 1
        assert by[name, "true"].probabilities[0] > by[name, "threshold"].probabilities[0]
        assert by[name, "threshold"].probabilities[0] > by[name, "false"].probabilities[0]
    assert by[INDEX, "true"].question == "C15.I.index"


def test_every_row_is_marked(tried: tuple[Trial, ...]) -> None:
    table = trials.table(tried)
    assert set(table["source"]) == {SIMULATED_MARK}
    assert (table[["supported", "contradicted", "undecided", "failed"]].sum(axis=1) == table["replications"]).all()


def test_a_finished_trial_is_read_back_without_a_fit(
    tried: tuple[Trial, ...], tables: Tables, register: Register, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a new fit")

    first = reference_fits.reference(FAST[0], tables, register)
    monkeypatch.setattr(reference_fits, "fit_model", refuse)
    monkeypatch.setattr(catalogue, "DIRECT", {INDEX: refuse})
    monkeypatch.setattr(reference_fits, "source_of", lambda _, kept=reference_fits.source_of: kept(trials.trial))
    with pytest.raises(AssertionError, match="a new fit"):  # other code: nothing is read back
        trials.trial(first, "true", 1, folder=folder)
    monkeypatch.undo()
    monkeypatch.setattr(reference_fits, "fit_model", refuse)
    again = trials.trials(1, tables, register, folder=folder, only=(*FAST, INDEX))
    assert again == tried
    with pytest.raises(AssertionError, match="a new fit"):
        trials.trial(first, "true", 2, folder=folder)


def test_a_wrong_estimand_is_caught(tables: Tables, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    name = FAST[0]
    right = catalogue.INQUIRIES[name]

    def state(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
        def flipped(own: Stated) -> Stated:
            def read(reader: Reader, job: Job) -> Values:
                return {n: replace(m, draws=1 - m.draws) for n, m in own.read(reader, job).items()}

            return Stated(own.job, read)

        return {label: flipped(own) for label, own in right.state(tables, claim, register).items()}

    monkeypatch.setattr(catalogue, "INQUIRIES", {name: Inquiry(state, right.world)})
    wrong = trials.trial(reference_fits.reference(name, tables, register), "true", 2)
    assert wrong.wrong == 1
    assert wrong.right == 0
    assert wrong.remark == "contradicted too often; seldom found"


def test_rates_by_hand() -> None:
    one = Trial("f", "C01.O", "true", found(0.99, 0.95, 0.5, 0.04, float("nan")))
    assert [one.count(d) for d in ("supported", "contradicted", "undecided", "failed")] == [2, 1, 1, 1]
    assert (one.right, one.wrong, one.remark) == (0.5, 0.25, "seldom found")
    assert one.row()["probabilities"] == "0.9900 0.9500 0.5000 0.0400"
    level = Trial("f", "C01.O", "threshold", found(*[0.96] * 6, *[0.5] * 18))
    assert level.wrong == 0.25
    assert level.remark == "supported too often"
    together = Trial("f", "C01.O", "threshold", found(*[0.01] * 24, decisive=4))
    assert together.remark == ""
    assert Trial("f", "C01.O", "false", found(float("nan"))).remark == "no fit passed"


def test_the_page_says_what_was_not_seen(register: Register, tmp_path: Path) -> None:
    names = list(catalogue.INQUIRIES)[:2]
    ids = [register.asked(n)[1].id for n in names]
    values = {"true": (0.6, 0.97), "threshold": (0.4, 0.5), "false": (0.01, 0.02)}
    made = [Trial(n, q, s, found(*values[s])) for n, q in zip(names, ids, strict=True) for s in SIDES]
    with pytest.raises(MissingDataError, match="northroute study claims"):
        trials_page.write(tmp_path, register)
    trials.table(made).to_csv(tmp_path / trials_page.TRIALS, index=False)
    page, figure = trials_page.write(tmp_path, register)
    text = page.read_text(encoding="utf-8")
    assert f"{ids[0]}, claim true: the right word in 50% of worlds" in text
    assert "Not run yet: `northroute study seeds`" in text
    assert figure.exists()
    for line in text.splitlines():
        assert not line.startswith("| C"), "a row of simulated numbers without its mark"
    trials.table(made).assign(source="real").to_csv(tmp_path / trials_page.TRIALS, index=False)
    with pytest.raises(DataError, match="not marked SIMULATED"):
        trials_page.write(tmp_path, register)


def test_the_page_knows_how_far_every_world_is_from_the_threshold() -> None:
    assert set(trials_page.CLEARLY) == set(reference_fits.names())


def test_the_stored_page_is_that_of_the_stored_tables(register: Register) -> None:
    folder = Path(__file__).parents[2] / "analysis" / "docs"
    kinds = {"remark": str, "probabilities": str, "verdict": str}
    tried = pd.read_csv(folder / trials_page.TRIALS, dtype=kinds).fillna({"remark": "", "probabilities": ""})
    scattered = pd.read_csv(folder / trials_page.SEEDS, dtype=kinds)
    assert (folder / trials_page.PAGE).read_text(encoding="utf-8") == trials_page.text(tried, scattered, register)


def test_seeds_scatter_as_stated_or_are_flagged() -> None:
    rng = np.random.default_rng(3)
    p = (0.3 + 0.01 * rng.standard_normal(24)).tolist()
    assert seed_scatter.compare(p, [0.01] * 24)["verdict"] == seed_scatter.AS_STATED
    assert seed_scatter.compare(p, [0.005] * 24)["verdict"] == seed_scatter.WIDER
    assert seed_scatter.compare(p, [0.03] * 24)["verdict"] == seed_scatter.NARROWER
    near = seed_scatter.compare([0.0] * 24, [1e-4] * 24)
    assert (near["verdict"], near["sd"]) == (seed_scatter.NEAR_BOUND, 0.0)
    one = seed_scatter.compare([0.2, 0.4, 0.6], [0.1, 0.2, 0.2])
    assert one["sd"] == pytest.approx(0.2)
    assert one["ratio"] == pytest.approx(0.04 / 0.03)
    with pytest.raises(ModelError, match="cannot be compared"):
        seed_scatter.compare([0.1, 0.2], [0.1, 0.1])


def test_seeds_change_p_and_the_error_is_the_answers(
    tables: Tables, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = seed_scatter.scatter(3, tables, register, folder=tmp_path, only=("C24.A", INDEX))
    assert list(table["question"]) == ["C15.I.index", "C24.A"]
    assert all(len(set(text.split())) > 1 for text in table["probabilities"])
    claim, question = register.asked(INDEX)
    estimated = catalogue.DIRECT[INDEX](tables, register, 5)
    assert reference_fits.of(estimated.estimate).mcse == answer(claim, question, estimated).mcse
    monkeypatch.setattr(reference_fits, "fit_model", None)
    pd.testing.assert_frame_equal(
        table, seed_scatter.scatter(3, tables, register, folder=tmp_path, only=("C24.A", INDEX))
    )


def test_bad_input_is_refused(tables: Tables, register: Register) -> None:
    with pytest.raises(ModelError, match="0 worlds"):
        trials.trials(0, tables, register, only=FAST[:1])
    with pytest.raises(RegisterError, match=r"No estimand 'offences\.none'"):
        reference_fits.reference("offences.none", tables, register)
    with pytest.raises(RegisterError, match=r"No question 'C99\.O'"):
        trials.trials(1, tables, register, only=("C99.O",))
    with pytest.raises(ModelError, match="2 seeds"):
        seed_scatter.scatter(2, tables, register)


def test_the_verbs_write_table_page_and_figure(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "load", lambda: sources.Loaded(tables))  # read once for this file
    common = ("--only", INDEX, "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache"))
    done = CliRunner().invoke(app, ["study", "claims", "--replications", "1", *common])
    assert done.exit_code == 0, done.output
    assert "SIMULATED" in done.output
    done = CliRunner().invoke(app, ["study", "seeds", "--seeds", "3", *common])
    assert done.exit_code == 0, done.output
    assert {p.name for p in (tmp_path / "out").iterdir()} - holding.OWN == {
        *("claims.md", "claims_trials.csv", "claims_trials.json", "claims_trials.svg", "claims_seeds.csv"),
        "claims_seeds.json",
    }
    wrong = CliRunner().invoke(app, ["study", "claims", "--only", "C99.O", "--out", str(tmp_path)])
    assert wrong.exit_code == 1
    assert "No question 'C99.O'" in " ".join(wrong.output.split())


@pytest.mark.parametrize("verb", ["claims", "seeds"])
def test_help_ends_with_an_example(verb: str) -> None:
    assert "Example: northroute" in CliRunner().invoke(app, ["study", verb, "--help"]).output
