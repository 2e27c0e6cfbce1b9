r"""Step 7, reporting: what is counted is what was reported.

.. math:: y_i \sim \mathrm{NegBin}(\pi_i\mu_i, \text{dispersion}),\qquad \mathrm{logit}\,\pi_i = \delta_0 + v_i'\delta

Events are thinned by detection, which depends on covariates (media freedom, coverage). Counts alone do not know
:math:`\pi` from :math:`\mu`: the level of :math:`\pi` comes from its prior, and so does any slope of a covariate that is in
both predictors. The priors of :math:`\delta` are therefore assumptions, and are named so in every table; a tipping-point
sweep (:func:`northroute.bayes.answers.tipping_point`) says how strong detection must be to overturn a conclusion. Under the
default prior of :math:`\delta_0`, nearly flat, level and share trade along a curve, which samples slowly where counts know
their product well: assume a share then (``replaced(priors, detection_intercept=...)``).

*When to use it.* To ask what reporting would have to be like for a difference between countries to vanish.
*What it cannot tell.* The share of events that is reported.
"""

from northroute.bayes.ladder import dynamic
from northroute.bayes.ladder.rows import Rows
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.errors import ModelError


def terms(rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Step 4: detection is the second predictor."""
    return dynamic.terms(rows, spec)


def detection(_rows: Rows, spec: CountSpec) -> tuple[Term, ...]:
    """Logit of detection."""
    if not spec.detection:
        raise ModelError(
            f"{spec.name}: step 'reporting' needs covariates of detection. Name them in 'detection' (media freedom, say)."
        )
    p = spec.priors
    return (
        Intercept(p["detection_intercept"], name="detection_intercept"),
        Linear(spec.detection, p["detection_slope"], name="detection_slope", dim="detection_covariate", centre=True),
    )
