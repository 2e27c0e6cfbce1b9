r"""Step 4, dynamic: levels move over time.

.. math:: \log\mu_i = \dots + w_{t(i)} + s_{m(i)} + \sum_k \delta_{k,c(i)} 1[t(i) \ge t_k]

with w a random walk (or AR(1), or a Gaussian process in its Hilbert-space form), of all units together or of each country,
s a season that sums to zero over the months of the year, and dated shocks with a step by country around their mean.

A walk of one country keeps only periods of eight months and longer: with one count a month, anything faster cannot be told
from dispersion and is left to it. An AR(1) has no such limit: where a unit is a country, give it to all of them together.

*When to use it.* Whenever there is more than a year of data: trends in reporting and in the world are the first confounder.
*What it cannot tell.* Why the level moved. A slope is what is left after time has taken what it can explain.
"""

import numpy as np

from northroute.bayes.ladder import slopes
from northroute.bayes.ladder.rows import Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Linear
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk

SHORTEST_PERIOD = 8
"""Months: the shortest period in the walk of a single country."""


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Step 3, and time."""
    return (*slopes.terms(rows, spec), *time(rows, spec))


def time(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Trend, season and shocks."""
    p = spec.priors
    own = spec.month == "country"
    group = "country" if own else None
    found: list[Term] = []
    match spec.time:
        case "walk":
            found.append(
                Walk(
                    "month",
                    group=group,
                    shortest=SHORTEST_PERIOD if own else None,
                    sd=p["sd_month"],
                    name="month",
                    step="month",
                )
            )
        case "ar1":
            found.append(AR1("month", group=group, sd=_marginal(p["sd_month"]), ar=p["ar"], name="month", step="month"))
        case "gp":
            length = p["lengthscale_months"]
            found.append(GP(("month_number",), group=group, sd=p["sd_gp"], length=length, demean=True, name="month"))
    if spec.season:
        found.append(Effects("month_of_year", zero_sum=True, sd=p["sd_season"], name="season"))
    if spec.shocks:
        names = tuple(f"from {m}" for m in spec.shocks)
        found.append(Linear(names, p["common_slope"], name="shock_mean", dim="shock"))
        found.append(Effects("country", names, zero_sum=True, sd=p["sd_slope"], name="shock", dim="shock"))
    return tuple(found)


def _marginal(step: Prior) -> Prior:
    """Widen the prior of a monthly step to that of a stationary level: the square root of a year of steps."""
    return Prior(
        step.family, step.scale * float(np.sqrt(12)), f"a year of monthly steps of {step}", step.location, step.shape
    )
