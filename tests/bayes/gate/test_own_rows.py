"""Rows left out with their predictor integrated away, against densities that are integrated another way."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from northroute import seeds
from northroute.bayes import Model
from northroute.bayes.calibration.gate_rates import cases
from northroute.bayes.distributions import NegativeBinomial, Poisson
from northroute.bayes.engine import attempts
from northroute.bayes.gate import own_rows
from northroute.bayes.gate.own_rows import DEPTH, Lines, cubics, known_by, lines
from northroute.bayes.program.assemble import assemble
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.population import Intercept
from tests.bayes.gate.test_row_check import draws_of

Y = np.array([2.0, 0.0, 3.0, 1.0, 9.0])
FRAME = pd.DataFrame({"y": Y})
PRIOR = Prior.normal(mean=0.5, sd=0.8)


def left_out(row: int, dispersion: float) -> float:
    """Log density of a row given the others, the log mean integrated over its prior by quadrature."""

    def density(eta: float, rows: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        mu = np.exp(eta)
        law = stats.poisson(mu) if dispersion == 0 else stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mu))
        return float(stats.norm.pdf(eta, 0.5, 0.8) * law.pmf(rows).prod())

    parts = [integrate.quad(density, -5, 6, args=(rows,), limit=200)[0] for rows in (Y, np.delete(Y, row))]
    return float(np.log(parts[0] / parts[1]))


def ratios_of(own: Lines, row: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    known = own.known(row)
    return own.log_ratios(row, known, own.directions([row], [known])[0])


@pytest.mark.parametrize("row", range(5))
def test_with_one_coordinate_the_ratio_is_the_density_left_out_at_every_draw(row: int) -> None:
    own = assemble(Model("one", "y", Poisson(), (Intercept(prior=PRIOR),)), FRAME)
    theta = np.random.default_rng(3).normal(np.log(3.0), 0.3, (400, 1))
    found = lines(own, draws_of(own, theta), 400)
    assert found is not None
    ratios = ratios_of(found, row)
    assert np.ptp(ratios) < 1e-6
    # four rows' log likelihood through six nodes: an error of a hundredth changes no weight
    np.testing.assert_allclose(ratios, -left_out(row, 0.0), atol=5e-3)


def test_it_is_conditional_on_what_is_not_linear() -> None:
    own = assemble(Model("two", "y", NegativeBinomial(), (Intercept(prior=PRIOR),)), FRAME)
    first = own.program.linear
    theta = np.random.default_rng(3).normal(np.log(3.0), 0.3, (200, 2))
    theta[:, :first] = np.log(np.sqrt(np.repeat([0.2, 0.9], 100)))[:, None]
    found = lines(own, draws_of(own, theta), 200)
    assert found is not None
    ratios = ratios_of(found, 4)
    # the integrals end where the draws of both halves together have their tails
    np.testing.assert_allclose(ratios[:100], -left_out(4, 0.2), atol=0.02)
    np.testing.assert_allclose(ratios[100:], -left_out(4, 0.9), atol=0.02)


@pytest.mark.parametrize("name", ["negative_binomial", "row_effects", "ar1_0.6_0.7_150"])
def test_a_few_nodes_are_as_good_as_many(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases()[name]
    own = assemble(case.model, case.simulate(seeds.generator(f"nodes {name}", 1)))
    draws = attempts(own, Sampling(chains=2, draws=50, tune=200, retries=0)).draws
    found = lines(own, draws, 100)
    assert found is not None
    rows = np.linspace(0, own.rows - 1, 5).astype(int).tolist()
    few = [ratios_of(found, row) for row in rows]
    monkeypatch.setattr(own_rows, "NODES", 80)
    many = [ratios_of(found, row) for row in rows]
    # a ratio is a weight's logarithm, and these spread by a tenth to a half
    np.testing.assert_allclose(few, many, atol=1e-3)


PLACES = np.linspace(-8.0, 4.0, 7)
GRID = np.linspace(-8.0, 4.0, 200)


def test_cubics_are_exact_for_a_cubic() -> None:
    heights, slopes = 0.02 * PLACES**3 - PLACES**2, 0.06 * PLACES**2 - 2 * PLACES
    found = cubics(PLACES, heights[:, None], slopes[:, None], GRID)[:, 0]
    np.testing.assert_allclose(found, 0.02 * GRID**3 - GRID**2, atol=1e-10)


@pytest.mark.parametrize("rate", [0.2, 1.0, 3.0, 8.0, 200.0])
def test_cubics_overshoot_nowhere(rate: float) -> None:
    with np.errstate(over="ignore"):
        heights, slopes = PLACES - np.exp(rate * PLACES), 1 - rate * np.exp(rate * PLACES)
    found = cubics(PLACES, heights[:, None], slopes[:, None], GRID)[:, 0]
    # a concave function lies between its chords and its tangents; a tenth of DEPTH down nothing matters any more
    known, deep = heights > heights.max() - DEPTH, heights.max() - DEPTH / 10
    chords = np.interp(GRID, PLACES, np.maximum(heights, heights.max() - DEPTH))
    tangents = (heights[known] + slopes[known] * (GRID[:, None] - PLACES[known])).min(axis=1)
    assert (found <= np.maximum(tangents, deep) + 1e-9).all()
    assert (found >= np.where(chords > deep, chords, -np.inf) - 1e-9).all()


@pytest.mark.parametrize("gone", [-np.inf, np.inf, np.nan])
def test_where_there_is_no_density_a_curve_falls(gone: float) -> None:
    heights, slopes = -np.square(PLACES), -2 * PLACES
    heights[[0, -1]], slopes[[0, 1, -1]] = gone, gone
    found = cubics(PLACES, heights[:, None], slopes[:, None], GRID)[:, 0]
    assert np.isfinite(found).all() and found.max() <= 1e-9
    inside = np.clip(GRID, PLACES[2], PLACES[-2]) == GRID
    np.testing.assert_allclose(found[inside], -np.square(GRID[inside]), atol=1e-9)
    assert found[[0, -1]].max() == pytest.approx(-DEPTH, rel=1e-3)


def test_what_a_row_tells_is_its_share_of_the_precision() -> None:
    rng = np.random.default_rng(4)
    eta = np.column_stack([rng.normal(1.0, 0.5, 2000), np.zeros(2000)])
    # curvature 3 of a variance of a quarter
    known = known_by(eta, -1.5 * np.square(eta[:, 0] - 1.4))
    assert known.share == pytest.approx(0.75, rel=0.05)
    assert known.slope == pytest.approx(3 * 0.4 * 0.5, rel=0.1)
    np.testing.assert_allclose(np.abs(known.weights), [2.0, 0.0], rtol=0.05)
    second = known_by(eta[:, ::-1], -1.5 * np.square(eta[:, 0] - 1.4))
    np.testing.assert_allclose(np.abs(second.weights), [0.0, 2.0], rtol=0.05)
    assert known_by(np.zeros((50, 2)), np.zeros(50)).share == 0.0
