"""Array functions of the kernel against numpy and scipy, to a few units in the last place."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import special

from northroute.bayes.kernel import counts, vector
from northroute.bayes.kernel.special import digamma
from tests.bayes.kernel.oracle import for_python

exponential, softplus_sigmoid = for_python(vector.exponential), for_python(vector.softplus_sigmoid)
add_at = for_python(vector.add_at)


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
