"""Stacking finds the shares of a mixture; standard errors are those of paired differences."""

import warnings

import arviz_stats as azs
import numpy as np
import pytest
import xarray as xr
from arviz_stats.utils import ELPDData
from scipy import stats

from northroute.arrays import Array
from northroute.bayes.checks import check_comparison, compare, pseudo_bma_weights, stacking_weights
from northroute.errors import ModelError
from tests.bayes.checks.examples import groups


def mixture(rows: int = 3000, share: float = 0.7) -> Array:
    """Densities under three models of data that the first two make together, and the third does not."""
    rng = np.random.default_rng(31)
    y = np.where(rng.uniform(size=rows) < share, rng.normal(0, 1, rows), rng.normal(4, 1, rows))
    return np.asarray(stats.norm.logpdf(y[:, None], [0, 4, 15], 1))


def test_stacking_recovers_the_shares_of_a_mixture() -> None:
    weights = stacking_weights(mixture())
    # standard error of a share sqrt(0.7 * 0.3 / 3000) = 0.008, little more as the parts overlap little
    np.testing.assert_allclose(weights, [0.7, 0.3, 0], atol=0.03)
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(("seed", "spread", "rows", "models"), [(32, 2, 400, 6), (2, 3, 20, 12), (0, 300, 200, 12)])
def test_stacking_weights_are_optimal(seed: int, spread: float, rows: int, models: int) -> None:
    """The last two are problems that the first optimiser leaves unsolved."""
    elpd = np.random.default_rng(seed).normal(-3, spread, size=(rows, models))
    weights = stacking_weights(elpd)
    density = np.exp(elpd - elpd.max(axis=1, keepdims=True))
    # first-order conditions on the simplex: mean density ratio 1 where there is weight, at most 1 elsewhere
    ratio = (density / (density @ weights)[:, None]).mean(axis=0)
    assert ratio.max() <= 1 + 1e-6
    np.testing.assert_allclose(ratio[weights > 1e-3], 1, atol=1e-3)


@pytest.mark.parametrize("elpd", [mixture(), np.random.default_rng(2).normal(-3, 3, size=(20, 12))])
def test_arviz_finds_the_same_differences_and_less_exact_weights(elpd: Array) -> None:
    names = [f"m{j:02d}" for j in range(elpd.shape[1])]
    scaled = elpd - elpd.max(axis=1, keepdims=True)  # ArviZ exponentiates as it is given
    given = {
        name: ELPDData(
            elpd=column.sum(),
            se=0.0,
            p=0.0,
            n_samples=1000,
            n_data_points=len(elpd),
            scale="log",
            warning=False,
            good_k=0.7,
            elpd_i=xr.DataArray(column, dims="row"),
            pareto_k=xr.DataArray(np.zeros(len(elpd)), dims="row"),
        )
        for name, column in zip(names, scaled.T, strict=True)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of models that chance may tell apart
        theirs = azs.compare(given, method="stacking", round_to="none").loc[names]
    ours = compare(dict(zip(names, elpd.T, strict=True)))
    np.testing.assert_allclose(theirs["elpd_diff"], ours.difference, atol=1e-8)
    rows = len(elpd)  # ArviZ divides by the rows, not by one fewer
    np.testing.assert_allclose(theirs["dse"] * np.sqrt(rows / (rows - 1)), ours.difference_se, rtol=1e-9)
    np.testing.assert_allclose(theirs["weight"], ours.stacking, atol=1e-3)
    gaps = [_gap(scaled, np.asarray(w, dtype=float)) for w in (ours.stacking, theirs["weight"])]
    assert gaps[0] <= 1e-6 < gaps[1]


def _gap(elpd: Array, weights: Array) -> float:
    """How far weights may be from the best mean log score: the largest derivative less one."""
    density = np.exp(elpd)
    return float((density / (density @ weights)[:, None]).mean(axis=0).max() - 1)


def test_equal_models_share_and_a_single_model_takes_all() -> None:
    one = np.random.default_rng(33).normal(size=(50, 1))
    np.testing.assert_allclose(stacking_weights(np.repeat(one, 2, axis=1)), 0.5)
    np.testing.assert_allclose(pseudo_bma_weights(np.repeat(one, 2, axis=1)), 0.5)
    np.testing.assert_allclose(stacking_weights(one), 1.0)


def test_models_that_hold_rows_nearly_impossible_do_not_break_the_weights() -> None:
    elpd = np.array([[-1.0, -2000.0], [-2000.0, -1.0], [-1.0, -2000.0], [-1.0, -2000.0]])
    np.testing.assert_allclose(stacking_weights(elpd), [0.75, 0.25], atol=1e-3)


def test_pseudo_bma_takes_the_best_model_where_stacking_mixes() -> None:
    assert pseudo_bma_weights(mixture())[0] > 0.999
    np.testing.assert_array_equal(pseudo_bma_weights(mixture(), seed=1), pseudo_bma_weights(mixture(), seed=1))


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(34)
    shared = rng.normal(-2, 3, 200)
    models = {"plain": shared + rng.normal(0, 0.1, 200), "spatial": shared + 0.2}
    found = compare(models)
    gap = models["plain"] - models["spatial"]
    np.testing.assert_allclose(found.difference, [gap.sum(), 0])
    np.testing.assert_allclose(found.difference_se, [np.sqrt(200) * gap.std(ddof=1), 0])
    result = check_comparison(found, simulated=False, failed=[0, 2])
    assert result.table["model"].tolist() == ["spatial", "plain"]
    assert result.sentence.startswith("spatial predicts best; plain follows at -4")
    assert "do not" not in result.sentence
    assert "not to be trusted" in result.sentence


def test_standard_errors_over_clusters_count_a_repeated_row_once() -> None:
    rng = np.random.default_rng(35)
    a, b = rng.normal(size=(2, 40))
    regions = groups("region", np.repeat(np.arange(20), 10))
    a, b = np.repeat(a[:20], 10), np.repeat(b[:20], 10)
    by_row, by_region = compare({"a": a, "b": b}), compare({"a": a, "b": b}, clusters=regions)
    # ten copies of each row: sums over clusters vary ten times as much as rows, and there are a tenth as many
    expected = np.sqrt(10) * by_row.se * np.sqrt((199 / 200) * (20 / 19))
    np.testing.assert_allclose(by_region.se, expected)
    assert "over region sums" in check_comparison(by_region, simulated=False).sentence


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ModelError, match="of the same rows"):
        compare({"a": np.zeros(3), "b": np.zeros(4)})
    with pytest.raises(ModelError, match="must be finite"):
        stacking_weights(np.array([[0.0, -np.inf]]))
