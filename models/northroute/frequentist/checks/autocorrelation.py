"""Whether residuals of a unit are alike from month to month."""

from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from northroute import shapes
from northroute.check import CheckResult
from northroute.errors import ModelError
from northroute.frequentist.checks.residuals import pearson_grid
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance import groups
from northroute.frequentist.estimate import Estimate


def autocorrelation(fit: Estimate, *, lags: int = 12, unit: str = "unit", time: str = "month") -> CheckResult:
    """Autocorrelation of Pearson residuals within units, with a t-test over units at each lag.

    Raises
    ------
    ModelError
        If there are not more months than lags, or one unit only.
    """
    table = pearson_grid(fit, unit, time)
    if len(table) < 2 or not 1 <= lags < table.shape[1]:
        raise ModelError(f"{fit.name}: {table.shape[1]} months and {len(table)} units; use fewer lags than months.")
    centred = table - np.nanmean(table, axis=1, keepdims=True)
    spread = np.nanmean(centred**2)
    rows = []
    for lag in range(1, lags + 1):
        products = centred[:, lag:] * centred[:, :-lag] / spread
        enough = np.isfinite(products).any(axis=1)
        if enough.sum() < 2:
            continue  # no two units have rows so far apart
        each = np.nanmean(products[enough], axis=1)
        se = float(each.std(ddof=1) / np.sqrt(each.size))
        p = 2 * float(stats.t.sf(abs(each.mean()) / se, each.size - 1))
        half = float(stats.t.ppf(0.975, each.size - 1)) * se
        rows.append({"lag": lag, "coef": each.mean(), "p": p, "low": each.mean() - half, "high": each.mean() + half})
    if not rows or rows[0]["lag"] != 1:
        raise ModelError(f"{fit.name}: hardly any unit has two rows in a row; there is nothing to correlate.")
    pairs = int(np.isfinite(centred[:, 1:] * centred[:, :-1]).sum())
    found = pd.DataFrame(rows)
    period = groups.periods(fit, time).unit
    sentence = (
        f"Residuals of one {period} and the next correlate {rows[0]['coef']:.2f} (p = {rows[0]['p']:.3f}, {pairs:,} pairs "
        f"of {fit.rows:,} rows)."
    )
    advice = "Cluster by unit or above, or use serial errors; do not treat months as independent."
    figure = partial(shapes.intervals, found, "lag", "autocorrelation of Pearson residuals, 95 %")
    return result(fit, "residual autocorrelation", rows[0]["p"] > 0.05, found, sentence, figure, advice)
