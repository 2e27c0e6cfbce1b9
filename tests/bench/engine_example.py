"""The worked example of ``analysis/docs/engine.md``: one posterior in five coordinate systems, each with one piece more.

``python -m tests.bench.engine_example`` samples it in each, draws ``engine.png`` and writes the page's table of numbers.
All data are SIMULATED.
"""

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from northroute import look, seeds
from northroute.bayes import Model, Sampling
from northroute.bayes.coordinates import adaptation
from northroute.bayes.gate import gate
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program import assemble
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.names import of_scalars
from northroute.bayes.program.quantities import named
from northroute.bayes.samplers import sampling
from northroute.bayes.statement.codes import Transform
from northroute.bayes.statement.distributions import Poisson
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept
from northroute.bayes.statement.terms.time import AR1
from northroute.conventions import SIMULATED_MARK
from tests.bench.ablation import VARIANTS
from tests.bench.ablation_table import PAGE, between

BEGIN, END = "<!-- example: begin -->", "<!-- example: end -->"
FIGURE = PAGE.with_name("engine.png")
REGIONS, COUNTRIES, MONTHS = 12, 3, 60
PIECES = ("centring", "sweeping", "absorption", "straightening")
WRITTEN = {Transform.IDENTITY: "", Transform.EXP: "log ", Transform.INTERVAL: "logit ", Transform.TANH: "atanh "}
TYPICAL = 0.3
SHOWN = 400
"""Points of a panel."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stage:
    """Draws of the sampler's coordinates, shape (draw, dim), what they cost, and the smallest effective size."""

    program: Program
    z: Array
    gradients: float
    ess: float
    names: dict[int, str]

    @property
    def correlations(self) -> Array:
        """Size of every correlation of two coordinates, zero on the diagonal."""
        found = np.abs(np.corrcoef(self.z.T))
        np.fill_diagonal(found, 0.0)
        return np.asarray(found)


def frame() -> pd.DataFrame:
    """Twelve regions of three countries in 60 months that have a memory; some four events a region and month."""
    rng = seeds.generator("engine example")
    home = np.arange(REGIONS) % COUNTRIES
    level = 1.2 + rng.normal(0, 0.5, COUNTRIES)[home] + rng.normal(0, 0.3, REGIONS)
    month = np.zeros(MONTHS)
    for now, step in enumerate(rng.normal(0, 0.15, MONTHS)):
        month[now] = 0.8 * month[now - 1] + step
    mean = np.exp(level[:, None] + month)
    u, t = (i.ravel() for i in np.indices(mean.shape))
    return pd.DataFrame(
        {
            "region": np.char.add("r", u.astype(str)),
            "country": np.char.add("c", home[u].astype(str)),
            "month": pd.date_range("2015-01", periods=MONTHS, freq="MS")[t],
            "count": rng.poisson(mean).ravel(),
        }
    )


MODEL = Model(
    "engine example",
    "count",
    Poisson(),
    (Intercept(), Effects("country"), Effects("region", within="country"), AR1("month")),
)


def stages(settings: Sampling) -> dict[str, Stage]:
    """Sample with no piece, with the first, with the first two, ... by the name of the last piece that is there."""
    found = {}
    for there, name in enumerate(("nothing", *PIECES)):
        with ExitStack() as stack:
            for piece in PIECES[there:]:
                stack.enter_context(VARIANTS[piece].in_place())
            assembled = assemble.assemble(MODEL, frame())
            assembled = assembled.unswept() if "sweeping" in PIECES[there:] else assembled
            found[name] = sample(assembled, settings)
    return found


def sample(assembled: Assembled, settings: Sampling) -> Stage:
    """Run pilot and sampler, and return draws in the sampler's own coordinates."""
    adapted = adaptation.first(assembled)
    pilot = sampling.sample("engine example pilot", adapted.program, adapted.z, settings.short())
    adapted = adaptation.learnt(assembled, adapted, pilot.theta)
    chains = sampling.sample("engine example", adapted.program, adapted.z, settings)
    theta = chains.theta.reshape(-1, chains.theta.shape[-1])
    values = batch.values_of(adapted.program, np.ascontiguousarray(theta))[0].reshape(*chains.theta.shape[:2], -1)
    report = gate.examine(named(assembled, values), chains.stats, sampling.MAX_DEPTH)
    return Stage(
        adapted.program,
        sampled(adapted.program, theta),
        float(chains.stats["n_steps"].mean()),
        report.value("bulk ESS"),
        coordinates(assembled),
    )


def coordinates(assembled: Assembled) -> dict[int, str]:
    """Return what every coordinate stands for."""
    layout, found = assembled.layout, {}
    for name, at, scalar in zip(of_scalars(layout), layout.position, layout.scalars, strict=True):
        found[int(at)] = WRITTEN[scalar.transform] + name
    for block in layout.blocks:
        start, stop = block.span
        name = next(n for n, p in layout.parameters.items() if ((p.ids >= start) & (p.ids < stop)).all())
        first = int(block.record.theta)
        found |= {first + i: f"{name} {i + 1}" for i in range(int(block.record.raw))}
    return found


def sampled(program: Program, theta: Array) -> Array:
    """Return the sampler's coordinates of the model's, the inverse of what the kernel does, each where the model has it."""
    straight = program.coordinates
    z, n = theta.copy(), straight.order.size
    if n == 0:
        return z
    lower, at = np.zeros((n, n)), 0
    for i, begin in enumerate(straight.begin):
        row = straight.factor[at : at + i - begin + 1].astype(float)
        lower[i, begin:i], lower[i, i] = row[:-1], 1 / row[-1]
        at += row.size
    first = program.dim - n
    z[:, first + straight.order] = (theta[:, first:] - straight.shift)[:, straight.order] @ lower
    return z


def pairs(found: Mapping[str, Stage]) -> dict[str, tuple[int, int]]:
    """Return, by piece, the two coordinates whose correlation it lowers most."""
    chosen = {}
    for (_, before), (piece, after) in pairwise(found.items()):
        gain = before.correlations - after.correlations
        i, j = np.unravel_index(int(gain.argmax()), gain.shape)
        chosen[piece] = int(min(i, j)), int(max(i, j))
    return chosen


def figure(found: Mapping[str, Stage]) -> Figure:
    """Draw two coordinates before and after every piece."""
    with look.look():
        drawn = Figure(figsize=(9.0, 4.2), layout="constrained")
        grid = drawn.subplots(2, len(PIECES))
        for column, ((_, before), (piece, after)) in enumerate(pairwise(found.items())):
            i, j = pairs(found)[piece]
            for axes, stage, when in zip(grid[:, column], (before, after), ("before", "after"), strict=True):
                step = max(1, len(stage.z) // SHOWN)
                points = stage.z[::step, [i, j]]
                axes.plot(*points.T, ".", ms=2.2, color=look.BOUND if when == "before" else look.MAIN, alpha=0.6)
                axes.set(xticks=[], yticks=[])
                correlation = np.corrcoef(stage.z[:, i], stage.z[:, j])[0, 1]
                axes.set_xlabel(f"{stage.names[i]}\ncorrelation {correlation:.2f}", fontsize=8)
                axes.set_ylabel(f"{when}\n{stage.names[j]}" if column == 0 else stage.names[j], fontsize=8)
            grid[0, column].set_title(piece, fontsize=9)
    return look.mark(drawn, simulated=True)


def table(found: Mapping[str, Stage]) -> str:
    """Return the numbers of every stage."""
    lines = ["| coordinates | evaluations a draw | largest correlation of two | smallest ESS in 1,000 evaluations |"]
    lines.append("|---|---|---|---|")
    for name, stage in found.items():
        rate = 1000 * stage.ess / (stage.gradients * len(stage.z))
        what = "as the model is written" if name == "nothing" else f"and {name}"
        lines.append(f"| {what} | {stage.gradients:.1f} | {stage.correlations.max():.2f} | {rate:.1f} |")
    return "\n".join(lines)


def precisions() -> str:
    """Say what the data know of the region with most events, and of that with fewest, beside the prior."""
    rows = frame()
    with VARIANTS["absorption"].in_place():
        assembled = assemble.assemble(MODEL, rows).unswept()
    program, layout = adaptation.first(assembled).program, assembled.layout
    parameter = layout.parameters["region_effect"]
    block = next(b for b in layout.blocks if b.span[0] <= parameter.ids.min() < b.span[1])
    known = program.data[block.stored].reshape(2, -1)[0][parameter.ids - block.span[0]]
    events = rows.groupby("region")["count"].sum()
    ends = str(events.idxmax()), str(events.idxmin())
    told = [(r, int(events[r]), float(known[layout.coords["region"].index(r)])) for r in ends]
    (most, n, q), (fewest, few, p) = told
    return (
        f"Region {most} has {n:,} events: the data know its effect with precision q = {q:.0f}. Region {fewest} has {few}: "
        f"{p:.0f}. With a standard deviation of {TYPICAL} between regions the model adds {1 / TYPICAL**2:.0f} to both: "
        f"the data's share is {q / (q + 1 / TYPICAL**2):.0%} and {p / (p + 1 / TYPICAL**2):.0%}."
    )


def main() -> None:
    """Sample, draw and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--figure", type=Path, default=FIGURE)
    parser.add_argument("--print", action="store_true", help="print the numbers, and leave the page alone")
    options = parser.parse_args()
    found = stages(replace(Sampling(draws=options.draws), tune=500))
    look.save(figure(found), options.figure)
    print(table(found))
    print(precisions())
    if not options.print:
        note = (
            f"{SIMULATED_MARK}. {len(found['nothing'].z):,} draws of {found['nothing'].program.dim} coordinates each."
        )
        between(BEGIN, f"{precisions()}\n\n{table(found)}\n\n{note}", END)


if __name__ == "__main__":
    main()
