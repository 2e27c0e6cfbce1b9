"""The PyMC statement of models made of terms: the kernel's density, reported names, draws."""

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose

from northroute.bayes import distributions as dist
from northroute.bayes.kernel import program as tables
from northroute.bayes.kernel.program import Rows
from northroute.bayes.model import Model, assemble
from northroute.bayes.plain import pymc_model
from northroute.bayes.terms.population import Intercept
from tests.bayes.kernel.examples import point
from tests.bayes.kernel.oracle import PLAIN_MODE, assert_gradient, compiled_terms, density, pymc_point, values_at
from tests.bayes.models import full, panel, paths, small, swept


@pytest.mark.parametrize("model", [full(), swept(), paths()], ids=lambda m: m.name)
def test_models_of_every_term_have_the_kernels_density_and_reported_quantities(model: Model) -> None:
    assembled = assemble(model, panel())
    plain = pymc_model(model, panel())
    program, layout = assembled.program, assembled.layout
    terms, gaps = compiled_terms(plain), []
    for seed in (1, 2, 3):
        theta = point(program, seed)
        at, log_jacobian = pymc_point(plain, program, layout, theta)
        gaps.append(density(program, theta)[0] - sum(float(np.sum(t)) for t in terms(at)) - log_jacobian)
    assert_allclose(gaps, gaps[0], rtol=0, atol=1e-7)

    values = values_at(program, theta)
    deterministics = [d for d in plain.deterministics if not d.name.startswith("corr_")]
    reported = plain.compile_fn(plain.replace_rvs_by_values(deterministics), inputs=plain.value_vars, mode=PLAIN_MODE)(
        at
    )
    assert {d.name for d in deterministics} == {n for n in layout.parameters if n.endswith("_effect")}
    for variable, found in zip(deterministics, reported, strict=True):
        assert_allclose(found, values[layout.parameters[variable.name].ids], atol=1e-10, err_msg=variable.name)
    assert set(layout.parameters) <= set(plain.named_vars)


@pytest.mark.parametrize("model", [full(), swept(), paths()], ids=lambda m: m.name)
def test_the_kernels_gradient_is_its_slope_centred_or_not(model: Model) -> None:
    assembled = assemble(model, panel())
    data, rng = assembled.program.data.copy(), np.random.default_rng(6)
    for block in assembled.layout.blocks:
        at = int(block.record[tables.B_CENTRING])
        data[at : at + block.centred] = rng.choice([0.0, 0.4, 1.0], block.centred)
    theta = point(assembled.program, 5)
    for program in (assembled.program, assembled.program._replace(data=data)):
        assert_gradient(program, theta)


def test_means_are_swept_in_the_models_that_are_to_test_it() -> None:
    blocks = assemble(swept(), panel()).program.blocks
    rows = dict(zip(*np.unique(blocks[:, tables.B_ROWS], return_counts=True), strict=True))
    assert rows == {Rows.ZERO_SUM: 2, Rows.WITH_MEAN: 1}
    assert (blocks[:, tables.B_TARGET] >= 0).sum() >= 2


def test_reported_quantities_keep_their_dimensions() -> None:
    plain = pymc_model(swept(), panel())
    assert plain.named_vars_to_dims["country_effect"] == ("country", "response")
    assert plain.named_vars_to_dims["sd_country"] == ("response",)


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
