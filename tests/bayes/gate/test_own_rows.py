"""Rows left out with their predictor integrated away, against densities that are integrated another way."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from northroute.bayes import Model
from northroute.bayes.distributions import NegativeBinomial, Poisson
from northroute.bayes.gate.own_rows import known_by, lines
from northroute.bayes.program.assemble import assemble
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


@pytest.mark.parametrize("row", range(5))
def test_with_one_coordinate_the_ratio_is_the_density_left_out_at_every_draw(row: int) -> None:
    own = assemble(Model("one", "y", Poisson(), (Intercept(prior=PRIOR),)), FRAME)
    theta = np.random.default_rng(3).normal(np.log(3.0), 0.3, (400, 1))
    found = lines(own, draws_of(own, theta), 400)
    assert found is not None
    ratios = found.log_ratios(row, found.known(row))
    assert np.ptp(ratios) < 1e-6
    # four rows' log likelihood through five nodes: an error of a hundredth changes no weight
    np.testing.assert_allclose(ratios, -left_out(row, 0.0), atol=0.02)


def test_it_is_conditional_on_what_is_not_linear() -> None:
    own = assemble(Model("two", "y", NegativeBinomial(), (Intercept(prior=PRIOR),)), FRAME)
    first = own.program.linear
    theta = np.random.default_rng(3).normal(np.log(3.0), 0.3, (200, 2))
    theta[:, :first] = np.log(np.sqrt(np.repeat([0.2, 0.9], 100)))[:, None]
    found = lines(own, draws_of(own, theta), 200)
    assert found is not None
    ratios = found.log_ratios(4, found.known(4))
    np.testing.assert_allclose(ratios[:100], -left_out(4, 0.2), atol=0.02)
    np.testing.assert_allclose(ratios[100:], -left_out(4, 0.9), atol=0.02)


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
