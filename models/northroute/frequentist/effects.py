"""Effects a reader can use: per cent changes, and events per row (region-month) with the exposure of each row kept.

The average marginal effect of a variable is the mean over rows of the derivative of the expected count; interactions
and powers
are followed through the formula, offsets and exposures stay in the mean. Intervals by the delta method with the errors
given, or by resampling whole clusters.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from northroute.conventions import DEFAULT_SEED, INTERVAL_PROB, SIMULATED_MARK
from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.design import Array, Design, Effect, matrix
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import DISPERSION
from northroute.frequentist.maximise import Block, indices
from northroute.frequentist.two_part import Distribution, Kind, expected, parts_of
from northroute.seeds import generator


def semi_elasticities(errors: Errors, *, change: float = 1.0, prob: float = INTERVAL_PROB) -> pd.DataFrame:
    """Per cent change of the rate for a change of each covariate, ``100 (exp(change b) - 1)``.

    Parameters
    ----------
    errors : Errors
    change : float
        In the covariate's units.
    prob : float
        Of the interval, which is that of the coefficient transformed.
    """
    table = errors.table(prob)
    columns = {"percent": table["coef"], "low": table["low"], "high": table["high"]}
    shown = {name: 100 * np.expm1(change * values) for name, values in columns.items()}
    kept = table[["fit", "source", "term", "errors", "interval"]]
    return kept.assign(change=change, **shown)


def average_marginal_effects(
    fit: Estimate, errors: Errors, variables: Sequence[str], *, prob: float = INTERVAL_PROB
) -> pd.DataFrame:
    """Average marginal effects in events per row, with delta-method intervals from the errors' covariance.

    Parameters
    ----------
    fit : Estimate
    errors : Errors
        With a covariance over all of the fit's terms.
    variables : sequence of str
        Numeric columns of the table.
    prob : float

    Raises
    ------
    ModelError
        For a variable that is not in the formula, or errors without a covariance.
    """
    if errors.covariance is None or errors.terms != fit.terms:
        raise ModelError(
            f"{fit.name}: the delta method needs errors with a covariance of all terms; '{errors.kind}' has none."
        )
    rows = []
    for variable in variables:
        value, gradient = marginal(fit, variable)
        se = float(np.sqrt(gradient @ errors.covariance @ gradient))
        half = float(stats.t.ppf((1 + prob) / 2, errors.df)) * se
        p = 2 * float(stats.t.sf(abs(value) / se, errors.df)) if se > 0 else float("nan")
        label = f"{prob * 100:g} % confidence, delta method, t({errors.df:g})"
        rows.append(_row(fit, variable, value, se, p, value - half, value + half, errors.kind, label))
    return pd.DataFrame(rows)


def bootstrap_effects(
    fit: Estimate,
    variables: Sequence[str],
    *,
    by: str,
    draws: int = 199,
    prob: float = INTERVAL_PROB,
    seed: int = DEFAULT_SEED,
) -> pd.DataFrame:
    """Average marginal effects with percentile intervals from refits to resampled clusters.

    Each copy of a cluster has effects of its own where they lie within clusters. With five clusters prefer the delta
    method with CRV3: resampling five things has few distinct outcomes.

    Raises
    ------
    ModelError
        If the model cannot be refitted, or more than a tenth of the draws cannot.
    """
    again = fit.again
    if again is None:
        raise ModelError(
            f"{fit.name}: {fit.family} cannot be refitted, so it cannot be resampled. Use the delta method."
        )
    codes, count = groups.clusters(fit, by)
    rng = generator(f"cluster bootstrap {fit.name} {by}", seed)
    inside = groups.nested(fit, [codes])
    found: list[list[float]] = []
    for _ in range(draws):
        chosen = rng.integers(count, size=count)
        try:
            refitted = again(resample(fit.design, codes, chosen, inside))
            found.append([marginal(refitted, v)[0] for v in variables])
        except ModelError:
            continue
    if len(found) < 0.9 * draws:
        raise ModelError(
            f"{fit.name}: {draws - len(found)} of {draws} resamples of {by} could not be fitted. Use the delta method."
        )
    values = np.array(found)
    tail = (1 - prob) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    label = f"{prob * 100:g} % percentile, {len(found)} resamples"
    kind = f"clusters of {by} resampled"
    return pd.DataFrame(
        [
            _row(
                fit, v, marginal(fit, v)[0], float(values[:, j].std(ddof=1)), float("nan"), low[j], high[j], kind, label
            )
            for j, v in enumerate(variables)
        ]
    )


def resample(design: Design, codes: groups.Codes, chosen: groups.Codes, inside: Sequence[bool]) -> Design:
    """Stack the rows of the chosen clusters; a copy has its own levels of the effects that lie within clusters."""
    rows = [np.flatnonzero(codes == g) for g in chosen]
    at = np.concatenate(rows)
    copy = np.repeat(np.arange(len(chosen)), [len(r) for r in rows])
    effects = tuple(
        Effect(e.name, e.codes[at] * len(chosen) + copy if nested else e.codes[at], e.levels * len(chosen))
        for e, nested in zip(design.effects, inside, strict=True)
    )
    stacked = Design(
        design.regression,
        design.y[at],
        design.x[at],
        design.terms,
        design.offset[at],
        effects,
        design.frame.iloc[at],
        design.dropped,
        design.simulated,
        design.data_hash,
        design.label,
    )
    return stacked.keep(np.ones(at.size, bool))


def marginal(fit: Estimate, variable: str) -> tuple[float, Array]:
    """Average marginal effect of a variable and its gradient in the fit's coefficients, shape (term,)."""
    two = parts_of(fit.family)
    if two is not None:
        return _two_part(fit, variable, *two)
    slopes = _derivative(fit.design, variable, fit.design.regression.terms, fit.design.terms)
    k = slopes.shape[1]
    if not slopes.any():
        raise ModelError(f"{fit.name}: '{variable}' is not in the formula {fit.design.regression.formula}.")
    change = slopes @ fit.coef[:k]
    gradient = np.zeros(len(fit.terms))
    moved = fit.x_within if fit.x_within is not None else fit.design.x
    gradient[:k] = (fit.mean[:, None] * (slopes + change[:, None] * moved)).mean(axis=0)
    return float((fit.mean * change).mean()), gradient


def _two_part(fit: Estimate, variable: str, kind: Kind, distribution: Distribution) -> tuple[float, Array]:
    if fit.design.effects:
        raise ModelError(f"{fit.name}: marginal effects of two-part models with effects as dummies are not offered.")
    slopes = [_slopes_of(fit.design, variable, block) for block in fit.blocks]
    if not any(s.any() for s in slopes):
        raise ModelError(f"{fit.name}: '{variable}' is in neither part of the model.")
    ends = np.cumsum([b.x.shape[1] for b in fit.blocks])[:-1]

    def value(coef: Array) -> float:
        index = indices(fit.blocks, coef)
        parts = np.split(coef, ends)
        move = np.column_stack([s @ c for s, c in zip(slopes, parts, strict=True)])
        step = 1e-5
        up, down = (expected(kind, distribution, index + sign * step * move) for sign in (1, -1))
        return float((up - down).mean() / (2 * step))

    return value(fit.coef), _numeric(value, fit.coef)


def _slopes_of(design: Design, variable: str, block: Block) -> Array:
    if block.names == (DISPERSION,):
        return np.zeros(block.x.shape)
    right = block.right or design.regression.terms
    return _derivative(design, variable, right, block.terms)


def _derivative(design: Design, variable: str, right: tuple[str, ...], names: tuple[str, ...]) -> Array:
    """Differentiate the model matrix in a variable by central differences, shape (row, term)."""
    frame = design.frame
    if variable not in frame.columns or not pd.api.types.is_numeric_dtype(frame[variable]):
        raise ModelError(f"{design.name}: '{variable}' is not a numeric column of {design.label}.")
    values = frame[variable].astype(float)
    step = 1e-5 * max(float(values.std()), 1e-8)
    sides = []
    for sign in (1, -1):
        moved = frame.assign(**{variable: values + sign * step})
        x, found = matrix(moved, " + ".join(("1", *right)), design.name)
        sides.append(x[:, [found.index(n) for n in names]])
    return np.asarray((sides[0] - sides[1]) / (2 * step))


def _numeric(value: Callable[[Array], float], at: Array) -> Array:
    gradient = np.empty(at.size)
    for j in range(at.size):
        step = np.zeros(at.size)
        step[j] = 1e-5 * max(abs(at[j]), 1.0)
        gradient[j] = (value(at + step) - value(at - step)) / (2 * step[j])
    return gradient


def _row(
    fit: Estimate, variable: str, value: float, se: float, p: float, low: float, high: float, kind: str, label: str
) -> dict[str, object]:
    return {
        "fit": fit.name,
        "source": SIMULATED_MARK if fit.simulated else "real",
        "variable": variable,
        "events_per_row": value,
        "se": se,
        "p": p,
        "low": low,
        "high": high,
        "interval": label,
        "errors": kind,
        "mean_count": float(fit.design.y.mean()),
    }
