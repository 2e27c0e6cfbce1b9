"""Leave-future-out against the closed form of a gamma-Poisson rate, and refits only where months change the posterior."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from northroute.arrays import Array, Ints
from northroute.bayes.checks import FutureElpd, RowBlocks, check_future, leave_future_out
from northroute.errors import ModelError

REGIONS, MONTHS = 6, 24
MONTH = np.tile(np.arange(MONTHS), REGIONS)
NAMES = [f"2020-{m:02d}" for m in range(MONTHS)]


class Refits:
    """Exact posterior draws of one rate, Gamma(1, 1) a priori, from the months up to a cut."""

    def __init__(self, y: Ints) -> None:
        self.y = y
        self.cuts: list[int] = []

    def __call__(self, cut: int) -> Array:
        self.cuts.append(cut)
        known = cut >= MONTH
        rate = np.random.default_rng(cut).gamma(1 + self.y[known].sum(), 1 / (1 + known.sum()), 4000)
        return np.asarray(stats.poisson.logpmf(self.y[~known], rate[:, None]))

    def exact(self, cut: int, step: int) -> tuple[float, float]:
        """Sum of rows' densities in month cut + step, and joint density of the months up to it."""
        known, month = cut >= MONTH, cut + step == MONTH
        a, b = 1 + self.y[known].sum(), 1.0 + known.sum()
        rows = stats.nbinom.logpmf(self.y[month], a, b / (b + 1)).sum()
        y = self.y[(cut < MONTH) & (cut + step >= MONTH)]
        joint = (
            a * np.log(b)
            - gammaln(a)
            + gammaln(a + y.sum())
            - (a + y.sum()) * np.log(b + y.size)
            - gammaln(y + 1).sum()
        )
        return float(rows), float(joint)


def run(y: Ints, steps: int = 2) -> tuple[Refits, FutureElpd]:
    refits = Refits(y)
    return refits, leave_future_out(MONTH, range(9, 23), refits, steps=steps)


def test_densities_are_exact_with_few_refits() -> None:
    y = np.random.default_rng(21).poisson(2, MONTH.size)
    refits, found = run(y)
    assert refits.cuts == found.cuts[found.refitted].tolist()
    assert 1 <= len(refits.cuts) < 7
    for c, cut in enumerate(found.cuts):
        for step in (1, 2):
            if cut + step >= MONTHS:
                assert np.isnan(found.elpd[c, step - 1])
                continue
            rows, joint = refits.exact(int(cut), step)
            # 4,000 draws, weighted with k below 0.7: within 0.1 for sums of 6 and 12 rows
            assert found.elpd[c, step - 1] == pytest.approx(rows, abs=0.1)
            assert found.joint[c, step - 1] == pytest.approx(joint, abs=0.1)
            assert found.rows[c, step - 1] == REGIONS
    result = check_future(found, simulated=True, month_names=NAMES)
    assert result.verdict == "look"
    assert len(result.table) == 27
    assert f"14 cuts, {len(refits.cuts)} fit" in result.sentence


def test_a_break_in_the_rate_makes_a_refit() -> None:
    rng = np.random.default_rng(22)
    y = rng.poisson(np.where(MONTH < 14, 1.0, 12.0))
    refits, found = run(y, steps=1)
    # month 14 is known at cut 14 for the first time: six rows of the new level throw the old draws out
    assert 14 in refits.cuts
    assert found.k[5] > found.limits[5]
    at = found.cuts.tolist().index(13)
    assert found.elpd[at, 0] < found.elpd[:at, 0].min() - 5


def test_blocks_of_rows_give_the_same_densities() -> None:
    refits = Refits(np.random.default_rng(23).poisson(2, MONTH.size))

    def in_blocks(cut: int) -> RowBlocks:
        whole = refits(cut)
        return RowBlocks(lambda rows: whole[:, rows], whole.shape[0], whole.shape[1], block=11)

    whole = leave_future_out(MONTH, range(9, 23), refits, steps=2)
    np.testing.assert_allclose(leave_future_out(MONTH, range(9, 23), in_blocks, steps=2).elpd, whole.elpd, rtol=1e-9)


def test_a_month_without_rows_adds_nothing() -> None:
    rng = np.random.default_rng(24)
    keep = MONTH != 12
    ll = rng.normal(-1, 0.01, (400, MONTH.size))
    found = leave_future_out(MONTH[keep], [11], lambda cut: ll[:, keep & (cut < MONTH)], steps=2)
    assert found.rows[0].tolist() == [0, REGIONS]
    assert found.elpd[0, 0] == 0
    assert found.joint[0, 0] == pytest.approx(0)


def test_cuts_without_past_or_future_are_refused() -> None:
    def refit(cut: int) -> Array:
        return np.zeros((200, 1))

    with pytest.raises(ModelError, match="ascending"):
        leave_future_out(MONTH, [9, 9], refit)
    with pytest.raises(ModelError, match="leave a month before"):
        leave_future_out(MONTH, [9, 23], refit)
    with pytest.raises(ModelError, match="returned 1 rows of 84"):
        leave_future_out(MONTH, [9], refit)
