r"""Step 2, country: countries and regions differ in level.

.. math:: \log\mu_i = \log E_i + \alpha + a_{c(i)} + r_{u(i)} + x_i'\beta + \tilde x_{u(i)}'\gamma,\qquad
          a \sim \mathrm{ZeroSumNormal}(\sigma_\text{country}),\quad r_u \sim N(0, \sigma_\text{unit}^2)

The countries are all there are, so their effects sum to zero; regions are drawn around their country. In a panel whose units
are countries there is no r.

*When to use it.* To compare levels: rankings of countries and regions, shrunk by how little is known of each.
*What it cannot tell.* Whether slopes differ between countries; the level takes up what never changes in a place.
"""

from northroute.bayes.ladder import pooled
from northroute.bayes.ladder.rows import Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.groups import Effects


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Step 1, and effects of countries and of units within them."""
    return (*pooled.terms(rows, spec), *levels(rows, spec), *units(rows, spec))


def levels(_rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Effects of countries."""
    by = pooled.by_outcome(spec)
    return (Effects("country", by=by, zero_sum=True, sd=spec.priors["sd_country"]),)


def units(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Effects of units within countries; correlated over outcomes where several are fitted together."""
    if not rows.nested:
        return ()
    by = pooled.by_outcome(spec)
    return (Effects("unit", by=by, correlated=by is not None, within="country", sd=spec.priors["sd_unit"]),)
