"""Which specification each step of the ladder has on which data: nothing is sampled here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from northroute.bayes import CountSpec, Sampling
from northroute.bayes.answers.labels import labels, scored
from northroute.bayes.checks.arrays import blocks
from northroute.bayes.ladder.formulate import STEPS, formulate
from northroute.claims import article_counts, load
from northroute.errors import ModelError
from northroute.panel import Panel
from northroute.sources.simulated import simulate_regions
from northroute.workflow import rungs
from northroute.workflow.rungs import Absent, Rung

WORLD = simulate_regions(months=14)


@pytest.fixture(scope="module")
def regions() -> rungs.Rungs:
    return rungs.on_regions(WORLD, months=12)


@pytest.fixture(scope="module")
def real() -> rungs.Rungs:
    return rungs.on_articles(None, load())


def test_every_step_is_fitted_to_simulated_regions(regions: rungs.Rungs) -> None:
    assert tuple(regions) == rungs.STEPS
    assert set(STEPS) < set(rungs.STEPS)
    for step, rung in regions.items():
        assert isinstance(rung, Rung) and rung.simulated and rung.step == step
        if isinstance(rung.spec, CountSpec):
            assert isinstance(rung.table, Panel) and rung.table.simulated
            assert rung.spec.varying == ("interdiction",)
            assert len(formulate(rung.table, rung.spec).frame) == 51 * 12 * max(1, len(rung.spec.outcomes))
    assert len({r.spec.name for r in regions.values() if isinstance(r, Rung)}) == len(rungs.STEPS)


def test_real_steps_are_those_of_the_claims_or_say_why_not(real: rungs.Rungs) -> None:
    assert tuple(real) == rungs.STEPS
    absent = {s: r for s, r in real.items() if isinstance(r, Absent)}
    assert set(absent) == {"spatial"} and "complete graph" in absent["spatial"].reason
    claim = article_counts.catalog(load())["C16_state_violence"]
    dynamic = real["dynamic"]
    assert isinstance(dynamic, Rung) and isinstance(dynamic.spec, CountSpec)
    assert replace(dynamic.spec, name=claim.name) == claim
    for rung in real.values():
        if isinstance(rung, Rung):
            assert not rung.simulated
            if isinstance(rung.spec, CountSpec):
                assert isinstance(rung.table, Panel)
                assert len(formulate(rung.table, rung.spec).frame) == 288 * max(1, len(rung.spec.outcomes))


def test_the_three_countries_are_a_complete_graph() -> None:
    """The reason for leaving the spatial step out: each of the three borders the other two."""
    from northroute.sources import regions as places

    home = places.load("first-level").frame.set_index("region")["iso3"]
    edges = places.adjacency("first-level").frame
    pairs = {frozenset((home[a], home[b])) for a, b in edges[["a", "b"]].itertuples(index=False)}
    three = article_counts.CENTRAL_ASIA
    assert all(frozenset((a, b)) in pairs for a in three for b in three if a != b)
    # the intrinsic autoregression's covariance on it is that of independent effects that sum to zero
    laplacian = 3 * np.eye(3) - np.ones((3, 3))
    np.testing.assert_allclose(np.linalg.pinv(laplacian), (np.eye(3) - 1 / 3) / 3, atol=1e-12)


def test_unknown_outcomes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no outcome 'tea'\. They have state_violence"):
        rungs.on_regions(WORLD, "tea")
    with pytest.raises(ModelError, match=r"slope of 'tea' on articles\. There are: state_violence"):
        rungs.on_articles(tmp_path, load(), "tea")


def test_seizures_are_bundled_and_their_cells_are_what_is_scored(tmp_path: Path) -> None:
    rung = rungs.on_seizures()
    fit = rung.fit(Sampling(draws=50, tune=50, pilot=0, retries=0, prior_draws=10), folder=tmp_path)
    assert not fit.simulated and fit.info["rows"] == 32
    own = rung.drawn(fit)
    part = scored(own)
    assert own.counts.sum() == 1446 and part.rows.size == 16
    by_cell, by_row = (sum(values.sum(axis=1) for _, values in blocks(d.log_likelihood())) for d in (own, part))
    np.testing.assert_allclose(by_cell, by_row)
    here = labels(own)
    assert len(here.units) == 2 * 5 and here.rows[0].startswith(("heroin ", "opium "))


def test_checks_of_latent_corruption_look_at_counts_alone(regions: rungs.Rungs, tmp_path: Path) -> None:
    rung = regions["latent_corruption"]
    assert isinstance(rung, Rung)
    fit = rung.fit(Sampling(draws=50, tune=50, pilot=0, retries=0, prior_draws=10), folder=tmp_path)
    own = rung.drawn(fit)
    assert fit.simulated and own.rows.size == 5 * 14 < fit.info["rows"]
    assert own.counts.sum() == WORLD.table.frame["state_violence"].sum()
    assert labels(own).countries.names == ("KAZ", "KGZ", "TJK", "TKM", "UZB")
