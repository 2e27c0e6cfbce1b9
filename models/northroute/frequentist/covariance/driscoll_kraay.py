"""Errors robust to any dependence across units within a month and to serial dependence up to a lag.

Driscoll and Kraay (1998, Review of Economics and Statistics 80:549): scores are summed by month; a Bartlett kernel weights
their autocovariances, ``1 - l / (L + 1)``.
"""

import numpy as np

from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.convention import sandwich
from northroute.frequentist.covariance.result import Errors, from_covariance
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.spec import Convention
from northroute.panel.periods import in_words


def driscoll_kraay(fit: Estimate, *, time: str = "month", months: int = 12, convention: Convention = "stata") -> Errors:
    """Errors by summed months, t(T - 1) for T months.

    Parameters
    ----------
    fit : Estimate
    time : str
        Column of months.
    months : int
        L, the last lag with weight, in periods of the column: weeks or quarters where it holds these.
    convention : str
        With G = T, see :data:`northroute.frequentist.CONVENTIONS`.

    Raises
    ------
    ModelError
        If there are not more months than lags.
    """
    read = groups.periods(fit, time)
    steps = read.numbers - read.numbers.min()
    count = int(np.unique(steps).size)
    if not 0 <= months < count:
        raise ModelError(
            f"{fit.name}: {months} lags need more than {months} months; there are {count}. Use fewer lags."
        )
    summed = groups.sums(fit.scores, steps, int(steps.max()) + 1)
    meat = summed.T @ summed
    for lag in range(1, months + 1):
        cross = summed[lag:].T @ summed[:-lag]
        meat += (1 - lag / (months + 1)) * (cross + cross.T)
    covariance = sandwich(fit, meat, convention, count, [steps])
    kind = f"Driscoll-Kraay, Bartlett, {in_words(read.unit, months)}"
    return from_covariance(fit, covariance, count - 1, kind, {time: count}, convention)
