"""Units of exposures and covariates change no decision: separated rows, collinear terms, convergence, checks, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError
from northroute.frequentist import (
    PoissonSpec,
    conditional_poisson,
    fit_poisson,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    regression,
    zero_inflated,
)
from northroute.frequentist.checks import collinear_terms, finite_covariance, leverage, reset
from northroute.frequentist.covariance import cluster, jackknife, randomisation, score_bootstrap
from northroute.frequentist.design import design
from northroute.frequentist.separation import prune

ESTIMATORS = (poisson, negative_binomial, random_effects, gee, conditional_poisson, zero_inflated, hurdle)
UNITS = (1e-9, 1e9)


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    """60 units of 10 rows; ``q`` is ``x`` but at nine zero counts, where it is larger: these are separated."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"u": np.repeat(np.arange(60), 10), "t": np.tile(np.arange(10), 60)})
    frame["x"], frame["z"], frame["hours"] = rng.normal(size=600), rng.normal(size=600), rng.uniform(0.5, 2, 600)
    level = np.repeat(rng.gamma(2.0, 0.5, 60), 10) * rng.gamma(2.0, 0.5, 600) * frame["hours"]
    frame["y"] = rng.poisson(level * np.exp(0.3 + 0.3 * frame["x"] - 0.2 * frame["z"]))
    frame["q"], frame["c"] = frame["x"], frame["u"] % 6
    frame.loc[np.flatnonzero(frame["y"] == 0)[:9], "q"] += rng.uniform(1, 2, 9)
    return frame


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("unit", UNITS)
def test_units_of_the_exposure_do_not_matter(counts: pd.DataFrame, estimator: Callable[..., Any], unit: float) -> None:
    options = {"group": "u"} if estimator in (random_effects, gee, conditional_poisson) else {}
    one = estimator(counts, "y ~ x + z", exposure="hours", **options)
    two = estimator(counts.assign(hours=counts["hours"] * unit), "y ~ x + z", exposure="hours", **options)
    slopes = [one.term("x"), one.term("z")]
    np.testing.assert_allclose(two.coef[slopes], one.coef[slopes], rtol=1e-9)
    np.testing.assert_allclose(cluster(two, "u").se[slopes], cluster(one, "u").se[slopes], rtol=1e-9)
    assert two.gradient < 1e-6


@pytest.mark.parametrize("right", ["x + q", "x + q | c", "x + q | c + t"])
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("other", UNITS)
@pytest.mark.parametrize("origin", [0.0, 1e3])
def test_separated_rows_are_the_same_in_any_units(
    counts: pd.DataFrame, right: str, unit: float, other: float, origin: float
) -> None:
    plain = prune(design(counts, regression(f"y ~ {right}"))).keep
    changed = counts.assign(x=(counts["x"] + origin) * unit, q=(counts["q"] + origin) * other)
    assert (~plain).sum() == 9
    np.testing.assert_array_equal(prune(design(changed, regression(f"y ~ {right}"))).keep, plain)


@pytest.mark.parametrize("unit", (1.0, *UNITS))
@pytest.mark.parametrize(("noise", "known"), [(0.0, False), (1e-6, False), (1e-3, True)])
def test_collinear_terms_are_the_same_in_any_units(
    counts: pd.DataFrame, unit: float, noise: float, known: bool
) -> None:
    near = counts.assign(v=(counts["x"] + noise * np.random.default_rng(2).normal(size=600)) * unit)
    if known:
        assert poisson(near, "y ~ x + z + v | c").terms == ("x", "z", "v")
    else:
        with pytest.raises(ModelError, match=r"\['v'\] is collinear"):
            poisson(near, "y ~ x + z + v | c")


@pytest.mark.parametrize(("unit", "other"), [(1e-9, 1e9), (1e9, 1e-9), (1e9, 1e9)])
def test_checks_and_p_values_are_the_same_in_any_units(counts: pd.DataFrame, unit: float, other: float) -> None:
    one = poisson(counts, "y ~ x + z | u + t")
    two = poisson(counts.assign(x=counts["x"] * unit, z=counts["z"] * other), "y ~ x + z | u + t")
    for check in (
        lambda fit: collinear_terms(fit).table["variance_left"],
        lambda fit: leverage(fit, "x", by="c").table["share"],
        lambda fit: reset(fit, "c").table["p"],
        lambda fit: [finite_covariance(fit, cluster(fit, "u")).sentence.count("rank 2 of 2")],
        lambda fit: jackknife(fit, "c").p,
        lambda fit: score_bootstrap(fit, "c").p,
        lambda fit: randomisation(fit, by="c", unit="u", time="t", block=2, draws=99).p,
    ):
        np.testing.assert_allclose(check(two), check(one), rtol=1e-7)


def test_a_ratio_per_tiny_unit_may_be_infinite_and_breaks_no_table(counts: pd.DataFrame) -> None:
    spec = PoissonSpec("tiny", "y", ("x",), effects=("u",), cluster="c")
    found = fit_poisson(counts.assign(x=counts["x"] * 1e-9), spec).tidy().iloc[0]
    assert np.isinf(found["rate_ratio"]) and found["low"] < found["coef"] < found["high"]
