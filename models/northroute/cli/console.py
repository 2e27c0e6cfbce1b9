"""What every verb shares: the two consoles, errors as one line, progress, the data folder, the command as it was typed."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from northroute.errors import NorthrouteError
from northroute.progress import Progress as Callback

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
DATA_FOLDER: Final = Path("data/raw")
ARTICLES: Final = "mlp_civic_space_counts"
"""Folder that ``northroute fetch mlp`` fills."""
EVENTS_FOLDER: Final = Path("data/interim/events")
PANEL: Final = "region_month.parquet"
"""What ``northroute events build`` leaves there. Neither name is imported: a run with nothing to do loads no reader."""

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of real data; default: $NORTHROUTE_DATA, else data/raw if it is filled."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="The run's one seed.")]


@contextmanager
def errors(kept: str = "") -> Iterator[None]:
    """Turn the package's own errors into one line and exit code 1, and Ctrl-C into 130; ``kept`` says what survives it."""
    try:
        yield
    except NorthrouteError as problem:
        err.print(f"[bold red]Error[/bold red] {escape(str(problem))}")
        raise typer.Exit(1) from problem
    except KeyboardInterrupt as stop:
        err.print(f"[bold]Interrupted.[/bold] {kept}")
        raise typer.Exit(130) from stop


@contextmanager
def progress() -> Iterator[Callback]:
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


def part(whole: Callback, before: int, parts: int, message: str, share: float) -> None:
    """Tell the progress of one of several parts that take about the same time; ``before`` are done."""
    whole(message, (before + share) / parts)


def command() -> str:
    """Return the command as it was typed, for the provenance of outputs."""
    return shlex.join(["northroute", *sys.argv[1:]])


def data_folder(chosen: Path | None) -> Path | None:
    """Return the folder of real data: the one chosen, that of the environment, ``data/raw`` if it is filled, or none."""
    if chosen or os.environ.get("NORTHROUTE_DATA"):
        return chosen or Path(os.environ["NORTHROUTE_DATA"])
    return DATA_FOLDER if (DATA_FOLDER / ARTICLES).is_dir() else None


def events_folder(chosen: Path | None) -> Path | None:
    """Return the folder of built events: the one chosen, ``data/interim/events`` if it has a region panel, or none."""
    return chosen or (EVENTS_FOLDER if (EVENTS_FOLDER / PANEL).exists() else None)
