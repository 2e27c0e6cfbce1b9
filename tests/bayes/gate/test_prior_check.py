"""The prior predictive in the gate: absurd priors are not sampled, default priors pass on every step and on real counts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import CountSpec, Prior, Sampling, fit_counts, fit_model, load
from northroute.bayes.gate.prior_check import check_prior
from northroute.bayes.ladder.designs import ladder_specs, small_design
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program.assemble import assemble
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.population import Intercept
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
    assert any("check_prior" in reason for reason in fit.gate.not_computed)
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
    for spec, countries in article_counts.catalog(register).values():
        stated = formulate(built.select(countries=countries), spec)
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
