"""Studies: trials of the claims' estimands on simulated worlds, the scatter of P over seeds, how often the gate errs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from northroute.cli import places
from northroute.cli.console import SeedOption, command, out, progress, show, stamp
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.sheets import write_csv

if TYPE_CHECKING:
    import pandas as pd

_KEPT = "What is finished is kept; the same command goes on from there."
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", help="A question (C14.A) or its function; several times for several. Default: all."),
]
OutOption = Annotated[Path, places.folder_option("Where table, page and figure go.")]
CacheOption = Annotated[Path, places.folder_option("Where finished fits are kept.", "--cache")]
_MEGABYTES = 50.0
_OUT = Path("reports/build/study")


def claims(
    replications: Annotated[int, typer.Option("--replications", min=1, help="Worlds a side.")] = 40,
    only: OnlyOption = None,
    folder: OutOption = _OUT,
    cache: CacheOption = Path("data/interim/study/claims"),
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Try every estimand on SIMULATED worlds in which its claim is true, false or at its threshold."""
    from northroute.claims import catalogue
    from northroute.sources import tables
    from northroute.workflow import trials, trials_page

    with progress() as tell, places.writing(folder, _MEGABYTES, _KEPT, tell):
        known = catalogue.load()
        found = trials.trials(replications, tables.load().tables, known, seed, cache, tell, only=tuple(only or ()))
        table = trials.table(found)
        paths = _written(table, folder, trials_page.TRIALS, seed, simulated=True)
        paths += [str(p) for p in trials_page.write(folder, known)]
    shown = table.drop(columns=["source", "function", "probabilities"])
    show(shown.columns, shown.itertuples(index=False))
    out.print(f"{SIMULATED_MARK}. Decisions on simulated worlds. {escape(', '.join(paths))}")


def gate(
    count: Annotated[int, typer.Option("--data-sets", min=1, help="Simulated data sets a model.")] = 100,
    only: Annotated[list[str] | None, typer.Option("--only", help="A model; several times for several.")] = None,
    folder: OutOption = _OUT,
    cache: CacheOption = Path("data/interim/study/gate"),
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Count how often the gate refuses true models, and passes bad ones, on SIMULATED data."""
    from northroute.bayes.calibration import gate_page, gate_rates
    from northroute.provenance import Provenance

    with progress() as tell, places.writing(folder, _MEGABYTES, _KEPT, tell):
        fits = gate_rates.run(count, cache / f"fits-{seed}.parquet", only=tuple(only or ()), seed=seed, progress=tell)
        paths = gate_page.write(fits, folder, Provenance("", seed, True, command=command()))
    shown = gate_rates.rates(fits).drop(columns=["what", "by"])
    show(shown.columns, shown.itertuples(index=False))
    out.print(f"{SIMULATED_MARK}. Decisions of the gate. {escape(', '.join(map(str, paths)))}")


def seeds(
    count: Annotated[int, typer.Option("--seeds", min=3, help="Fits of each question.")] = 24,
    only: OnlyOption = None,
    folder: OutOption = _OUT,
    cache: CacheOption = Path("data/interim/study/seeds"),
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Refit with other seeds, and compare the scatter of P with the Monte Carlo standard error stated beside it."""
    from northroute.claims import catalogue
    from northroute.sources import tables
    from northroute.workflow import seed_scatter, trials_page

    with progress() as tell, places.writing(folder, _MEGABYTES, _KEPT, tell):
        known = catalogue.load()
        table = seed_scatter.scatter(count, tables.load().tables, known, seed, cache, tell, only=tuple(only or ()))
        paths = _written(table, folder, trials_page.SEEDS, seed, simulated=False)
        if (folder / trials_page.TRIALS).exists():
            paths += [str(p) for p in trials_page.write(folder, known)]
    shown = table.drop(columns=["source", "function", "probabilities"])
    show(shown.columns, shown.itertuples(index=False))
    outside = table[table["verdict"].isin([seed_scatter.WIDER, seed_scatter.NARROWER])]
    for question, verdict in zip(outside["question"], outside["verdict"], strict=True):
        out.print(f"[red]{question}[/red]: P scatters {verdict} than its standard error says")
    out.print(f"{len(table) - len(outside)} of {len(table)} questions inside their bounds. {escape(', '.join(paths))}")


def _written(table: "pd.DataFrame", folder: Path, name: str, seed: int, *, simulated: bool) -> list[str]:
    to = write_csv(table.round(6), folder / name)
    return [str(to), str(stamp(to.with_suffix(".json"), "", simulated, seed))]
