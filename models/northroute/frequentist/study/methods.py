"""Every method of the study on one replicate: a p-value, and the interval where there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from northroute.arrays import Ints
from northroute.errors import ModelError
from northroute.frequentist.covariance import (
    Errors,
    cluster,
    conley,
    driscoll_kraay,
    heteroskedastic,
    jackknife,
    score_bootstrap,
)
from northroute.frequentist.covariance.randomisation import p_value
from northroute.frequentist.covariance.result import from_covariance
from northroute.frequentist.design import Design
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.ppml import fit_design
from northroute.frequentist.restricted import restrict
from northroute.frequentist.study.world import COVARIATE

Orders = Ints

METHODS: Final[dict[str, Callable[[Estimate], Errors]]] = {
    "independent Poisson (refused elsewhere)": lambda fit: from_covariance(fit, fit.bread, fit.rows, "", {}, "none"),
    "heteroskedastic": heteroskedastic,
    "Conley 300 km, same month": lambda fit: conley(fit, kilometres=300),
    "Conley 300 km, 12 months": lambda fit: conley(fit, kilometres=300, months=12),
    "Driscoll-Kraay, 12 months": lambda fit: driscoll_kraay(fit, months=12),
    "clustered by region, t(50)": lambda fit: cluster(fit, "unit"),
    "clustered by country and month, t(4)": lambda fit: cluster(fit, ("country", "month")),
    "clustered by country, normal": lambda fit: cluster(fit, "country"),
    "clustered by country, t(4)": lambda fit: cluster(fit, "country"),
    "CRV3 by country, t(4)": lambda fit: jackknife(fit, "country"),
    "Webb score bootstrap by country": lambda fit: score_bootstrap(fit, "country"),
}
"""Methods that take a fit; the two randomisations are added by :func:`outcomes`."""
RANDOMISATIONS: Final = ("randomisation by region", "randomisation by country")
NORMAL: Final = "clustered by country, normal"


@dataclass(frozen=True)
class Outcome:
    """One method on one replicate; ``low`` and ``high`` bound a 95 % interval. NaN where there is none."""

    method: str
    p: float
    low: float
    high: float


def outcomes(built: Design, orders: tuple[Orders, Orders]) -> tuple[Outcome, ...]:
    """Apply every method.

    Parameters
    ----------
    built : Design
        A replicate: units sorted, each with all months.
    orders : pair of array, shape (draw, group, month)
        Random orders by region and by country, drawn once for the study.
    """
    fit = fit_design(built, separation=False)
    found = []
    for name, make in METHODS.items():
        try:
            errors = make(fit)
        except ModelError:  # a covariance that is not positive: no answer, which is counted
            found.append(Outcome(name, np.nan, np.nan, np.nan))
            continue
        reference = stats.norm if name == NORMAL else stats.t(errors.df)
        half = float(reference.ppf(0.975)) * float(errors.se[0])
        p = 2 * float(stats.norm.sf(abs(errors.coef[0] / errors.se[0]))) if name == NORMAL else float(errors.p[0])
        found.append(Outcome(name, p, float(errors.coef[0]) - half, float(errors.coef[0]) + half))
    shape = (orders[0].shape[1], orders[0].shape[2])
    column = built.x[:, 0].reshape(shape)
    residual = restrict(fit, COVARIATE).residual.reshape(shape)
    country = built.frame["country"].to_numpy().reshape(shape)[:, 0]
    of_country = np.unique(country, return_inverse=True)[1].astype(np.int64)
    for name, groups, order in zip(RANDOMISATIONS, (np.arange(shape[0]), of_country), orders, strict=True):
        found.append(Outcome(name, p_value(column, residual, groups, order), np.nan, np.nan))
    return tuple(found)
