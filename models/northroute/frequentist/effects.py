"""Effects a reader can use: per cent changes, and events per row (region-month) with the exposure of each row kept.

The average marginal effect of a variable is the mean over rows of the derivative of the expected count; interactions
and powers are followed through the formula, offsets and exposures stay in the mean. Intervals by the delta method with the
errors given, or by resampling whole clusters.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from northroute.arrays import Array
from northroute.conventions import DEFAULT_SEED, INTERVAL_PROB, SIMULATED_MARK
from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.result import Errors, probability
from northroute.frequentist.derivative import derivative
from northroute.frequentist.design import Design, Effect
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.likelihood import DISPERSION
from northroute.frequentist.maximise import indices
from northroute.frequentist.spec import not_text
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
        Of the interval, which is that of the coefficient transformed; ``low`` is below ``high`` whatever the change.

    Raises
    ------
    ModelError
        For a change that is not finite.
    """
    if not np.isfinite(change):
        raise ModelError(f"{errors.fit}: a change of {change} has no effect to show. Give a finite one.")
    table = errors.table(prob)
    ends = ("low", "high") if change >= 0 else ("high", "low")
    columns = {"percent": table["coef"], "low": table[ends[0]], "high": table[ends[1]]}
    with np.errstate(over="ignore"):  # infinite, where the change is many times what the data have
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
        For a variable that is not in the formula or has no derivative there (a category, a step), that is the exposure or
        an effect as well, or errors without a covariance.
    """
    not_text("variables", variables)
    probability(prob)
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
    not_text("variables", variables)
    probability(prob)
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
            refitted = again(resample(fit.design, codes, chosen, inside, fit.groups))
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
    rows = []
    for j, v in enumerate(variables):
        se = float(values[:, j].std(ddof=1))
        rows.append(_row(fit, v, marginal(fit, v)[0], se, float("nan"), low[j], high[j], kind, label))
    return pd.DataFrame(rows)


def resample(
    design: Design,
    codes: groups.Codes,
    chosen: groups.Codes,
    inside: Sequence[bool],
    groups_of: Sequence[str] = (),
) -> Design:
    """Stack the rows of the chosen clusters; a copy has its own groups, and levels of the effects within clusters."""
    rows = [np.flatnonzero(codes == g) for g in chosen]
    at = np.concatenate(rows)
    copy = np.repeat(np.arange(len(chosen)), [len(r) for r in rows])
    effects = tuple(
        Effect(e.name, e.codes[at] * len(chosen) + copy if nested else e.codes[at], e.levels * len(chosen))
        for e, nested in zip(design.effects, inside, strict=True)
    )
    frame = design.frame.iloc[at]
    if groups_of:
        # a group drawn twice is two groups to the model as well
        read = design.own().aliases
        own = {g: [f"{v} {c}" for v, c in zip(frame[g], copy, strict=True)] for g in groups_of if g not in read}
        frame = frame.assign(**own)
    stacked = replace(
        design,
        y=design.y[at],
        x=design.x[at],
        offset=design.offset[at],
        effects=effects,
        frame=frame,
        at=design.at[at],
    )
    return stacked.keep(np.ones(at.size, bool))


def marginal(fit: Estimate, variable: str) -> tuple[float, Array]:
    """Average marginal effect of a variable and its gradient in the fit's coefficients, shape (term,)."""
    two = parts_of(fit.family)
    if two is not None:
        return _two_part(fit, variable, *two)
    slopes = derivative(fit, fit.design.own(), variable, fit.design.terms)
    k = slopes.shape[1]
    if variable not in fit.design.own().aliases:
        raise ModelError(f"{fit.name}: '{variable}' is not in the formula {fit.design.regression.formula}.")
    change = slopes @ fit.coef[:k]
    gradient = np.zeros(len(fit.terms))
    moved = fit.x_within if fit.x_within is not None else fit.design.x
    gradient[:k] = (fit.mean[:, None] * (slopes + change[:, None] * moved)).mean(axis=0)
    return float((fit.mean * change).mean()), gradient


def _two_part(fit: Estimate, variable: str, kind: Kind, distribution: Distribution) -> tuple[float, Array]:
    if fit.design.effects:
        raise ModelError(f"{fit.name}: marginal effects of two-part models with effects as dummies are not offered.")
    encodings = (fit.design.own(), *(fit.design.second for _ in fit.blocks[1:]))
    slopes = [
        np.zeros(b.x.shape)
        if b.names == (DISPERSION,) or encoding is None
        else derivative(fit, encoding, variable, b.terms)
        for b, encoding in zip(fit.blocks, encodings, strict=True)
    ]
    if not any(variable in e.aliases for e in encodings if e is not None):
        raise ModelError(f"{fit.name}: '{variable}' is in neither part of the model.")
    ends = np.cumsum([b.x.shape[1] for b in fit.blocks])[:-1]

    def value(coef: Array) -> float:
        index = indices(fit.blocks, coef)
        parts = np.split(coef, ends)
        move = np.column_stack([s @ c for s, c in zip(slopes, parts, strict=True)])
        # a step of the indices, whatever the variable's units are
        step = 1e-5 / max(float(np.abs(move).max(initial=0.0)), np.finfo(float).tiny)
        up, down = (expected(kind, distribution, index + sign * step * move) for sign in (1, -1))
        return float((up - down).mean() / (2 * step))

    return value(fit.coef), _numeric(value, fit.coef, np.sqrt(np.diag(fit.bread)))


def _numeric(value: Callable[[Array], float], at: Array, scale: Array) -> Array:
    gradient = np.empty(at.size)
    for j in range(at.size):
        step = np.zeros(at.size)
        step[j] = 1e-4 * scale[j]
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
