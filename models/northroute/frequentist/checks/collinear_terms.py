"""Terms that were left out because others, or the effects, determine them."""

from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.frequentist.checks.result import result
from northroute.frequentist.estimate import Estimate


def collinear_terms(fit: Estimate) -> CheckResult:
    """Name the terms left out, and say how much of each kept term's variance the effects and other terms leave."""
    left = _left(fit)
    table = pd.DataFrame(
        {
            "term": [*fit.terms[: len(left)], *fit.collinear],
            "kept": [True] * len(left) + [False] * len(fit.collinear),
            "variance_left": [*left, *([0.0] * len(fit.collinear))],
        }
    )
    thin = [t for t, v in zip(fit.terms, left, strict=False) if v < 0.01]
    sentence = f"Left out as collinear: {', '.join(fit.collinear) or 'none'}."
    if thin:
        sentence += f" The effects and other terms leave less than 1 % of the variance of {', '.join(thin)}."
    figure = partial(shapes.bars, table["term"], table["variance_left"], "share of variance left")
    return result(fit, "collinear terms", not fit.collinear, table, sentence, figure)


def _left(fit: Estimate) -> list[float]:
    moved = fit.x_within if fit.x_within is not None else fit.design.x
    weights = fit.mean / fit.mean.sum()
    inside = 1 / np.diag(np.linalg.inv(moved.T @ (weights[:, None] * moved)))
    raw = fit.design.x[:, : moved.shape[1]]
    total = weights @ (raw - weights @ raw) ** 2
    return [float(a / b) if b > 0 else 1.0 for a, b in zip(inside, total, strict=True)]
