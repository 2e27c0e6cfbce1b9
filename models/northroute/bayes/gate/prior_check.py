"""What the gate holds of priors: data sets drawn from them before anything is sampled, and whether data contradict them."""

from dataclasses import replace
from typing import Final

import numpy as np

from northroute import seeds
from northroute.arrays import Array, Ints
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.gate.gate import Check, not_computed
from northroute.bayes.gate.prior_predictive import RULE, TOLD, PriorPredictive, Rule, examine_prior
from northroute.bayes.gate.prior_shares import shares
from northroute.bayes.program import predict
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.names import of_scalars
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.conventions import DEFAULT_SEED

NAME: Final = "prior predictive"
DRAWS: Final = 500
"""Data sets: a share of 6 % has a standard error of 1 %."""
MOST_ROWS: Final = 100_000
"""Rows beyond which no data are drawn: 400 MB."""
AGAINST: Final = "prior against data"
TAIL: Final = 0.002
"""Two-sided tail of a prior in which it is called against the data."""
MOST_SHIFT: Final = 1.0


def predict_prior(
    assembled: Assembled,
    draws: int = DRAWS,
    *,
    rows: Ints | None = None,
    simulated: bool,
    seed: int = DEFAULT_SEED,
    rule: Rule = RULE,
) -> PriorPredictive:
    """Judge data sets drawn from the prior of a model of counts by the scale of its data.

    Parameters
    ----------
    assembled : Assembled
        Not centred, as :func:`northroute.bayes.program.assemble.assemble` returns it.
    draws : int
    rows : int array, optional
        Those that are judged, by default all.
    simulated : bool
        True if the observed counts were simulated.
    seed : int
    rule : Rule

    Raises
    ------
    ModelError
        If a prior is flat, no scalar has a prior, or there are fewer than 200 draws.
    """
    values = prior_values(assembled, draws, seeds.generator(f"prior predictive {assembled.model.name}", seed))
    made = predict.simulate(assembled.unswept(), values, seeds.generator(f"prior data {assembled.model.name}", seed))
    names = of_scalars(assembled.layout)
    drivers = {names[i]: values[:, i] for _, ids in scalar_priors(assembled).values() for i in ids}
    counts = assembled.frame[assembled.model.outcome].to_numpy(float)
    looked_at = np.arange(counts.size) if rows is None else rows
    return examine_prior(
        made[:, looked_at],
        counts[looked_at],
        drivers,
        simulated=simulated,
        rule=rule,
        shares=shares(assembled.unswept(), values),
    )


def check_prior(
    assembled: Assembled, *, simulated: bool, seed: int = DEFAULT_SEED, rule: Rule = RULE
) -> tuple[Check, ...]:
    """Return the gate's checks of the prior: shares of data sets that are implausible.

    Not computed of outcomes that are not counts, of compositions, whose totals are given, and under improper priors.
    """
    if not all(isinstance(s.distribution, dist.Counts) for s in assembled.segments):
        return (not_computed(NAME, "the rule is about counts of events, and outcomes here are of other kinds."),)
    if any(s.prior is not None and s.prior.family == "flat" for s in assembled.layout.scalars):
        return (not_computed(NAME, "some prior is flat, and no data can be drawn from it. Give it a proper one."),)
    if assembled.rows > MOST_ROWS:
        return (not_computed(NAME, f"there are more than {MOST_ROWS} rows."),)
    return predict_prior(assembled, simulated=simulated, seed=seed, rule=rule).plausible


def tell_prior(assembled: Assembled, *, simulated: bool, seed: int = DEFAULT_SEED) -> tuple[Check, ...]:
    """Return checks of the prior that refuse nothing: one far too wide does no harm where data outweigh it.

    Where the rule :data:`northroute.bayes.gate.prior_predictive.TOLD` is broken ``passed`` is None, and the advice says what
    would mend it.
    """
    checks = check_prior(assembled, simulated=simulated, seed=seed, rule=TOLD)
    return tuple(replace(c, passed=None) if c.passed is False else c for c in checks)


def check_against(assembled: Assembled, values: Array) -> Check:
    r"""Check whether a prior that the data contradict bends an estimate.

    A prior p is contradicted where its parameter's posterior mean lies in its tails, two-sided :data:`TAIL`. What it does to
    a parameter's mean is, to first order, :math:`\mathrm{Cov}(\theta_k, \log p)` (Kallioinen et al. 2024, Statistics and
    Computing 34:57, the derivative by the prior's power), told here in posterior standard deviations; the limit is one.

    Parameters
    ----------
    assembled : Assembled
    values : array, shape (chain, draw, value)
        Posterior draws.
    """
    scalars = assembled.layout.scalars
    drawn = values[..., : len(scalars)].reshape(-1, len(scalars))
    sd = drawn.std(axis=0)
    names = of_scalars(assembled.layout)
    worst = Check(AGAINST, 0.0, MOST_SHIFT, True)
    for j, scalar in enumerate(scalars):
        prior = scalar.prior
        if prior is None or prior.family == "flat" or sd[j] == 0:
            continue
        if prior.quantile(TAIL / 2) <= drawn[:, j].mean() <= prior.quantile(1 - TAIL / 2):
            continue
        density = prior.log_density(drawn[:, j])
        shift = (drawn - drawn.mean(axis=0)).T @ (density - density.mean()) / (len(drawn) * np.where(sd > 0, sd, 1.0))
        k = int(np.argmax(np.abs(shift)))
        if abs(shift[k]) > (worst.value or 0.0):
            advice = (
                f"The prior of {names[j]}, {prior}, lies far from what the data say, {drawn[:, j].mean():.4g}, and moves "
                f"{names[k]} by {shift[k]:+.2g} posterior standard deviations. Leave the prior out (its default suits the "
                "data), widen it, or centre the covariates."
            )
            worst = Check(
                AGAINST, float(abs(shift[k])), MOST_SHIFT, bool(abs(shift[k]) <= MOST_SHIFT), names[j], advice
            )
    return worst


def scalar_priors(assembled: Assembled) -> dict[str, tuple[Prior, Ints]]:
    """Proper priors of the model's own scalars and where these are among its values, by name.

    Where a quantity's values have priors of their own, each is under its name and label, ``slope[altitude]``.
    """
    layout, names = assembled.layout, of_scalars(assembled.layout)
    found: dict[str, tuple[Prior, Ints]] = {}
    for name, parameter in layout.parameters.items():
        ids = parameter.ids.ravel()
        if not ids.size or ids.max() >= len(layout.scalars):
            continue
        own = {int(i): prior for i in ids if (prior := layout.scalars[i].prior) is not None and prior.family != "flat"}
        if len(own) == ids.size and len(set(own.values())) == 1:
            found[name] = own[int(ids[0])], ids
        else:
            found |= {names[i]: (prior, np.asarray([i], dtype=np.int64)) for i, prior in own.items()}
    return found
