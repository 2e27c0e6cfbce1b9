"""The PyMC statement of models made of terms: the kernel's density, reported names, draws."""

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.kernel.tables import Kind
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.predict import simulate
from northroute.bayes.samplers.plain import pymc_model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Rows
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.population import Intercept
from tests.bayes.kernel.examples import point
from tests.bayes.kernel.oracle import PLAIN_MODE, assert_gradient, compiled_terms, density, pymc_point, values_at
from tests.bayes.models import full, heavy, panel, paths, small, swept
from tests.bayes.statement.terms.examples import informed


@pytest.mark.parametrize("model", [full(), swept(), paths(), heavy()], ids=lambda m: m.name)
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
    replaced = plain.replace_rvs_by_values(deterministics)
    # effects depend on what they are made of, and on nothing else
    function = plain.compile_fn(replaced, inputs=plain.value_vars, mode=PLAIN_MODE, on_unused_input="ignore")
    reported = function(at)
    assert {d.name for d in deterministics} == {n for n in layout.parameters if n.endswith("_effect")}
    for variable, found in zip(deterministics, reported, strict=True):
        assert_allclose(found, values[layout.parameters[variable.name].ids], atol=1e-10, err_msg=variable.name)
    assert set(layout.parameters) <= set(plain.named_vars)


@pytest.mark.parametrize("model", [full(), swept(), paths(), heavy()], ids=lambda m: m.name)
def test_the_kernels_gradient_is_its_slope_centred_or_not(model: Model) -> None:
    assembled = assemble(model, panel())
    data, rng = assembled.program.data.copy(), np.random.default_rng(6)
    for block in assembled.layout.blocks:
        data[block.stored] = informed(block, rng)
    theta = point(assembled.program, 5)
    for program in (assembled.program, assembled.program._replace(data=data)):
        assert_gradient(program, theta)


def test_means_are_swept_and_effects_absorbed_in_the_models_that_are_to_test_it() -> None:
    blocks = [b for model in (full(), swept(), paths()) for b in assemble(model, panel()).program.blocks]
    effects = [b for b in blocks if b.kind == Kind.EFFECTS]
    assert any(b.rows == Rows.WITH_MEAN and b.target >= 0 for b in effects)
    absorbing = {int(b.rows) for b in effects if b.parents >= 0}
    assert absorbing >= {Rows.GROUPS}


def test_reported_quantities_keep_their_dimensions() -> None:
    plain = pymc_model(swept(), panel())
    assert plain.named_vars_to_dims["country_effect"] == ("country", "response")
    assert plain.named_vars_to_dims["sd_country"] == ("response",)


def test_pymcs_prior_and_ours_have_one_distribution() -> None:
    assembled, plain = assemble(paths(), panel()), pymc_model(paths(), panel())
    rng, draws = np.random.default_rng(31), 250
    values = prior_values(assembled, 2000, rng)
    outcomes = simulate(assembled, values, rng)
    names = ["corr_month", "month_effect", "country_path_effect", "curve_effect", "region_effect", "count_arrest"]
    drawn = pm.draw([plain[n] for n in names], draws=draws, random_seed=32, mode=PLAIN_MODE)
    for name, theirs in zip(names, drawn, strict=True):
        if name == "count_arrest":
            (segment,) = (s for s in assembled.segments if s.response == "arrest")
            ours = outcomes[:, segment.rows]
        else:
            ours = values[:, assembled.layout.parameters[name].ids]
        if name == "corr_month":  # of two responses, the partial correlation is the correlation
            theirs = theirs[:, 0, 1]
        flat, other = ours.reshape(len(ours), -1), theirs.reshape(draws, -1)
        assert flat.shape[1] == other.shape[1], name
        for column in {0, flat.shape[1] - 1}:
            assert stats.ks_2samp(flat[:, column], other[:, column]).pvalue > 1e-4, (name, column)


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
