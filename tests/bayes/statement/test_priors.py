"""Every family of priors: density, draws and quantiles against scipy, PyMC and closed forms."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats

from northroute.bayes.samplers.plain import PRIORS
from northroute.bayes.statement.families import LOCATED, SHAPED, Family, Support
from northroute.bayes.statement.priors import COUNTS, FAMILIES, MEASUREMENT, Prior, replaced, to_frame
from northroute.errors import ModelError


def prior(family: Family, location: float = 0.0, scale: float = 1.0, shape: float = 1.0) -> Prior:
    return Prior(family, scale, "test", location=location, shape=shape)


def half_t(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(2) + stats.t.logpdf(x, 4, 0, 1.3))


X = np.array([0.05, 0.3, 0.8, 1.7, 4.0])
UNIT = np.array([0.05, 0.3, 0.5, 0.8, 0.99])
CASES: list[tuple[Prior, NDArray[np.float64], Callable[[Any], Any], Support]] = [
    (prior("normal", -0.5, 1.5), X - 1, stats.norm(-0.5, 1.5).logpdf, "real"),
    (prior("student_t", 0.7, 2.0, 3.0), X - 1, stats.t(3, 0.7, 2).logpdf, "real"),
    (prior("lognormal", 0.4, 0.6), X, stats.lognorm(0.6, scale=np.exp(0.4)).logpdf, "positive"),
    (prior("half_normal", scale=0.7), X, stats.halfnorm(scale=0.7).logpdf, "positive"),
    (prior("half_cauchy", scale=2.0), X, stats.halfcauchy(scale=2).logpdf, "positive"),
    (prior("half_student_t", scale=1.3, shape=4.0), X, half_t, "positive"),
    (prior("exponential", scale=0.5), X, stats.expon(scale=0.5).logpdf, "positive"),
    (prior("gamma", scale=0.5, shape=2.5), X, stats.gamma(2.5, scale=0.5).logpdf, "positive"),
    (prior("inverse_gamma", scale=20.0, shape=4.0), X * 8, stats.invgamma(4, scale=20).logpdf, "positive"),
    (prior("beta", scale=3.0, shape=0.5), UNIT, stats.beta(0.5, 3).logpdf, "unit"),
    (prior("uniform", -1.0, 3.0), UNIT, stats.uniform(-1, 3).logpdf, "interval"),
    (prior("flat"), X - 1, np.zeros_like, "real"),
]
PROPER = [c[0] for c in CASES if c[0].family != "flat"]
NAMES = [c[0].family for c in CASES]


def test_every_family_is_tested_in_the_order_of_its_code() -> None:
    assert list(FAMILIES) == NAMES
    assert [p.numbers[0] for p, *_ in CASES] == list(range(12))
    assert prior("student_t", 0.7, 2.0, 3.0).numbers == (1, 0.7, 2.0, 3.0)


@pytest.mark.parametrize(("prior", "x", "reference", "support"), CASES, ids=NAMES)
def test_the_log_density_is_scipys_and_pymcs(
    prior: Prior, x: NDArray[np.float64], reference: Callable[[Any], Any], support: Support
) -> None:
    np.testing.assert_allclose(prior.log_density(x), reference(x), rtol=1e-12, atol=1e-12)
    with pm.Model(coords={"k": range(x.size)}):
        variable = PRIORS[prior.family]("v", prior.location, prior.scale, prior.shape, "k")
    theirs = pm.logp(variable, x).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(prior.log_density(x), np.broadcast_to(theirs, x.shape), rtol=1e-6, atol=1e-9)
    assert prior.support == support
    assert prior.log_density(x[None, :]).shape == (1, x.size)


@pytest.mark.parametrize("prior", PROPER, ids=str)
def test_a_density_integrates_to_one_and_is_nothing_outside_its_support(prior: Prior) -> None:
    middle = prior.median
    tails = {"real": (-np.inf, np.inf), "positive": (0, np.inf), "unit": (0, 1)}
    low, high = tails.get(prior.support, (prior.location, prior.location + prior.scale))
    mass = sum(
        integrate.quad(lambda v: float(np.exp(prior.log_density(v))), *ends)[0]
        for ends in ((low, middle), (middle, high))
    )
    assert mass == pytest.approx(1, abs=1e-6)
    if prior.support != "real":
        assert np.all(np.isneginf(prior.log_density([low - 0.1, low - 5.0])))


@pytest.mark.parametrize("prior", PROPER, ids=str)
def test_quantiles_are_the_draws_and_the_densitys(prior: Prior) -> None:
    draws = prior.draw(np.random.default_rng(7), (40_000,))
    for p in (0.05, 0.5, 0.9):
        # share below a quantile: binomial, so 5 standard errors are 5 sqrt(p (1 - p) / 40000) < 0.0126
        assert np.mean(draws <= prior.quantile(p)) == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / 40_000))
    low, high = prior.quantile(0.2), prior.quantile(0.7)
    assert integrate.quad(lambda v: float(np.exp(prior.log_density(v))), low, high)[0] == pytest.approx(0.5, abs=1e-8)


def test_medians_in_closed_form() -> None:
    assert prior("lognormal", 0.4, 0.6).median == pytest.approx(np.exp(0.4))
    assert prior("exponential", scale=2.0).median == pytest.approx(2 * np.log(2))
    assert prior("half_cauchy", scale=3.0).median == pytest.approx(3)
    assert prior("uniform", 2.0, 4.0).median == pytest.approx(4)


def test_the_streams_of_the_first_three_families_are_the_generators_own() -> None:
    for family in ("normal", "half_normal", "half_cauchy"):
        one, two = (np.random.default_rng(3) for _ in range(2))
        raw = two.standard_cauchy(5) * 2 if family == "half_cauchy" else two.normal(0, 2, 5)
        np.testing.assert_array_equal(prior(family, 0, 2.0).draw(one, (5,)), raw if family == "normal" else np.abs(raw))


def test_a_flat_prior_can_be_fitted_and_not_simulated_from() -> None:
    flat = prior("flat")
    with pm.Model() as model:
        PRIORS["flat"]("v", 0.0, 1.0, 1.0, None)
    assert [v.name for v in model.free_RVs] == ["v"]
    for act in (lambda: flat.draw(np.random.default_rng(1), (2,)), lambda: flat.quantile(0.5), lambda: flat.median):
        with pytest.raises(ModelError, match=r"improper.*Give a proper prior"):
            act()


@pytest.mark.parametrize(
    ("family", "numbers", "message"),
    [
        ("norml", {}, r"No family of priors 'norml'. Use one of normal,"),
        ("normal", {"scale": 0.0}, "must be positive"),
        ("gamma", {"shape": -1.0}, "must be positive"),
        ("normal", {"location": np.nan}, "every number finite"),
        ("half_normal", {"location": 1.0}, r"half_normal has no location.*Leave it out"),
        ("exponential", {"shape": 2.0}, r"exponential has no shape"),
    ],
)
def test_bad_numbers_are_refused(family: Family, numbers: dict[str, float], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        prior(family, **numbers)


def test_a_probability_outside_its_range_is_refused() -> None:
    with pytest.raises(ModelError, match="between 0 and 1"):
        prior("normal").quantile(1.5)


def test_families_with_a_location_or_a_shape_use_it() -> None:
    for family in FAMILIES:
        x = np.array([0.45])
        if family in LOCATED:
            assert prior(family, 0.1).log_density(x) != prior(family, -0.6).log_density(x)
        if family in SHAPED:
            assert prior(family, shape=2.0).log_density(x) != prior(family, shape=5.0).log_density(x)


def test_priors_read_as_they_are_written() -> None:
    assert str(prior("normal", 0, 1.5)) == "normal(0, 1.5)"
    assert str(prior("half_normal", scale=0.2)) == "half_normal(0.2)"
    assert str(prior("uniform", 1.0, 2.0)) == "uniform(1, 3)"
    assert str(prior("student_t", 0.0, 2.5, 3.0)) == "student_t(df 3, location 0, scale 2.5)"
    assert str(prior("flat")) == "flat"


def test_tables_and_replacement() -> None:
    changed = replaced(COUNTS, slope=Prior("student_t", 0.3, "heavier tails", shape=4.0))
    assert str(changed["slope"]).startswith("student_t")
    assert COUNTS["slope"].family == "normal"
    table = to_frame(MEASUREMENT)
    assert (table["parameter"].iloc[0], table["prior"].iloc[0]) == ("intercept", "normal(0, 3)")
    with pytest.raises(ModelError, match=r"No prior named .'slop'."):
        replaced(COUNTS, slop=Prior("normal", 1.0, "typo"))


@pytest.mark.parametrize("numbers", [("normal", 1, 2), ("gamma", 25, 4), ("beta", 2, 5), ("student_t", 3, 2.5)])
def test_a_number_in_place_of_the_reason_is_refused_with_the_names(numbers: tuple[Any, ...]) -> None:
    with pytest.raises(
        ModelError, match=rf"not text; numbers are given by name\. Write Prior\.{numbers[0]}\(\w+=\.\.\."
    ):
        Prior(*numbers)


@pytest.mark.parametrize("family", sorted(SHAPED))
def test_a_shape_is_never_filled_in(family: Family) -> None:
    with pytest.raises(ModelError, match="no shape was given"):
        Prior(family, 2.5, "a t of one degree of freedom is a Cauchy")


def test_numbers_as_text_are_refused() -> None:
    with pytest.raises(ModelError, match="not all numbers"):
        Prior("normal", "1", "test")  # type: ignore[arg-type]


def test_named_numbers_mean_what_the_table_says() -> None:
    found = Prior("gamma", shape=25, scale=1 / 4, reason="shape 25, rate 4: mean 25 / 4, sd 5 / 4")
    draws = found.draw(np.random.default_rng(1), (200_000,))
    assert draws.mean() == pytest.approx(25 / 4, abs=0.02)
    assert draws.std() == pytest.approx(5 / 4, abs=0.02)
