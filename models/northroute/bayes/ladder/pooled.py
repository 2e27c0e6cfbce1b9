r"""Step 1, pooled: one rate, and slopes common to all.

.. math:: y_i \sim \mathrm{NegBin}(\mu_i, \text{dispersion}),\qquad
          \log\mu_i = \log E_i + \alpha + x_i'\beta + \tilde x_{u(i)}'\gamma

*When to use it.* As the yardstick that every other step has to beat.
*What it cannot tell.* Anything about countries; its slopes mix differences between places with changes over time.
"""

from northroute.bayes.ladder.rows import OUTCOME, Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.population import Intercept, Linear


def by_outcome(spec: CountSpec) -> str | None:
    """Column whose levels have parameters of their own: the outcome, where several are fitted together."""
    return OUTCOME if spec.outcomes else None


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Intercept and common slopes; a slope that would vary by country at a later step is common here."""
    p, by = spec.priors, by_outcome(spec)
    found: list[Term] = [Intercept(p["intercept"], by=by)]
    if rows.unit_covariates:
        found.append(Linear(rows.unit_covariates, p["unit_slope"], by=by, name="unit_slope", dim="unit_covariate"))
    if rows.covariates:
        found.append(Linear(rows.covariates, p["common_slope"], by=by, name="common_slope"))
    if rows.varying:
        found.append(Linear(rows.varying, p["slope"], by=by, dim="varying"))
    return tuple(found)
