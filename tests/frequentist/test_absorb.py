"""Removal of effects: equal to regression on dummies, whatever the weights, units and connections, or refused."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pyfixest.core.demean import demean_within

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist import absorb
from northroute.frequentist.absorb import Within, absorber
from northroute.frequentist.design import Effect

ROWS = 600
RNG = np.random.default_rng(5)
COLUMNS = RNG.normal(size=(ROWS, 3))
PLAIN = np.exp(RNG.normal(size=ROWS))
HEAVY = np.where(RNG.random(ROWS) < 0.3, 1.0, 1e11)
"""Weights of the search for separation."""
TWO = (RNG.integers(0, 40, ROWS), RNG.integers(0, 12, ROWS))
THREE = (*TWO, RNG.integers(0, 9, ROWS))
# firms of one chain: worker after worker moves to the next firm only
CHAIN = (np.repeat(np.arange(ROWS // 2), 2), (np.arange(ROWS) + 1) // 2 // 3)


def effects(codes: tuple[NDArray[np.int64], ...]) -> list[Effect]:
    return [Effect(f"effect {k}", c, int(c.max()) + 1) for k, c in enumerate(codes)]


def on_dummies(columns: Array, weights: Array, codes: tuple[NDArray[np.int64], ...]) -> Array:
    root = np.sqrt(weights)[:, None]
    dummies = np.hstack([np.eye(int(c.max()) + 1)[c] for c in codes])
    kept = np.linalg.lstsq(root * dummies, root * columns, rcond=1e-13)[0]
    return np.asarray(columns - dummies @ kept)


@pytest.mark.parametrize("codes", [TWO[:1], TWO, THREE, CHAIN], ids=["one", "two", "three", "chain"])
def test_is_the_residual_of_a_regression_on_dummies(codes: tuple[NDArray[np.int64], ...]) -> None:
    found = absorber(effects(codes)).residual(COLUMNS, PLAIN, 1e-11)
    np.testing.assert_allclose(found, on_dummies(COLUMNS, PLAIN, codes), atol=1e-9)


@pytest.mark.parametrize("codes", [TWO[:1], TWO, THREE], ids=["one", "two", "three"])
def test_heavy_weights_cost_no_digits(codes: tuple[NDArray[np.int64], ...]) -> None:
    found = absorber(effects(codes)).residual(COLUMNS, HEAVY, 1e-11)
    for code in codes:
        left = np.bincount(code, HEAVY * found[:, 0]) / np.bincount(code, HEAVY)
        assert np.abs(left).max() < 1e-9


@pytest.mark.parametrize("codes", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize(("unit", "weight"), [(1e-9, 1e9), (1e9, 1e-9), (1e-9, 1e-9), (1e9, 1e9)])
def test_units_of_columns_and_weights_do_not_matter(
    codes: tuple[NDArray[np.int64], ...], unit: float, weight: float
) -> None:
    within = absorber(effects(codes))
    plain = within.residual(COLUMNS, PLAIN, 1e-9)
    np.testing.assert_allclose(within.residual(COLUMNS * unit, PLAIN * weight, 1e-9) / unit, plain, atol=1e-12)


def test_levels_that_few_rows_connect_are_settled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # as where the table of the two effects is too large for the exact solution
    monkeypatch.setattr(absorb, "_DIRECT_LEVELS", 1)
    found = absorber(effects(CHAIN)).residual(COLUMNS, PLAIN, 1e-10)
    np.testing.assert_allclose(found, on_dummies(COLUMNS, PLAIN, CHAIN), atol=1e-9)


def test_lsmr_calls_itself_settled_where_it_is_not() -> None:
    # what the guard of absorb._slow is for; when this fails, it may go
    rng = np.random.default_rng(0)
    worker = np.repeat(np.arange(2000), 5)
    firm = (worker // 20 + (rng.random(worker.size) < 0.05) * rng.integers(0, 100, worker.size)) % 100
    weights = np.where(rng.random(worker.size) < 0.3, 1.0, 1e13)
    codes = np.stack([worker, firm], axis=1).astype(np.uint32)
    column = rng.normal(size=(worker.size, 1))
    found, settled, _ = demean_within(column, codes, weights / weights.mean(), 1e-13, 10_000)
    left = np.bincount(worker, weights * found[:, 0]) / np.bincount(worker, weights)
    assert settled
    assert np.abs(left).max() > 1e-7
    ours = absorber(effects((worker, firm.astype(np.int64)))).residual(column, weights, 1e-10)
    assert np.abs(np.bincount(worker, weights * ours[:, 0]) / np.bincount(worker, weights)).max() < 1e-10


def test_effects_that_do_not_settle_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absorb, "demean", lambda columns, *_: (columns, False))
    monkeypatch.setattr(absorb, "demean_within", lambda columns, *_: (columns, False, None))
    with pytest.raises(ModelError, match=r"effects effect 0 and effect 1 and effect 2 did not settle.*coarser"):
        absorber(effects(THREE)).residual(COLUMNS, PLAIN)


def test_without_effects_nothing_changes() -> None:
    assert absorber(()).residual(COLUMNS, PLAIN) is COLUMNS
    none = np.empty((ROWS, 0))
    assert isinstance(absorber(effects(TWO)), Within)
    assert absorber(effects(TWO)).residual(none, PLAIN).shape == (ROWS, 0)
