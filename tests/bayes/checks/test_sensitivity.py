"""Power-scaling against closed forms (a scaled conjugate posterior is conjugate) and against ArviZ."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from arviz_stats import psense
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from northroute.bayes.checks.sensitivity import (
    ALPHAS,
    CONFLICT,
    NONE,
    STRONG_PRIOR,
    Sensitivity,
    diagnose,
    log_priors,
    power_weights,
    sensitivity,
    sensitivity_value,
)
from northroute.bayes.statement.priors import COUNTS, Prior
from northroute.errors import ModelError

Array = NDArray[np.float64]
DRAWS = 20_000


def normal_posterior(mean: float, error: float, prior_sd: float, alpha: float = 1.0, beta: float = 1.0) -> Any:
    """Posterior of a normal mean with prior N(0, prior_sd) to the power alpha, likelihood to the power beta."""
    precision = alpha / prior_sd**2 + beta / error**2
    return stats.norm(beta * mean / error**2 / precision, precision**-0.5)


def normal_example(mean: float, error: float, prior_sd: float, draws: int = DRAWS) -> tuple[Array, Array, Array]:
    """Evenly spread posterior draws, with their log prior and log likelihood."""
    theta = normal_posterior(mean, error, prior_sd).ppf((np.arange(draws) + 0.5) / draws)
    theta = np.random.default_rng(1).permutation(theta)
    return theta, stats.norm(0, prior_sd).logpdf(theta), np.asarray(stats.norm(theta, error).logpdf(mean))


def examined(mean: float, error: float, prior_sd: float) -> Sensitivity:
    theta, prior, likelihood = normal_example(mean, error, prior_sd)
    return sensitivity({"theta": theta}, {"mu": prior}, likelihood, simulated=False, claims={"positive": theta > 0})


@pytest.mark.parametrize("alpha", ALPHAS)
def test_weighted_draws_are_the_scaled_conjugate_posterior(alpha: float) -> None:
    theta, prior, likelihood = normal_example(1.0, 1.0, 1.0)
    for scaled, exact in (
        (prior, normal_posterior(1, 1, 1, alpha=alpha)),
        (likelihood, normal_posterior(1, 1, 1, beta=alpha)),
    ):
        w = power_weights(scaled, alpha).weights
        assert w.sum() == pytest.approx(1)
        mean = w @ theta
        # draws stand at the quantiles, so only the far tail's truncation is left
        assert mean == pytest.approx(exact.mean(), abs=0.003)
        assert np.sqrt(w @ (theta - mean) ** 2) == pytest.approx(exact.std(), rel=0.005)
        assert w @ (theta > 0) == pytest.approx(exact.sf(0), abs=0.002)


@pytest.mark.parametrize(("mean", "error", "prior_sd"), [(1.0, 1.0, 1.0), (6.0, 1.0, 1.0), (0.5, 3.0, 1.0)])
def test_the_sensitivity_is_that_of_the_exact_distributions(mean: float, error: float, prior_sd: float) -> None:
    theta, prior, _ = normal_example(mean, error, prior_sd)
    base = normal_posterior(mean, error, prior_sd)
    ends = theta.min(), theta.max()

    def exact(alpha: float) -> float:
        other, distances = normal_posterior(mean, error, prior_sd, alpha=alpha), []
        for p, q in ((base.cdf, other.cdf), (base.sf, other.sf)):

            def over(x: float, p: Any = p, q: Any = q) -> float:
                return float(p(x) * np.log2(2 * p(x) / (p(x) + q(x))) + q(x) * np.log2(2 * q(x) / (p(x) + q(x))))

            divergence = integrate.quad(over, *ends, limit=200)[0]
            distances.append(np.sqrt(divergence / integrate.quad(lambda x, p=p, q=q: p(x) + q(x), *ends, limit=200)[0]))
        return float(max(distances))

    pair = [power_weights(prior, a).weights for a in ALPHAS]
    value = (exact(0.8) / -np.log2(0.8) + exact(1.25) / np.log2(1.25)) / 2
    assert sensitivity_value(theta, pair[0], pair[1]) == pytest.approx(value, rel=0.02)


def test_a_claims_probability_follows_the_scaled_gamma_posterior() -> None:
    shape, rate, events, months = 3.0, 2.0, 30, 20
    draws = stats.gamma(shape + events, scale=1 / (rate + months)).ppf((np.arange(DRAWS) + 0.5) / DRAWS)
    prior = Prior("gamma", 1 / rate, "test", shape=shape)
    result = sensitivity(
        {"rate": draws},
        log_priors({"rate": prior}, {"rate": draws}),
        stats.poisson(months * draws).logpmf(events),
        simulated=True,
        claims={"above 1.2": draws > 1.2},
    )
    table = result.claim_table().set_index(["component", "alpha"])
    for alpha in ALPHAS:
        # Gamma(a, b) to the power alpha times the likelihood: Gamma(alpha (a - 1) + 1 + y, alpha b + n)
        prior_scaled = stats.gamma(alpha * (shape - 1) + 1 + events, scale=1 / (alpha * rate + months))
        data_scaled = stats.gamma(shape + alpha * events, scale=1 / (rate + alpha * months))
        assert table.loc[("all", alpha), "probability"] == pytest.approx(prior_scaled.sf(1.2), abs=0.003)
        assert table.loc[("likelihood", alpha), "probability"] == pytest.approx(data_scaled.sf(1.2), abs=0.003)
    assert table["source"].eq("SIMULATED").all()


def test_a_claim_that_crosses_the_registers_line_is_marked() -> None:
    # posterior N(1.628, 1): P(positive) is 0.948; with the prior to the power 0.8 it is N(1.809, 1.054), and 0.957
    result = examined(2 * 1.628, 2**0.5, 2**0.5).claim_table().set_index(["component", "alpha"])
    assert result["probability"].to_dict()[("all", 0.8)] == pytest.approx(stats.norm(1.809, 1.054).sf(0), abs=0.001)
    assert result["crosses"].to_dict() == {
        ("all", 0.8): True,
        ("all", 1.25): False,
        ("mu", 0.8): True,
        ("mu", 1.25): False,
        ("likelihood", 0.8): False,
        ("likelihood", 1.25): True,
    }


@pytest.mark.parametrize(
    ("mean", "error", "prior_sd", "diagnosis"),
    [
        (6.0, 1.0, 1.0, CONFLICT),  # data six prior standard deviations out
        (0.5, 10.0, 1.0, STRONG_PRIOR),  # data that say next to nothing
        (1.0, 0.5, 10.0, NONE),  # data that say nearly all
    ],
)
def test_diagnoses_of_known_cases(mean: float, error: float, prior_sd: float, diagnosis: str) -> None:
    result = examined(mean, error, prior_sd)
    assert result.diagnosis("theta") == diagnosis
    assert result.table()["diagnosis"].tolist() == [diagnosis, diagnosis]
    assert result.reliable("all")


def test_words_follow_the_threshold() -> None:
    assert [diagnose(*v) for v in ((0.049, 0.5), (0.05, 0.05), (0.05, 0.049))] == [NONE, CONFLICT, STRONG_PRIOR]


def two_priors(groups: dict[str, list[str]] | None = None) -> Sensitivity:
    theta, prior, likelihood = normal_example(6.0, 1.0, 1.0)
    other, other_prior, other_likelihood = normal_example(1.0, 0.1, 10.0)
    other, other_prior, other_likelihood = other[::-1], other_prior[::-1], other_likelihood[::-1]
    return sensitivity(
        {"theta": theta, "other": other},
        {"tight": prior, "loose": other_prior, "flat": np.zeros(DRAWS)},
        likelihood + other_likelihood,
        simulated=True,
        groups=groups,
    )


def test_the_group_that_matters_is_named() -> None:
    # draws of the two are independent up to the one permutation, reversed; its rank correlation is below 0.02
    result = two_priors()
    assert result.groups == ("all", "tight", "loose", "flat")
    assert [result.diagnosis("theta", g) for g in result.groups] == [CONFLICT, CONFLICT, NONE, NONE]
    assert [result.diagnosis("other", g) for g in result.groups] == [NONE] * 4
    assert result.values["flat"]["theta"] == pytest.approx(0, abs=1e-6)
    assert "Prior-data conflict: theta (from tight). Justify" in result.sentence
    together = two_priors({"rest": ["loose", "flat"]})
    assert together.groups == ("all", "rest")
    assert together.values["rest"]["theta"] < 0.05


def test_arviz_finds_the_same_values() -> None:
    rng = np.random.default_rng(3)
    shape = (4, 1000)
    theta = rng.normal(1.0, 0.7, shape)
    sd = np.abs(rng.normal(0.8, 0.3, shape))
    prior, likelihood = -0.5 * theta**2 - sd, -0.5 * ((theta - 2) / 0.9) ** 2 - 2 * (sd - 0.7) ** 2
    dims = ("chain", "draw")
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"theta": (dims, theta), "sd": (dims, sd)}),
            "log_prior": xr.Dataset({"p": (dims, prior)}),
            "log_likelihood": xr.Dataset({"y": (dims, likelihood)}),
        }
    )
    flat = {"theta": theta.ravel(), "sd": sd.ravel()}
    ours = sensitivity(flat, {"p": prior.ravel()}, likelihood.ravel(), simulated=True)
    for component, group in (("all", "prior"), ("likelihood", "likelihood")):
        theirs = psense(tree, group=group, alphas=ALPHAS, sample_dims=list(dims))
        for name in flat:
            # the same formula; ArviZ smooths a tail of another length, which moves the value by 0.002 of itself here
            assert ours.values[component][name] == pytest.approx(float(theirs[name]), rel=0.005)


@given(st.floats(0.01, 50), st.floats(-100, 100), st.sampled_from((-1.0, 1.0)))
def test_units_and_direction_do_not_matter(factor: float, shift: float, sign: float) -> None:
    rng = np.random.default_rng(5)
    x, low, high = rng.gamma(2, 1, 300), *rng.dirichlet(np.ones(300), 2)
    value = sensitivity_value(x, low, high)
    assert 0 < value < 4
    assert sensitivity_value(sign * factor * x + shift, low, high) == pytest.approx(value, rel=1e-6)


def test_no_change_is_no_sensitivity() -> None:
    x = np.random.default_rng(6).normal(size=500)
    same = np.full(500, 1 / 500)
    assert sensitivity_value(x, same, same) == pytest.approx(0, abs=1e-6)
    assert sensitivity_value(np.ones(500), *np.random.default_rng(7).dirichlet(np.ones(500), 2)) == 0


def test_weights_that_cannot_be_trusted_say_so() -> None:
    rng = np.random.default_rng(8)
    theta, prior = rng.normal(size=1000), rng.normal(size=1000)
    likelihood = -0.5 * rng.chisquare(3000, 1000)  # a model of 3,000 parameters
    result = sensitivity({"theta": theta}, {"p": prior}, likelihood, simulated=False)
    assert not result.reliable("likelihood")
    assert not result.table()["reliable"].any()
    assert "Pareto k is too large for likelihood: use powers nearer to one" in result.sentence
    near = sensitivity({"theta": theta}, {"p": prior}, likelihood, simulated=False, alphas=(0.99, 1.01))
    assert near.reliable("likelihood")


def test_weights_that_do_not_vary_at_the_top_are_not_smoothed() -> None:
    log_density = np.minimum(np.random.default_rng(10).normal(size=1000), -0.5)
    found = power_weights(log_density, 1.25)
    assert found.pareto_k == 0
    np.testing.assert_allclose(found.weights, np.exp(log_density / 4) / np.exp(log_density / 4).sum())


def test_log_priors_sum_over_all_but_draws() -> None:
    draws = np.random.default_rng(9).normal(size=(200, 2, 3))
    found = log_priors(COUNTS, {"slope": draws, "intercept": draws[:, 0, 0]})
    np.testing.assert_allclose(found["slope"], stats.norm(0, 0.5).logpdf(draws).sum(axis=(1, 2)))
    assert found["intercept"].shape == (200,)
    with pytest.raises(ModelError, match=r"No prior named .'z_unit'"):
        log_priors(COUNTS, {"z_unit": draws})


def test_tables_and_figures_say_where_the_data_are_from() -> None:
    result = two_priors()
    assert result.table()["source"].eq("SIMULATED").all()
    figure = result.figure("theta", "tight")
    assert [t.get_text() for t in figure.texts] == ["SIMULATED"]
    assert [a.get_title().split(", ")[0] for a in figure.axes] == ["priors: tight", "likelihood"]
    with pytest.raises(ModelError, match=r"No quantity 'tau' with priors 'all'. Quantities: theta, other"):
        result.figure("tau")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": (0.8, 0.9)}, "one between 0 and 1 and one above 1"),
        ({"log_likelihood": np.zeros((500, 3))}, r"shape \(500, 3\). Give its sum over rows"),
        ({"log_likelihood": np.zeros(50)}, r"for 100 draws or more"),
        ({"log_prior": {"mu": np.zeros(3)}}, r"'mu' has shape \(3,\).*Give 500 finite draws"),
        ({"log_prior": {}}, "The priors are"),
        ({"quantities": {"theta": np.full(500, np.nan)}}, "'theta'.*not finite"),
        ({"groups": {"all": ["mu"]}}, "are called 'all' or 'likelihood'"),
        ({"groups": {"slopes": ["beta"]}}, r"not there \(\['beta'\]\).*The priors are \['mu'\]"),
        ({"groups": {"slopes": []}}, "are empty"),
        ({"claims": {"large": np.full(500, 0.4)}}, r"Claims \['large'\] are neither true nor false"),
    ],
)
def test_bad_inputs_are_refused(change: dict[str, Any], message: str) -> None:
    theta, prior, likelihood = normal_example(1.0, 1.0, 1.0, draws=500)
    inputs: dict[str, Any] = {"quantities": {"theta": theta}, "log_prior": {"mu": prior}, "log_likelihood": likelihood}
    with pytest.raises(ModelError, match=message):
        sensitivity(**(inputs | change), simulated=False)
