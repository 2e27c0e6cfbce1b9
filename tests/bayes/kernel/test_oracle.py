"""The kernel against PyMC: the same density, gradient and rows' log likelihood for every block, prior and family."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose

from northroute.arrays import Array
from northroute.bayes.kernel import batch
from northroute.bayes.samplers.plain import stated
from northroute.bayes.statement.codes import Transform
from tests.bayes.kernel.examples import Example, K, everything, point
from tests.bayes.kernel.oracle import assert_gradient, compiled_terms, density, pymc_point, values_at

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def example() -> Example:
    return everything()


@pytest.fixture(scope="module")
def model(example: Example) -> pm.Model:
    return stated(example.program, example.layout, example.names)


@pytest.fixture(scope="module")
def terms(model: pm.Model) -> Any:
    return compiled_terms(model)


def test_density_is_pymcs_up_to_a_constant(example: Example, model: pm.Model, terms: Any) -> None:
    gaps = []
    for seed in SEEDS:
        theta = point(example.program, seed)
        at, log_jacobian = pymc_point(model, example.program, example.layout, theta)
        total = sum(float(np.sum(t)) for t in terms(at))
        gaps.append(density(example.program, theta)[0] - total - log_jacobian)
    assert np.isfinite(gaps).all()
    assert_allclose(gaps, gaps[0], rtol=0, atol=1e-7)  # sums of some thousand numbers, and numeric Jacobians


def test_rows_have_pymcs_log_likelihood_constants_included(example: Example, model: pm.Model, terms: Any) -> None:
    theta = point(example.program, 4)
    at, _ = pymc_point(model, example.program, example.layout, theta)
    by_name = dict(zip([v.name for v in model.basic_RVs], terms(at), strict=True))
    ours = batch.log_likelihood(example.program, values_at(example.program, theta)[None])[0]
    for segment, name in zip(example.program.segments, example.names, strict=True):
        rows = ours[segment.start : segment.stop]
        theirs = np.asarray(by_name[name])
        cells = rows[::K] if theirs.size < rows.size else rows
        assert_allclose(cells, theirs, rtol=1e-8, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_is_the_density_s_slope(example: Example, seed: int) -> None:
    assert_gradient(example.program, point(example.program, seed))


def test_gradient_is_the_slope_where_shares_and_correlations_have_rounded_to_one(example: Example) -> None:
    """Far out, a value is one in floating point and only its coordinate moves: the tails of prior and Jacobian decide."""
    scalar, held = example.program.scalars, 0
    for s in np.flatnonzero(np.isin(scalar["transform"], (Transform.INTERVAL, Transform.TANH))):
        at, theta = int(scalar["position"][s]), point(example.program, 6)
        for far in (-45.0, 45.0):
            theta[at] = far
            value, gradient = density(example.program, theta)
            if (
                value > -1e6
            ):  # what rows exclude there, as outcomes that would have to be each other's multiple, tells nothing
                ahead, behind = (
                    density(example.program, theta + step * (np.arange(theta.size) == at))[0] for step in (1, -1)
                )
                assert gradient[at] == pytest.approx((ahead - behind) / 2, abs=1e-4), (s, far)
                held += 1
    assert held > 10


def test_draws_shared_out_to_processors_are_the_same_numbers(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    theta = np.stack([point(example.program, seed) for seed in range(7)])

    def numbers() -> list[Array]:
        values, prior = batch.values_of(example.program, theta)
        return [values, prior, *(f(example.program, values) for f in (batch.predictors, batch.log_likelihood))]

    found = {}
    for much in (0, 10**12):
        monkeypatch.setattr(batch, "MUCH", much)
        found[much] = numbers()
    for shared, alone in zip(*found.values(), strict=True):
        assert np.array_equal(shared, alone)


def test_units_called_from_many_threads_give_the_same_number_each_time(example: Example) -> None:
    theta = point(example.program, 5)
    value, gradient = density(example.program, theta)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: density(example.program, theta), range(400)))
    assert {one for one, _ in found} == {value}
    assert all(np.array_equal(one, gradient) for _, one in found), "an array freed too early would be written over"
