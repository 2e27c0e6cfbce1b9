"""Errors: printed ones of fixest and Stata, definitions written out, invariants, and what few clusters allow."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError
from northroute.frequentist import Estimate, PoissonSpec, Regression, fit_poisson, negative_binomial, poisson
from northroute.frequentist.covariance import (
    cluster,
    conley,
    driscoll_kraay,
    heteroskedastic,
    information,
    jackknife,
    randomisation,
    score_bootstrap,
    stacked,
)
from northroute.frequentist.covariance.bootstrap import attainable, p_value, weights
from northroute.frequentist.covariance.conley import distances
from northroute.frequentist.covariance.randomisation import block_orders
from northroute.frequentist.restricted import restrict
from tests.reference.ships import STATA

DISTANCE = "log(dist_km)"


@pytest.mark.reference
@pytest.mark.parametrize(
    ("effects", "by", "key", "tolerance"),
    [
        # four effects: all printed digits
        (("Origin", "Destination", "Product", "Year"), ("Origin",), "fe4_cluster_origin", 1e-6),
        (
            ("Origin", "Destination", "Product", "Year"),
            ("Origin", "Destination"),
            "fe4_cluster_origin_destination",
            1e-6,
        ),
        (("Origin", "Destination", "Product", "Year"), ("Product",), "fe4_cluster_product", 1e-6),
        # no effect: fixest stops at 1e-8 of the deviance, one step earlier, so that its bread differs in the fifth digit
        ((), ("Origin", "Destination"), "fe0_cluster_origin_destination", 6e-6),
        ((), ("Product",), "fe0_cluster_product", 6e-6),
        # printed with four decimals
        (("Year",), ("Origin", "Destination"), "fe_year_cluster_origin_destination", 5.1e-5),
        (("Year", "Destination"), ("Origin", "Destination"), "fe_year_destination_cluster_origin_destination", 5.1e-5),
        (
            ("Year", "Destination", "Origin"),
            ("Origin", "Destination"),
            "fe_year_destination_origin_cluster_origin_destination",
            5.1e-5,
        ),
    ],
)
def test_fixest_errors(
    trade: pd.DataFrame,
    trade_published: pd.DataFrame,
    effects: tuple[str, ...],
    by: tuple[str, ...],
    key: str,
    tolerance: float,
) -> None:
    found = poisson(trade, Regression("Euros", (DISTANCE,), effects))
    se = cluster(found, by).se[found.term(DISTANCE)]
    assert se == pytest.approx(trade_published.loc[(key, DISTANCE), "se"], abs=tolerance)


@pytest.mark.parametrize(
    "command",
    [
        "poisson accident yr_con op_75_79, vce(cluster ship)",
        "poisson accident yr_con op_75_79, vce(robust)",
        "poisson accident yr_con op_75_79, exposure(service) vce(robust)",
        "poisson accident yr_con op_75_79, exposure(service) vce(cluster ship)",
    ],
)
def test_stata_errors_with_five_clusters(ships: pd.DataFrame, command: str) -> None:
    printed = STATA[command]
    published = printed.table().loc[["_cons", "yr_con", "op_75_79"]]
    found = poisson(ships, "accident ~ yr_con + op_75_79", exposure="service" if "exposure" in command else None)
    make = (
        cluster(found, "ship", convention="stata")
        if "cluster" in command
        else heteroskedastic(found, convention="stata")
    )
    # Stata stops its iterations at 1e-6 of the log likelihood, so that estimates agree to about 1e-6
    np.testing.assert_allclose(found.coef, published["estimate"], rtol=1e-6)
    np.testing.assert_allclose(make.se, published["se"], rtol=1e-6)
    assert found.loglik == pytest.approx(printed.loglik, abs=1e-8)
    if "cluster" in command:
        # statsmodels' own convention is larger by sqrt((N - 1) / (N - k)), N = 34, k = 3
        larger = cluster(found, "ship", convention="statsmodels").se
        np.testing.assert_allclose(larger / make.se, np.sqrt(33 / 31), rtol=1e-12)
        assert make.df == 4


def test_conventions_on_nested_effects(fit: Estimate) -> None:
    n, units, months, clusters = fit.rows, 51, 48, 5
    plain = cluster(fit, "country", convention="none").se[0]
    base = clusters / (clusters - 1)
    nested = base * (n - 1) / (n - (1 + months))  # units lie within countries and count one
    full = base * (n - 1) / (n - (1 + units + months - 1))
    for convention, factor in {"fixest": nested, "statsmodels": full, "stata": base, "ppmlhdfe": base}.items():
        se = cluster(fit, "country", convention=convention).se[0]  # type: ignore[arg-type]
        assert (se / plain) ** 2 == pytest.approx(factor, rel=1e-12)


def test_clusters_of_one_row_are_heteroskedastic(fit: Estimate) -> None:
    by_row = cluster(fit, "unit^month", convention="none")
    assert by_row.se == pytest.approx(heteroskedastic(fit, convention="none").se, rel=1e-12)


def test_two_way_is_inclusion_and_exclusion(fit: Estimate) -> None:
    one, other, both = (cluster(fit, by, convention="none").covariance for by in ("unit", "month", "unit^month"))
    two = cluster(fit, ("unit", "month"), convention="none")
    assert one is not None and other is not None and both is not None and two.covariance is not None
    assert two.covariance == pytest.approx(one + other - both, rel=1e-10)
    assert two.df == 47


def test_crv3_is_refits_without_each_country(regions_frame: pd.DataFrame, fit: Estimate) -> None:
    left = [
        poisson(
            regions_frame[regions_frame["country"] != c],
            "drug_incident ~ interdiction | unit + month",
            exposure="all_events",
        ).coef[0]
        for c in regions_frame["country"].unique()
    ]
    expected = np.sqrt(4 / 5 * np.sum((np.array(left) - fit.coef[0]) ** 2))
    assert jackknife(fit, "country").se[0] == pytest.approx(expected, rel=1e-6)


def test_crv3_names_the_country_that_decides(regions_frame: pd.DataFrame) -> None:
    only = regions_frame.assign(only=regions_frame["interdiction"] * (regions_frame["country"] == "TJK"))
    found = poisson(only, "drug_incident ~ only | unit + month")
    with pytest.raises(ModelError, match="without country TJK"):
        jackknife(found, "country")


def test_webb_weights_are_enumerated() -> None:
    assert weights(5).shape == (7776, 5)
    assert len({tuple(row) for row in weights(3).round(6)}) == 216
    assert attainable(5) == pytest.approx(6 / 7776)
    # scores alike in every cluster are as extreme as can be
    assert p_value(np.ones(5), weights(5)) == pytest.approx(attainable(5))


def test_score_bootstrap_by_hand(fit: Estimate, regions_frame: pd.DataFrame) -> None:
    scores = (
        pd.Series(restrict(fit, "interdiction").scores).groupby(regions_frame["country"].to_numpy()).sum().to_numpy()
    )
    values = [s * np.sqrt(v) for s in (-1, 1) for v in (0.5, 1.0, 1.5)]
    drawn = [abs(np.dot(v, scores)) / np.sqrt(np.dot(np.square(v), scores**2)) for v in product(values, repeat=5)]
    observed = abs(scores.sum()) / np.sqrt((scores**2).sum())
    errors = score_bootstrap(fit, "country")
    assert errors.p[0] == pytest.approx(np.mean(np.array(drawn) >= observed - 1e-12), abs=1e-12)
    assert "7,776" in errors.note


def test_restricted_scores_are_those_of_the_fit_without(fit: Estimate, regions_frame: pd.DataFrame) -> None:
    both = poisson(
        regions_frame.assign(noise=np.random.default_rng(0).normal(size=len(regions_frame))),
        "drug_incident ~ interdiction + noise | unit + month",
        exposure="all_events",
    )
    null = restrict(both, "noise")
    np.testing.assert_allclose(null.residual, fit.design.y - fit.mean, atol=1e-6)
    # residuals of a fit are orthogonal to what is in it
    assert abs(null.residual @ both.design.x[:, 0]) < 1e-6


def test_randomisation_is_uniform_without_an_association(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(40):
        noise = rng.normal(size=(51, 48)).ravel()
        one = poisson(
            regions_frame.assign(noise=noise), "criminal_violence ~ noise | unit + month", exposure="all_events"
        )
        found.append(randomisation(one, by="country", draws=99).p[0])
    # 40 uniform p-values: their mean is within 3.5 standard errors, 1 / sqrt(12 x 40), of one half
    assert abs(np.mean(found) - 0.5) < 3.5 / np.sqrt(12 * 40)


def test_randomisation_finds_the_simulated_association(fit: Estimate) -> None:
    errors = randomisation(fit, by="unit")
    assert errors.p[0] == pytest.approx(1 / 1000)
    assert np.isnan(errors.se).all()
    assert randomisation(fit, by="unit").p[0] == errors.p[0]


def test_block_orders_are_permutations_that_keep_blocks() -> None:
    orders = block_orders(50, 12, 3, 20)
    assert (np.sort(orders, axis=-1) == np.arange(50)).all()
    steps = np.diff(orders, axis=-1)
    assert ((steps == 1).sum(axis=-1) >= 50 - 5).all()  # at most four seams among five blocks


@pytest.mark.parametrize("kernel", ["bartlett", "uniform"])
def test_conley_is_a_sum_over_pairs(regions_frame: pd.DataFrame, kernel: str) -> None:
    some = regions_frame[regions_frame["month"] < "2015-07"]
    found = poisson(some, "general_crime ~ interdiction | unit", exposure="all_events")
    frame, scores = found.design.frame, found.scores[:, 0]
    between = distances(frame[["lon", "lat"]].to_numpy(float))
    month = frame["month"].str[-2:].astype(int).to_numpy()
    lag = np.abs(np.subtract.outer(month, month))
    if kernel == "bartlett":
        weight = np.maximum(1 - between / 400, 0) * np.maximum(1 - lag / 3, 0)
    else:
        weight = (between <= 400) * (lag <= 2.0)
    expected = found.bread[0, 0] * np.sqrt(scores @ weight @ scores)
    ours = conley(found, kilometres=400, months=2, kernel=kernel, convention="none")  # type: ignore[arg-type]
    assert ours.se[0] == pytest.approx(expected, rel=1e-10)


def test_conley_limits(fit: Estimate) -> None:
    # a distance below the closest pair leaves each row alone: heteroskedastic
    near = conley(fit, kilometres=0.1, convention="none")
    assert near.se == pytest.approx(heteroskedastic(fit, convention="none").se, rel=1e-10)
    # all months of a unit with weight one: clustered by unit
    long = conley(fit, kilometres=0.1, months=48, kernel="uniform", convention="none")
    assert long.se == pytest.approx(cluster(fit, "unit", convention="none").se, rel=1e-10)


def test_distances() -> None:
    # Bishkek to Tashkent, great circle: 471 km by the coordinates (74.59 E 42.87 N, 69.24 E 41.31 N), to a kilometre
    places = np.array([[74.59, 42.87], [69.24, 41.31]])
    assert distances(places)[0, 1] == pytest.approx(471, abs=5)


def test_driscoll_kraay_limits(fit: Estimate) -> None:
    none = driscoll_kraay(fit, months=0, convention="none")
    assert none.se == pytest.approx(cluster(fit, "month", convention="none").se, rel=1e-10)
    summed = pd.Series(fit.scores[:, 0]).groupby(fit.design.frame["month"].to_numpy()).sum().to_numpy()
    meat = summed @ summed + 2 * sum((1 - k / 4) * summed[k:] @ summed[:-k] for k in (1, 2, 3))
    assert driscoll_kraay(fit, months=3, convention="none").se[0] == pytest.approx(fit.bread[0, 0] * np.sqrt(meat))


def test_t_of_clusters_minus_one(fit: Estimate) -> None:
    table = cluster(fit, "country").table(0.95)
    # 97.5 % quantile of t(4)
    assert (table["high"] - table["coef"])[0] / table["se"][0] == pytest.approx(2.776445, abs=1e-6)
    assert table["interval"][0] == "95 % confidence, t(4)"


def test_stacked_and_refused_by_name(fit: Estimate) -> None:
    kinds = ("cluster:country", "cluster:unit,month", "crv3:country", "webb:country", "randomisation:country:6")
    found = stacked(fit, (*kinds, "conley:300", "conley:300:6:uniform", "dk:6", "hetero"))
    assert len({e.kind for e in found}) == 9
    assert all((e.p >= 0).all() and (e.p <= 1).all() for e in found)
    for bad in ("model", "iid"):
        with pytest.raises(ModelError, match="independent Poisson errors are refused"):
            stacked(fit, (bad,))
    for bad in ("robust", "cluster", "conley:far", "webb"):
        with pytest.raises(ModelError, match="Choose among: cluster:A"):
            stacked(fit, (bad,))


def test_model_errors_are_for_whole_distributions(groups: pd.DataFrame) -> None:
    assert information(negative_binomial(groups, "y ~ x")).df == len(groups) - 3


@pytest.mark.parametrize("convention", ["fixest", "stata", "ppmlhdfe", "statsmodels", "none"])
def test_saved_fit_has_the_same_errors(regions_frame: pd.DataFrame, fit: Estimate, convention: str) -> None:
    spec = PoissonSpec("drugs", "drug_incident", ("interdiction",), "all_events", convention=convention)  # type: ignore[arg-type]
    saved = fit_poisson(regions_frame, spec)
    assert saved.se == pytest.approx(cluster(fit, "country", convention=convention).se)  # type: ignore[arg-type]
