"""The page of the ladder is what the models say, and its graphs have what the models have."""

import re
from pathlib import Path

import numpy as np
import pytest

from northroute.bayes.ladder.describe import COMMAND, PAGE, markdown, mermaid, section, write
from northroute.bayes.ladder.examples import MODULES, Example, example
from northroute.bayes.ladder.formulate import STEPS

DOCS = Path(__file__).parents[3] / "analysis" / "docs"


@pytest.fixture(scope="module")
def examples() -> dict[str, Example]:
    return {step: example(step) for step in MODULES}


def test_the_committed_page_is_what_the_generator_writes(tmp_path: Path) -> None:
    assert write(tmp_path).read_text(encoding="utf-8") == (DOCS / PAGE).read_text(encoding="utf-8"), f"run {COMMAND}"


def arrows(built: Example) -> set[tuple[str, str]]:
    """Arrows of PyMC's graph."""
    return set(re.findall(r"^(\w+) --> (\w+)$", mermaid(built), flags=re.MULTILINE))


def test_every_step_of_the_ladder_is_described_in_order() -> None:
    assert tuple(MODULES)[: len(STEPS)] == tuple(STEPS)


def test_every_reported_quantity_is_in_the_graph_and_reaches_an_outcome(examples: dict[str, Example]) -> None:
    for step, built in examples.items():
        found, layout, model = arrows(built), built.assembled.layout, built.assembled.model
        nodes = set(re.findall(r"^(\w+)\(\[", mermaid(built), flags=re.MULTILINE))
        assert set(layout.parameters) <= nodes, step

        def reaches(name: str, found: set[tuple[str, str]] = found, outcome: str = model.outcome) -> bool:
            return name.startswith(outcome) or any(reaches(b) for a, b in found if a == name)

        reported = {n for n in nodes if not n.startswith("corr_")}  # factors of correlations enter, and these are told
        assert [n for n in sorted(reported) if not reaches(n)] == [], step


def test_arrows_are_the_rows_terms(examples: dict[str, Example]) -> None:
    found = arrows(examples["latent_corruption"])
    assert {("level_effect", "value_wgi"), ("level_effect", "value_counts"), ("loading", "value_cpi")} <= found
    assert ("loading", "value_counts") not in found
    assert ("loading", "value_wgi") not in found  # an anchor
    assert ("slope_public", "value_wgi") not in found
    assert ("z_corr_course", "course_effect") in found
    assert ("sd_country", "country_effect") in arrows(examples["country"])
    assert ("sd_country", "count") not in arrows(examples["country"])
    assert {("detection_slope", "count"), ("rho_unit", "unit_effect")} <= arrows(examples["reporting"]) | arrows(
        examples["spatial"]
    )


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
    opened = sum(line in ("```math", "```mermaid") for line in fences)
    assert opened == sum(line == "```" for line in fences) >= 2 * len(MODULES)
