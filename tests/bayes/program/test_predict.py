"""Replicated outcomes: by segment, with offsets, parts and known standard deviations; in blocks of draws."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import stats

from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.kernel import batch
from northroute.bayes.program import predict
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.predict import simulate
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.population import Intercept
from tests.bayes.models import full, panel, small

Array = NDArray[np.float64]
DRAWS = 4000


def fixed(model: Model, scalars: dict[str, Any], draws: int = DRAWS) -> tuple[Assembled, Array]:
    """The model on the panel, and values in which every draw has the same scalars, the others being zero."""
    assembled = assemble(model, panel())
    values = np.zeros((draws, int(assembled.program.sizes[0].values)))
    for name, value in scalars.items():
        values[:, assembled.layout.parameters[name].ids] = value
    batch.fold(assembled.program, values)
    return assembled, values


def test_counts_have_their_exposures_and_dispersions() -> None:
    assembled, values = fixed(full(), {"intercept": [[0.5, 1.5]], "zero": -9.0, "root_dispersion": [0.6, 0.0]})
    drawn = simulate(assembled, values, np.random.default_rng(1))
    assert drawn.shape == (DRAWS, 89)
    frame = assembled.frame
    seizure = (frame.response == "seizure").to_numpy()
    order = assembled.layout.coords["response"]
    level = np.where(frame.response == order[0], 0.5, 1.5)
    mu = frame.exposure.to_numpy() / 100 * np.exp(level) * (1 - 1 / (1 + np.exp(9.0)))
    dispersion = np.where(frame.response == order[0], 0.36, 0.0)
    variance = mu + dispersion * mu**2
    assert seizure.any() and not seizure.all()
    assert (np.abs(drawn.mean(axis=0) - mu) < 5 * np.sqrt(variance / DRAWS)).all()
    assert_allclose(drawn.var(axis=0), variance, rtol=0.2)


@pytest.mark.parametrize("part", ["zero_inflated", "hurdle", "detection"])
def test_second_parts_have_their_zeros(part: Any) -> None:
    model = small(dist.Poisson(), part=part, part_terms=(Intercept(name="second"),))
    drawn = simulate(*fixed(model, {"intercept": 1.0, "second": 0.4}, 400), np.random.default_rng(2))
    p, mu = 1 / (1 + np.exp(-0.4)), np.e
    zeros = {"zero_inflated": p + (1 - p) * np.exp(-mu), "hurdle": p, "detection": np.exp(-mu * p)}[part]
    assert (drawn == 0).mean() == pytest.approx(zeros, abs=5 * 0.5 / np.sqrt(drawn.size))


@pytest.mark.parametrize(("sd", "known"), [(True, None), (False, "known"), (True, "known")])
def test_normals_add_known_variances(sd: bool, known: str | None) -> None:
    model = small(dist.Normal(dist.SD if sd else None, known))
    assembled, values = fixed(model, {"intercept": 2.0} | ({"sd_residual": 0.8} if sd else {}))
    drawn = simulate(assembled, values, np.random.default_rng(3))
    total = np.hypot(0.8 if sd else 0.0, assembled.frame.known if known else 0.0) * np.ones(assembled.rows)
    assert_allclose(drawn.mean(axis=0), 2.0, atol=5 * total.max() / np.sqrt(DRAWS))
    assert_allclose(drawn.std(axis=0), total, rtol=0.08)


@pytest.mark.parametrize(("sd", "known"), [(True, None), (False, "known"), (True, "known")])
def test_student_ts_add_known_squares(sd: bool, known: str | None) -> None:
    model = small(dist.StudentT(dist.SD if sd else None, known, df=5.0))
    assembled, values = fixed(model, {"intercept": 2.0} | ({"sd_residual": 0.8} if sd else {}))
    drawn = simulate(assembled, values, np.random.default_rng(3))
    total = np.hypot(0.8 if sd else 0.0, assembled.frame.known if known else 0.0) * np.ones(assembled.rows)
    low, middle, high = np.quantile(drawn, [0.1, 0.5, 0.9], axis=0)
    assert_allclose(middle, 2.0, atol=5 * 1.4 * total.max() / np.sqrt(DRAWS))
    assert_allclose(high - low, 2 * stats.t(5).ppf(0.9) * total, rtol=0.12)


def test_cells_are_correlated_over_responses() -> None:
    model = small(dist.MultivariateNormal(), response="response", cell="cell")
    assembled, values = fixed(model, {"intercept": 1.0, "sd_residual": [[0.5, 2.0]], "corr_residual": 0.6})
    drawn = simulate(assembled, values, np.random.default_rng(4)).reshape(DRAWS, -1, 2)
    covariance = np.mean([np.cov(drawn[:, c].T) for c in range(drawn.shape[1])], axis=0)
    assert_allclose(covariance, [[0.25, 0.6], [0.6, 4.0]], rtol=0.05)


@pytest.mark.parametrize("distribution", [dist.Multinomial(), dist.DirichletMultinomial()])
def test_compositions_keep_each_cells_total(distribution: dist.Distribution) -> None:
    frame = panel()
    frame["count"] = frame["count"].fillna(2.0)
    assembled = assemble(small(distribution, response="response", cell="cell"), frame)
    values = prior_values(assembled, 50, np.random.default_rng(5))
    drawn = simulate(assembled, values, np.random.default_rng(6)).reshape(50, -1, 2)
    assert (drawn.sum(axis=2) == assembled.frame["count"].to_numpy().reshape(-1, 2).sum(axis=1)).all()
    assert 0.2 < drawn[:, :, 0].sum() / drawn.sum() < 0.8


def test_blocks_of_draws_give_the_same_distribution_and_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assembled, values = fixed(small(dist.Poisson()), {"intercept": 1.0}, 1001)
    monkeypatch.setattr(predict, "NUMBERS", 2 * 89 * 100)  # eleven blocks, the last of one draw
    drawn = simulate(assembled, values, np.random.default_rng(7))
    assert np.isfinite(drawn).all()
    assert_allclose(drawn[-1].mean(), np.e, atol=5 * np.sqrt(np.e / 89))
    assert_allclose(drawn.mean(), np.e, atol=5 * np.sqrt(np.e / drawn.size))


def test_one_seed_gives_one_answer() -> None:
    assembled, values = fixed(full(), {"intercept": [[0.5, 1.5]], "root_dispersion": 0.6}, 20)
    first, again = (simulate(assembled, values, np.random.default_rng(8)) for _ in range(2))
    assert (first == again).all()
