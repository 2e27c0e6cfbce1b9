"""Whether the counts vary more than a Poisson's."""

from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from northroute import shapes
from northroute.check import CheckResult
from northroute.frequentist.checks.result import result
from northroute.frequentist.estimate import Estimate


def overdispersion(fit: Estimate, *, bins: int = 10) -> CheckResult:
    """Pearson's dispersion, and Cameron and Trivedi's regression of excess variance on the mean (1990, JoE 46:347).

    The regression ``((y - mu)^2 - y) / mu`` on ``mu`` estimates NB2's dispersion. Pseudo-maximum likelihood does not need it
    to be zero; errors that take Poisson's variance at its word would.
    """
    y, mean = fit.design.y, fit.mean
    effects = sum(e.levels for e in fit.design.effects) - max(len(fit.design.effects) - 1, 0)
    pearson = float(np.sum((y - mean) ** 2 / mean) / (fit.rows - len(fit.terms) - effects))
    excess = ((y - mean) ** 2 - y) / mean
    slope = float(mean @ excess / (mean @ mean))
    rest = excess - slope * mean
    se = float(np.sqrt((mean**2) @ rest**2) / (mean @ mean))
    p = float(stats.norm.sf(slope / se))
    groups = pd.qcut(pd.Series(mean), min(bins, fit.rows), labels=False, duplicates="drop")
    by = pd.DataFrame({"mean": mean, "square": (y - mean) ** 2}).groupby(groups).mean()
    table = pd.DataFrame({"pearson": [pearson], "dispersion": [slope], "se": [se], "p": [p]})
    sentence = f"Pearson dispersion {pearson:.2f}; NB2 dispersion {slope:.3f} (p = {p:.3f})."
    advice = "The counts are overdispersed: keep robust or clustered errors, or fit a negative binomial."
    labels = ("fitted mean, in groups of rows", "mean squared residual")
    figure = partial(shapes.dots, by["mean"], by["square"], labels)
    return result(fit, "overdispersion", p > 0.05, table, sentence, figure, advice)
