"""Diagnostics of many quantities at once are ArviZ's, quantity by quantity."""

import arviz_stats as azs
import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from northroute.bayes.gate.convergence import diagnose

Array = NDArray[np.float64]


def chains(chain: int, draws: int, seed: int = 0) -> Array:
    """Autoregressions from antithetic to sticky, one chain shifted, one of two values, shape (chain, draw, quantity)."""
    rng = np.random.default_rng(seed)
    persistence = np.concatenate([np.linspace(-0.9, 0.995, 148), [0.0, 0.5]])
    x = rng.normal(size=(chain, draws, persistence.size))
    for t in range(1, draws):
        x[:, t] = persistence * x[:, t - 1] + np.sqrt(1 - persistence**2) * x[:, t]
    x[0, :, -2] += 1.0
    x[..., -1] = x[..., -1] > 1
    return x


@pytest.mark.parametrize(("chain", "draws"), [(4, 200), (4, 1000), (2, 101), (3, 11), (3, 12), (2, 8)])
def test_they_are_arvizs(chain: int, draws: int) -> None:
    x = chains(chain, draws)
    found = diagnose(x)
    axes = {"chain_axis": 0, "draw_axis": 1}
    assert_allclose(found.rhat, azs.rhat(x, **axes), rtol=1e-9)
    assert_allclose(found.bulk, azs.ess(x, method="bulk", **axes), rtol=1e-6)
    assert_allclose(found.tail, azs.ess(x, method="tail", prob=(0.05, 0.95), **axes), rtol=1e-6)


def test_what_is_not_finite_or_never_moves_has_no_rhat() -> None:
    x = chains(4, 100)[:, :, :4].copy()
    x[1, 3, 0] = np.nan
    x[2, 5, 1] = np.inf
    x[:, :, 2] = 7.0
    found = diagnose(x)
    assert np.isnan(found.rhat[:3]).all()
    assert np.isnan(found.bulk[:2]).all()
    assert np.isnan(found.tail[:2]).all()
    assert found.bulk[2] == found.tail[2] == 400
    assert np.isfinite([found.rhat[3], found.bulk[3], found.tail[3]]).all()
