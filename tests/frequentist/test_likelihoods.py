"""Negative binomial, zero-inflated, hurdle, conditional, random effects, GEE: published and statsmodels' numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import integrate, stats

from northroute.frequentist import (
    conditional_poisson,
    densities,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    zero_inflated,
)
from northroute.frequentist.covariance import cluster, heteroskedastic, information
from northroute.frequentist.maximise import Density
from tests.reference.ships import STATA

SPECIES = "C(spp, contr.treatment('GP')) + C(mined, contr.treatment('yes'))"


@pytest.mark.parametrize(
    ("exposure", "kind"),
    [
        (None, "robust"),
        (None, "cluster ship"),
        ("service", "cluster ship"),
        ("service", "oim"),
    ],
)
def test_stata_nbreg(ships: pd.DataFrame, exposure: str | None, kind: str) -> None:
    options = f"exposure(service){f' vce({kind})' * (kind != 'oim')}" if exposure else f"vce({kind})"
    printed = STATA[f"nbreg accident yr_con op_75_79, {options}"]
    rows = printed.table()
    found = negative_binomial(ships, "accident ~ yr_con + op_75_79", exposure=exposure)
    errors = {
        "oim": lambda: information(found),
        "robust": lambda: heteroskedastic(found, convention="stata"),
        "cluster ship": lambda: cluster(found, "ship", convention="stata"),
    }[kind]()
    names = {"Intercept": "_cons", "yr_con": "yr_con", "op_75_79": "op_75_79", "log_dispersion": "lnalpha"}
    for i, term in enumerate(found.terms):
        # Stata stops its iterations at 1e-6 of the log likelihood, so that estimates agree to about 1e-6
        assert found.coef[i] == pytest.approx(rows.loc[names[term], "estimate"], rel=2e-6, abs=1e-7)
        assert errors.se[i] == pytest.approx(rows.loc[names[term], "se"], rel=2e-6)
    assert found.loglik == pytest.approx(printed.loglik, abs=1e-8)
    assert found.extra["dispersion"] == pytest.approx(rows.loc["alpha", "estimate"], rel=2e-6)


@pytest.mark.reference
def test_fixest_fenegbin(trade: pd.DataFrame, trade_published: pd.DataFrame) -> None:
    found = negative_binomial(trade, "Euros ~ log(dist_km) | Origin + Destination + Product + Year")
    row = trade_published.loc[("negbin_fe4_cluster_origin_destination", "log(dist_km)"), :].to_numpy(float)
    # printed with four digits
    assert found.coef[0] == pytest.approx(row[0], abs=5e-4)
    assert cluster(found, ("Origin", "Destination")).se[0] == pytest.approx(row[1], abs=5e-5)


def test_negative_binomial_matches_statsmodels(groups: pd.DataFrame) -> None:
    ours = negative_binomial(groups, "y ~ x + z", exposure="hours")
    x = sm.add_constant(groups[["x", "z"]])
    theirs = sm.NegativeBinomial(groups["y"], x, exposure=groups["hours"]).fit(disp=0, method="newton", maxiter=200)
    np.testing.assert_allclose(np.r_[ours.coef[:3], ours.extra["dispersion"]], theirs.params, rtol=1e-5)
    assert ours.loglik == pytest.approx(theirs.llf, abs=1e-6)
    assert information(ours).se[1] == pytest.approx(theirs.bse["x"], rel=1e-4)


@pytest.mark.reference
def test_hurdle_zero_part_is_glmmtmb(salamanders: pd.DataFrame, reference_dir: Path) -> None:
    # the published hurdle model has its random effect in the count part only, so that its zero part is exactly ours
    published = pd.read_csv(reference_dir / "salamanders_zi_hurdle_mixed" / "published.csv")
    rows = published[published["model"] == "hurdle_poisson"].set_index("parameter")["estimate"]
    found = hurdle(salamanders, f"count ~ {SPECIES}")
    for term, value in zip(found.terms, found.coef, strict=True):
        if term.startswith("zero:"):
            level = term.split("T.")[-1].rstrip("]")
            name = "(Intercept)" if "Intercept" in term else f"mined{level}" if "mined" in term else f"spp{level}"
            # both are the logit of a zero. Printed with four decimals, and their optimiser stops at 1e-8 of the log
            # likelihood, which a logit's slope feels in its fourth decimal
            assert value == pytest.approx(rows[f"zi:{name}"], abs=1.5e-4)


@pytest.mark.reference
def test_zero_inflated_near_the_mixed_model(salamanders: pd.DataFrame, reference_dir: Path) -> None:
    # sites as fixed effects instead of random ones with sd 0.28: the same slopes of the zero part to within its errors
    published = pd.read_csv(reference_dir / "salamanders_zi_hurdle_mixed" / "published.csv")
    rows = published[published["model"] == "zip"].set_index("parameter")
    found = zero_inflated(salamanders, "count ~ C(mined, contr.treatment('yes'))")
    at = found.term("zero:C(mined, contr.treatment('yes'))[T.no]")
    assert abs(found.coef[at] - rows.loc["zi:minedno", "estimate"]) < rows.loc["zi:minedno", "se"]


@pytest.mark.parametrize("distribution", ["poisson", "negative binomial"])
def test_zero_inflated_matches_statsmodels(salamanders: pd.DataFrame, distribution: str) -> None:
    formula = "count ~ C(mined) + cover"
    ours = zero_inflated(salamanders, formula, zero="C(mined)", distribution=distribution)  # type: ignore[arg-type]
    x = pd.DataFrame(
        {"const": 1.0, "mined": salamanders["mined"].eq("yes").astype(float), "cover": salamanders["cover"]}
    )
    model = sm.ZeroInflatedPoisson if distribution == "poisson" else sm.ZeroInflatedNegativeBinomialP
    theirs = model(salamanders["count"], x, exog_infl=x[["const", "mined"]])
    start = np.r_[ours.coef[-2:], ours.coef[:3]]
    start = np.r_[start, ours.extra["dispersion"]] if ours.extra else start
    # statsmodels' own optimisers stall here (statsmodels#3572): its likelihood at our maximum, and its gradient there
    assert theirs.loglike(start) == pytest.approx(ours.loglik, abs=1e-8)
    assert np.abs(theirs.score(start)).max() < 1e-4


@pytest.mark.parametrize("distribution", ["poisson", "negative binomial"])
def test_hurdle_is_a_logit_and_a_truncated_model(salamanders: pd.DataFrame, distribution: str) -> None:
    ours = hurdle(salamanders, "count ~ C(mined) + cover", distribution=distribution)  # type: ignore[arg-type]
    x = np.column_stack([np.ones(len(salamanders)), salamanders["mined"].eq("yes"), salamanders["cover"]]).astype(float)
    positive = (salamanders["count"] > 0).to_numpy()
    logit = sm.Logit((~positive).astype(float), x).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(ours.coef[-3:], logit.params, rtol=1e-6)
    mean = np.exp(x[positive] @ ours.coef[:3])
    y = salamanders["count"].to_numpy()[positive]
    if distribution == "poisson":
        sizes = stats.poisson.logpmf(y, mean) - stats.poisson.logsf(0, mean)
    else:
        size = 1 / ours.extra["dispersion"]
        law = stats.nbinom(size, size / (size + mean))
        sizes = law.logpmf(y) - law.logsf(0)
    assert ours.loglik == pytest.approx(logit.llf + np.sum(sizes), abs=1e-8)


@pytest.mark.parametrize(
    ("density", "columns"),
    [
        (densities.poisson, [0]),
        (densities.negative_binomial, [0, 1]),
        (densities.zero_inflated(densities.negative_binomial), [0, 1, 2]),
        (densities.hurdle(densities.poisson), [0, 2]),
        (densities.hurdle(densities.negative_binomial), [0, 1, 2]),
    ],
)
def test_derivatives_of_densities(density: Density, columns: list[int]) -> None:
    rng = np.random.default_rng(1)
    y = np.array([0, 1, 3, 7, 0, 40.0])
    index = rng.normal(size=(6, 3))[:, columns]
    rows, step = density(y, index), 1e-6
    for c in range(len(columns)):
        move = np.eye(len(columns))[c] * step
        up, down = density(y, index + move), density(y, index - move)
        # central differences with step 1e-6 are good to about 1e-8
        np.testing.assert_allclose((up.value - down.value) / (2 * step), rows.gradient[:, c], atol=1e-7)
        np.testing.assert_allclose((up.gradient - down.gradient) / (2 * step), rows.hessian[:, :, c], atol=1e-7)


def test_conditional_poisson_is_absorbed_poisson(groups: pd.DataFrame) -> None:
    conditional = conditional_poisson(groups, "y ~ x + z", group="g", exposure="hours")
    absorbed = poisson(groups, "y ~ x + z | g", exposure="hours")
    np.testing.assert_allclose(conditional.coef, absorbed.coef, rtol=1e-7)
    for by in ("g", "t"):
        ours, theirs = (cluster(f, by, convention="stata").se for f in (conditional, absorbed))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    # with effects of periods, as dummies on one side and absorbed on the other
    both = conditional_poisson(groups, "y ~ x + z | t", group="g", exposure="hours")
    np.testing.assert_allclose(both.coef, poisson(groups, "y ~ x + z | g + t", exposure="hours").coef, rtol=1e-7)


def test_conditional_poisson_leaves_constant_terms_out(groups: pd.DataFrame) -> None:
    table = groups.assign(female=groups["g"] % 2)
    found = conditional_poisson(table, "y ~ x + female + z", group="g", exposure="hours", on_collinear="drop")
    assert found.collinear == ("female",)
    np.testing.assert_allclose(found.coef, conditional_poisson(groups, "y ~ x + z", group="g", exposure="hours").coef)


def test_conditional_likelihood_is_multinomial(groups: pd.DataFrame) -> None:
    small = groups[groups["g"] < 25]
    found = conditional_poisson(small, "y ~ x + z", group="g", exposure="hours")
    weight = found.design.frame["hours"] * np.exp(found.design.x @ found.coef)
    total = 0.0
    for _, rows in found.design.frame.assign(w=weight).groupby("g"):
        share = (rows["w"] / rows["w"].sum()).to_numpy()
        total += float(stats.multinomial.logpmf(rows["y"].to_numpy(), int(rows["y"].sum()), share))
    assert found.loglik == pytest.approx(total, abs=1e-8)


def test_random_effects_integrate_the_gamma_out(groups: pd.DataFrame) -> None:
    small = groups[groups["g"] < 60]
    found = random_effects(small, "y ~ x + z", group="g", exposure="hours")
    size = 1 / found.extra["dispersion"]
    one = small[small["g"] == 7]
    mean = (found.mean)[(small["g"] == 7).to_numpy()]

    def integrand(v: float) -> float:
        return float(np.prod(stats.poisson.pmf(one["y"], v * mean)) * stats.gamma.pdf(v, size, scale=1 / size))

    total, limit = 0.0, np.inf
    for g in small["g"].unique():
        at = (small["g"] == g).to_numpy()
        y, mu = small["y"].to_numpy()[at], found.mean[at]
        # Poisson counts of a gamma level are a multinomial times a negative binomial total
        rate = mu.sum()
        total += float(stats.nbinom.logpmf(y.sum(), size, size / (size + rate)))
        total += float(stats.multinomial.logpmf(y, int(y.sum()), mu / rate))
    assert found.loglik == pytest.approx(total, abs=1e-8)
    exact = float(stats.nbinom.logpmf(one["y"].sum(), size, size / (size + mean.sum())))
    exact += float(stats.multinomial.logpmf(one["y"].to_numpy(), int(one["y"].sum()), mean / mean.sum()))
    assert np.log(integrate.quad(integrand, 0, limit)[0]) == pytest.approx(exact, abs=1e-6)


def test_random_effects_recover(groups: pd.DataFrame) -> None:
    found = random_effects(groups, "y ~ x + z", group="g", exposure="hours")
    se = cluster(found, "g", convention="stata").se
    truth = np.array([0.1, 0.3, -0.2, np.log(0.5)])
    assert (np.abs(found.coef - truth) < 4 * se).all()  # four standard errors, a fixed seed
    assert found.terms == ("Intercept", "x", "z", "log_dispersion")


@pytest.mark.parametrize("correlation", ["independence", "exchangeable", "autoregressive"])
def test_gee_matches_statsmodels(groups: pd.DataFrame, correlation: str) -> None:
    small = groups[groups["g"] < 150]
    ours = gee(small, "y ~ x + z", group="g", correlation=correlation, exposure="hours")  # type: ignore[arg-type]
    structure = {
        "independence": sm.cov_struct.Independence(),
        "exchangeable": sm.cov_struct.Exchangeable(),
        "autoregressive": sm.cov_struct.Autoregressive(grid=True),
    }[correlation]
    theirs = sm.GEE(
        *(small["y"], sm.add_constant(small[["x", "z"]]), small["g"]),
        family=sm.families.Poisson(),
        cov_struct=structure,
        offset=np.log(small["hours"]),
    ).fit(ctol=1e-9, maxiter=200)
    np.testing.assert_allclose(ours.coef, theirs.params, rtol=1e-6)
    # statsmodels' robust covariance has no small-sample factor
    np.testing.assert_allclose(cluster(ours, "g", convention="none").se, theirs.bse, rtol=1e-6)


def test_effects_as_dummies_and_by_hand(groups: pd.DataFrame) -> None:
    by_effect = negative_binomial(groups, "y ~ x | t", exposure="hours")
    by_hand = negative_binomial(groups, "y ~ x + C(t)", exposure="hours")
    assert by_effect.terms == ("x", "log_dispersion")
    assert by_effect.coef[0] == pytest.approx(by_hand.coef[by_hand.term("x")], rel=1e-8)
    ours, theirs = cluster(by_effect, "g", convention="none"), cluster(by_hand, "g", convention="none")
    assert ours.se[0] == pytest.approx(theirs.se[by_hand.term("x")], rel=1e-8)


@pytest.mark.parametrize("kind", ["zero-inflated", "hurdle"])
def test_two_part_models_recover(kind: str) -> None:
    rng = np.random.default_rng(11)
    n = 6000
    x, z = rng.normal(size=n), rng.normal(size=n)
    size = 1 / 0.6
    count = rng.poisson(np.exp(0.8 + 0.5 * x) * rng.gamma(size, 1 / size, n))
    if kind == "zero-inflated":
        count[rng.random(n) < 1 / (1 + np.exp(1.0 - 0.7 * z))] = 0
        found = zero_inflated(
            pd.DataFrame({"y": count, "x": x, "z": z}), "y ~ x", zero="z", distribution="negative binomial"
        )
        truth = [0.8, 0.5, np.log(0.6), -1.0, 0.7]
    else:
        # zero-truncated by inversion: a uniform number above the probability of zero
        mean = np.exp(0.8 + 0.5 * x)
        law = stats.nbinom(size, size / (size + mean))
        count = law.ppf(rng.uniform(law.pmf(0), 1.0)).astype(int)
        count[rng.random(n) < 1 / (1 + np.exp(0.2 - 0.7 * z))] = 0
        found = hurdle(pd.DataFrame({"y": count, "x": x, "z": z}), "y ~ x", zero="z", distribution="negative binomial")
        truth = [0.8, 0.5, np.log(0.6), -0.2, 0.7]
    assert (np.abs(found.coef - truth) < 4 * information(found).se).all()  # four standard errors, a fixed seed
    assert found.mean.mean() == pytest.approx(count.mean(), rel=0.02)
