"""The ablation and the page of the engine: each variant leaves out what it says, and the page names what there is."""

import ast
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import Sampling
from northroute.bayes.coordinates import adaptation
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program import assemble
from tests.bench import ablation_table, engine_example
from tests.bench.ablation import CASES, VARIANTS, Clock, TimeUpError, measure
from tests.bench.ablation_table import BEGIN, END, PAGE, ROOT, Rate

TEXT = PAGE.read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|bayes)/[\w/]+(?:\.py)?)(?:::(\w+))?`", TEXT)))


@cache
def definitions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    return constants | frozenset(n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef))


@pytest.mark.parametrize(("place", "name"), NAMED)
def test_every_name_on_the_page_exists(place: str, name: str) -> None:
    path = (ROOT if place.startswith("tests/") else ROOT / "models" / "northroute") / place
    assert path.exists(), f"{place} is not there; name on {PAGE.name} what took its place"
    assert not name or name in definitions(path), f"{place} has no {name}; name on {PAGE.name} what took its place"


def test_the_page_names_every_room() -> None:
    rooms = {p.parent.name for p in (ROOT / "models" / "northroute" / "bayes").glob("*/__init__.py")}
    assert rooms == {place.split("/")[1] for place, _ in NAMED if place.startswith("bayes/")} & rooms


def test_the_table_is_of_the_runs_that_are_committed() -> None:
    shown = TEXT.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == ablation_table.section(ablation_table.tidy())


def test_every_variant_leaves_out_what_it_says() -> None:
    def adapted(piece: str) -> tuple[assemble.Assembled, adaptation.Adapted]:
        with VARIANTS[piece].in_place():
            assembled = assemble.assemble(engine_example.MODEL, engine_example.frame())
            assembled = assembled.unswept() if VARIANTS[piece].unswept else assembled
            before = adaptation.first(assembled)
            rng = np.random.default_rng(0)
            return assembled, adaptation.learnt(
                assembled, before, before.z + rng.normal(0, 0.3, (1, 50, before.z.size))
            )

    def told(piece: str) -> dict[str, bool]:
        assembled, found = adapted(piece)
        program, layout = found.program, assembled.layout
        at = [b.stored for b in layout.blocks]
        return {
            "centring": any(program.data[s].any() for s in at),
            "sweeping": not np.array_equal(program.blocks, assembled.unswept().program.blocks),
            "absorption": bool((program.blocks != _without("absorption").blocks).any()),
            "straightening": program.coordinates.order.size > 0,
            "folding": len(program.uses) < len(layout.uses),
        }

    @cache
    def _without(piece: str) -> Program:
        return adapted(piece)[0].program

    every = dict.fromkeys(("centring", "sweeping", "absorption", "straightening", "folding"), True)
    assert told("whole") == every
    for piece in every:
        assert not told(piece)[piece], piece


def test_a_variant_is_the_same_posterior() -> None:
    model, frame = engine_example.MODEL, engine_example.frame()
    settings = Sampling(draws=20, tune=20, pilot=0, retries=0, chains=1)
    found = measure(CASES["crossed"][0](60), VARIANTS["folding"], settings, 60.0)
    assert {"seconds", "ess", "failed", "gradients"} <= set(found)
    whole = assemble.assemble(model, frame)
    with VARIANTS["folding"].in_place():
        unfolded = assemble.assemble(model, frame)
    theta = np.random.default_rng(0).normal(0, 0.1, (1, whole.program.dim))
    rows = [batch.log_likelihood(a.program, batch.values_of(a.program, theta)[0]) for a in (whole, unfolded)]
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-12)


def test_a_run_beyond_its_limit_is_stopped() -> None:
    clock = Clock(-1.0)
    with pytest.raises(TimeUpError):
        clock("sampling", 0.5)


def test_the_inverse_of_the_kernels_coordinates() -> None:
    assembled = assemble.assemble(engine_example.MODEL, engine_example.frame())
    program = adaptation.first(assembled).program
    z = np.random.default_rng(0).normal(0, 0.5, (5, program.dim))
    theta = batch.coordinates(program, z)
    order = program.coordinates.order
    first = program.dim - order.size
    found = engine_example.sampled(program, theta)
    np.testing.assert_allclose(found[:, first + order], z[:, first:], atol=1e-9)
    np.testing.assert_allclose(found[:, :first], z[:, :first])


def test_a_piece_earns_its_place_by_its_rate_or_by_the_gate() -> None:
    every = {
        ("whole", "gp"): Rate({0: 120.0}, ""),
        ("folding", "gp"): Rate({0: 101.0}, ""),
        ("centring", "gp"): Rate({0: 100.0}, ""),
        ("sweeping", "gp"): Rate({0: 500.0}, "R-hat"),
        ("pilot", "gp"): Rate({}, "stopped"),
    }
    assert [ablation_table.earns(every, v, "gp") for v in ("folding", "centring", "sweeping", "pilot")] == [
        False,
        True,
        True,
        True,
    ]


def test_rates_are_geometric_means_and_a_stopped_run_has_none() -> None:
    runs = pd.DataFrame({"seed": [0, 1], "ess": [100.0, 400.0], "seconds": [1.0, 1.0], "failed": ["", "R-hat"]})
    assert Rate.of(runs, "second").rate == pytest.approx(200.0)
    assert Rate.of(runs, "second").failed == "R-hat"
    assert Rate.of(runs.assign(gradients=5000), "evaluation").rate == pytest.approx(40.0)
    stopped = Rate.of(runs.assign(failed=["", "stopped"]), "second")
    assert stopped.failed == "stopped"
    assert np.isnan(stopped.rate)


def test_a_gain_is_over_the_seeds_of_both() -> None:
    whole, without = Rate({0: 100.0, 1: 400.0}, ""), Rate({1: 200.0, 2: 1.0}, "")
    assert whole.over(without) == pytest.approx(2.0)


def test_the_time_of_an_evaluation_without_folding_is_that_of_the_same_seed() -> None:
    runs = pd.DataFrame(
        {
            "model": "gp",
            "variant": ["whole", "folding", "whole"],
            "seed": [0, 0, 1],
            "seconds": [2.0, 3.0, 90.0],
            "gradients": [1000, 1000, 1000],
        }
    )
    assert ablation_table.evaluations(runs) == "By the time of an evaluation alone, folding earns ×1.50 (`gp`)."
