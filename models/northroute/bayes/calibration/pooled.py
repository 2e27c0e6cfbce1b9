"""Shift and width of many dependent scalars together.

Ranks of 51 region effects in one replication are dependent, those of two replications are not. The mean over scalars of the
spread ranks, and of their squared distance from 1/2, is therefore one independent value a replication, with expectation 1/2
and 1/12 if ranks are uniform, whatever the dependence; its variance is estimated.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from northroute.arrays import Array


@dataclass(frozen=True)
class Pooled:
    """Two-sided p values of one-sample t tests over replications."""

    p_shift: float
    p_width: float

    @property
    def p(self) -> float:
        """Joint p value of the two (Bonferroni)."""
        return min(1.0, 2 * min(self.p_shift, self.p_width))


def pooled(values: Array) -> Pooled:
    """Test the mean and the width of spread ranks over all scalars of one quantity.

    Parameters
    ----------
    values : numpy.ndarray
        Spread ranks, shape (replication, scalar). The t tests rest on the means of bounded values being near normal: some
        dozens of replications.
    """
    centred = values - 0.5
    shift = stats.ttest_1samp(centred.mean(axis=1), 0.0).pvalue
    width = stats.ttest_1samp(np.square(centred).mean(axis=1), 1 / 12).pvalue
    return Pooled(float(shift), float(width))
