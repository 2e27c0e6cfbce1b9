"""Every check of a fitted step of the ladder, run on its draws: quick ones always, refits on request."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array, Ints
from northroute.bayes.answers.labels import Labels, labels, scored
from northroute.bayes.answers.posterior import Drawn, replicates
from northroute.bayes.answers.refits import SETTINGS, Refits
from northroute.bayes.checks import (
    CheckResult,
    Groups,
    Loo,
    check_future,
    check_groups,
    check_influence,
    check_loo,
    check_moran,
    check_pit,
    check_predictive,
    check_rootogram,
    influence,
    leave_future_out,
    leave_group_out,
    loo,
    match_rows,
    moran,
    pit_bounds,
    predictive,
    rootogram,
    uniformity,
)
from northroute.bayes.checks.arrays import blocks
from northroute.bayes.checks.sensitivity import log_priors, sensitivity
from northroute.bayes.coordinates import centring
from northroute.bayes.fit import BayesFit
from northroute.bayes.gate.gate import labelled
from northroute.bayes.gate.prior_check import predict_prior, scalar_priors
from northroute.bayes.samplers.settings import Sampling
from northroute.conventions import DEFAULT_SEED
from northroute.errors import GateError, ModelError
from northroute.look import blank
from northroute.progress import Progress, quiet

MOST_MATCHED: Final = 30
"""Rows whose moments are matched, the worst first; each costs some ten evaluations of the posterior at every draw."""
MOST_SCALARS: Final = 8
"""Quantities with more elements are effects, and are left out of influence and sensitivity."""
CUTS: Final = 3
STEPS: Final = 3

Quantities = dict[str, Array]


def examine(
    own: Drawn,
    fit: BayesFit,
    *,
    edges: Sequence[tuple[str, str]] = (),
    deep: bool = False,
    draws: int = 1000,
    refits: Sampling = SETTINGS,
    seed: int = DEFAULT_SEED,
    progress: Progress = quiet,
) -> list[CheckResult]:
    """Check a fit.

    Features of replicates, frequencies of counts, leave-one-out PIT, rows, units and countries left out by importance
    sampling, influence of countries, power-scaling of the priors, the prior predictive gate, and Moran's I where there are
    neighbours. The cells of a composition are left out whole, and have no PIT and no frequencies of counts. A check that
    cannot be done is reported as ``look``, with the reason.

    Parameters
    ----------
    own : Drawn
        Draws of ``fit`` (:func:`northroute.bayes.answers.posterior.drawn`), looking at the rows to check.
    fit : BayesFit
        One that failed its gate is examined only after :meth:`BayesFit.allow_failed`.
    edges : sequence of (str, str)
        Neighbouring units.
    deep : bool
        Also fit again without each country and unit for which importance sampling fails, and without the months after
        some cuts: a fit each.
    draws : int
        Replicates.
    refits : Sampling
        Settings of those fits.
    seed : int
    progress : callable
        Called with a message and the share done.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    """
    fit.require()
    part = scored(own)
    here = labels(part)
    again = Refits(own.assembled, refits, progress) if deep and own.kept is None and part is own else None
    relative = part.relative_ess()
    simulated = fit.simulated
    made = replicates(own, draws, seed=seed)
    steps: dict[str, Callable[[], CheckResult]] = {"posterior predictive": lambda: _predictive(own, made, simulated)}
    if part is own:
        steps["rootogram"] = lambda: check_rootogram(rootogram(own.counts, made), simulated=simulated)
        steps["probability integral transform"] = lambda: _pit(own, made, relative, seed, simulated)
    steps["leave one row out"] = lambda: check_loo(leave_one_out(part, relative), simulated=simulated, labels=here.rows)
    for groups in (here.places, here.countries):
        steps[f"leave one {groups.kind} out"] = partial(_groups, part, groups, again, relative, simulated)
    if again is not None:
        steps["leave the future out"] = lambda: _future(again, here, relative, simulated)
    steps["influence of groups"] = lambda: check_influence(
        [influence(part.log_likelihood(), here.countries, quantities(own, fit), relative_ess=relative)],
        simulated=simulated,
    )
    steps["power-scaling of priors"] = lambda: _sensitivity(own, fit, simulated)
    steps["prior predictive"] = lambda: _prior(own, draws, seed, simulated)
    if edges:
        steps["Moran's I"] = lambda: check_moran(
            moran(own.counts, made, here.places, _edges(edges, here.places)), simulated=simulated
        )
    found = []
    for i, (name, step) in enumerate(steps.items()):
        progress(f"{fit.name}: {name}", i / len(steps))
        found.append(_tried(name, step, simulated))
    return found


def quantities(own: Drawn, fit: BayesFit) -> Quantities:
    """Draws, shape (draw,), of every reported quantity with few elements, by name such as ``slope_country[x, KAZ]``."""
    posterior = fit.tree["posterior"].to_dataset()
    few = [n for n, v in posterior.data_vars.items() if v.size <= MOST_SCALARS * len(own.theta)]
    names, draws = labelled(posterior[few])
    flat = draws.reshape(len(own.theta), -1).T
    return {name: values for name, values in zip(names, flat, strict=True) if values.std() > 0}


def check_replicates(own: Drawn, fit: BayesFit, *, draws: int = 1000, seed: int = DEFAULT_SEED) -> CheckResult:
    """Compare features of the counts with those of replicates: the first check of :func:`examine`, by itself."""
    return _predictive(own, replicates(own, draws, seed=seed), fit.simulated)


def leave_one_out(own: Drawn, relative_ess: float) -> Loo:
    """Leave each row that ``own`` looks at out, and match the moments of the :data:`MOST_MATCHED` worst."""
    found = loo(own.log_likelihood(), relative_ess=relative_ess)
    worst = found.failed[np.argsort(-found.k[found.failed], kind="stable")][:MOST_MATCHED]
    return match_rows(found, own, rows=worst, relative_ess=relative_ess) if worst.size else found


def _predictive(own: Drawn, made: Ints, simulated: bool) -> CheckResult:
    here = labels(own)
    found = predictive(own.counts, made, here.units, here.months, here.countries)
    return check_predictive(found, simulated=simulated)


def _pit(own: Drawn, made: Ints, relative: float, seed: int, simulated: bool) -> CheckResult:
    fewer = own.thinned(len(made))
    bounds = pit_bounds(own.counts, made, log_likelihood=fewer.log_likelihood(), relative_ess=relative)
    return check_pit(bounds, uniformity(bounds, seed=seed), simulated=simulated)


def _groups(own: Drawn, groups: Groups, again: Refits | None, relative: float, simulated: bool) -> CheckResult:
    refit = None if again is None else again.of_groups(groups)
    return check_groups(
        leave_group_out(own.log_likelihood(), groups, refit=refit, relative_ess=relative), simulated=simulated
    )


def _future(again: Refits, here: Labels, relative: float, simulated: bool) -> CheckResult:
    last = int(here.months.max())
    cuts = np.unique(np.linspace(max(last * 2 // 3, last - 12), last - 1, CUTS).astype(int))
    found = leave_future_out(
        here.months, cuts.tolist(), again.of_future(here.months), steps=STEPS, relative_ess=relative
    )
    return check_future(found, simulated=simulated, month_names=here.month_names)


def _sensitivity(own: Drawn, fit: BayesFit, simulated: bool) -> CheckResult:
    known = scalar_priors(own.assembled)
    priors, draws = {n: p for n, (p, _) in known.items()}, {n: own.values[:, ids] for n, (_, ids) in known.items()}
    total = np.zeros(len(own.theta))
    for _, part in blocks(replace(own, kept=None).log_likelihood()):
        total += part.sum(axis=1)
    wanted = quantities(own, fit)
    found = sensitivity(wanted, log_priors(priors, draws), total, simulated=simulated)
    table = found.table()
    most = table.sort_values("prior_sensitivity", ascending=False).iloc[0]
    return CheckResult(
        "power-scaling of priors",
        bool((table.loc[table["prior"] == "all", "diagnosis"] == "none").all()),
        table,
        found.sentence,
        partial(found.figure, str(most["quantity"]), str(most["prior"])),
    )


def _prior(own: Drawn, draws: int, seed: int, simulated: bool) -> CheckResult:
    plain = replace(own.assembled, program=centring.removed(own.assembled))
    found = predict_prior(plain, draws, rows=own.rows, simulated=simulated, seed=seed)
    failed = " ".join(found.gate.failures)
    sentence = f"Data sets drawn from the prior fit the scale of the data. {found.rule}" if found.passed else failed
    return CheckResult("prior predictive", found.passed, found.table(), sentence, found.figure)


def _tried(name: str, step: Callable[[], CheckResult], simulated: bool) -> CheckResult:
    try:
        return step()
    except (ModelError, GateError) as reason:
        table = pd.DataFrame({"source": ["SIMULATED" if simulated else "real"], "not_run": [str(reason)]})
        return CheckResult(name, None, table, f"Not done: {reason}", partial(blank, 6.4, 4.8, None))


def _edges(edges: Sequence[tuple[str, str]], places: Groups) -> Ints:
    at = {name: i for i, name in enumerate(places.names)}
    known = [(at[a], at[b]) for a, b in edges if a in at and b in at]
    return np.asarray(known, dtype=np.int64).reshape(-1, 2)
