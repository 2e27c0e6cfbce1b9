"""The shift without a group against the exact one."""

import numpy as np
import pytest

from northroute.bayes.checks import check_influence, influence
from northroute.errors import ModelError
from tests.bayes.checks.examples import groups, posterior, regression


def test_shifts_are_those_of_the_exact_posterior_without_each_group() -> None:
    rng = np.random.default_rng(41)
    x = np.column_stack([np.ones(60), rng.normal(size=60)])
    y = x @ np.array([1.0, 0.5]) + rng.normal(size=60)
    y[12:18] += 1.5 * x[12:18, 1]
    units = groups("unit", np.repeat(np.arange(10), 6))
    model = regression(y, x)
    ll = model.log_likelihood_rows(model.draws, np.arange(60))
    named = {"intercept": model.draws[:, 0], "slope": model.draws[:, 1]}
    found = influence(ll, units, named)
    mean, covariance = posterior(y, x)
    for g in range(10):
        keep = units.codes != g
        exact = (posterior(y[keep], x[keep])[0] - mean) / np.sqrt(np.diag(covariance))
        # weighted means of 4,000 draws: standard error below 0.05 posterior sd
        np.testing.assert_allclose(found.shift[g], exact, atol=0.1)
    result = check_influence([found], simulated=True)
    worst = np.unravel_index(np.abs(found.shift).argmax(), found.shift.shape)
    assert [result.table.loc[0, c] for c in ("without", "quantity")] == [
        units.names[worst[0]],
        found.quantities[worst[1]],
    ]
    assert (np.diff(np.abs(result.table["shift_sd"].to_numpy(float))) <= 0).all()
    assert result.table.loc[0, "without"] == "C"


def test_a_group_that_weights_cannot_leave_out_is_named() -> None:
    rng = np.random.default_rng(42)
    x = np.column_stack([np.ones(40), np.r_[np.zeros(20), rng.normal(size=20)]])
    y = x @ np.array([0.0, 2.0]) + rng.normal(size=40)
    model = regression(y, x)  # the second country alone knows the slope
    country = groups("country", np.repeat([0, 1], 20))
    found = influence(model.log_likelihood_rows(model.draws, np.arange(40)), country, {"slope": model.draws[:, 1]})
    assert found.k[1] > found.limit
    result = check_influence([found], simulated=True)
    assert result.verdict == "failed"
    assert "Weights fail for B" in result.sentence


def test_quantities_of_other_draws_or_constant_are_refused() -> None:
    ll = np.random.default_rng(43).normal(size=(200, 4))
    units = groups("unit", [0, 0, 1, 1])
    with pytest.raises(ModelError, match="'slope' does not vary"):
        influence(ll, units, {"slope": np.ones(200)})
    with pytest.raises(ModelError, match="one value for each of 200 draws"):
        influence(ll, units, {"slope": np.ones(100)})
