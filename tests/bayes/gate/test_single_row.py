"""How many draws the check of single rows takes, on shifts and log ratios that are known."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from northroute.bayes import Model
from northroute.bayes.distributions import Poisson
from northroute.bayes.gate.own_rows import Known, Lines
from northroute.bayes.gate.single_row import FEW, MAX_SHIFT, integrated_shift, surely_small
from northroute.bayes.program.assemble import assemble
from northroute.bayes.statement.terms.population import Intercept
from tests.bayes.gate.test_row_check import FRAME

SIZE = 4 * FEW
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Told(Lines):
    """Draws whose values are one scalar and the row's log ratio."""

    def log_ratios(self, row: int, known: Known, step: Array) -> Array:
        return self.values[:, 1]


def told(shift: float, noise: float) -> Told:
    """Draws of a scalar that a row moves by ``shift``, one standard deviation of it, and the rest of its log ratio."""
    z, rest = np.random.default_rng(1).standard_normal((2, SIZE))
    program = assemble(Model("plain", "y", Poisson(), (Intercept(),)), FRAME).program
    return Told(program, np.zeros((SIZE, 1)), np.column_stack([z, shift * z + noise * rest]), np.zeros(1))


def shift_of(own: Lines) -> float:
    z, ratios = own.values.T
    return float(abs(np.mean((z - z.mean()) / z.std() * (ratios - ratios.mean()))))


@pytest.mark.parametrize(
    ("shift", "noise", "few"),
    [(0.1, 0.5, True), (-0.8, 0.3, True), (0.3, 8.0, False), (1.3, 0.5, False), (-1.6, 0.5, False), (5.0, 0.0, False)],
)
def test_a_quarter_of_the_draws_suffices_only_far_from_the_limit(shift: float, noise: float, few: bool) -> None:
    own = told(shift, noise)
    known = Known(np.zeros(2), 0.0, 0.5, 0.0)
    found, scalar = integrated_shift(own, np.array([0]), 0, known, np.zeros(1))
    taken = own.some(np.arange(SIZE) % 4 == 0) if few else own
    assert scalar == 0 and found == pytest.approx(shift_of(taken))
    assert surely_small(taken.values[:, :1], taken.values[:, 1]) is few


def test_sure_is_by_monte_carlo_error() -> None:
    # of FEW draws, 4 standard errors of a product of independent variables with sd 1 and noise are 4 noise / sqrt(FEW)
    most = MAX_SHIFT * np.sqrt(FEW) / 4
    for noise, sure in ((0.7 * most, True), (1.3 * most, False)):
        few = told(0.0, noise).some(np.arange(SIZE) % 4 == 0)
        assert surely_small(few.values[:, :1], few.values[:, 1]) is sure
