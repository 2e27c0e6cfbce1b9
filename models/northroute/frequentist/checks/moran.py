"""Whether residuals of near units are alike in a month: Moran's I, pooled over months."""

from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.frequentist.checks.residuals import pearson_grid
from northroute.frequentist.checks.result import result
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.conley import coordinates_of, distances
from northroute.frequentist.estimate import Estimate
from northroute.seeds import generator


def morans_i(
    fit: Estimate,
    *,
    kilometres: float = 300.0,
    draws: int = 999,
    unit: str = "unit",
    time: str = "month",
    lon: str = "lon",
    lat: str = "lat",
    seed: int = DEFAULT_SEED,
) -> CheckResult:
    """Moran's I of Pearson residuals; units within ``kilometres`` of each other are neighbours.

    The p-value puts units' whole series in random places, which keeps each series' own serial dependence.

    Raises
    ------
    ModelError
        For absent columns or no neighbours.
    """
    residual = np.nan_to_num(pearson_grid(fit, unit, time))
    units = groups.column_codes(fit, unit)
    first = np.unique(units, return_index=True)[1]
    near = distances(coordinates_of(fit, lon, lat)[first]) <= kilometres
    np.fill_diagonal(near, False)
    if not near.any():
        raise ModelError(f"{fit.name}: no two units lie within {kilometres:g} km. Use a larger distance.")
    residual = residual - residual.mean(axis=0)
    cross = residual @ residual.T
    scale = len(residual) / (near.sum() * np.trace(cross))
    observed = float(scale * cross[near].sum())
    rng = generator(f"Moran {fit.name} {kilometres}", seed)
    drawn = np.empty(draws)
    for k in range(draws):
        order = rng.permutation(len(residual))
        drawn[k] = scale * cross[np.ix_(order, order)][near].sum()
    p = float((1 + np.sum(drawn >= observed)) / (1 + draws))
    table = pd.DataFrame(
        {
            "moran_i": [observed],
            "expected": [drawn.mean()],
            "p": [p],
            "kilometres": [kilometres],
            "neighbours": [float(near.sum() / len(near))],
        }
    )
    sentence = (
        f"Moran's I is {observed:.3f} within {kilometres:g} km (p = {p:.3f}, {draws} permutations, {fit.rows:,} rows)."
    )
    values = [observed, float(np.quantile(drawn, 0.95))]
    figure = partial(shapes.bars, ["observed", "95 % of permutations below"], values, "Moran's I")
    advice = "Near regions move together: use Conley errors, or cluster by country."
    return result(fit, "Moran's I", p > 0.05, table, sentence, figure, advice)
