"""Envelopes and exact p values against brute force, closed forms and simulation."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from northroute.bayes.calibration import ecdf
from northroute.errors import ModelError
from northroute.seeds import generator


def binomial_recursion(size: int, low: NDArray[np.int64], high: NDArray[np.int64]) -> float:
    """The recursion of Säilynoja et al. (2022), section 2.3, over binomial steps."""
    cells = len(low) + 1
    state = {0: 1.0}
    for k, (bottom, top) in enumerate(zip(low, high, strict=True)):
        moved: dict[int, float] = {}
        for c, p in state.items():
            for to in range(max(c, int(bottom)), int(top) + 1):
                moved[to] = moved.get(to, 0.0) + p * float(stats.binom.pmf(to - c, size - c, 1 / (cells - k)))
        state = moved
    return sum(state.values())


@pytest.mark.parametrize("seed", range(5))
def test_the_poisson_recursion_is_the_papers_binomial_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, cells = 12, 6
    middle = np.arange(1, cells) * size / cells
    low = np.maximum(middle - rng.integers(0, 5, cells - 1), 0).astype(np.int64)
    high = np.minimum(middle + rng.integers(0, 5, cells - 1), size).astype(np.int64)
    assert ecdf.stay_probability(size, low, high) == pytest.approx(binomial_recursion(size, low, high), rel=1e-12)


def test_stay_probability_in_closed_form() -> None:
    one, zero, two = (np.array([v]) for v in (1, 0, 2))
    assert ecdf.stay_probability(2, one, one) == pytest.approx(0.5)  # one value in each half
    assert ecdf.stay_probability(2, zero, two) == pytest.approx(1.0)
    assert ecdf.stay_probability(2, two, one) == 0
    # three values, one in each third: 3! / 3^3
    at = np.array([1, 2])
    assert ecdf.stay_probability(3, at, at) == pytest.approx(6 / 27)


@pytest.mark.parametrize(("size", "points"), [(50, 20), (200, 100), (250, 250)])
@pytest.mark.parametrize("prob", [0.89, 0.95])
def test_envelopes_hold_uniform_samples_with_their_probability(size: int, points: int, prob: float) -> None:
    null = ecdf.reference(size, points)
    within = ecdf.envelope(null, prob)
    samples = 4000
    counted = ecdf.counts(generator("uniform samples", 2).random((samples, size)), points) / size
    held = np.mean(((counted >= within.low - 1e-9) & (counted <= within.high + 1e-9)).all(axis=1))
    # 3.5 standard errors; counts are whole, so the envelope holds a little more than asked: up to 0.008 at these sizes
    error = 3.5 * np.sqrt(prob * (1 - prob) / samples)
    assert prob - error < held < prob + error + 0.008


@pytest.mark.parametrize("size", [1, 2, 40, 300])
def test_the_optimised_tail_is_the_largest_that_keeps_the_probability(size: int) -> None:
    null = ecdf.reference(size, 20)
    within = ecdf.envelope(null, 0.9)
    low, high = (np.rint(v * size).astype(np.int64) for v in (within.low, within.high))
    assert ecdf.stay_probability(size, low, high) >= 0.9
    larger = np.unique(null.tails[null.tails > within.gamma * (1 + 1e-6)])
    if len(larger):
        kept = null.tails >= larger[0] * (1 - 1e-9)
        if kept.any(axis=1).all():
            tight = kept.argmax(axis=1), size - kept[:, ::-1].argmax(axis=1)
            assert ecdf.stay_probability(size, *tight) < 0.9


def test_p_values_are_valid_and_nearly_uniform() -> None:
    null = ecdf.reference(100, 100)
    sample = generator("p values", 4).random((3000, 100))
    p = np.array([ecdf.uniformity(v, null).p for v in sample])
    for level in (0.01, 0.05, 0.2, 0.5):
        error = 3.5 * np.sqrt(level * (1 - level) / len(p))
        assert level - error - 0.01 < np.mean(p <= level) < level + error


def test_a_sample_leaves_its_envelope_exactly_where_its_p_value_says_so() -> None:
    null = ecdf.reference(80, 40)
    within = ecdf.envelope(null, 0.9)
    outside, small = [], []
    for values in generator("agreement", 5).beta(1.15, 1, (300, 80)):
        test = ecdf.uniformity(values, null)
        curve = test.difference + null.at
        outside.append(bool(((curve < within.low - 1e-9) | (curve > within.high + 1e-9)).any()))
        small.append(test.p <= 0.1)
    assert outside == small
    assert 0 < sum(small) < 300


def test_p_value_of_the_extreme_sample_is_in_closed_form() -> None:
    # five values in one half: as extreme is only the other half, 2 / 2^5
    null = ecdf.reference(5, 2)
    assert ecdf.uniformity(np.full(5, 0.1), null).p == pytest.approx(2 / 32)
    assert ecdf.uniformity(np.full(5, 0.1), null).deviation == 0.5
    # the most even split has no smaller rival
    assert ecdf.uniformity(np.array([0.1, 0.2, 0.6, 0.7, 0.8]), null).p == 1.0


def test_refusals() -> None:
    with pytest.raises(ModelError, match="at least 1 and 2"):
        ecdf.reference(0, 10)
    with pytest.raises(ModelError, match="between 0 and 1"):
        ecdf.envelope(ecdf.reference(5, 5), 1.0)
