"""Leave-one-group-out against closed forms, and refits only where weights fail."""

import numpy as np
import pytest
from scipy import stats

from northroute.arrays import Array, Ints
from northroute.bayes.checks import check_groups, leave_group_out
from northroute.errors import ModelError
from tests.bayes.checks.examples import gamma_poisson, groups

SHAPE, RATE = 2.0, 1.0


def test_groups_that_share_one_rate_are_left_out_exactly() -> None:
    rng = np.random.default_rng(11)
    exposure = rng.uniform(0.5, 2, 80)
    codes = np.repeat(np.arange(10), 8)
    model = gamma_poisson(rng.poisson(2 * exposure), exposure)
    country = groups("country", codes)
    found = leave_group_out(model.log_likelihood(model.draws[:, 0]), country)
    exact = np.array([model.without(country.rows(g)) for g in range(10)])
    # a tenth of the data moves the posterior by a third of its sd: k is small, the Monte Carlo error below 0.02
    np.testing.assert_allclose(found.elpd, exact, atol=0.05)
    assert found.failed.size == 0
    result = check_groups(found, simulated=True)
    assert result.verdict == "passed"
    assert result.table.loc[0, "country"] == country.names[int(np.argmin(exact))]


def own_rates(y: Ints, codes: Ints, draws: int = 4000) -> tuple[Array, Array]:
    """Draws of groups' own rates, a priori Gamma(2, 1) each, and the log likelihood of rows."""
    rng = np.random.default_rng(12)
    total, size = np.bincount(codes, y), np.bincount(codes)
    rate = rng.gamma(SHAPE + total, 1 / (RATE + size), (draws, size.size))
    return rate, np.asarray(stats.poisson.logpmf(y, rate[:, codes]))


def test_groups_with_parameters_of_their_own_fail_and_are_refitted() -> None:
    rng = np.random.default_rng(13)
    codes = np.repeat(np.arange(3), [40, 40, 1])
    y = rng.poisson(np.array([0.5, 4.0, 2.0])[codes])
    _, ll = own_rates(y, codes)
    regions = groups("region", codes)
    plain = leave_group_out(ll, regions)
    # region C has one row: its posterior is near its prior, and the weights reach it
    assert plain.failed.tolist() == [0, 1]
    result = check_groups(plain, simulated=True)
    assert result.verdict == "failed"
    assert "for A, B: their densities, and the sum, need an exact refit" in result.sentence

    asked: list[int] = []

    def refit(group: int) -> Array:
        asked.append(group)
        rate = np.random.default_rng(14).gamma(SHAPE, 1 / RATE, 40_000)
        return np.asarray(stats.poisson.logpmf(y[codes == group], rate[:, None]))

    found = leave_group_out(ll, regions, refit=refit)
    assert asked == [0, 1]
    alone = [gamma_poisson(y[codes == g], np.ones((codes == g).sum()), shape=SHAPE, b=RATE) for g in range(3)]
    exact = np.array([m.without(np.arange(m.y.size)) for m in alone])
    # 40,000 prior draws, of which some 1,000 in the posterior's bulk: within 0.1
    np.testing.assert_allclose(found.elpd, exact, atol=0.1)
    assert abs(plain.elpd[1] - exact[1]) > 0.5
    assert check_groups(found, simulated=True).verdict == "passed"


def test_wrong_refits_and_single_groups_are_refused() -> None:
    codes = np.repeat(np.arange(2), 40)
    y = np.random.default_rng(15).poisson(8, 80)
    _, ll = own_rates(y, codes)
    with pytest.raises(ModelError, match=r"without region A returned shape \(200, 7\); return \(draw, 40\)"):
        leave_group_out(ll, groups("region", codes), refit=lambda _: np.zeros((200, 7)))
    with pytest.raises(ModelError, match="one region only"):
        leave_group_out(ll, groups("region", [0] * 80))
