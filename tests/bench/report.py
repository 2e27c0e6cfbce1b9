"""What the benchmark found, as Markdown and a figure."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import arviz_stats as azs
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from northroute import look, provenance
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK

AGREE = 4.0
"""Standard errors of the difference up to which two posterior means agree."""
MIN_ESS = 400.0
MAX_RHAT = 1.01
"""What both sides' draws need for their standard errors to be trusted; the gate's own limits."""
VERSIONS = ("northroute", "pymc", "pytensor", "nutpie", "numba", "numpy", "bambi")


@dataclass
class Measured:
    """Results, filled part by part; a part that was left out is empty."""

    machine: str
    command: str
    quick: bool
    months: int
    data_hash: str = ""
    ways: pd.DataFrame = field(default_factory=pd.DataFrame)
    joint: dict[str, Any] = field(default_factory=dict)
    growth: pd.DataFrame = field(default_factory=pd.DataFrame)
    memory: pd.DataFrame = field(default_factory=pd.DataFrame)
    sbc: dict[str, Any] = field(default_factory=dict)


def machine() -> str:
    """Processor, cores and load at this moment."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    load = os.getloadavg()[0]
    return f"{name or platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start"


def plain(posterior: xr.Dataset) -> xr.Dataset:
    """The posterior without dimensions of one label, which the two statements name differently."""
    sizes = posterior.sizes
    single = [d for d in sizes if d not in ("chain", "draw") and sizes[d] == 1]
    return posterior.squeeze(single, drop=True)


def pooled(rows: Sequence[Mapping[str, Any]], posteriors: Sequence[xr.Dataset], way: str) -> xr.Dataset:
    """The draws of every seed of a way as chains of one posterior; a seed run twice draws the same, and counts once."""
    kept = {r["seed"]: p for r, p in zip(rows, posteriors, strict=True) if r["way"] == way}
    chains = 0
    for seed, posterior in kept.items():
        kept[seed] = posterior.assign_coords(chain=chains + np.arange(posterior.sizes["chain"]))
        chains += posterior.sizes["chain"]
    return xr.concat(list(kept.values()), "chain", join="exact")


def gap(ours: xr.Dataset, theirs: xr.Dataset) -> dict[str, Any]:
    """Largest difference of posterior means in Monte Carlo standard errors of the difference, and whether to trust these.

    Labels are matched by name, not by place. A standard error is trusted where either side's effective size of the mean is
    at least :data:`MIN_ESS` and its chains agree (R-hat at most :data:`MAX_RHAT`), of every element.

    Returns
    -------
    dict
        ``gap``, ``gap_where``, and of both sides the smallest effective size ``gap_ess`` and the largest R-hat ``gap_rhat``.
    """
    gaps: dict[str, float] = {}
    ess, rhat = np.inf, 0.0
    for name in map(str, ours.data_vars):
        a = ours[name]
        b = theirs[name].sel({d: a[d] for d in a.dims if d not in ("chain", "draw")})
        error = np.hypot(azs.mcse(a, method="mean"), azs.mcse(b, method="mean"))
        gaps[name] = float((abs(a.mean(["chain", "draw"]) - b.mean(["chain", "draw"])) / error).max())
        for side in (a, b):
            ess = min(ess, float(azs.ess(side, method="mean").min()))
            rhat = max(rhat, float(azs.rhat(side).max()))
    worst = max(gaps, key=lambda n: gaps[n])
    return {"gap": gaps[worst], "gap_where": worst, "gap_ess": ess, "gap_rhat": rhat}


def agreement(found: Mapping[str, Any]) -> str:
    """Say whether posterior means agree, or that their errors are not known well enough to say."""
    if not (found["gap_ess"] >= MIN_ESS and found["gap_rhat"] <= MAX_RHAT):
        return f"cannot be told (effective size {found['gap_ess']:.0f}, R-hat {found['gap_rhat']:.3f})"
    return "agrees" if found["gap"] <= AGREE else "DISAGREES"


def slope(growth: pd.DataFrame, column: str) -> float:
    """Exponent of ``column`` in the number of rows, by least squares on logs."""
    return float(np.polyfit(np.log(growth["rows"]), np.log(growth[column]), 1)[0])


def figure(growth: pd.DataFrame, months: int) -> Figure:
    """Gradient and fit against rows, both axes in logs."""
    with look.look():
        drawn = Figure(figsize=(7.0, 3.2), layout="constrained")
        panels = (("gradient_ms", "one gradient, milliseconds"), ("fit_s", "whole fit, seconds"))
        for axes, (column, label) in zip(drawn.subplots(1, 2), panels, strict=True):
            axes.loglog(growth["rows"], growth[column], "o-", color=look.MAIN)
            first = growth.iloc[0]
            line = first[column] * growth["rows"] / first["rows"]
            axes.loglog(growth["rows"], line, "--", color=look.QUIET, label="proportional to rows")
            axes.set(xlabel=f"rows (units x {months} months)", ylabel=label)
            axes.set_title(f"grows as rows to the power {slope(growth, column):.2f}", loc="left", fontsize=9)
            axes.legend(frameon=False)
    return look.mark(drawn, simulated=True)


def table(rows: pd.DataFrame) -> str:
    """A Markdown table; numbers to three significant digits."""
    lines = [f"| {' | '.join(map(str, rows.columns))} |", f"|{'---|' * len(rows.columns)}"]
    lines += [f"| {' | '.join(_cell(v) for v in row)} |" for row in rows.itertuples(index=False)]
    return "\n".join(lines)


def write(found: Measured, folder: Path) -> str:
    """Write ``speed.md`` and ``growth.svg``, and return the text."""
    versions = ", ".join(f"{k} {v}" for k, v in provenance.versions(VERSIONS).items() if v != "not installed")
    head = [
        "# Speed",
        f"{SIMULATED_MARK} data throughout. Made by `{found.command}`; do not edit.",
        *(["**A trial with tiny sizes: these numbers mean nothing.**"] if found.quick else []),
        f"Machine: {found.machine}. Versions: {versions}. Seed {DEFAULT_SEED}."
        + (f" Data of the reference model: SHA-256 {found.data_hash[:16]}." if found.data_hash else ""),
    ]
    parts = [_ways(found), _joint(found), _growth(found), _memory(found), _sbc(found)]
    text = "\n\n".join([*head, *filter(None, parts)]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    if not found.growth.empty:
        look.save(figure(found.growth, found.months), folder / "growth.svg")
    (folder / "speed.md").write_text(text, encoding="utf-8")
    return text


def _ways(found: Measured) -> str:
    if found.ways.empty:
        return ""
    columns = {
        "way": "way",
        "cache": "cache",
        "seed": "seed",
        "draws": "chains x (warm-up + draws)",
        "total_s": "total, s",
        "sampling_s": "sampling, s",
        "min_ess": "smallest ESS",
        "where": "of",
        "divergences": "divergences",
        "rate_total": "ESS/s, total",
        "rate_sampling": "ESS/s, sampling",
        "over_total": "northroute over it, total",
        "over_sampling": "northroute over it, sampling",
    }
    rows = found.ways[found.ways["gap"].notna()].drop_duplicates("way").to_dict("records")
    gaps: list[Mapping[str, Any]] = [{str(k): v for k, v in row.items()} for row in rows]
    agree = "; ".join(
        f"{g['way']}, {g['gap_draws']}: {g['gap']:.1f} (`{g['gap_where']}`), {agreement(g)}" for g in gaps
    )
    ours = found.ways[found.ways["passed"].notna()]
    bambi = found.ways["way"].str.startswith("Bambi").any()
    other = ["Bambi has no random walk: its months are independent, and its prior is on the size."] if bambi else []
    return "\n\n".join(
        [
            f"## The reference model, 51 regions x {found.months} months",
            "Negative binomial; plain effects of countries and regions, region covariates, slopes by country, a random walk "
            "over months and a season; the textbook and northroute state the same "
            "terms and priors. Effective sample sizes (bulk) are the smallest "
            "over every reported quantity. Total: from the start of the process to draws in hand, imports and compilation "
            "included; northroute's includes its pilot, its gate, prior draws and log likelihood. Sampling includes "
            "warm-up; northroute's is that of its last attempt, without the pilot. Ratios of effective draws a second are "
            "taken to the mean of northroute's with the same state of the compile cache. Every way is run with two seeds.",
            *other,
            table(found.ways[list(columns)].rename(columns=columns)),
            "Largest difference of posterior means from northroute's (over all seeds, or a longer run not timed), in "
            f"Monte Carlo standard errors of the difference (at most {AGREE:g} agrees; told where every mean has an "
            f"effective size of {MIN_ESS:g} and R-hat up to {MAX_RHAT:g} on both sides): {agree or 'not compared'}.",
            f"northroute's gate {_passed(bool(ours['passed'].all()))}, in at most {int(ours['attempts'].max())} attempt(s).",
        ]
    )


def _joint(found: Measured) -> str:
    if not found.joint:
        return ""
    j = found.joint
    return (
        f"## Four outcomes together (`joint`), 51 x {found.months} months\n\n{j['rows']} rows, {j['draws']}: fit "
        f"{j['fit_s']:.1f} s, of which sampling {j['sampling_s']:.1f} s, in {j['attempts']} attempt(s); smallest bulk ESS "
        f"{j['min_ess']:.0f} (`{j['where']}`), {j['divergences']} divergences; the gate {_passed(j['passed'])}."
    )


def _growth(found: Measured) -> str:
    if found.growth.empty:
        return ""
    names = ["units", "rows", "coordinates", "gradient_ms", "adapt_s", "sampling_s", "fit_s", "min_ess", "attempts"]
    return (
        f"## Growth with rows, units x {found.months} months\n\n{table(found.growth[[*names, 'passed', 'peak_mb']])}\n\n"
        f"A gradient grows as rows to the power {slope(found.growth, 'gradient_ms'):.2f}, a fit to the power "
        f"{slope(found.growth, 'fit_s'):.2f}.\n\n![Gradient and fit against rows](growth.svg)"
    )


def _memory(found: Measured) -> str:
    if found.memory.empty:
        return ""
    return (
        "## Memory of leave-one-out, log likelihood by blocks of rows\n\nPeak memory of the process, what the computation "
        f"added to it, and what the whole array (draw, row) would take.\n\n{table(found.memory)}"
    )


def _sbc(found: Measured) -> str:
    if not found.sbc:
        return ""
    s = found.sbc
    return (
        f"## Calibration of `slopes`\n\n{s['seconds']:.1f} s a replication, over {s['replications']} ({s['settings']})."
    )


def _passed(passed: bool) -> str:
    return "passed" if passed else "FAILED"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value).replace("|", "\\|")
