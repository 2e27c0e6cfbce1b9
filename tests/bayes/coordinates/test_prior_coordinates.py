"""Draws of coordinates from the prior: the kernel's values of them have the prior's quantiles and moments."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import stats

from northroute.bayes.coordinates.prior_coordinates import prior_theta, prior_values
from northroute.bayes.kernel.tables import Kind
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.graphs import laplacian
from northroute.bayes.statement import distributions as dist
from northroute.errors import ModelError
from tests.bayes.kernel.examples import everything, prior
from tests.bayes.kernel.oracle import factor_of
from tests.bayes.models import full, panel, small

Array = NDArray[np.float64]
DRAWS = 20_000
SMALLEST = 1e-5
"""P-value below which a Kolmogorov test of a fixed seed fails; there are some fifty."""


@pytest.fixture(scope="module")
def example() -> Assembled:
    """The program of everything, its flat prior made proper; the model that it carries is not read."""
    built = everything(prior("normal"))
    return Assembled(small(dist.Poisson()), pd.DataFrame(), built.program, built.layout, ())


@pytest.fixture(scope="module")
def values(example: Assembled) -> Array:
    return prior_values(example, DRAWS, np.random.default_rng(21))


def named(example: Assembled, values: Array, name: str) -> Array:
    return values[:, example.layout.parameters[name].ids]


def test_every_scalar_has_its_priors_distribution(example: Assembled, values: Array) -> None:
    tested = set()
    for i, scalar in enumerate(example.layout.scalars):
        if scalar.prior is None:
            base, folded = stats.beta(scalar.numbers.shape, scalar.numbers.shape, -1, 2), 1.0
        else:
            base, folded = scalar.prior._base(), 2.0 if scalar.prior.family.startswith("half") else 1.0
            tested.add(scalar.prior.family)
        uniform = 1 - folded * base.sf(values[:2000, i])
        assert stats.kstest(uniform, stats.uniform.cdf).pvalue > SMALLEST, scalar
    assert len(tested) == 11  # every family but the flat


def test_correlations_are_lkj(example: Assembled, values: Array) -> None:
    ids = example.layout.parameters["corr_trio"].ids
    pairs = np.array([(r := f @ f.T)[np.tril_indices(3, -1)] for f in (factor_of(v, ids, 3) for v in values[:4000])])
    assert r.shape == (3, 3)
    marginal = stats.beta(1.5, 1.5, -1, 2)  # LKJ(1) of three: (1 + r) / 2 is beta(eta + 1/2, eta + 1/2)
    for j in range(3):
        assert stats.kstest(pairs[:, j], marginal.cdf).pvalue > SMALLEST


def test_effects_are_normal_with_their_standard_deviations_and_correlations(example: Assembled, values: Array) -> None:
    effect = named(example, values, "region_effect") / named(example, values, "sd_region")[:, None]
    corr = named(example, values, "corr_region")[:, 0]
    for d in (0, 1):
        assert stats.kstest(effect[:, 3, d], stats.norm.cdf).pvalue > SMALLEST
    innovation = (effect[:, 2, 1] - corr * effect[:, 2, 0]) / np.sqrt(1 - corr**2)
    assert stats.kstest(innovation, stats.norm.cdf).pvalue > SMALLEST
    assert abs(np.corrcoef(innovation, effect[:, 2, 0])[0, 1]) < 5 / np.sqrt(DRAWS)


def test_sums_to_zero_are_conditioned_normals(example: Assembled, values: Array) -> None:
    effect = named(example, values, "within_effect") / named(example, values, "sd_within")[:, None]
    assert_allclose(effect[:, :3].sum(axis=1), 0, atol=1e-9)
    assert_allclose(effect[:, 3:7].sum(axis=1), 0, atol=1e-9)
    assert_allclose(effect[:, 7], 0)  # the only group of its batch
    assert_allclose(np.cov(effect[:, 3:7].T), np.eye(4) - 0.25, atol=5 / np.sqrt(DRAWS))


def test_places_have_the_covariance_of_bym2(example: Assembled, values: Array) -> None:
    (block,) = (b for b in example.layout.blocks if b.record.kind == Kind.BYM2)
    sigma, rho = named(example, values, "sd_place"), named(example, values, "rho_place")
    effect = named(example, values, "place_effect") / sigma[:, None]
    factor = np.array([1.1] * 4 + [0.8] * 3)
    structured = np.zeros((8, 8))
    structured[:7, :7] = np.linalg.pinv(laplacian(example.program, block)) * np.outer(factor, factor)
    plain = np.diag([1 - rho.mean()] * 7 + [1.0])  # the island's variance is all its own
    assert_allclose(np.cov(effect.T), rho.mean() * structured + plain, atol=6 / np.sqrt(DRAWS))
    near = rho > 0.8
    gap = np.cov(effect[near].T) - (rho[near].mean() * structured + np.diag([1 - rho[near].mean()] * 7 + [1.0]))
    assert np.abs(gap).max() < 6 / np.sqrt(near.sum())


def test_models_of_terms_have_prior_draws_of_what_they_report() -> None:
    assembled = assemble(full(), panel())
    values = prior_values(assembled, 4000, np.random.default_rng(23))
    found = {name: values[:, p.ids] for name, p in assembled.layout.parameters.items()}
    assert stats.kstest(found["intercept"][:, 0] / 2.0, stats.norm.cdf).pvalue > SMALLEST  # normal(0, 2)
    for name in ("country", "region"):
        z = found[f"{name}_effect"] / found[f"sd_{name}"][:, None]
        for column in z.reshape(4000, -1).T:
            assert stats.kstest(column, stats.norm.cdf).pvalue > SMALLEST
        assert abs(np.corrcoef(z[:, 0, 0], z[:, 1, 0])[0, 1]) < 5 / np.sqrt(4000)
        assert abs(np.corrcoef(z[:, 0, 0], found["intercept"][:, 0])[0, 1]) < 5 / np.sqrt(4000)
    assert_allclose(found["share_effect"].sum(axis=2), 0, atol=1e-9)
    assert_allclose(found["month_effect"].sum(axis=1), 0, atol=1e-9)


def test_flat_priors_cannot_be_drawn() -> None:
    built = everything()
    improper = Assembled(small(dist.Poisson()), pd.DataFrame(), built.program, built.layout, ())
    with pytest.raises(ModelError, match="flat"):
        prior_theta(improper, 1, np.random.default_rng(1))
