"""The PyMC statement of models made of terms: the kernel's density, reported names, draws."""

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose

from northroute.bayes import distributions as dist
from northroute.bayes.model import assemble
from northroute.bayes.plain import pymc_model
from northroute.bayes.terms.population import Intercept
from tests.bayes.kernel.examples import point
from tests.bayes.kernel.oracle import PLAIN_MODE, compiled_terms, density, pymc_point, values_at
from tests.bayes.models import full, panel, small


def test_a_model_of_every_term_has_the_kernels_density_and_reported_quantities() -> None:
    assembled = assemble(full(), panel())
    plain = pymc_model(full(), panel())
    program, layout = assembled.program, assembled.layout
    terms, gaps = compiled_terms(plain), []
    for seed in (1, 2, 3):
        theta = point(program, seed)
        at, log_jacobian = pymc_point(plain, program, layout, theta)
        gaps.append(density(program, theta)[0] - sum(float(np.sum(t)) for t in terms(at)) - log_jacobian)
    assert_allclose(gaps, gaps[0], rtol=0, atol=1e-7)

    values = values_at(program, theta)
    deterministics = [d for d in plain.deterministics if not d.name.startswith("corr_")]
    reported = plain.compile_fn(plain.replace_rvs_by_values(deterministics), inputs=plain.value_vars, mode=PLAIN_MODE)(at)
    assert {d.name for d in deterministics} == {n for n in layout.parameters if n.endswith("_effect")}
    for variable, found in zip(deterministics, reported, strict=True):
        assert_allclose(found, values[layout.parameters[variable.name].ids], atol=1e-10, err_msg=variable.name)
    assert set(layout.parameters) <= set(plain.named_vars)
    assert set(plain.named_vars_to_dims["country_effect"]) == {"country", "response"}


def test_outcomes_are_named_after_column_and_response() -> None:
    assert {v.name for v in pymc_model(full(), panel()).observed_RVs} == {"count_seizure", "count_arrest"}
    assert [v.name for v in pymc_model(small(dist.Poisson()), panel()).observed_RVs] == ["count"]


@pytest.mark.parametrize("part", [None, "zero_inflated", "hurdle", "detection"])
def test_the_generalised_poisson_can_be_drawn(part: str | None) -> None:
    options = {"part": part, "part_terms": (Intercept(name="second"),)} if part else {}
    plain = pymc_model(small(dist.GeneralisedPoisson(), **options), panel())
    fixed = {plain["intercept"]: 1.0, plain["slope"]: np.zeros(1), plain["excess"]: 0.3}
    if part:
        fixed[plain["second"]] = -1.0
    outcome = pm.do(plain, {v.name: np.asarray(x) for v, x in fixed.items()})["count"]
    drawn = pm.draw(outcome, draws=200, random_seed=4, mode=PLAIN_MODE)
    mu, p = np.exp(1.0), 1 / (1 + np.exp(1.0))
    none = np.exp(-mu * 0.7)
    mean = {None: mu, "zero_inflated": (1 - p) * mu, "hurdle": (1 - p) * mu / (1 - none), "detection": p * mu}[part]
    assert drawn.shape == (200, 89) and (drawn >= 0).all()
    assert drawn.mean() == pytest.approx(mean, abs=5 * 4.0 / np.sqrt(drawn.size))


