"""The command line; it only calls the package and prints."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from northroute import __version__
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.errors import NorthrouteError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="What do the data say about drug interdictions, violence and corruption in Central Asia?\n\n"
    "Start with [bold]northroute reproduce[/bold]; read the page it names.",
    epilog="Real data: northroute fetch mlp, then northroute reproduce. Every verb: northroute VERB --help.",
)
fetch_app = typer.Typer(
    no_args_is_help=True, help="Bring real data from their publishers, checked by size and SHA-256."
)
app.add_typer(fetch_app, name="fetch", rich_help_panel="Data")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
DATA_FOLDER = Path("data/raw")

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of real data; default: $NORTHROUTE_DATA, else data/raw if it is filled."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="The run's one seed.")]


@contextmanager
def _errors(kept: str = "") -> Iterator[None]:
    try:
        yield
    except NorthrouteError as problem:
        err.print(f"[bold red]Error[/bold red] {escape(str(problem))}")
        raise typer.Exit(1) from problem
    except KeyboardInterrupt as stop:
        err.print(f"[bold]Interrupted.[/bold] {kept}")
        raise typer.Exit(130) from stop


@contextmanager
def _progress() -> Iterator[object]:
    """Show a bar on a terminal, and a line a step elsewhere."""
    if not err.is_terminal:
        last = [""]

        def line(message: str, share: float) -> None:
            if message != last[0]:
                err.print(escape(message))
                last[0] = message

        yield line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def update(message: str, share: float) -> None:
            bar.update(task, description=escape(message), completed=share)

        yield update


def _command() -> str:
    return shlex.join(["northroute", *sys.argv[1:]])


def _data(chosen: Path | None) -> Path | None:
    from northroute.sources import mlp

    if chosen or os.environ.get("NORTHROUTE_DATA"):
        return chosen or Path(os.environ["NORTHROUTE_DATA"])
    return DATA_FOLDER if mlp.folder_of(DATA_FOLDER) else None


@app.command(rich_help_panel="The main job", epilog="Example: northroute reproduce --data data/raw --out reports/build")
def reproduce(
    data: DataOption = None,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the page is written.")] = Path("reports/build"),
    quick: Annotated[bool, typer.Option("--quick", help="24 simulated months and half the draws, for a look.")] = False,
    allow_failed: Annotated[
        bool, typer.Option("--allow-failed", help="Summarise fits that failed their diagnostics, stamped as such.")
    ] = False,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Test the brief's claims: fit, answer, and write index.html with its tables and figures."""
    from northroute.workflow import Options
    from northroute.workflow import reproduce as run

    with _errors("Finished fits are kept; the same command goes on from there."), _progress() as progress:
        options = Options(out_folder, _data(data), quick, allow_failed, seed, _command())
        result = run(options, progress)  # type: ignore[arg-type]
    grid = Grid("claim", "verdict", "P", "prior P", "slug", box=None)
    for f in (*result.real, *result.simulated):
        v = f.verdict
        if f.estimate is not None or v.simulated:
            grid.add_row(v.claim.id, v.marked, f"{v.probability:.3f}", f"{v.prior_probability:.3f}", v.claim.slug)
    out.print(grid)
    untested = sum(f.verdict.word == "not testable" for f in result.real)
    out.print(f"{untested} of {len(result.real)} claims are not testable on the real data at hand; the page says why.")
    for notice in result.notices:
        out.print(f"[bold]Notice[/bold] {escape(notice)}")
    for failure in result.failed:
        out.print(f"[bold red]Failed diagnostics[/bold red] {escape(failure)}")
    out.print(f"{result.page} in {result.seconds:.0f} s")


@app.command(rich_help_panel="The main job", epilog="Example: northroute claims C14")
def claims(
    claim_id: Annotated[str | None, typer.Argument(help="Show one claim in full.")] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Register the version in force (see CONTRIBUTING).")] = False,
) -> None:
    """List the register: what is asked, on which data, with which thresholds."""
    from northroute.claims import load, write_lock
    from northroute.resources import resource

    with _errors():
        register = load()
        if lock:
            path = resource("analysis/claims.lock.json")
            write_lock(register, path)
            out.print(f"registered {register.sha256[:12]} in {path.name}")
        elif claim_id:
            claim = register[claim_id]
            out.print(f'[bold]{claim.id} {claim.slug}[/bold]\n"{escape(claim.quote)}"\n{escape(claim.estimand)}')
            out.print(f"data {', '.join(claim.data)}; thresholds {dict(claim.thresholds)} {claim.untestable}")
        else:
            for claim in register.claims.values():
                out.print(f"{claim.id}  {claim.slug:26} {','.join(claim.data) or '-':6} {escape(claim.quote)}")
        if register.changed and not lock:
            err.print(f"[bold]Notice[/bold] {escape(register.notice())}")


@fetch_app.command("mlp", epilog="Example: northroute fetch mlp --from ~/downloads/mlp")
def fetch_mlp(
    to: Annotated[Path, typer.Option("--to", help="The data folder.")] = DATA_FOLDER,
    source: Annotated[Path | None, typer.Option("--from", help="Copy from a folder instead of downloading.")] = None,
) -> None:
    """Bring the monthly country article counts of Machine Learning for Peace."""
    from northroute.sources import fetch

    with _errors("Nothing was changed."):
        paths = fetch.fetch_mlp(to, source)
    out.print(f"{len(paths)} files in {paths[0].parent}, sizes and SHA-256 as published")


@app.command(rich_help_panel="Data", epilog="Example: northroute check --data data/raw")
def check(data: DataOption = None) -> None:
    """Read every table, bundled and given, and say what is in it; a bad file is named with row, column and remedy."""
    from northroute.sources import governance, mlp, regions

    with _errors():
        folder = _data(data)
        tables = [governance.load(n) for n in governance.NAMES] + [regions.load(), regions.adjacency()]
        if folder and mlp.folder_of(folder):
            tables.append(mlp.load(folder))
    for table in tables:
        out.print(f"{table.name:28} {len(table.frame):6} rows  {escape(table.licence)}")
    if not folder:
        out.print("No folder of real data; northroute fetch mlp brings one.")


@app.command(rich_help_panel="Simulation", epilog="Example: northroute simulate --months 48 --out panel.parquet")
def simulate(
    out_file: Annotated[Path, typer.Option("--out", help="Parquet file of the panel.")] = Path("simulated.parquet"),
    months: Annotated[int, typer.Option(min=12, help="Number of months from 2015-01.")] = 96,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Write a SIMULATED region-month panel and its truth."""
    from northroute.panel import save
    from northroute.sources.simulated import simulate_regions
    from northroute.workflow import simulated

    with _errors():
        simulation = simulate_regions(seed, months=months)
        path = save(simulated.panel(simulation), out_file)
        truth = out_file.with_suffix(".truth.nc")
        simulation.truth.to_netcdf(truth, engine="h5netcdf")
    out.print(f"{SIMULATED_MARK}: {path} and its truth in {truth}")


@app.command(rich_help_panel="Simulation", epilog="Example: northroute recover --panels 20")
def recover(
    panels: Annotated[int, typer.Option(min=2)] = 20,
    months: Annotated[int, typer.Option(min=12)] = 48,
    seed: SeedOption = DEFAULT_SEED,
    table: Annotated[Path | None, typer.Option("--table", help="Write the coverage of every parameter as CSV.")] = None,
) -> None:
    """Fit many SIMULATED panels and count how often 90 % intervals cover the truth."""
    from northroute.workflow import recover as run

    with _errors(), _progress() as progress:
        result = run(panels, months=months, seed=seed, progress=progress)  # type: ignore[arg-type]
    out.print(f"{SIMULATED_MARK}. Allowed times covered, jointly: {result.bounds[0]} to {result.bounds[1]}")
    out.print(result.summary.to_string(index=False))
    for failure in result.failed:
        out.print(f"[bold red]Failed diagnostics[/bold red] {escape(failure)}")
    if table:
        result.table.to_csv(table, index=False)
    raise typer.Exit(0 if result.passed and not result.failed else 1)


@app.command(rich_help_panel="The package", epilog="Example: northroute version")
def version() -> None:
    """Print the version."""
    out.print(__version__)
