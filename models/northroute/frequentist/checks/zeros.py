"""Whether there are as many zeros as the model expects."""

from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.frequentist import densities
from northroute.frequentist.checks.result import result
from northroute.frequentist.estimate import Estimate


def zero_share(fit: Estimate) -> CheckResult:
    """Compare the share of zeros with that of a Poisson and of an NB2 with the fitted means.

    NB2's dispersion is the fit's own, or the moment estimate at the fitted means. Within a percentage point passes.
    """
    y, mean = fit.design.y, fit.mean
    moment = max(float(np.sum((y - mean) ** 2 - mean) / np.sum(mean**2)), 1e-8)
    dispersion = fit.extra.get("dispersion", moment)
    index = np.column_stack([np.log(mean), np.full(mean.size, np.log(dispersion))])
    nothing = np.zeros(mean.size)
    table = pd.DataFrame(
        {
            "zeros": ["observed", "Poisson", "NB2"],
            "share": [
                float((y == 0).mean()),
                float(np.exp(-mean).mean()),
                float(np.exp(densities.negative_binomial(nothing, index).value).mean()),
            ],
        }
    )
    observed, poisson, nb2 = table["share"]
    passed = min(abs(observed - poisson), abs(observed - nb2)) <= 0.01
    sentence = f"{observed:.1%} of rows are zero; a Poisson expects {poisson:.1%}, an NB2 {nb2:.1%}."
    advice = "More zeros than either: compare a zero-inflated or hurdle model." if observed > nb2 else ""
    figure = partial(shapes.bars, table["zeros"], table["share"], "share of zeros")
    return result(fit, "zero share", passed, table, sentence, figure, advice)
