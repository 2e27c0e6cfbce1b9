"""Seizures without a place: the formulas by hand, their limits and their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from northroute.claims.inquiries import unplaced
from northroute.errors import ModelError

_NUMBER = st.floats(-5, 5)


def test_a_share_by_hand() -> None:
    half = np.array([0.5])
    # 60 of 100 placed inside, 40 more without a place of which a half: 80 of 140
    assert unplaced.of_all(np.array([0.6]), 0.4, "any share", half) == pytest.approx(80 / 140)
    assert unplaced.of_all(np.array([0.6]), 0.4, "inside", half) == pytest.approx(100 / 140)
    assert unplaced.of_all(np.array([0.6]), 0.4, "outside", half) == pytest.approx(60 / 140)
    assert unplaced.of_all(np.array([0.6]), 0.4, "in proportion", half) == pytest.approx(0.6)


def test_a_rate_ratio_by_hand() -> None:
    # 30 seizures in 2 million person-years inside, 40 in 8 outside; 35 without a place, a fifth of them inside
    contrast = np.array([np.log((30 / 2) / (40 / 8))])
    # the median of an unknown share around that of the placed ones changes nothing, whatever its spread
    around = unplaced.log_rate_ratio(contrast, 2 / 8, 35 / 70, 1.5, np.array([0.5]))
    assert around == pytest.approx(contrast)
    found = unplaced.log_rate_ratio(contrast, 2 / 8, 35 / 70, "any share", np.array([0.2]))
    assert found == pytest.approx(np.log((37 / 2) / (68 / 8)))
    all_inside = unplaced.log_rate_ratio(contrast, 2 / 8, 35 / 70, "inside", np.array([0.2]))
    assert all_inside == pytest.approx(np.log((65 / 2) / (40 / 8)))


@given(_NUMBER, st.floats(0.05, 20), st.floats(0, 5), st.floats(0.01, 0.99))
def test_the_bounds_hold_an_unknown_share_and_the_placed_ones_alone(
    contrast: float, odds: float, without: float, uniform: float
) -> None:
    c, u = np.array([contrast]), np.array([uniform])
    low, middle, high = (
        unplaced.log_rate_ratio(c, odds, without, lying, u) for lying in ("outside", "any share", "inside")
    )
    assert low <= middle + 1e-9
    assert middle <= high + 1e-9
    own = expit(c + np.log(odds))
    np.testing.assert_allclose(unplaced.log_rate_ratio(c, odds, without, "any share", own), c, atol=1e-9)
    np.testing.assert_array_equal(unplaced.log_rate_ratio(c, odds, without, "in proportion", u), c)


def test_what_makes_no_sense_is_refused() -> None:
    one = np.array([0.5])
    with pytest.raises(ModelError, match="without a place"):
        unplaced.of_all(one, -0.1, "any share", one)
    with pytest.raises(ModelError, match="Each of the two needs regions"):
        unplaced.log_rate_ratio(one, 0.0, 0.1, "any share", one)
