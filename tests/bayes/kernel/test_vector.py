"""Array functions of the kernel against numpy and scipy, to a few units in the last place."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import special

from northroute.bayes.kernel import counts, vector
from northroute.bayes.kernel.special import digamma
from tests.bayes.kernel.oracle import for_python

Array = NDArray[np.float64]
exponential, softplus_sigmoid = for_python(vector.exponential), for_python(vector.softplus_sigmoid)
add_at = for_python(vector.add_at)
poisson_rows, negative_binomial_rows = for_python(counts.poisson_rows), for_python(counts.negative_binomial_rows)
row_density = for_python(counts.row_density)


def test_exponential_is_numpys_and_cut_at_its_ends() -> None:
    x = np.concatenate([np.linspace(-699, 699, 20_001), [0.0, -1e-300, 1e-12]])
    out = np.empty_like(x)
    exponential(x, out)
    assert_allclose(out, np.exp(x), rtol=2e-15)
    ends = np.array([-np.inf, -1e6, 1e6, np.inf])
    cut = np.empty(4)
    exponential(ends, cut)
    assert_allclose(cut, np.exp([-700.0, -700.0, 700.0, 700.0]), rtol=2e-15)


def test_softplus_and_sigmoid_are_scipys_and_keep_nan() -> None:
    x = np.concatenate([np.linspace(-600, 600, 20_001), np.linspace(-2, 2, 1001)])
    soft, sig = np.empty_like(x), np.empty_like(x)
    softplus_sigmoid(x, soft, sig)
    assert_allclose(soft, np.logaddexp(0, x), rtol=4e-15)
    assert_allclose(sig, special.expit(x), rtol=4e-15)
    bad, soft, sig = np.array([np.nan]), np.empty(1), np.empty(1)
    softplus_sigmoid(bad, soft, sig)
    assert np.isnan(soft).all()


def test_digamma_is_scipys() -> None:
    x = np.concatenate([np.geomspace(1e-6, 1e10, 400), [1.4616321449683622]])  # the last is its root
    assert_allclose([digamma(v) for v in x], special.digamma(x), rtol=1e-13, atol=1e-12)


def test_rising_factorials_are_scipys_within_and_beyond_the_table() -> None:
    for size in (0.3, 4.0, 1e6):
        room = np.zeros(101)
        counts.rising_tables(size, room, 50)
        for y in (0.0, 1.0, 49.0, 50.0, 3000.0):
            found, slope = counts.rising(y, size, room, 50)
            assert_allclose(found, special.gammaln(size + y) - special.gammaln(size), rtol=1e-7, atol=1e-12)
            assert_allclose(slope, special.digamma(size + y) - special.digamma(size), rtol=1e-7, atol=1e-12)


def test_numbers_are_added_to_their_places_whatever_their_order() -> None:
    rng = np.random.default_rng(2)
    for at in (np.sort(rng.integers(0, 9, 100)), rng.integers(0, 9, 100), np.zeros(100, int), np.arange(100) % 9):
        x, out = rng.normal(size=100), rng.normal(size=9)
        expected = out.copy()
        np.add.at(expected, at[:90], x[:90])
        add_at(out, at.astype(np.uint32), x, 90)
        assert_allclose(out, expected, rtol=1e-13, atol=1e-13)
    untouched = np.ones(3)
    add_at(untouched, np.zeros(0, np.uint32), np.zeros(0), 0)
    assert_allclose(untouched, 1.0)


def test_rows_at_once_are_the_rows_one_by_one_with_their_slopes() -> None:
    rng = np.random.default_rng(5)
    y = np.append(rng.poisson(4, 60), [0, 19, 20, 700]).astype(float)  # the table ends at 19
    eta, dispersion, length = rng.normal(1, 2, y.size), 0.3, 20
    room, (sig, g, out) = np.zeros(2 + 2 * length), np.empty((3, y.size))
    counts.rising_tables(1 / dispersion, room, length)

    def one_by_one(family: int) -> Array:
        rows = (row_density(family, 0, *row, 0.0, dispersion, room, length) for row in zip(y, eta, strict=True))
        return np.array(list(rows)).T

    poisson_rows(y, eta, g, out)
    assert_allclose([out, g], one_by_one(counts.POISSON)[:2], rtol=1e-12, atol=1e-12)
    slope = negative_binomial_rows(y, eta, dispersion, room, length, sig, g, out)
    each = one_by_one(counts.NEGATIVE_BINOMIAL)
    assert_allclose([out, g], each[:2], rtol=1e-11, atol=1e-11)
    assert slope == pytest.approx(each[3].sum(), rel=1e-10)
