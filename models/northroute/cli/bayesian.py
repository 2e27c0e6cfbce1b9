"""Bayesian models: fit and check a step of the ladder; calibrate a model by simulation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from northroute.cli import places
from northroute.cli.console import DataOption, SeedOption, command, out, part, progress
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK, interval_label
from northroute.sheets import write_csv

if TYPE_CHECKING:
    from northroute.bayes import BayesFit, Sampling
    from northroute.bayes.checks import CheckResult
    from northroute.workflow.rungs import Rung

_MEGABYTES = 100.0
PLAIN = ("pymc", "numpyro")
"""Samplers whose fits keep no coordinates: checks, which evaluate the density again, are left out."""
_COLOURS = {"passed": "green", "failed": "red", "look": "yellow"}


def ladder(
    step: Annotated[
        str,
        typer.Argument(
            help="pooled, country, slopes, dynamic, ar1, gp, spatial, joint, reporting, latent_corruption or composition."
        ),
    ],
    output: Annotated[Path, places.folder_option("Where fit, tables and figures go.", "--output")] = Path(
        "reports/ladder"
    ),
    data: DataOption = None,
    real: Annotated[bool, typer.Option("--real", help="Fit the bundled real tables, or those of --data.")] = False,
    outcome: Annotated[str, typer.Option("--outcome", help="What is counted.")] = "state_violence",
    months: Annotated[int, typer.Option(min=12, help="Simulated months by region.")] = 24,
    priors: Annotated[str, typer.Option("--priors", help="default, wide, tight, or a file of prior sets.")] = "default",
    draws: Annotated[int, typer.Option("--draws", min=100, help="Draws a chain.")] = 1000,
    sampler: Annotated[
        str,
        typer.Option(
            "--sampler",
            help="nutpie; pymc or numpyro: slow, independent; laplace: a draft, not for verdicts.",
        ),
    ] = "nutpie",
    deep: Annotated[bool, typer.Option("--deep", help="Also refit where importance sampling fails.")] = False,
    allow_failed: Annotated[
        bool, typer.Option("--allow-failed", help="Check a fit that failed its diagnostics, stamped as such.")
    ] = False,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Fit a step of the ladder to SIMULATED regions, or to real tables with --real or --data, and run its checks.

    Real tables: article counts of three countries, with published governance indices where the step has latent corruption;
    reported drug seizures for the composition.
    """
    from dataclasses import replace

    from northroute.bayes.answers.examine import examine

    kept = "Finished chains are kept; the same command goes on from there."
    with progress() as tell, places.writing(output, _MEGABYTES, kept, tell):
        rung = _with_priors(_rung(step, data, real, outcome, months, seed), priors)
        settings = replace(_settings(sampler, draws, seed), force=allow_failed)
        fit = rung.fit(settings, folder=output, command=command(), progress=tell)
        if allow_failed:
            fit = fit.allow_failed()
        fit.require()
        checks = (
            []
            if sampler in PLAIN
            else examine(rung.drawn(fit), fit, edges=rung.edges, deep=deep, seed=seed, progress=tell)
        )
        if rung.note:
            out.print(escape(f"{rung.step} on {rung.data}: {rung.note}"))
        _report(fit, checks, output)


def sbc(
    model: Annotated[str, typer.Argument(help="A step of the ladder (slopes, walk, joint, composition ...), or all.")],
    replications: Annotated[
        int, typer.Option("--replications", min=1, help="How many there shall be in the end.")
    ] = 100,
    output: Annotated[Path, places.folder_option("Where tables and figures go.", "--output")] = Path(
        "reports/calibration"
    ),
    ranks: Annotated[Path | None, typer.Option("--ranks", help="Where ranks are kept; default: the output.")] = None,
    draws: Annotated[int | None, typer.Option("--draws", min=50, help="Draws a chain of each fit.")] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Simulate from the prior, fit, and see whether truths rank uniformly among draws; a run that was stopped goes on."""
    from dataclasses import replace
    from functools import partial

    from northroute.bayes.calibration import assess, overview, run, write
    from northroute.bayes.calibration.steps import CALIBRATIONS, SETTINGS, calibration

    kept = "Finished replications are kept; the same command goes on from there."
    with progress() as tell, places.writing(output, _MEGABYTES, kept, tell):
        settings = replace(SETTINGS, draws=draws) if draws else SETTINGS
        names = tuple(CALIBRATIONS) if model == "all" else (model,)
        found = []
        for k, name in enumerate(names):
            own = calibration(name, settings)
            table = run(
                own,
                replications,
                (ranks or output) / f"ranks_{name}.parquet",
                data_hash=own.data_hash,
                seed=seed,
                command=command(),
                progress=partial(part, tell, k, len(names)),
            )
            found.append(assess(table))
            paths = write(found[-1], output)
            out.print(escape(found[-1].sentence))
        if len(names) > 1:
            paths = overview.write(found, output)
    out.print(escape(f"written: {', '.join(str(p) for p in paths)}"))
    raise typer.Exit(1 if any(one.passed is False for one in found) else 0)


def _rung(step: str, data: Path | None, real: bool, outcome: str, months: int, seed: int) -> "Rung":
    from northroute.claims import load
    from northroute.errors import MissingDataError, ModelError
    from northroute.sources import mlp
    from northroute.sources.simulated import simulate_regions
    from northroute.workflow import rungs, simulated

    if step not in rungs.STEPS:
        raise ModelError(f"No step '{step}' on the ladder. There are: {', '.join(rungs.STEPS)}.")
    if data is not None and mlp.folder_of(data) is None:
        raise MissingDataError(
            f"No article counts in '{data}': fetch them with 'northroute fetch mlp', or give --real for the bundled ones."
        )
    if data is None and not real:
        world = simulate_regions(seed, months=max(months, simulated.MONTHS))
        found = rungs.on_regions(world, outcome, months)[step]
    else:
        found = rungs.on_articles(data, load(), outcome)[step]
    if isinstance(found, rungs.Absent):
        raise ModelError(
            f"Step '{step}' is not fitted to {found.data}: it {found.reason}. Leave --data and --real out."
        )
    return found


def _settings(sampler: str, draws: int, seed: int) -> "Sampling":
    from typing import get_args

    from northroute.bayes import Sampling
    from northroute.bayes.samplers.settings import Sampler
    from northroute.errors import ModelError

    if sampler not in get_args(Sampler):
        raise ModelError(f"No sampler '{sampler}'. There are: {', '.join(get_args(Sampler))}.")
    tune = 1000 if sampler in PLAIN else Sampling.tune
    return Sampling(draws=draws, tune=tune, seed=seed, sampler=sampler)  # type: ignore[arg-type]


def _with_priors(rung: "Rung", name: str) -> "Rung":
    from dataclasses import replace

    from northroute.bayes import CountSpec
    from northroute.bayes.statement.prior_sets import load, prior_set
    from northroute.errors import ModelError

    if name == "default":
        return rung
    if not isinstance(rung.spec, CountSpec):
        raise ModelError(f"Step '{rung.step}' has priors of its own: leave --priors out, or state the model in Python.")
    path = Path(name)
    if path.is_file():
        first = next(iter(load(path).values()))
        priors = first.counts | first.terms
    else:
        priors = prior_set(name) | prior_set(name, "terms")
    return replace(rung, spec=replace(rung.spec, priors={**rung.spec.priors, **priors}))


def _report(fit: "BayesFit", checks: "list[CheckResult]", folder: Path) -> None:
    """Print the summary and the checks; write their tables and figures."""
    import numpy as np

    from northroute.conventions import INTERVAL_PROB
    from northroute.look import save

    mark = f"[bold]{SIMULATED_MARK}[/bold] " if fit.simulated else ""
    out.print(f"{mark}{escape(fit.name)}: {escape(fit.info['model'])}; {fit.info['rows']} rows")
    if fit.stamp:
        out.print(f"[bold red]{escape(fit.stamp)}[/bold red]")
    half = (1 - INTERVAL_PROB) / 2
    for name in fit.tree["posterior"].to_dataset().data_vars:
        values = fit.parameter(str(name))
        if values.ndim == 2:
            low, middle, high = np.quantile(values.to_numpy(), [half, 0.5, 1 - half])
            out.print(escape(f"{name:20} {middle:8.3f}  {interval_label()} {low:.3f} to {high:.3f}"))
    if fit.info["sampler"] in PLAIN:
        out.print(f"no checks: a fit by {fit.info['sampler']} keeps no coordinates; fit with nutpie for them")
    for result in checks:
        out.print(f"[{_COLOURS[result.verdict]}]{result.verdict}[/] {result.name}: {escape(result.sentence)}")
        stem = f"{fit.name}_{result.name.replace(' ', '_').replace(chr(39), '')}"
        save(result.figure(), folder / f"{stem}.svg")
        write_csv(result.table, folder / f"{stem}.csv")
