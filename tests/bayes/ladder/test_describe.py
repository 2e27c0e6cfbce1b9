"""The page of the ladder is what the models say, and its graphs have what the models have."""

import re
from pathlib import Path

import numpy as np
import pytest

from northroute.bayes.ladder.describe import COMMAND, markdown, section, write
from northroute.bayes.ladder.examples import MODULES, Example, example
from northroute.bayes.ladder.formulate import STEPS
from northroute.bayes.ladder.graph import graph

DOCS = Path(__file__).parents[3] / "analysis" / "docs"


@pytest.fixture(scope="module")
def examples() -> dict[str, Example]:
    return {step: example(step) for step in MODULES}


def test_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert sorted(p.name for p in written) == sorted(p.name for p in DOCS.glob("ladder*"))
    stale = [p.name for p in written if p.read_bytes() != (DOCS / p.name).read_bytes()]
    assert not stale, f"run {COMMAND}"


def test_every_step_of_the_ladder_is_described_in_order() -> None:
    assert tuple(MODULES)[: len(STEPS)] == tuple(STEPS)


def test_every_value_is_in_the_graph_and_reaches_an_outcome(examples: dict[str, Example]) -> None:
    for step, built in examples.items():
        found = graph(built.assembled)
        layout = built.assembled.layout
        outcomes = {n.name for n in found.nodes if n.column == 3}
        assert {n.name for n in found.nodes if n.column < 2} == set(layout.parameters), step
        after: dict[str, set[str]] = {}
        for a, b in found.arrows:
            after.setdefault(a, set()).add(b)

        def reaches(name: str, after: dict[str, set[str]] = after, outcomes: set[str] = outcomes) -> bool:
            return name in outcomes or any(reaches(b) for b in after.get(name, ()))

        assert [n.name for n in found.nodes if not reaches(n.name)] == [], step


def test_arrows_into_predictors_are_the_rows_terms(examples: dict[str, Example]) -> None:
    built = examples["latent_corruption"].assembled
    found = set(graph(built).arrows)
    assert ("level_effect", "predictor of measures") in found
    assert ("level_effect", "predictor of counts") in found
    assert ("loading", "predictor of measures") in found
    assert ("loading", "predictor of counts") not in found
    assert ("slope_public", "predictor of measures") not in found
    assert ("corr_course", "course_effect") in found
    reporting = set(graph(examples["reporting"].assembled).arrows)
    assert ("detection_slope", "detection") in reporting
    assert ("slope", "detection") not in reporting
    assert ("rho_unit", "unit_effect") in set(graph(examples["spatial"].assembled).arrows)


def test_prior_tables_have_every_scalar_once(examples: dict[str, Example]) -> None:
    for step, built in examples.items():
        layout = built.assembled.layout
        scalars = [k for k, p in layout.parameters.items() if p.ids.flat[0] < len(layout.scalars)]
        table = section(built).split("### Priors")[1].split("### What is reported")[0]
        assert re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE) == scalars, step
        ids = np.concatenate([layout.parameters[k].ids.ravel() for k in scalars])
        assert np.array_equal(np.sort(ids), np.arange(len(layout.scalars))), step
        dense = built.assembled.program.dense
        assert ((dense["value"] + dense["columns"]) <= len(layout.scalars)).all()


def test_lkj_shape_is_that_of_the_model(examples: dict[str, Example]) -> None:
    assert "| `corr_unit` | LKJ(2) |" in section(examples["joint"])


def test_derived_quantities_are_listed(examples: dict[str, Example]) -> None:
    assert examples["slopes"].reported()["slope_country"] == ("varying", "country")
    assert examples["latent_corruption"].reported()["corruption"] == ("country", "year", "latent")
    assert "focus_difference" in examples["composition"].reported()


def test_markup() -> None:
    assert markdown("x\n\n.. math:: a_i =\n          b\n\nand :math:`c` of ``d``; :func:`e.f`.") == (
        "x\n\n```math\na_i =\nb\n```\n\nand $`c`$ of `d`; `e.f`."
    )
    assert markdown(".. math::\n\n   a &= b \\\\\n   c &= d\n") == (
        "```math\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n```\n"
    )
    fences = (DOCS / "ladder.md").read_text(encoding="utf-8").splitlines()
    assert sum(line == "```math" for line in fences) == sum(line == "```" for line in fences) >= len(MODULES)
