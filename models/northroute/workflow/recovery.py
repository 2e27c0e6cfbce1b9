"""Recovery: many simulated panels, one fit each, and how often the intervals cover the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from northroute.bayes import BayesFit, Sampling, fit_counts
from northroute.claims import region_events
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.progress import Progress, quiet
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, simulate_regions
from northroute.workflow import simulated
from northroute.workflow.line import EXPOSURE

PROB = 0.90
PARAMETERS = (
    *("intercept", "country_effect", "unit_level", "unit_slope", "slope", "slope_country"),
    *("month_effect", "season_effect", "dispersion", "sd_unit", "sd_month"),
)
"""Parameters with a truth fixed by the simulated world or realised in the panel. The scales of five countries' effects and
of twelve season effects are left out: their truth is a constant of the world of which one panel holds few draws."""


@dataclass(frozen=True)
class Recovery:
    """Coverage by parameter.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a scalar parameter: times covered, panels, and whether that lies inside the binomial bounds.
    summary : pandas.DataFrame
        One row a parameter name: scalars, mean coverage, the worst count, whether all lie inside the bounds.
    bounds : (int, int)
        Central bounds on the number of panels covered, for all scalars jointly (see :func:`bounds`).
    failed : tuple of str
        Fits that failed their diagnostics; they are not counted.
    """

    table: pd.DataFrame
    summary: pd.DataFrame
    bounds: tuple[int, int]
    failed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True if every parameter's count lies inside the bounds."""
        return bool(self.table["inside"].all())


def recover(
    panels: int = 20,
    *,
    months: int = 48,
    outcome: str | None = None,
    settings: Sampling | None = None,
    seed: int = DEFAULT_SEED,
    progress: Progress = quiet,
) -> Recovery:
    """Simulate, fit and compare.

    Parameters
    ----------
    panels : int
    months : int
    outcome : str, optional
        One outcome for all panels; by default the four take turns.
    settings : Sampling, optional
    seed : int
        Panel i is simulated with ``seed + i``.
    """
    settings = settings or Sampling(retries=2)
    covered: list[pd.Series] = []
    failed: list[str] = []
    for i in range(panels):
        name = outcome or OUTCOMES[i % len(OUTCOMES)]
        simulation = simulate_regions(seed + i, months=months)
        panel = simulated.panel(simulation)
        together = region_events.specification(panel, EXPOSURE, EXPOSURE_UNIT, f"recovery_{i}_{name}")
        spec = replace(together, step="dynamic", outcome=name, outcomes=())
        fit = fit_counts(panel, spec, replace(settings, seed=seed + i), progress=progress)
        if not fit.gate.passed:
            failed.append(f"panel {i}, {name}: {' '.join(fit.gate.failures)}")
            continue
        covered.append(pd.Series(coverage(fit, simulation.truth.sel(outcome=name))))
        progress(f"panel {i + 1} of {panels} done", (i + 1) / panels)
    counts = pd.concat(covered, axis=1).sum(axis=1).astype(int)
    low, high = bounds(len(covered), len(counts))
    table = pd.DataFrame({"source": SIMULATED_MARK, "parameter": counts.index, "covered": counts.to_numpy()})
    table = table.assign(panels=len(covered), inside=table["covered"].between(low, high))
    names = table["parameter"].str.partition("[")[0]
    by_name = table.assign(name=names).groupby("name", sort=False)
    summary = by_name.agg(
        scalars=("covered", "size"), covered=("covered", "sum"), worst=("covered", "min"), inside=("inside", "all")
    )
    summary = summary.assign(coverage=summary["covered"] / (summary["scalars"] * len(covered))).reset_index()
    return Recovery(table, summary.assign(source=SIMULATED_MARK), (low, high), tuple(failed))


def bounds(panels: int, scalars: int, error: float = 0.01) -> tuple[int, int]:
    """Central binomial bounds on times covered out of ``panels``, with family-wise error ``error`` (Bonferroni)."""
    tail = error / scalars / 2
    law = stats.binom(panels, PROB)
    return int(law.ppf(tail)), int(law.isf(tail))


def coverage(fit: BayesFit, truth: xr.Dataset) -> Mapping[str, bool]:
    """Whether each scalar parameter's central interval holds its true value."""
    found: dict[str, bool] = {}
    for name in PARAMETERS:
        draws = fit.parameter(name).stack(draws=("chain", "draw")).transpose(..., "draws")
        low, high = np.quantile(draws.to_numpy(), [(1 - PROB) / 2, (1 + PROB) / 2], axis=-1)
        true = np.broadcast_to(_aligned(truth[name], draws).reshape(low.shape), low.shape)
        inside = (low <= true) & (true <= high)
        labels = [
            ",".join(str(draws[d].to_numpy()[i]) for d, i in zip(draws.dims[:-1], at, strict=True))
            for at in np.ndindex(low.shape)
        ]
        found |= {
            f"{name}[{label}]" if label else name: bool(v) for label, v in zip(labels, inside.ravel(), strict=True)
        }
    return found


def _aligned(truth: xr.DataArray, draws: xr.DataArray) -> np.ndarray:
    for dim in ("country", "unit", "unit_covariate"):
        if dim in truth.dims and dim in draws.dims:
            truth = truth.sel({dim: draws[dim].to_numpy()})
    return truth.to_numpy()
