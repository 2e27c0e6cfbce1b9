"""PIT values against closed forms; uniform under the true model, and not under a wrong dispersion."""

import numpy as np
import pytest
from scipy import stats

from northroute.arrays import Array, Ints
from northroute.bayes.checks import PitBounds, RowBlocks, check_pit, pit_bounds, randomised, uniformity
from northroute.bayes.checks.pit import LIMIT, mean_pit
from northroute.errors import ModelError
from tests.bayes.checks.examples import gamma_poisson

ROWS, DRAWS, SIZE = 1500, 400, 1.5


def negative_binomial(mean: Array, rng: np.random.Generator, draws: int | None = None) -> Ints:
    shape = mean.shape if draws is None else (draws, *mean.shape)
    return np.asarray(rng.negative_binomial(SIZE, SIZE / (SIZE + mean), shape), np.int64)


@pytest.fixture(scope="module")
def mean() -> Array:
    return np.asarray(np.exp(np.random.default_rng(51).normal(0.5, 0.7, ROWS)))


def test_loo_weights_give_the_exact_predictive_distribution() -> None:
    rng = np.random.default_rng(52)
    exposure = rng.uniform(0.5, 2, 40)
    model = gamma_poisson(rng.poisson(3 * exposure), exposure, draws=20_000)
    replicates = np.asarray(rng.poisson(np.exp(model.draws) * exposure), np.int64)
    rows = RowBlocks(lambda r: model.log_likelihood_rows(model.draws, r), 20_000, 40, block=9)
    found = pit_bounds(model.y, replicates, log_likelihood=rows)
    for i in range(40):
        size, share = model.predictive(i)
        # 20,000 replicates: standard error of a probability at most 0.0035, with weights little more
        assert found.below[i] == pytest.approx(stats.nbinom.cdf(model.y[i] - 1, size, share), abs=0.02)
        assert found.upto[i] == pytest.approx(stats.nbinom.cdf(model.y[i], size, share), abs=0.02)
    assert found.left_out


def test_plain_draws_rank_the_count_among_its_replicates() -> None:
    found = pit_bounds(np.array([2]), np.array([[0], [2], [2], [5]]))
    assert found.below[0] == pytest.approx(1 / 5)
    assert found.upto[0] == pytest.approx(4 / 5)
    assert not found.left_out


def test_the_mean_pit_of_counts_that_come_as_often_as_predicted_is_the_diagonal() -> None:
    counts = np.repeat([0, 1, 2], [50, 30, 20])
    edges = np.array([0, 0.5, 0.8, 1.0])
    bounds = PitBounds(edges[counts], edges[counts + 1], True)
    at = np.linspace(0, 1, 21)
    np.testing.assert_allclose(mean_pit(bounds, at), at, atol=1e-12)
    found = uniformity(bounds)
    assert found.distance == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found.heights, 1, atol=1e-12)


def test_a_count_with_a_certain_pit_is_a_step() -> None:
    bounds = PitBounds(np.array([0.4]), np.array([0.4]), True)
    assert mean_pit(bounds, np.array([0.3, 0.4, 0.5])).tolist() == [0, 1, 1]


def test_pit_is_uniform_for_data_from_the_model(mean: Array) -> None:
    rng = np.random.default_rng(53)
    bounds = pit_bounds(negative_binomial(mean, rng), negative_binomial(mean, rng, DRAWS))
    found = uniformity(bounds)
    assert found.p > LIMIT
    assert found.heights.mean() == pytest.approx(1)
    assert check_pit(bounds, found, simulated=True).verdict == "passed"


@pytest.mark.parametrize(
    ("data", "model", "words"),
    [
        ("wide", "narrow", "too narrow"),
        ("narrow", "wide", "too wide"),
        ("wide", "low", "higher than predicted"),
    ],
)
def test_pit_is_not_uniform_for_a_wrong_model(mean: Array, data: str, model: str, words: str) -> None:
    rng = np.random.default_rng(54)
    counts = negative_binomial(mean, rng) if data == "wide" else np.asarray(rng.poisson(mean), np.int64)
    if model == "narrow":
        replicates = np.asarray(rng.poisson(mean, (DRAWS, ROWS)), np.int64)
    else:
        replicates = negative_binomial(mean / 2 if model == "low" else mean, rng, DRAWS)
    bounds = pit_bounds(counts, replicates)
    found = uniformity(bounds)
    assert found.p < 0.01
    result = check_pit(bounds, found, simulated=True)
    assert result.verdict == "failed"
    assert words in result.sentence


def test_uniform_values_fail_about_as_often_as_the_limit_says() -> None:
    """The documented 0.06 and 0.14; 2,000 samples have standard errors of 0.005 and 0.008."""
    p = np.array([uniformity(PitBounds(u, u, True)).p for u in np.random.default_rng(55).uniform(size=(2000, 120))])
    assert (p <= LIMIT).mean() == pytest.approx(0.06, abs=0.015)
    assert (p <= 0.11).mean() == pytest.approx(0.14, abs=0.025)


def test_a_count_beyond_all_its_replicates_is_one_of_many_not_impossible() -> None:
    """Of 4,896 rows some lie beyond 1,000 replicates by chance alone: their PIT is not one, and the test does not fail."""
    rng = np.random.default_rng(57)
    counts, replicates = rng.poisson(300, 4896), rng.poisson(300, (1000, 4896))
    beyond = (counts > replicates.max(axis=0)) | (counts < replicates.min(axis=0))
    assert beyond.sum() > 3
    flat = np.zeros(replicates.shape)  # rows that do not matter to each other: every weight is the same
    for bounds in (pit_bounds(counts, replicates), pit_bounds(counts, replicates, log_likelihood=flat)):
        assert (bounds.upto - bounds.below >= 1 / 1002).all()
        assert uniformity(bounds).p > LIMIT
    np.testing.assert_allclose(bounds.below, pit_bounds(counts, replicates).below, atol=1e-9)


def test_values_of_exactly_zero_and_one_have_a_number() -> None:
    u = np.random.default_rng(58).uniform(size=400)
    u[:2] = 0, 1
    assert 0 <= uniformity(PitBounds(u, u, True)).p < LIMIT


def test_randomised_values_lie_between_the_bounds_and_repeat_by_seed(mean: Array) -> None:
    rng = np.random.default_rng(56)
    bounds = pit_bounds(negative_binomial(mean, rng), negative_binomial(mean, rng, 100))
    u = randomised(bounds)
    assert ((u >= bounds.below) & (u <= bounds.upto)).all()
    np.testing.assert_array_equal(u, randomised(bounds))
    assert (u != randomised(bounds, seed=3)).any()


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ModelError, match="for the same rows"):
        pit_bounds(np.zeros(3, np.int64), np.zeros((5, 4), np.int64))
    with pytest.raises(ModelError, match="Use the same draws"):
        pit_bounds(np.zeros(4, np.int64), np.zeros((5, 4), np.int64), log_likelihood=np.zeros((6, 4)))
    with pytest.raises(ModelError, match="must lie between"):
        PitBounds(np.array([0.5]), np.array([0.4]), True)
