"""Predictions that the data do not identify; numbers that must not depend on units, origins or signs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError
from northroute.frequentist import (
    conditional_poisson,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    zero_inflated,
)
from northroute.frequentist.combine import joint
from northroute.frequentist.covariance import cluster
from northroute.frequentist.effects import average_marginal_effects, semi_elasticities
from northroute.frequentist.predict import predict


def _islands(bridge: int = 0) -> pd.DataFrame:
    """Units 0 to 2 in months 0 to 9, units 3 to 5 in months 10 to 19; a bridge joins them by one row."""
    rng = np.random.default_rng(3)
    rows = [(u, m) for u in range(3) for m in range(10)] + [(u, m) for u in range(3, 6) for m in range(10, 20)]
    rows += [(0, 15)] * bridge
    frame = pd.DataFrame(rows, columns=["u", "m"])
    frame["a"] = rng.normal(size=len(frame))
    frame["s"] = frame["u"] % 3
    return frame.assign(y=rng.poisson(np.exp(1 + 0.3 * frame["a"])) + 1)


def test_unconnected_sets_of_effects() -> None:
    across = pd.DataFrame({"a": [0.0], "u": [0], "m": [15], "s": [0]})
    for formula in ("y ~ a | u + m", "y ~ a | u + m + s"):
        found = poisson(_islands(), formula)
        with pytest.raises(ModelError, match="the data do not identify the mean of row 0"):
            predict(found, across)
        # within a set nothing is lost
        np.testing.assert_allclose(predict(found, found.design.frame), found.mean, rtol=1e-6)
    joined = poisson(_islands(bridge=1), "y ~ a | u + m")
    assert predict(joined, across).item() > 0
    # the sets' own levels shift against each other without a trace: two fits, two answers
    with pytest.raises(ModelError, match="do not identify"):
        predict(negative_binomial(_islands().assign(y=lambda d: d["y"] ** 2), "y ~ a | u + m"), across)


def test_terms_left_out_as_collinear_bind_the_rows() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame = frame.assign(c=2 * frame["a"] - frame["b"], y=rng.poisson(np.exp(0.3 * frame["a"])))
    found = poisson(frame, "y ~ a + b + c", on_collinear="drop")
    assert found.collinear == ("c",)
    np.testing.assert_allclose(predict(found, frame[:5]), found.mean[:5])
    with pytest.raises(ModelError, match="do not identify the mean of row 0"):
        predict(found, frame[:1].assign(c=0.0))


def test_intervals_keep_their_order() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=600), "g": np.repeat(np.arange(5), 120)})
    errors = cluster(poisson(frame.assign(y=rng.poisson(np.exp(0.3 * frame["x"]))), "y ~ x"), "g")
    table, own = semi_elasticities(errors, change=-1).iloc[1], errors.table().iloc[1]
    assert table["low"] == pytest.approx(100 * np.expm1(-own["high"]))
    assert table["high"] == pytest.approx(100 * np.expm1(-own["low"]))
    assert table["low"] < table["percent"] < table["high"]
    with pytest.raises(ModelError, match="finite"):
        semi_elasticities(errors, change=float("nan"))


EVERY = (poisson, negative_binomial, random_effects, gee, conditional_poisson, zero_inflated, hurdle)


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    """60 units of 10 rows, overdispersed."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"u": np.repeat(np.arange(60), 10), "x": rng.normal(size=600), "z": rng.normal(size=600)})
    level = np.repeat(rng.gamma(2.0, 0.5, 60), 10) * rng.gamma(2.0, 0.5, 600)
    return frame.assign(y=rng.poisson(level * np.exp(0.3 + 0.3 * frame["x"] - 0.2 * frame["z"])))


@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_of_covariates_do_not_matter(counts: pd.DataFrame, estimator: Callable[..., Any], unit: float) -> None:
    options = {"group": "u"} if estimator in (random_effects, gee, conditional_poisson) else {}
    one = estimator(counts, "y ~ x + z", **options)
    two = estimator(counts.assign(x=counts["x"] * unit), "y ~ x + z", **options)
    at = one.term("x")
    first, second = cluster(one, "u"), cluster(two, "u")
    assert two.coef[at] * unit == pytest.approx(one.coef[at], rel=1e-9)
    assert second.se[at] * unit == pytest.approx(first.se[at], rel=1e-9)
    if estimator is not conditional_poisson:
        effects = [average_marginal_effects(f, e, ["x"]).iloc[0] for f, e in ((one, first), (two, second))]
        assert effects[1]["events_per_row"] * unit == pytest.approx(effects[0]["events_per_row"], rel=1e-5)
        assert effects[1]["se"] * unit == pytest.approx(effects[0]["se"], rel=1e-4)


@pytest.mark.parametrize("formula", ["y ~ x + z", "y ~ x + z | u"])
def test_origins_of_covariates_do_not_matter(counts: pd.DataFrame, formula: str) -> None:
    one = poisson(counts, formula)
    two = poisson(counts.assign(x=counts["x"] + 5e4), formula)
    assert two.coef[two.term("x")] == pytest.approx(one.coef[one.term("x")], rel=1e-8)
    assert cluster(two, "u").se[two.term("x")] == pytest.approx(cluster(one, "u").se[one.term("x")], rel=1e-4)
    far = counts.assign(x=counts["x"] + 1e7)
    if "|" in formula:
        assert poisson(far, formula).coef[0] == pytest.approx(one.coef[0], rel=1e-6)
    else:
        with pytest.raises(ModelError, match=r"mean of \['x'\] is more than 100,000 times its spread.*center"):
            poisson(far, formula)
        assert poisson(far, "y ~ center(x) + z").coef[1] == pytest.approx(one.coef[1], rel=1e-6)


@pytest.mark.parametrize("formula", ["y ~ x + z", "y ~ x + z | u"])
@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_of_the_outcome_do_not_matter(counts: pd.DataFrame, formula: str, unit: float) -> None:
    one, two = poisson(counts, formula), poisson(counts.assign(y=counts["y"] * unit), formula)
    np.testing.assert_allclose(two.coef[-2:], one.coef[-2:], rtol=1e-9)
    np.testing.assert_allclose(cluster(two, "u").se[-2:], cluster(one, "u").se[-2:], rtol=1e-9)


def test_joint_tests_and_two_way_errors_do_not_depend_on_units(counts: pd.DataFrame) -> None:
    two_way = counts.assign(t=np.tile(np.arange(10), 60))
    found = [poisson(two_way.assign(x=two_way["x"] * s), "y ~ x + z") for s in (1.0, 1e-8)]
    errors = [cluster(f, ("u", "t")) for f in found]
    assert errors[0].se[1] == pytest.approx(errors[1].se[1] * 1e-8, rel=1e-8)
    assert joint(errors[0], ("x", "z")).p == pytest.approx(joint(errors[1], ("x", "z")).p, rel=1e-6)
