r"""Step 5, spatial: neighbouring regions resemble each other.

.. math:: r_u = \sigma\left(\sqrt{\rho}\,\varphi_u/\sqrt{\kappa} + \sqrt{1-\rho}\,\theta_u\right)

the BYM2 of Riebler et al. (2016): :math:`\varphi` structured by the adjacency of regions, :math:`\theta` not, :math:`\rho`
the structured share of the variance. See :class:`northroute.bayes.terms.BYM2` for islands and disconnected parts.

*When to use it.* For maps, for regions with few events that can borrow from neighbours, and to see how much of the
differences is regional.
*What it cannot tell.* What makes neighbours alike. With some fifty regions :math:`\rho` is known only roughly.
"""

from northroute.bayes.ladder import country, dynamic, pooled, slopes
from northroute.bayes.ladder.rows import Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.places import BYM2
from northroute.errors import ModelError


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Step 4, with regions' effects structured by adjacency."""
    if not spec.edges:
        raise ModelError(
            f"{spec.name}: step 'spatial' needs neighbours. Give 'edges', pairs of unit names; data/reference has "
            "those of the regions."
        )
    if not rows.nested:
        raise ModelError(f"{spec.name}: step 'spatial' needs regions; here a unit is a country. Use step 'dynamic'.")
    places = BYM2("unit", spec.edges, sd=spec.priors["sd_spatial"], rho=spec.priors["rho_spatial"])
    return (
        *pooled.terms(rows, spec),
        *country.levels(rows, spec),
        places,
        *slopes.varying(rows, spec),
        *dynamic.time(rows, spec),
    )
