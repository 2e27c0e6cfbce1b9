"""The prior predictive in the gate: absurd priors are not sampled, default priors pass on every step and on real counts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import CountSpec, Prior, Sampling, fit_counts, fit_model, load
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.gate.prior_check import check_prior, tell_prior
from northroute.bayes.gate.prior_shares import shares
from northroute.bayes.ladder.designs import ladder_specs, small_design
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program.assemble import assemble
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk
from northroute.claims import article_counts
from northroute.claims import load as load_register
from northroute.errors import GateError
from northroute.panel import Panel
from northroute.workflow import articles

SPEC = CountSpec("small", "general_crime", "all_events", 100.0, varying=("interdiction",), step="pooled")
SETTINGS = Sampling(draws=250, tune=200, pilot=50, prior_draws=50)
ABSURD = replace(SPEC, priors={**SPEC.priors, "intercept": Prior("normal", 20.0, "a rate of anything at all")})


@pytest.fixture(scope="module")
def panel() -> Panel:
    return small_design()


def test_an_absurd_prior_is_not_sampled(panel: Panel, tmp_path: Path) -> None:
    said: list[str] = []
    fit = fit_counts(panel, ABSURD, SETTINGS, folder=tmp_path, progress=lambda message, _: said.append(message))
    assert not fit.sampled and not fit.gate.passed and not [m for m in said if "sampling" in m]
    # log totals are normal with sd 20: half of them are absurd, but for the cut where an exponential is past 1e18
    assert 0.3 < fit.gate.value("prior too large") < 0.5
    for asked in (fit, fit.allow_failed()):
        with pytest.raises(
            GateError, match=r"was not sampled: prior too large .* limit 0.1 \(intercept\).*Tighten.*force=True"
        ):
            asked.parameter("slope")
    assert load(tmp_path / "small.nc").gate == fit.gate


def test_an_absurd_prior_that_is_asked_for_is_sampled_and_stamped(panel: Panel, tmp_path: Path) -> None:
    fit_counts(panel, ABSURD, SETTINGS, folder=tmp_path)
    fit = fit_counts(panel, ABSURD, replace(SETTINGS, force=True), folder=tmp_path)
    assert fit.sampled and fit.gate.value("R-hat") < 1.1
    with pytest.raises(GateError, match=r"not summarised: prior too large"):
        fit.parameter("slope")
    assert "prior too large" in fit.allow_failed().stamp
    assert fit.allow_failed().draws("slope").size


def test_a_general_model_is_held_to_its_prior_where_that_is_asked_for(panel: Panel) -> None:
    stated = formulate(panel, ABSURD)
    fit = fit_model(stated.model, stated.frame, SETTINGS)
    assert fit.sampled
    assert any(told.startswith("prior too large") for told in fit.gate.not_computed)  # told, and refuses nothing
    silent = fit_model(stated.model, stated.frame, SETTINGS, check_prior=False)
    assert any("check_prior" in reason for reason in silent.gate.not_computed)
    assert not fit_model(stated.model, stated.frame, SETTINGS, check_prior=True).sampled


@pytest.mark.parametrize("step", list(ladder_specs(small_design())))
def test_default_priors_pass_on_every_step(step: str, panel: Panel) -> None:
    stated = formulate(panel, ladder_specs(panel)[step])
    checks = check_prior(assemble(stated.model, stated.frame), simulated=True)
    assert [c.name for c in checks] == ["prior too large", "prior empty"]
    assert all(c.passed for c in checks), checks


def test_default_priors_pass_on_real_counts() -> None:
    register = load_register()
    built, _ = articles.panel(None, register)
    for spec in article_counts.catalog(register).values():
        stated = formulate(built.select(countries=article_counts.CENTRAL_ASIA), spec)
        checks = check_prior(assemble(stated.model, stated.frame), simulated=False)
        assert all(c.passed for c in checks), (spec.name, checks)


@pytest.mark.parametrize(
    ("law", "prior", "reason"),
    [
        (dist.Normal(Prior("half_normal", 1.0, "sd")), Prior("normal", 1.0, "level"), "of other kinds"),
        (dist.Poisson(), Prior("flat", 1.0, "level"), "some prior is flat"),
    ],
)
def test_where_it_cannot_be_computed_it_says_so(law: dist.Distribution, prior: Prior, reason: str) -> None:
    frame = pd.DataFrame({"y": np.arange(30.0)})
    (check,) = check_prior(assemble(Model("m", "y", law, (Intercept(prior),)), frame), simulated=True)
    assert check.passed is None
    assert reason in str(check)


def metres() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"altitude": rng.normal(450, 35, 80)})
    return frame.assign(y=rng.poisson(np.exp(14 - 0.03 * frame["altitude"])))


def of_metres(level: Prior, slope: Prior) -> Model:
    return Model("metres", "y", dist.Poisson(), (Intercept(level), Linear(("altitude",), slope)))


def test_a_slope_on_metres_is_the_culprit_and_not_the_intercept() -> None:
    wide = of_metres(Prior.normal(mean=0, sd=10), Prior.normal(mean=0, sd=10))
    large, empty = check_prior(assemble(wide, metres()), simulated=True)
    for check in (large, empty):
        assert not check.passed and check.parameter == "slope[altitude]"
        assert "centre it, or leave the priors of intercept and slope out" in check.advice
        assert "100 % of the variance of the log mean" in check.advice
    fit = fit_model(wide, metres(), SETTINGS)
    assert fit.gate.passed or "prior" not in str(fit.gate.failures)  # far too wide does no harm, and is told
    assert sum(told.startswith("prior") for told in fit.gate.not_computed) == 2


def test_shares_are_the_variances_of_what_enters_the_log_mean() -> None:
    frame = metres().assign(place=lambda f: np.arange(len(f)) % 5)
    terms = (
        Intercept(Prior.normal(mean=0, sd=2)),
        Linear(("altitude",), Prior.normal(mean=0, sd=0.01)),
        Effects("place"),
    )
    assembled = assemble(Model("m", "y", dist.Poisson(), terms), frame).unswept()
    values = prior_values(assembled, 40_000, np.random.default_rng(1))
    found = shares(assembled, values).share
    # variances 4, 0.01 squared times the mean square of altitude, and E sd^2 = 1
    parts = {"intercept": 4.0, "slope[altitude]": 1e-4 * float((frame["altitude"] ** 2).mean()), "sd_place": 1.0}
    assert set(found) == set(parts)
    for name, part in parts.items():
        assert found[name] == pytest.approx(part / sum(parts.values()), rel=0.05)  # variances of 40,000 draws


@pytest.mark.parametrize(
    ("level", "slope", "named"),
    [
        (Prior.normal(mean=0, sd=2), Prior.normal(mean=0, sd=0.5), "intercept"),
        (Prior.normal(mean=14, sd=5), Prior.normal(mean=0, sd=0.002), r"slope\[altitude\]"),
    ],
)
def test_a_prior_that_the_data_contradict_fails_where_it_moves_an_estimate(
    level: Prior, slope: Prior, named: str
) -> None:
    fit = fit_model(of_metres(level, slope), metres(), Sampling(chains=2, draws=1000, prior_draws=50))
    with pytest.raises(GateError, match=rf"prior against data .*\({named}\).*Leave the prior out"):
        fit.parameter("slope")


def test_a_prior_far_from_the_data_that_moves_nothing_passes() -> None:
    frame = pd.DataFrame({"y": np.random.default_rng(2).poisson(5000, 400)})
    model = Model("far", "y", dist.Poisson(), (Intercept(Prior.normal(mean=0, sd=1)),))
    fit = fit_model(model, frame, Sampling(chains=2, draws=1000, prior_draws=50))
    # the log mean 8.5 lies 8.5 sd off; 2 million events outweigh it: moved by 8.5 / 1 of its sd 0.0007
    assert fit.gate.passed
    assert fit.gate.value("prior against data") == pytest.approx(8.5 * 2e6**-0.5, rel=0.2)


@pytest.mark.parametrize("seed", range(2))
def test_default_priors_raise_no_alarm(seed: int) -> None:
    for name, model, frame in ordinary(seed):
        checks = tell_prior(assemble(model, frame), simulated=True)
        assert all(c.passed for c in checks), (name, checks)


def ordinary(seed: int) -> list[tuple[str, Model, pd.DataFrame]]:
    """Kinds of data that users have: many dummies, many covariates, long tails, rare events, panels, exposures."""
    rng = np.random.default_rng(seed)
    n = 200
    frame = pd.DataFrame({f"x{j}": rng.normal(50, 10, n) for j in range(12)})
    for j in range(15):
        frame[f"d{j}"] = (np.arange(n) % 16 == j).astype(float)
    frame["income"], frame["rare"] = rng.lognormal(9, 1.5, n), (np.arange(n) == 7).astype(float)
    frame["year"], frame["place"] = 2000 + np.arange(n) // 10, [f"p{i}" for i in np.arange(n) % 10]
    frame["people"] = rng.uniform(1e4, 1e6, n)
    y = {
        "few": rng.poisson(0.02, n),
        "some": rng.poisson(3.0, n),
        "many": rng.poisson(40_000, n),
        "zeros": rng.poisson(5, n) * (rng.random(n) < 0.3),
        "over": rng.negative_binomial(0.3, 0.05, n),
    }
    y["few"][0] = 1
    frame = frame.assign(**y)
    xs, dummies = tuple(f"x{j}" for j in range(12)), tuple(f"d{j}" for j in range(15))
    sets = {
        "covariates": (Linear(xs),),
        "dummies": (Linear(dummies),),
        "long tail": (Linear(("income", "rare")),),
        "both": (Linear(xs[:4]), Linear(dummies, name="dummy", dim="level")),
        "panel": (Linear(xs[:2]), Effects("place"), Walk("year"), AR1("year", name="path")),
        "slopes": (Linear(("x0",)), Effects("place", ("1", "z"), correlated=True), GP(("year",))),
    }
    frame["z"] = frame["x1"] - frame["x1"].mean()
    return [
        (f"{outcome} {kind}", Model("m", outcome, law, (Intercept(), *terms), exposure=exposure), frame)
        for outcome in y
        for kind, terms in sets.items()
        for law, exposure in ((dist.Poisson(), "people"), (dist.NegativeBinomial(), None))
    ]
