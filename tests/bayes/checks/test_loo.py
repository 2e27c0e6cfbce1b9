"""Leave-one-out densities against closed forms; moment matching where plain weights fail."""

import numpy as np
import pytest

from northroute.bayes.checks import RowBlocks, check_loo, loo, match_rows
from northroute.errors import ModelError
from tests.bayes.checks.examples import GammaPoisson, Regression, gamma_poisson, regression


@pytest.fixture(scope="module")
def regular() -> GammaPoisson:
    rng = np.random.default_rng(5)
    exposure = rng.uniform(0.5, 2, 60)
    return gamma_poisson(rng.poisson(3 * exposure), exposure)


@pytest.fixture(scope="module")
def outlier() -> Regression:
    """One row far off the line at a far covariate: its own pull on both coefficients is strong."""
    rng = np.random.default_rng(6)
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = x @ np.array([1.0, 0.5]) + rng.normal(size=30)
    x[7, 1], y[7] = 4.0, 9.0
    return regression(y, x)


def rows_of(model: Regression) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.asarray(model.log_likelihood_rows(model.draws, np.arange(model.y.size)))


def test_psis_loo_of_a_gamma_poisson_model_is_exact(regular: GammaPoisson) -> None:
    found = loo(regular.log_likelihood(regular.draws[:, 0]))
    exact = np.array([regular.without([i]) for i in range(60)])
    # 4,000 independent draws: the Monte Carlo standard error of a row is below 0.01 where k is small
    np.testing.assert_allclose(found.elpd, exact, atol=0.02)
    assert found.total == pytest.approx(exact.sum(), abs=0.1)
    assert found.failed.size == 0
    assert not found.matched.any()
    # one parameter that fits the data: the effective number of parameters is near 1
    assert 0.4 < found.effective_parameters < 1.8


def test_blocks_of_rows_give_the_same_densities(regular: GammaPoisson) -> None:
    whole = regular.log_likelihood(regular.draws[:, 0])
    pieces = RowBlocks(lambda rows: regular.log_likelihood_rows(regular.draws, rows), 4000, 60, block=7)
    np.testing.assert_allclose(loo(pieces).elpd, loo(whole).elpd, rtol=1e-9)


def test_moment_matching_repairs_an_outlier(outlier: Regression) -> None:
    plain = loo(rows_of(outlier))
    assert plain.k[7] > 0.7
    assert 7 in plain.failed
    exact = outlier.without(7)
    assert abs(plain.elpd[7] - exact) > 0.5  # the plain density is much too good
    found = match_rows(plain, outlier)
    assert found.matched[7]
    assert found.k[7] < found.limit
    # a density of exp(-13), by 4,000 draws: within a tenth
    assert found.elpd[7] == pytest.approx(exact, abs=0.1)
    others = np.setdiff1d(np.arange(30), plain.failed)
    np.testing.assert_array_equal(found.elpd[others], plain.elpd[others])


def test_rows_that_are_not_asked_for_stay_as_they_are(outlier: Regression) -> None:
    plain = loo(rows_of(outlier))
    none = match_rows(plain, outlier, rows=np.array([], np.int64))
    np.testing.assert_array_equal(none.k, plain.k)
    sound = match_rows(plain, outlier, rows=np.array([0, 1]))
    np.testing.assert_array_equal(sound.elpd, plain.elpd)


@pytest.mark.parametrize(("count", "far"), [(45, 0.1), (60, 0.1), (90, 0.15)])
def test_moment_matching_on_the_log_scale_of_a_rate(count: int, far: float) -> None:
    """Up to four shifts in a row."""
    rng = np.random.default_rng(7)
    exposure = np.full(25, 1.0)
    y = rng.poisson(2.0, 25)
    y[3], exposure[3] = count, 10.0
    model = gamma_poisson(y, exposure)
    plain = loo(model.log_likelihood(model.draws[:, 0]))
    assert plain.k[3] > plain.limit
    found = match_rows(plain, model)
    assert found.k[3] < found.limit
    assert found.elpd[3] == pytest.approx(model.without([3]), abs=far)
    assert "after moment matching of 1" in check_loo(found, simulated=True).sentence


def test_moment_matching_widens_the_draws_where_a_row_alone_narrows_them() -> None:
    """A row on the line but far out: without it the mean stays and the variance grows, so that shifts cannot help."""
    rng = np.random.default_rng(9)
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = x @ np.array([1.0, 0.5]) + rng.normal(size=30)
    x[7, 1] = 18.0
    keep = np.arange(30) != 7
    y[7] = x[7] @ np.linalg.lstsq(x[keep], y[keep])[0]
    model = regression(y, x)
    plain = loo(rows_of(model))
    assert plain.k[7] > plain.limit
    found = match_rows(plain, model)
    assert found.k[7] < found.limit
    assert plain.elpd[7] > model.without(7) + 0.2
    assert found.elpd[7] == pytest.approx(model.without(7), abs=0.08)


def test_unequal_draws_are_refused(outlier: Regression, regular: GammaPoisson) -> None:
    plain = loo(regular.log_likelihood(regular.draws[:1000, 0]))
    with pytest.raises(ModelError, match="4000 draws of the density, but 1000"):
        match_rows(plain, outlier)


def test_the_sentence_counts_rows_that_fail(outlier: Regression) -> None:
    result = check_loo(loo(rows_of(outlier)), simulated=False, labels=[f"row {i}" for i in range(30)])
    assert result.verdict == "failed"
    assert result.table.loc[0, "row"] == "row 7"
    assert "have k above 0.70" in result.sentence
    assert "match moments" in result.sentence
