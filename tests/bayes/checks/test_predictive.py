"""Statistics by hand on small panels; data from the model pass, data with a fault fail by the statistic of that fault."""

from itertools import pairwise

import numpy as np
import pytest

from northroute.arrays import Array, Ints
from northroute.bayes.checks import (
    Predictive,
    check_moran,
    check_predictive,
    check_rootogram,
    moran,
    predictive,
    rootogram,
)
from northroute.bayes.checks.predictive import STATISTICS, consecutive
from northroute.bayes.checks.spatial import moran_i, neighbours
from northroute.errors import ModelError
from tests.bayes.checks.examples import groups

UNITS, MONTHS, DRAWS = 20, 30, 400
UNIT = groups("unit", np.repeat(np.arange(UNITS), MONTHS))
MONTH = np.tile(np.arange(MONTHS), UNITS)
COUNTRY = groups("country", UNIT.codes // 5)
CHAIN = np.array(list(pairwise(range(UNITS))))


@pytest.fixture(scope="module")
def mean() -> Array:
    return np.asarray(np.exp(np.random.default_rng(61).normal(0, 0.5, UNITS))[UNIT.codes])


@pytest.fixture(scope="module")
def replicates(mean: Array) -> Ints:
    return np.asarray(np.random.default_rng(62).poisson(mean, (DRAWS, mean.size)), np.int64)


def test_statistics_by_hand() -> None:
    units, by = groups("unit", [0, 0, 0, 1, 1]), groups("country", [0, 0, 0, 1, 1])
    months = np.array([0, 1, 2, 0, 2])  # month 1 of the second unit was not observed: no pair
    counts = np.array([0, 2, 4, 0, 4])
    found = predictive(counts, np.stack([counts, counts]), units, months, by)
    zeros, dispersion, top, persistence = found.observed
    np.testing.assert_allclose(zeros, [0.4, 1 / 3, 0.5])
    np.testing.assert_allclose(dispersion, [4 / 2, 4 / 2, 8 / 2])
    np.testing.assert_allclose(top, [4, 4, 4])
    # first unit: deviations -2, 0, 2, products 0 and 0; the sum of squares is 8 + 8 over 5 rows
    np.testing.assert_allclose(persistence[:2], [0, 0], atol=1e-12)
    assert np.isnan(persistence[2])
    assert found.groups == ("all", "A", "B")
    # replicates that equal the data: p is one half
    np.testing.assert_allclose(found.p[:3], 0.5)


def test_autocorrelation_of_an_alternating_series() -> None:
    counts = np.array([0, 2, 0, 2, 0, 2])
    one = groups("unit", [0] * 6)
    found = predictive(counts, np.stack([counts, counts]), one, np.arange(6), one)
    assert found.observed[3, 0] == pytest.approx(-1)


def test_data_from_the_model_pass(mean: Array, replicates: Ints) -> None:
    counts = np.asarray(np.random.default_rng(63).poisson(mean), np.int64)
    result = check_predictive(predictive(counts, replicates, UNIT, MONTH, COUNTRY), simulated=True)
    assert result.verdict == "passed"
    assert len(result.table) == len(STATISTICS) * 5
    assert set(result.table["interval"]) == {"89 % ETI"}
    assert check_rootogram(rootogram(counts, replicates), simulated=True).verdict == "passed"
    assert check_moran(moran(counts, replicates, UNIT, CHAIN), simulated=True).verdict == "passed"


def test_each_fault_shows_in_its_statistic(mean: Array, replicates: Ints) -> None:
    rng = np.random.default_rng(64)
    inflated = np.where(rng.uniform(size=mean.size) < 0.25, 0, rng.poisson(mean / 0.75))
    wide = rng.negative_binomial(1, 1 / (1 + mean))
    tide = np.repeat(rng.gamma(2, 0.5, (UNITS, MONTHS // 6)), 6, axis=1).ravel()
    slow = rng.poisson(mean * tide)
    for counts, statistic in (
        (inflated, "share of zeros"),
        (wide, "dispersion index"),
        (slow, "lag-1 autocorrelation"),
    ):
        found = predictive(np.asarray(counts, np.int64), replicates, UNIT, MONTH, COUNTRY)
        assert found.p[STATISTICS.index(statistic), 0] < 0.01
        result = check_predictive(found, simulated=True)
        assert result.verdict == "failed"
        assert statistic in result.sentence


@pytest.mark.parametrize(("p", "verdict"), [(0.04, "passed"), (0.01, "failed"), (0.99, "failed"), (0.5, "passed")])
def test_one_statistic_of_four_just_outside_is_chance(p: float, verdict: str) -> None:
    """Two-sided and times four, 0.04 gives 0.32 and 0.01 gives 0.08; the limit is 0.11."""
    half, ps = np.full((4, 1), 0.5), np.array([[0.5], [p], [0.5], [np.nan]])
    found = Predictive(("all",), half + 2 * (p < 0.05), half, half - 1, half + 1, ps, 0.89)
    result = check_predictive(found, simulated=True)
    assert result.verdict == verdict


def test_a_country_without_events_has_no_dispersion_and_does_not_break_the_rest(replicates: Ints) -> None:
    counts = np.where(COUNTRY.codes == 2, 0, replicates[0])
    found = predictive(counts, replicates, UNIT, MONTH, COUNTRY)
    at = found.groups.index("C")
    assert np.isnan(found.observed[[1, 3], at]).all()
    assert np.isnan(found.p[[1, 3], at]).all()
    assert found.observed[0, at] == 1
    table = check_predictive(found, simulated=True).table
    assert len(table) == 20


def test_rows_in_any_order_make_the_same_pairs() -> None:
    order = np.random.default_rng(65).permutation(MONTH.size)
    shuffled = groups("unit", UNIT.codes[order])
    first, second = consecutive(shuffled, MONTH[order])
    assert first.size == UNITS * (MONTHS - 1)
    assert (MONTH[order][second] - MONTH[order][first] == 1).all()
    assert (shuffled.codes[second] == shuffled.codes[first]).all()


def test_wrong_rows_are_refused(replicates: Ints) -> None:
    with pytest.raises(ModelError, match=r"give \(row,\) and \(draw, row\)"):
        rootogram(np.zeros(3, np.int64), replicates)
    with pytest.raises(ModelError, match="below zero"):
        rootogram(np.array([-1]), np.zeros((5, 1), np.int64))
    with pytest.raises(ModelError, match="unit A has month 3 twice"):
        consecutive(groups("unit", [0, 0]), np.array([3, 3]))


def test_rootogram_sums_are_rows(mean: Array, replicates: Ints) -> None:
    counts = np.asarray(np.random.default_rng(66).poisson(mean), np.int64)
    for largest in (None, 2, 30):
        found = rootogram(counts, replicates, largest=largest)
        assert found.observed.sum() == counts.size
        assert found.expected.sum() == pytest.approx(counts.size)
        assert (found.low <= found.high).all()
    found = rootogram(counts, replicates, largest=2)
    assert found.observed[2] == (counts >= 2).sum()
    assert found.expected[0] == pytest.approx((replicates == 0).sum() / DRAWS)


def test_rootogram_names_counts_that_come_too_often(mean: Array, replicates: Ints) -> None:
    rng = np.random.default_rng(67)
    counts = np.where(rng.uniform(size=mean.size) < 0.25, 0, rng.poisson(mean / 0.75))
    result = check_rootogram(rootogram(np.asarray(counts, np.int64), replicates), simulated=True)
    assert result.verdict == "failed"
    assert "counts of 0" in result.sentence


def test_morans_i_of_a_chain_by_hand() -> None:
    """Values 1 to 4 along a chain: I = (4 / 6) * 2 (0.75 - 0.25 + 0.75) / 5 = 1 / 3; a fifth unit is an island."""
    pairs = neighbours(np.array([[0, 1], [1, 2], [3, 2], [2, 3]]), 5)
    assert len(pairs) == 3
    value = moran_i(np.array([[1.0, 2, 3, 4, 99]]), pairs, np.unique(pairs))
    assert value[0] == pytest.approx(1 / 3)


def test_neighbours_that_are_off_together_fail(mean: Array, replicates: Ints) -> None:
    rng = np.random.default_rng(68)
    north = np.where(UNIT.codes < UNITS // 2, 1.5, 0.5)
    found = moran(np.asarray(rng.poisson(mean * north), np.int64), replicates, UNIT, CHAIN[:-1])
    assert found.islands == (UNIT.names[-1],)
    assert found.p < 0.01
    result = check_moran(found, simulated=True)
    assert result.verdict == "failed"
    assert "1 without neighbours" in result.sentence


@pytest.mark.parametrize(
    ("edges", "words"),
    [([[0, 0]], "to itself"), ([[0, 20]], "beyond the 20"), ([[0, 1, 2]], "one edge or more")],
)
def test_wrong_edges_are_refused(edges: list[list[int]], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        neighbours(np.array(edges), UNITS)
