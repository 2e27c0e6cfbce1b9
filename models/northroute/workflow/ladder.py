"""Every step of the ladder on every data set: fitted through the gate, checked, compared, for the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes import QUICK, BayesFit, CountSpec, Sampling
from northroute.bayes.checks import compare
from northroute.bayes.ladder.composition import CompositionSpec
from northroute.bayes.ladder.corruption_spec import CorruptionSpec
from northroute.claims import Register
from northroute.conventions import INTERVAL_PROB
from northroute.report.ladder import LadderRow, Number, Score
from northroute.sources import governance
from northroute.sources.simulated import simulate_regions
from northroute.workflow import rungs, simulated
from northroute.workflow.line import Run
from northroute.workflow.rungs import SIMULATED, Absent, Rung, Rungs
from northroute.workflow.scores import Scores, score

LONG: Final = ("joint", "reporting", "latent_corruption")
"""Steps that take half a minute to several minutes each; a run fits them if it is asked to."""
QUICK_STEPS: Final = ("pooled", "country", "slopes", "dynamic", "spatial")
TAILS: Final = ((1 - INTERVAL_PROB) / 2, (1 + INTERVAL_PROB) / 2)


@dataclass(frozen=True)
class Climbed:
    """A fitted rung, and what it predicts where it passed the gate."""

    rung: Rung
    fit: BayesFit
    scores: Scores | None = None

    @property
    def rows_shared(self) -> bool:
        """True if other steps predict the same rows: those of one outcome in a panel of counts."""
        return isinstance(self.rung.spec, CountSpec) and not self.rung.spec.outcomes and self.scores is not None


@dataclass(frozen=True)
class LadderLine:
    """What the ladder brings to the page.

    Attributes
    ----------
    rows : tuple of LadderRow
    inputs : mapping of str to str
        SHA-256 of the files that were read beyond those of the claims.
    note : str
        What a quick run left out; empty otherwise.
    """

    rows: tuple[LadderRow, ...]
    inputs: Mapping[str, str]
    note: str

    @property
    def fits(self) -> tuple[BayesFit, ...]:
        """Every fit, failed ones too."""
        return tuple(r.fit for r in self.rows if r.fit)


def run(data: Path | None, register: Register, run: Run) -> LadderLine:
    """Climb the ladder on article counts, on reported seizures, and on SIMULATED regions."""
    months = simulated.QUICK_MONTHS if run.quick else simulated.MONTHS
    simulation = simulate_regions(run.seed, months=months)
    regions = rungs.on_regions(simulation, months=min(months, rungs.WINDOW))
    real, note = rungs.on_articles(data, register), ""
    if not (run.quick or run.whole_ladder):
        real = {step: own for step, own in real.items() if step not in LONG}
        regions = {step: own for step, own in regions.items() if step not in (*LONG, "composition")}
        left = ", ".join(LONG)
        note = f"Left out for their time: {left}, and composition of simulated regions; --whole-ladder fits all."
    if run.quick:
        regions, real = ({step: own[step] for step in QUICK_STEPS} for own in (regions, real))
        note = f"A quick look: {months} simulated months and the steps {', '.join(QUICK_STEPS)}; without --quick, all."
    settings = replace(QUICK if run.quick else Sampling(), seed=run.seed)
    tables = [governance.load(name) for name in ("cpi", "seizures", "vdem", "wgi")]
    inputs = {f: sha for table in tables for f, sha in table.files.items()}
    return LadderLine(climb([real, regions], settings, run, simulation.truth), inputs, note)


def climb(
    sets: Sequence[Rungs], settings: Sampling, run: Run, truth: xr.Dataset | None = None
) -> tuple[LadderRow, ...]:
    """Fit and check every rung.

    Parameters
    ----------
    sets : sequence of mapping of str to Rung or Absent
        One a data set.
    settings : Sampling
    run : Run
        Where fits are kept; a fit that is there and unchanged is read back.
    truth : xarray.Dataset, optional
        Of the simulated regions.

    Returns
    -------
    tuple of LadderRow
        In the order given; a step that failed its gate has a row and no numbers.
    """
    wanted = [rung for steps in sets for rung in steps.values()]
    found: list[Climbed | Absent] = []
    for i, rung in enumerate(wanted):
        run.progress(f"ladder: {rung.step} on {rung.data}", i / len(wanted))
        found.append(rung if isinstance(rung, Absent) else _climbed(rung, settings, run))
    differences = _differences([c for c in found if isinstance(c, Climbed)])
    return tuple(
        LadderRow(c.step, c.data, "", c.data == SIMULATED, reason=c.reason)
        if isinstance(c, Absent)
        else _row(c, differences.get(c.fit.name), truth)
        for c in found
    )


def _climbed(rung: Rung, settings: Sampling, run: Run) -> Climbed:
    fit = run.released(rung.fit(settings, folder=run.folder, command=run.command, progress=run.progress))
    if not (fit.gate.passed or fit.allowed):
        return Climbed(rung, fit)
    run.progress(f"{fit.name}: checks", 0.99)
    return Climbed(rung, fit, score(fit, lambda: rung.drawn(fit), run.seed, run.folder))


def _differences(climbed: Sequence[Climbed]) -> dict[str, tuple[float, float]]:
    """Difference in elpd to the best step on the same rows, and its standard error over sums of a cluster, by fit."""
    found: dict[str, tuple[float, float]] = {}
    for data in dict.fromkeys(c.rung.data for c in climbed):
        own = {c.fit.name: c.scores for c in climbed if c.rung.data == data and c.rows_shared and c.scores}
        if len(own) > 1:
            result = compare({name: s.loo.elpd for name, s in own.items()}, clusters=next(iter(own.values())).clusters)
            pairs = zip(result.difference.tolist(), result.difference_se.tolist(), strict=True)
            found |= dict(zip(result.names, pairs, strict=True))
    return found


def _row(climbed: Climbed, difference: tuple[float, float] | None, truth: xr.Dataset | None) -> LadderRow:
    rung, fit, spec = climbed.rung, climbed.fit, climbed.rung.spec
    outcome = spec.focus or "" if isinstance(spec, CompositionSpec) else spec.outcome
    row = LadderRow(rung.step, rung.data, outcome, rung.simulated, fit, note=rung.note)
    if climbed.scores is None:
        return row
    found, gap = climbed.scores, difference or (None, None)
    shown = Score(found.loo.total, found.loo.se, int(found.loo.failed.size), found.verdict, found.sentence, *gap)
    return _with_numbers(replace(row, score=shown), rung, fit, truth if rung.simulated else None)


def _with_numbers(row: LadderRow, rung: Rung, fit: BayesFit, truth: xr.Dataset | None) -> LadderRow:
    """Add level and slopes."""
    own = None if truth is None else truth.sel(outcome=row.outcome)
    slope = None if own is None else float(own["slope"])
    match rung.spec:
        case CountSpec() as spec:
            column = (*spec.varying, *spec.covariates)[0]
            more = {"outcome": spec.outcome} if spec.outcomes else {}
            known = (
                None if own is None or spec.detection else float(own["intercept"]) + _walked(own, fit)
            )  # of events, not of reports: of which share, the prior says
            return replace(
                row,
                level=_number(fit, "intercept", spec.outcome, known, **more),
                slope=_number(fit, "slope", "interdiction", slope, varying=column, **more),
            )
        case CorruptionSpec() as spec:
            none = None if own is None else 0.0
            slopes = tuple(_number(fit, "slope", f"{k} corruption", none, latent=k) for k in spec.latents)
            return replace(row, others=slopes)  # its level is at average corruption: another quantity
        case CompositionSpec() as spec:
            (covariate,) = spec.covariates
            mean = None if truth is None or slope is None else slope - float(truth["slope"].mean())
            name = f"log odds of {spec.focus} by {covariate}"
            where = {"category": str(spec.focus), "covariate": covariate}
            return replace(row, others=(_number(fit, "slope_contrast", name, mean, **where),))


def _walked(truth: xr.Dataset, fit: BayesFit) -> float:
    """Mean of the true walk over the months that were fitted, around which the fitted one is centred."""
    counted = pd.DatetimeIndex(pd.unique(fit.tree["constant_data"]["month"].to_numpy()))
    return float(truth["month_effect"].sel(month=counted).mean())


def _number(fit: BayesFit, name: str, label: str, truth: float | None, **where: str) -> Number:
    array = fit.parameter(name)
    draws = array.sel({k: v for k, v in where.items() if k in array.dims}).to_numpy()
    low, high = np.quantile(draws, TAILS)
    return Number(label, float(np.median(draws)), float(low), float(high), truth)
