r"""Step 3, slopes: interdiction, corruption and their product act differently from country to country.

.. math:: \log\mu_i = \dots + z_i'b_{c(i)},\qquad b_c = \bar b + d_c,\quad d \sim \mathrm{ZeroSumNormal}(\sigma_\text{slope})

Covariates may be split into the unit's mean and the deviation from it (``within_between``): the slope of the deviations is
the within estimate of a fixed-effects model, that of the means compares places (Mundlak 1978, Econometrica 46:69).

*When to use it.* For the association of a covariate with the outcome, by country and on average.
*What it cannot tell.* Cause. Where both series follow the same trend, the slope is that trend's; see ``dynamic``.
"""

from northroute.bayes.ladder import country
from northroute.bayes.ladder.rows import Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.groups import Effects


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Step 2, and slopes by country around their mean."""
    return (*country.terms(rows, spec), *varying(rows, spec))


def varying(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Deviations of countries' slopes from their mean."""
    if not rows.varying or spec.outcomes:
        return ()
    sd = spec.priors["sd_slope"]
    return (Effects("country", rows.varying, zero_sum=True, sd=sd, name="slope", dim="varying"),)
