"""What every verb shares: the two consoles, errors as one line, progress, the data folder, the command as it was typed."""

import errno
import json
import math
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from northroute.errors import NorthrouteError
from northroute.progress import Progress as Callback

# no emoji: ':b:' in a term such as a:b:c is a name
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
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
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="The run's one seed.")]
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def errors(kept: str = "", folder: Path | None = None) -> Iterator[None]:
    """Turn the package's own errors, and those of disks and files, into one line and exit code 1, and Ctrl-C into 130.

    Parameters
    ----------
    kept : str
        What survives.
    folder : Path, optional
        Where the verb writes: a full disk is told of this folder.
    """
    try:
        yield
    except typer.Exit:  # told already, by a verb within
        raise
    except NorthrouteError as problem:
        fail(str(problem), problem)
    except KeyboardInterrupt as stop:
        err.print(f"[bold]Interrupted.[/bold] {kept}")
        raise typer.Exit(130) from stop
    except Exception as problem:
        if disk_is_full(problem):
            fail(f"{_told_full(folder)} {kept}".rstrip(), problem)
        if not isinstance(problem, OSError):
            raise
        where = f"{problem.filename}: " if problem.filename else ""
        fail(f"{where}{problem.strerror or problem}. Mend that and run the command again. {kept}".rstrip(), problem)


def fail(message: str, problem: BaseException | None = None) -> NoReturn:
    """Print an error as one line and end with exit code 1."""
    err.print(f"[bold red]Error[/bold red] {escape(' '.join(message.split()))}")
    raise typer.Exit(1) from problem


def disk_is_full(problem: BaseException | None) -> bool:
    """Tell whether an error, or one behind it, says that a disk is full; libraries say so each in its own way."""
    while problem is not None:
        if getattr(problem, "errno", None) in _FULL or os.strerror(errno.ENOSPC) in str(problem):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def room(folder: Path) -> float:
    """Return how many megabytes are free on a folder's disk."""
    return shutil.disk_usage(folder).free / 1e6


def _told_full(folder: Path | None) -> str:
    where = (folder or Path()).absolute()
    while not where.exists():
        where = where.parent
    return f"The disk of '{folder or where}' is full ({room(where):.0f} MB free). Make room there, or write elsewhere."


def show(columns: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Print a table whole, whatever the terminal's width, and letter by letter: names are names, not markup.

    Numbers have three decimals, or their power of ten where these would be zero; missing cells are empty.
    """
    table = [[_cell(v) for v in row] for row in (columns, *rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        out.print(line.rstrip(), markup=False)


def _cell(value: object) -> str:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:.3f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.2e}"
    # a line end within a cell is no end of the row
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))


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
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def update(message: str, share: float) -> None:
            bar.update(task, description=message, completed=share)

        yield update


def part(whole: Callback, before: int, parts: int, message: str, share: float) -> None:
    """Tell the progress of one of several parts that take about the same time; ``before`` are done."""
    whole(message, (before + share) / parts)


def command() -> str:
    """Return the command as it was typed, for the provenance of outputs."""
    return shlex.join(["northroute", *sys.argv[1:]])


def stamp(path: Path, data_hash: str, simulated: bool, seed: int) -> Path:
    """Write where an output comes from as JSON, and return the path."""
    from northroute.provenance import Provenance

    found = Provenance(data_hash, seed, simulated, command=command()).to_dict()
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path


def data_folder(chosen: Path | None) -> Path | None:
    """Return the folder of real data: the one chosen, that of the environment, ``data/raw`` if it is filled, or none."""
    if chosen or os.environ.get("NORTHROUTE_DATA"):
        return chosen or Path(os.environ["NORTHROUTE_DATA"])
    return DATA_FOLDER if (DATA_FOLDER / ARTICLES).is_dir() else None


def events_folder(chosen: Path | None) -> Path | None:
    """Return the folder of built events: the one chosen, ``data/interim/events`` if it has a region panel, or none."""
    return chosen or (EVENTS_FOLDER if (EVENTS_FOLDER / PANEL).exists() else None)
