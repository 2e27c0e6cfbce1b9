"""The error of a probability against its true error over replications, and shapes of posteriors of known shape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, signal, special, stats

from northroute.bayes.gate.probability import modes, probability_mcse
from northroute.errors import ModelError

Array = NDArray[np.float64]
Rng = np.random.Generator
CHAINS, DRAWS, REPLICATIONS = 4, 1000, 200


@dataclass(frozen=True)
class Case:
    """Draws of an event, and the autocovariance of its indicator at lags 0 to DRAWS - 1."""

    make: Callable[[Rng], NDArray[np.bool_]]
    autocovariance: Array

    @property
    def variance(self) -> float:
        """Of the probability, exactly."""
        left = np.arange(DRAWS, 0, -1)
        twice = np.where(left == DRAWS, 1, 2)
        return float((twice * left * self.autocovariance).sum() / (CHAINS * DRAWS**2))


def normals(rng: Rng, phi: float, draws: int = DRAWS) -> Array:
    """Stationary autoregressions with unit variance."""
    noise = rng.normal(size=(CHAINS, draws)) * np.sqrt(1 - phi**2)
    noise[:, 0] = rng.normal(size=CHAINS)
    return np.asarray(signal.lfilter([1], [1, -phi], noise, axis=1))


def above(phi: float, p: float) -> Case:
    """An autoregression above a quantile; Cov is the integral of the bivariate normal density over the correlation."""
    z = stats.norm.isf(p)

    def covariance(rho: float) -> float:
        return float(integrate.quad(lambda a: np.exp(-(z**2) / (1 + np.sin(a))) / (2 * np.pi), 0, np.arcsin(rho))[0])

    lags = phi ** np.arange(1.0, DRAWS)
    found = [covariance(r) if abs(r) > 1e-8 else 0.0 for r in lags]
    return Case(lambda rng: normals(rng, phi) > z, np.array([p * (1 - p), *found]))


def switching(every: float, share: float, inside: float = 1.0, outside: float = 0.0) -> Case:
    """Chains that renew their mode about once in ``every`` draws; the event's probability depends on the mode."""

    def make(rng: Rng) -> NDArray[np.bool_]:
        renewed = rng.random((CHAINS, DRAWS)) < 1 / every
        renewed[:, 0] = True
        drawn = rng.random((CHAINS, DRAWS)) < share
        last = np.maximum.accumulate(np.where(renewed, np.arange(DRAWS), 0), axis=1)
        mode = np.take_along_axis(drawn, last, axis=1)
        return np.asarray(rng.random((CHAINS, DRAWS)) < np.where(mode, inside, outside))

    found = np.asarray(share * (1 - share) * (inside - outside) ** 2 * (1 - 1 / every) ** np.arange(DRAWS))
    p = share * inside + (1 - share) * outside
    found[0] = p * (1 - p)
    return Case(make, found)


CASES = {f"correlation {phi}, probability {p}": (phi, p) for phi in (0.0, -0.5, 0.9, 0.99) for p in (0.5, 0.05, 0.002)}
MODES = {f"renewed every {every:g}": every for every in (100, 1000, 20_000)}


def mean_square(case: Case, replications: int = REPLICATIONS) -> float:
    """Of the error, over the variance that it stands for."""
    rng = np.random.default_rng(21)
    return float(np.mean([probability_mcse(case.make(rng)) ** 2 for _ in range(replications)])) / case.variance


@pytest.mark.parametrize("name", CASES)
def test_the_mean_square_is_the_variance_of_correlated_draws(name: str) -> None:
    phi, p = CASES[name]
    assert (
        0.8 < mean_square(above(phi, p), REPLICATIONS if p > 0.01 else 1500) < 1.55
    )  # a rare event comes in few data sets


@pytest.mark.parametrize("name", MODES)
def test_the_mean_square_is_the_variance_between_modes(name: str) -> None:
    assert 0.8 < mean_square(switching(MODES[name], 0.3)) < 1.6
    assert 0.8 < mean_square(switching(MODES[name], 0.3, 0.95, 0.4)) < 1.6


def test_the_stated_variance_is_that_over_replications() -> None:
    rng = np.random.default_rng(22)
    for case in (above(0.9, 0.05), switching(300, 0.3, 0.95, 0.4)):
        found = [case.make(rng).mean() for _ in range(2000)]
        assert np.var(found) == pytest.approx(case.variance, rel=0.15)


def test_chains_that_disagree_are_seen_though_each_is_sure() -> None:
    event = np.zeros((4, 1000))
    event[0] = 1.0
    assert 0.2 < probability_mcse(event) < 0.3  # sqrt(0.25 * 0.75 / 4) = 0.217
    one = np.random.default_rng(3).random((1, 4000)) < 0.3
    assert probability_mcse(one) == pytest.approx(np.sqrt(0.3 * 0.7 / 4000), rel=0.1)


def test_where_every_draw_agrees_the_error_is_one_over_the_draws_that_count() -> None:
    sure = np.ones((4, 1000), bool)
    assert probability_mcse(sure) == 1 / 4000
    slow = normals(np.random.default_rng(4), 0.95)
    assert probability_mcse(sure, slow) == pytest.approx(39 / 4000, rel=0.5)  # (1 + phi) / (1 - phi) draws count as one
    assert probability_mcse(sure, np.ones((4, 1000))) == 1 / 4000


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (np.zeros(100), "chain, draw"),
        (np.zeros((4, 3)), "4 draws"),
        (np.full((4, 100), 2.0), "outside zero and one"),
        (np.full((4, 100), np.nan), "not finite in 400 draws"),
    ],
)
def test_bad_events_are_refused(event: Array, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        probability_mcse(event)


# --- shapes ---------------------------------------------------------------------------------------------------------------

UNIMODAL: dict[str, tuple[Any, bool]] = {
    "normal": (stats.norm(), False),
    "t10": (stats.t(10), False),
    "t3": (stats.t(3), True),
    "cauchy": (stats.cauchy(), True),
    "exponential": (stats.expon(), False),
    "half normal": (stats.halfnorm(), False),
    "uniform": (stats.uniform(), False),
    "ranks": (stats.binom(16, 0.3), False),
    "rare counts": (stats.poisson(0.1), False),
}


@pytest.mark.parametrize("phi", [0.0, 0.9])
@pytest.mark.parametrize("name", UNIMODAL)
def test_one_mode_is_one_and_only_heavy_tails_are_heavy(name: str, phi: float) -> None:
    law, heavy = UNIMODAL[name]
    rng = np.random.default_rng(5)
    shapes = [modes(law.ppf(special.ndtr(normals(rng, phi, 1500)))) for _ in range(60)]
    assert not any(s.multimodal for s in shapes)
    assert np.mean([s.heavy == heavy for s in shapes]) >= 0.95
    assert all(s.plain == (s.describe() == "") for s in shapes)


@pytest.mark.parametrize(
    ("apart", "share", "seen"), [(2.0, 0.5, False), (3.0, 0.5, False), (4.5, 0.5, True), (5.5, 0.08, True)]
)
def test_two_modes_are_two_if_they_are_apart(apart: float, share: float, seen: bool) -> None:
    rng = np.random.default_rng(6)
    for phi in (0.0, 0.9):
        shapes = [modes(normals(rng, phi, 1500) + apart * (rng.random((CHAINS, 1500)) < share)) for _ in range(40)]
        assert np.mean([len(s.modes) == 1 + seen for s in shapes]) >= 0.95
        if seen:
            at = np.mean([s.modes for s in shapes if s.multimodal], axis=0)
            mass = np.mean([s.masses for s in shapes if s.multimodal], axis=0)
            assert at == pytest.approx([0.0, apart], abs=0.15)
            assert mass == pytest.approx([1 - share, share], abs=0.02)


def test_modes_do_not_depend_on_location_and_scale_and_are_told() -> None:
    rng = np.random.default_rng(7)
    draws = normals(rng, 0.0, 1500) + 6.0 * rng.choice(3, (CHAINS, 1500), p=[0.5, 0.3, 0.2])
    shape, moved = modes(draws), modes(1e6 - 1e-3 * draws)
    assert len(shape.modes) == 3
    assert moved.masses[::-1] == pytest.approx(shape.masses, abs=0.01)
    assert shape.dip < 0.2
    assert shape.describe().startswith("3 separate modes: ")


def test_chains_that_keep_to_their_modes_show_them() -> None:
    rng = np.random.default_rng(8)
    shape = modes(normals(rng, 0.5) + np.array([[0.0], [0.0], [40.0], [0.0]]))
    assert shape.modes == pytest.approx([0.0, 40.0], abs=0.5)
    assert shape.masses == (0.75, 0.25)


def test_a_constant_has_one_mode() -> None:
    shape = modes(np.full((4, 100), 2.0))
    assert shape.plain
    assert shape.modes == (2.0,)
    with pytest.raises(ModelError, match="not finite"):
        modes(np.full((4, 100), np.inf))
