"""Data sets drawn from a model's prior before anything is sampled, and what the gate holds of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from northroute import seeds
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.gate.gate import Check, not_computed
from northroute.bayes.gate.prior_predictive import PriorPredictive, examine_prior
from northroute.bayes.program import predict
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.conventions import DEFAULT_SEED

NAME: Final = "prior predictive"
DRAWS: Final = 500
"""Data sets: a share of 6 % has a standard error of 1 %."""

Ints = NDArray[np.int64]


def predict_prior(
    assembled: Assembled,
    draws: int = DRAWS,
    *,
    rows: Ints | None = None,
    simulated: bool,
    seed: int = DEFAULT_SEED,
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

    Raises
    ------
    ModelError
        If a prior is flat, no scalar has a prior, or there are fewer than 200 draws.
    """
    values = prior_values(assembled, draws, seeds.generator(f"prior predictive {assembled.model.name}", seed))
    made = predict.simulate(assembled.unswept(), values, seeds.generator(f"prior data {assembled.model.name}", seed))
    drivers = {
        f"{name}[{j}]" if ids.size > 1 else name: values[:, i]
        for name, (_, ids) in scalar_priors(assembled).items()
        for j, i in enumerate(ids)
    }
    counts = assembled.frame[assembled.model.outcome].to_numpy(float)
    looked_at = np.arange(counts.size) if rows is None else rows
    return examine_prior(made[:, looked_at], counts[looked_at], drivers, simulated=simulated)


def check_prior(assembled: Assembled, *, simulated: bool, seed: int = DEFAULT_SEED) -> tuple[Check, ...]:
    """Return the gate's checks of the prior: shares of data sets that are implausible.

    Not computed of outcomes that are not counts, of compositions, whose totals are given, and under improper priors.
    """
    if not all(isinstance(s.distribution, dist.Counts) for s in assembled.segments):
        return (not_computed(NAME, "the rule is about counts of events, and outcomes here are of other kinds."),)
    if any(s.prior is not None and s.prior.family == "flat" for s in assembled.layout.scalars):
        return (not_computed(NAME, "some prior is flat, and no data can be drawn from it. Give it a proper one."),)
    return predict_prior(assembled, simulated=simulated, seed=seed).plausible


def scalar_priors(assembled: Assembled) -> dict[str, tuple[Prior, Ints]]:
    """Proper priors of the model's own scalars and where these are among its values, by name."""
    layout = assembled.layout
    found = {}
    for name, parameter in layout.parameters.items():
        ids = parameter.ids.ravel()
        if not ids.size or ids.max() >= len(layout.scalars):
            continue
        prior = layout.scalars[int(ids[0])].prior
        if prior is not None and prior.family != "flat":
            found[name] = prior, ids
    return found
