"""Every check of a fitted step of the ladder, run on its panel: quick ones always, refits on request."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from northroute.bayes.checks import (
    CheckResult,
    Groups,
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
from northroute.bayes.fit import BayesFit
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.ladder.rows import OUTCOME
from northroute.bayes.model import Assembled, assemble
from northroute.bayes.posterior import Drawn, drawn, replicates
from northroute.bayes.prior_check import predict_prior, scalar_priors
from northroute.bayes.refits import SETTINGS, Refits
from northroute.bayes.sensitivity import log_priors, sensitivity
from northroute.bayes.spec import CountSpec, Sampling
from northroute.conventions import DEFAULT_SEED
from northroute.errors import GateError, ModelError
from northroute.panel import Panel
from northroute.progress import Progress, quiet

MOST_MATCHED: Final = 30
"""Rows whose moments are matched, the worst first; each costs some ten evaluations of the posterior at every draw."""
MOST_SCALARS: Final = 8
"""Quantities with more elements are effects, and are left out of influence and sensitivity."""
CUTS: Final = 3
STEPS: Final = 3

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Quantities = dict[str, Array]


@dataclass(frozen=True)
class Labels:
    """Which unit, country and month each row is of; of several outcomes fitted together, units are told apart by outcome."""

    units: Groups
    places: Groups
    countries: Groups
    months: Ints
    month_names: tuple[str, ...]
    rows: tuple[str, ...]


def examine(
    panel: Panel,
    spec: CountSpec,
    fit: BayesFit,
    *,
    deep: bool = False,
    draws: int = 1000,
    refits: Sampling = SETTINGS,
    seed: int = DEFAULT_SEED,
    progress: Progress = quiet,
) -> list[CheckResult]:
    """Check a fit.

    Features of replicates, frequencies of counts, leave-one-out PIT, rows, units and countries left out by importance
    sampling, influence of countries, power-scaling of the priors, the prior predictive gate, and Moran's I where the
    specification has neighbours. A check that cannot be done is reported as ``look``, with the reason.

    Parameters
    ----------
    panel : Panel
    spec : CountSpec
    fit : BayesFit
        Of ``spec`` on ``panel``; one that failed its gate is examined only after :meth:`BayesFit.allow_failed`.
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
    ModelError
        If the fit is not of this panel and specification.
    """
    fit.require()
    stated = formulate(panel, spec)
    plain = assemble(stated.model, stated.frame)
    own = drawn(fit, plain)
    labels = _labels(own)
    again = Refits(own.assembled, refits, progress) if deep else None
    relative = own.relative_ess()
    simulated = fit.simulated
    counts = own.assembled.frame[own.assembled.model.outcome].to_numpy(np.int64)
    made = replicates(own, draws, seed=seed)
    steps: dict[str, Callable[[], CheckResult]] = {
        "posterior predictive": lambda: check_predictive(
            predictive(counts, made, labels.units, labels.months, labels.countries), simulated=simulated
        ),
        "rootogram": lambda: check_rootogram(rootogram(counts, made), simulated=simulated),
        "probability integral transform": lambda: _pit(own, counts, made, relative, seed, simulated),
        "leave one row out": lambda: _loo(own, relative, labels, simulated),
    }
    for groups in (labels.places, labels.countries):
        steps[f"leave one {groups.kind} out"] = partial(_groups, own, groups, again, relative, simulated)
    if again is not None:
        steps["leave the future out"] = lambda: _future(again, labels, relative, simulated)
    steps["influence of groups"] = lambda: check_influence(
        [influence(own.log_likelihood(), labels.countries, quantities(own, fit), relative_ess=relative)],
        simulated=simulated,
    )
    steps["power-scaling of priors"] = lambda: _sensitivity(own, fit, simulated)
    steps["prior predictive"] = lambda: _prior(plain, draws, seed, simulated)
    if spec.edges:
        steps["Moran's I"] = lambda: check_moran(
            moran(counts, made, labels.places, _edges(spec, labels.places)), simulated=simulated
        )
    found = []
    for i, (name, step) in enumerate(steps.items()):
        progress(f"{fit.name}: {name}", i / len(steps))
        found.append(_tried(name, step, simulated))
    return found


def quantities(own: Drawn, fit: BayesFit) -> Quantities:
    """Draws, shape (draw,), of every reported quantity with few elements, by name such as ``slope_country[x, KAZ]``."""
    found: Quantities = {}
    for name, array in fit.tree["posterior"].to_dataset().data_vars.items():
        cells = array.stack(draw_=("chain", "draw")).transpose(..., "draw_").to_numpy().reshape(-1, len(own.theta))
        if len(cells) > MOST_SCALARS:
            continue
        dims = [d for d in array.dims if d not in ("chain", "draw")]
        labels = pd.MultiIndex.from_product([array[d].to_numpy() for d in dims]) if dims else [()]
        for label, draws in zip(labels, cells, strict=True):
            if draws.std() > 0:
                found[f"{name}[{', '.join(map(str, label))}]" if dims else str(name)] = draws
    return found


def _pit(own: Drawn, counts: Ints, made: Ints, relative: float, seed: int, simulated: bool) -> CheckResult:
    fewer = own.thinned(len(made))
    bounds = pit_bounds(counts, made, log_likelihood=fewer.log_likelihood(), relative_ess=relative)
    return check_pit(bounds, uniformity(bounds, seed=seed), simulated=simulated)


def _loo(own: Drawn, relative: float, labels: Labels, simulated: bool) -> CheckResult:
    found = loo(own.log_likelihood(), relative_ess=relative)
    worst = found.failed[np.argsort(-found.k[found.failed], kind="stable")][:MOST_MATCHED]
    if worst.size:
        found = match_rows(found, own, rows=worst, relative_ess=relative)
    return check_loo(found, simulated=simulated, labels=labels.rows)


def _groups(own: Drawn, groups: Groups, again: Refits | None, relative: float, simulated: bool) -> CheckResult:
    refit = None if again is None else again.of_groups(groups)
    return check_groups(
        leave_group_out(own.log_likelihood(), groups, refit=refit, relative_ess=relative), simulated=simulated
    )


def _future(again: Refits, labels: Labels, relative: float, simulated: bool) -> CheckResult:
    last = int(labels.months.max())
    cuts = np.unique(np.linspace(max(last * 2 // 3, last - 12), last - 1, CUTS).astype(int))
    found = leave_future_out(
        labels.months, cuts.tolist(), again.of_future(labels.months), steps=STEPS, relative_ess=relative
    )
    return check_future(found, simulated=simulated, month_names=labels.month_names)


def _sensitivity(own: Drawn, fit: BayesFit, simulated: bool) -> CheckResult:
    known = scalar_priors(own.assembled)
    priors, draws = {n: p for n, (p, _) in known.items()}, {n: own.values[:, ids] for n, (_, ids) in known.items()}
    total = np.zeros(len(own.theta))
    whole = own.log_likelihood()
    if isinstance(whole, np.ndarray):
        total = whole.sum(axis=1)
    else:
        for _, part in whole:
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


def _prior(plain: Assembled, draws: int, seed: int, simulated: bool) -> CheckResult:
    found = predict_prior(plain, draws, simulated=simulated, seed=seed)
    failed = " ".join(found.gate.failures)
    sentence = f"Data sets drawn from the prior fit the scale of the data. {found.rule}" if found.passed else failed
    return CheckResult("prior predictive", found.passed, found.table(), sentence, found.figure)


def _tried(name: str, step: Callable[[], CheckResult], simulated: bool) -> CheckResult:
    try:
        return step()
    except (ModelError, GateError) as reason:
        table = pd.DataFrame({"source": ["SIMULATED" if simulated else "real"], "not_run": [str(reason)]})
        return CheckResult(name, None, table, f"Not done: {reason}", Figure)


def _labels(own: Drawn) -> Labels:
    frame = own.assembled.frame
    several = own.assembled.model.response is not None
    units = frame["unit"].astype(str)
    months = pd.DatetimeIndex(frame["month"])
    codes = np.asarray(12 * (months.year - months.year.min()) + months.month, dtype=np.int64)
    codes -= codes.min()
    names = pd.date_range(months.min(), months.max(), freq="MS").strftime("%Y-%m")
    what = frame[OUTCOME].astype(str) + " " if several else pd.Series("", index=frame.index)
    return Labels(
        units=_coded("unit", what + units),
        places=_coded("unit", units),
        countries=_coded("country", frame["country"].astype(str)),
        months=codes,
        month_names=tuple(names),
        rows=tuple(what + units + " " + months.strftime("%Y-%m")),
    )


def _coded(kind: str, values: "pd.Series[str]") -> Groups:
    codes, names = pd.factorize(values)
    return Groups(kind, np.asarray(codes, dtype=np.int64), tuple(map(str, names)))


def _edges(spec: CountSpec, places: Groups) -> Ints:
    at = {name: i for i, name in enumerate(places.names)}
    known = [(at[a], at[b]) for a, b in spec.edges if a in at and b in at]
    return np.asarray(known, dtype=np.int64).reshape(-1, 2)
