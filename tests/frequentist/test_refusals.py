"""What each estimator refuses, and that the message says what to do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError, SimulatedDataError
from northroute.frequentist import (
    Estimate,
    Regression,
    conditional_poisson,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    regression,
    zero_inflated,
)
from northroute.frequentist.combine import combine, joint
from northroute.frequentist.covariance import (
    cluster,
    conley,
    driscoll_kraay,
    randomisation,
    score_bootstrap,
    stacked,
)
from northroute.frequentist.table import regression_table

Estimator = Callable[..., Estimate]
GROUPED = (conditional_poisson, random_effects, gee)
LIKELIHOODS = (negative_binomial, zero_inflated, hurdle, conditional_poisson, random_effects)
EVERY = (poisson, *LIKELIHOODS, gee)


def _fit(estimator: Estimator, table: pd.DataFrame, formula: str = "y ~ x", **options: Any) -> Estimate:
    return estimator(table, formula, **options, **({"group": "g"} if estimator in GROUPED else {}))


@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(y=4), r"'y' is constant \(4\).*nothing varies"),
        (lambda d: d.assign(y=0), r"no positive count.*nothing to explain"),
        (lambda d: d.assign(y=d["y"] - 1), r"negative values, first -1; a count is zero or more"),
        (lambda d: d.assign(y=np.nan), r"no row with all columns observed.*Look at missing covariates"),
        (lambda d: d.assign(y=np.where(d.index == 3, np.inf, d["y"])), r"not finite in 1 row"),
        (lambda d: d.assign(x=np.where(d.index == 3, np.inf, d["x"])), r"\['x'\] has values that are not finite.*Mend"),
        (lambda d: d.drop(columns="x"), r"no column \['x'\]; it has"),
        (lambda d: d.assign(x=d["g"] * 0.0 + 1.0), r"\['x'\].*collinear.*Leave it out"),
    ],
)
def test_bad_outcomes_and_covariates(
    groups: pd.DataFrame, estimator: Estimator, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        _fit(estimator, change(groups))


@pytest.mark.parametrize("estimator", LIKELIHOODS)
def test_likelihoods_refuse_fractions(groups: pd.DataFrame, estimator: Estimator) -> None:
    with pytest.raises(ModelError, match=r"fractional values, first .*Use raw counts with an exposure"):
        _fit(estimator, groups.assign(y=groups["y"] + 0.5))


def test_pseudo_likelihood_takes_fractions(groups: pd.DataFrame) -> None:
    assert poisson(groups.assign(y=groups["y"] / 2), "y ~ x").coef[1] == pytest.approx(poisson(groups, "y ~ x").coef[1])


@pytest.mark.parametrize("estimator", EVERY)
def test_perfect_collinearity(groups: pd.DataFrame, estimator: Estimator) -> None:
    with pytest.raises(ModelError, match=r"\['w'\].*(collinear|does not vary).*Leave it out"):
        _fit(estimator, groups.assign(w=2 * groups["x"] - groups["z"]), "y ~ x + z + w")


@pytest.mark.parametrize("estimator", EVERY)
def test_bad_exposure(groups: pd.DataFrame, estimator: Estimator) -> None:
    with pytest.raises(ModelError, match=r"exposure 'hours' must be positive in every row"):
        _fit(estimator, groups.assign(hours=groups["hours"] - 1), exposure="hours")


@pytest.mark.parametrize("estimator", [negative_binomial, zero_inflated, hurdle, random_effects, gee])
def test_separated_data(groups: pd.DataFrame, estimator: Estimator) -> None:
    separated = groups.assign(s=((groups["y"] == 0) & (groups.index % 7 == 0)).astype(float))
    with pytest.raises(ModelError, match=r"no finite estimate, first row .*on_separated='drop'"):
        _fit(estimator, separated, "y ~ x + s")


@pytest.mark.parametrize("formula", ["y", "~ x", "y ~", "y ~ x | a | b", "y ~ x | a +"])
def test_formulas_that_are_none(formula: str) -> None:
    with pytest.raises(ModelError, match=r"write 'outcome ~ a"):
        regression(formula)


def test_formula_errors_are_ours(groups: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="cannot read"):
        poisson(groups, "y ~ nosuch(x)")
    with pytest.raises(ModelError, match="in the Regression, not beside it"):
        poisson(groups, Regression("y", ("x",)), exposure="hours")


@pytest.mark.parametrize("two_part", [zero_inflated, hurdle])
def test_two_parts_need_zeros_and_a_known_distribution(groups: pd.DataFrame, two_part: Estimator) -> None:
    with pytest.raises(ModelError, match="has no zero"):
        two_part(groups.assign(y=groups["y"] + 1), "y ~ x")
    with pytest.raises(ModelError, match="choose poisson or negative binomial"):
        two_part(groups, "y ~ x", distribution="geometric")


def test_parts_that_go_to_zero_or_one(groups: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    count = pd.DataFrame({"x": x, "y": rng.poisson(np.exp(0.3 * x) * rng.gamma(2.0, 0.5, 4000))})
    with pytest.raises(ModelError, match=r"zero part goes to a probability of 0 or 1.*there may be no inflation"):
        zero_inflated(count, "y ~ x", zero="1", distribution="negative binomial")
    with pytest.raises(ModelError, match=r"zero part goes to a probability of 0 or 1.*Leave terms out of it"):
        hurdle(count.assign(s=(count["y"] > 0) * 1.0), "y ~ x", zero="s")


def test_no_overdispersion_is_said() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    table = pd.DataFrame({"y": rng.binomial(20, 1 / (1 + np.exp(-0.1 * x))), "x": x})
    with pytest.raises(ModelError, match=r"dispersion went to zero .*Fit Poisson"):
        negative_binomial(table, "y ~ x")


def test_one_group_or_none(groups: pd.DataFrame) -> None:
    one = groups[groups["g"] == 3].assign(y=[1, 2, 0, 3, 1])
    with pytest.raises(ModelError, match="one g only"):
        random_effects(one, "y ~ x", group="g")
    with pytest.raises(ModelError, match="not a complete column"):
        gee(groups, "y ~ x", group="village")
    with pytest.raises(ModelError, match="conditioned out; leave it out"):
        conditional_poisson(groups, "y ~ x | g", group="g")
    with pytest.raises(ModelError, match="choose among independence"):
        gee(groups, "y ~ x", group="g", correlation="toeplitz")  # type: ignore[arg-type]


def test_too_many_dummies(groups: pd.DataFrame) -> None:
    many = pd.concat([groups.assign(g=groups["g"] + 600 * k) for k in range(3)], ignore_index=True)
    with pytest.raises(ModelError, match="Use Poisson with absorbed effects, or conditional Poisson"):
        negative_binomial(many, "y ~ x | g", on_separated="drop")


def test_clusters(fit: Estimate, groups: pd.DataFrame) -> None:
    one = fit.design.frame.assign(world="all")
    lone = poisson(one, "drug_incident ~ interdiction | unit + month")
    for kind in ("cluster:world", "crv3:world", "webb:world", "randomisation:world"):
        with pytest.raises(ModelError, match="one cluster only"):
            stacked(lone, (kind,))
    with pytest.raises(ModelError, match="has no column"):
        cluster(fit, "province")
    with pytest.raises(ModelError, match="No convention 'hc1'"):
        cluster(fit, "country", convention="hc1")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"cuts through g.*Cluster by g or above"):
        cluster(random_effects(groups, "y ~ x", group="g"), "t")
    with pytest.raises(ModelError, match="for Poisson fits, not"):
        score_bootstrap(negative_binomial(groups, "y ~ x"), "g")


def test_spatial_and_serial_errors(fit: Estimate) -> None:
    with pytest.raises(ModelError, match="give positive ones"):
        conley(fit, kilometres=0)
    with pytest.raises(ModelError, match=r"has no column \['longitude'\]"):
        conley(fit, kilometres=100, lon="longitude")
    with pytest.raises(ModelError, match="Use fewer lags"):
        driscoll_kraay(fit, months=48)
    with pytest.raises(ModelError, match="blocks of at most half"):
        randomisation(fit, block=40)
    gaps = poisson(fit.design.frame.iloc[1:], "drug_incident ~ interdiction | unit + month")
    with pytest.raises(ModelError, match="Reordering needs every unit in every month"):
        randomisation(gaps)


def test_joint_tests_need_clusters(regions_frame: pd.DataFrame) -> None:
    many = poisson(
        regions_frame, "drug_incident ~ interdiction + C(country):interdiction | unit + month", on_collinear="drop"
    )
    errors = cluster(many, "country")
    with pytest.raises(ModelError, match="cannot be tested together"):
        joint(errors, many.terms)
    with pytest.raises(ModelError, match="no term"):
        combine(errors, {"nothing": 1.0})


def test_simulated_and_real_never_share_a_table(fit: Estimate, groups: pd.DataFrame) -> None:
    real = poisson(groups, "y ~ x")
    with pytest.raises(SimulatedDataError, match="make two tables"):
        regression_table((fit, [cluster(fit, "country")]), (real, [cluster(real, "g")]))
    with pytest.raises(ModelError, match="belong to"):
        regression_table((fit, [cluster(real, "g")]))
