r"""Step 6, joint: several outcomes together.

.. math:: \log\mu_{io} = \log E_i + \alpha_o + a_{co} + r_{uo} + h_{cto} + z_i'\beta_o + s_{m}, \qquad
          r_u \sim N(0, D_r R_r D_r),\quad h_{ct} \sim N(0, D_h R_h D_h)

for outcomes o: regions' effects and country-month shocks are correlated over outcomes, :math:`R \sim \mathrm{LKJ}(2)`;
shocks sum to zero over the months of a country. Every outcome has a dispersion of its own; where a unit is a country, shocks
are that dispersion, and the counts are Poisson.

*When to use it.* For every claim about outcomes that go together: correlations of latent intensities by place and by month.
Fitted one by one, outcomes' correlations are pulled towards zero where events are few.
*What it cannot tell.* Which of two outcomes moves the other; reports of one and the same article enter several outcomes.
"""

from northroute.bayes.ladder import country, pooled
from northroute.bayes.ladder.rows import OUTCOME, Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.groups import Effects
from northroute.errors import ModelError


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Take steps 1 and 2 by outcome, and shocks of a country and month."""
    if len(spec.outcomes) < 2:
        raise ModelError(f"{spec.name}: step 'joint' needs several 'outcomes'. Name at least two.")
    return (
        *pooled.terms(rows, spec),
        *country.levels(rows, spec),
        *country.units(rows, spec),
        Effects(
            ("country", "month"),
            by=OUTCOME,
            correlated=True,
            zero_sum="country",
            sd=spec.priors["sd_shock"],
            name="shock",
        ),
        Effects("month_of_year", zero_sum=True, sd=spec.priors["sd_season"], name="season"),
    )
