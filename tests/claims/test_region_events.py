"""Estimands on regions as plain functions of log rates: hand cases and invariants."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from northroute.bayes import BayesFit, Check, Gate
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.quantities import named
from northroute.claims import Register, load, region_events
from northroute.claims.region_events import Regions, correlation, country_log_rate, log_ratio, within_coefficient
from northroute.errors import GateError, ModelError
from northroute.panel import Panel
from northroute.provenance import Provenance
from northroute.sources import regions as region_tables
from northroute.sources.simulated import Simulation, simulate_regions

DRAWS = 200
COUNTRY = np.array(["A", "A", "A", "B", "B"])


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def where(region_panel: Panel) -> Regions:
    return region_events.regions(region_tables.load("first-level").frame, region_panel, "all_events", 100.0)


def test_correlation_is_numpys() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 7, 30))
    expected = [np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(correlation(a, b), expected)


def test_log_ratio_compares_within_countries_only() -> None:
    levels = np.log(np.array([4.0, 2.0, 2.0, 30.0, 10.0]))
    inside = np.array([True, False, False, True, False])
    # ratios 4/2 and 30/10, one region each
    assert log_ratio(levels, inside, COUNTRY) == pytest.approx((np.log(2) + np.log(3)) / 2)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_log_ratio_ignores_the_countries_levels(a: float, b: float) -> None:
    levels = np.array([0.3, -0.2, 1.0, 0.0, 2.0])
    inside = np.array([True, False, False, False, True])
    shifted = levels + np.where(COUNTRY == "A", a, b)
    assert log_ratio(shifted, inside, COUNTRY) == pytest.approx(float(log_ratio(levels, inside, COUNTRY)), abs=1e-9)


def test_within_coefficient_is_least_squares_with_group_intercepts() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=5)
    y = 0.7 * x + np.where(COUNTRY == "A", 3.0, -1.0)
    assert within_coefficient(y, x, COUNTRY) == pytest.approx(0.7)


def test_country_rate_weights_by_exposure() -> None:
    where = Regions(("r1", "r2"), np.array(["A", "A"]), {}, np.zeros(2), np.zeros(2), np.log(np.array([1.0, 3.0])))
    assert country_log_rate(np.log(np.array([8.0, 4.0])), where, "A") == pytest.approx(np.log(5.0))


def test_regions_must_be_known(region_panel: Panel) -> None:
    table = region_tables.load("first-level").frame
    with pytest.raises(ModelError, match=r"lacks: .'KZ-AKM'"):
        region_events.regions(table[table["region"] != "KZ-AKM"], region_panel, "all_events", 100.0)


@pytest.fixture(scope="module")
def around_the_truth(simulation: Simulation) -> BayesFit:
    """A made-up fit whose levels lie within 0.01 of the truth, and whose prior knows nothing."""
    truth, rng = simulation.truth["unit_level"], np.random.default_rng(3)
    noise = xr.DataArray(rng.normal(size=(4, DRAWS, *truth.shape)), dims=("chain", "draw", *truth.dims))
    groups = {"posterior": xr.Dataset({"unit_level": truth + 0.01 * noise}), "prior": xr.Dataset({"unit_level": noise})}
    tree = xr.DataTree.from_dict({n: g.assign_coords(truth.coords) for n, g in groups.items()})
    return BayesFit("made up", tree, Gate(()), Provenance("", 1, True), {"panel": "simulated regions", "rows": 3672})


def test_one_fit_holds_every_outcome(region_panel: Panel) -> None:
    spec = region_events.specification(region_panel, "all_events", 100.0, "together")
    assert (spec.step, spec.outcomes, spec.varying) == ("joint", region_events.OUTCOMES, ("interdiction",))
    stated = formulate(region_panel, spec)
    assembled = assemble(stated.model, stated.frame)
    drawn = named(assembled, prior_values(assembled, 2, np.random.default_rng(1))[None])
    level = stated.derive(drawn)["unit_level"]
    assert dict(level.sizes) == {"chain": 1, "draw": 2, "outcome": 4, "unit": 51}


@pytest.mark.parametrize("name", list(region_events.ESTIMANDS))
def test_truth_and_posterior_use_one_function(
    name: str, around_the_truth: BayesFit, where: Regions, register: Register, simulation: Simulation
) -> None:
    answer = region_events.estimated(name, around_the_truth, where, register, simulation.truth)
    assert answer.estimate.fits == ("made up",)
    decisive = [q for q in answer.estimate.quantities if q.decisive]
    assert decisive
    assert answer.estimate.simulated
    assert answer.estimate.truth in (True, False)
    for q in answer.estimate.quantities:
        assert q.draws.shape == (4, DRAWS)
        assert q.prior.size == 4 * DRAWS
        assert q.truth is not None
        # a level's error of 0.01 moves ratios, coefficients and correlations by little
        assert float(np.median(q.draws)) == pytest.approx(q.truth, abs=0.05), q.name


def test_a_failed_fit_answers_nothing(around_the_truth: BayesFit, where: Regions, register: Register) -> None:
    failed = replace(around_the_truth, gate=Gate((Check("divergences", 3, 0, False, advice="Raise acceptance."),)))
    with pytest.raises(GateError, match=r"'made up' failed.*divergences 3"):
        region_events.estimated("region_events.co_location", failed, where, register)
    allowed = region_events.estimated("region_events.co_location", failed.allow_failed(), where, register)
    assert allowed.estimate.stamps[0].startswith("FAILED DIAGNOSTICS")


def test_the_default_simulated_world_makes_a_claim_false(where: Regions, register: Register) -> None:
    truth = simulate_regions(months=60).truth["unit_level"]  # the world on the page
    levels = {o: truth.sel(outcome=o, unit=list(where.names)).to_numpy() for o in region_events.OUTCOMES}
    found = region_events.rail_corridor(levels, where, register["C08"])
    assert found["rate ratio, state violence"].draws < 1
