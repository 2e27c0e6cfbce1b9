"""How much each country decides."""

from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance import groups
from northroute.frequentist.estimate import Estimate


def leverage(fit: Estimate, term: str, *, by: str = "country") -> CheckResult:
    """Share of each cluster in the information on a term, and how unequal the shares are.

    The share is the cluster's part of the weighted sum of squares of the term, cleared of effects and of other terms (the
    partial leverage of MacKinnon, Nielsen and Webb 2023, Journal of Econometrics 232:272). Clustered errors with t(G - 1)
    assume about equal shares; the effective number is one over the sum of squared shares.
    """
    moved = fit.x_within if fit.x_within is not None else fit.design.x
    at = fit.term(term)
    others = np.delete(np.arange(moved.shape[1]), at)
    weighted = fit.mean[:, None] * moved[:, others]
    column = moved[:, at]
    if others.size:
        column = column - moved[:, others] @ np.linalg.solve(weighted.T @ moved[:, others], weighted.T @ column)
    codes, count = groups.clusters(fit, by)
    part = np.bincount(codes, fit.mean * column**2, minlength=count)
    share = part / part.sum()
    effective = float(1 / np.sum(share**2))
    table = pd.DataFrame(
        {
            "cluster": groups.labels(fit, by),
            "rows": np.bincount(codes, minlength=count),
            "count": np.bincount(codes, fit.design.y, minlength=count),
            "share": share,
        }
    ).sort_values("share", ascending=False)
    first = table.iloc[0]
    sentence = (
        f"{first['cluster']} has {first['share']:.0%} of the information on {term}; {count} clusters count as "
        f"{effective:.1f}."
    )
    advice = f"One {by} decides: report the fit without it, and believe CRV3 rather than clustered errors."
    figure = partial(shapes.bars, table["cluster"], table["share"], "share of the information", bound=1 / count)
    return result(fit, f"leverage by {by}", bool(share.max() <= 0.5), table, sentence, figure, advice)
