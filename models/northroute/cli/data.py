"""Data: fetch, build, check."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from northroute.cli.console import DATA_FOLDER, DataOption, data_folder, err, errors, events_folder, out, progress
from northroute.cli.downloads import OtherHostsOption, SlowestOption, TimeoutOption, TriesOption, policy

EventsOption = Annotated[
    Path | None,
    typer.Option("--events", help="Folder of events build; default: data/interim/events if it is filled."),
]


def fetch_mlp(
    to: Annotated[Path, typer.Option("--to", help="The data folder.")] = DATA_FOLDER,
    source: Annotated[Path | None, typer.Option("--from", help="Copy from a folder instead of downloading.")] = None,
    tries: TriesOption = 3,
    timeout: TimeoutOption = 30.0,
    slowest: SlowestOption = 1.0,
    other_hosts: OtherHostsOption = False,
) -> None:
    """Bring the monthly country article counts of Machine Learning for Peace."""
    from northroute.sources import fetch

    with errors("Nothing was changed."):
        paths = fetch.fetch_mlp(to, source, policy=policy(tries, timeout, slowest, other_hosts))
    out.print(f"{len(paths)} files in {escape(str(paths[0].parent))}, sizes and SHA-256 as published")


def build(
    source: Annotated[Path, typer.Option("--from", help="The folder that holds a folder for each provider.")],
    to: Annotated[Path | None, typer.Option("--to", help="Where the tables go; default: data/reference.")] = None,
) -> None:
    """Trim the bundled tables from the providers' own files; a table whose provider is not there stays as it is."""
    from northroute.sources import bundled

    with errors("No table was half written."), progress() as tell:
        built = bundled.build(source, to, tell)
    for table in built:
        rows = "" if table.outcome == "not there" else f"{table.rows:6} rows"
        out.print(f"{table.file:28} {table.outcome:10} {rows or escape(table.note)}".rstrip())
    if all(table.outcome == "not there" for table in built):
        err.print(f"[bold red]Error[/bold red] '{escape(str(source))}' has no provider's files; nothing was written.")
        raise typer.Exit(1)


def check(data: DataOption = None, events: EventsOption = None) -> None:
    """Read all that reproduce reads, bundled and given, and say what is in it; each fault is a line, and exit code 1."""
    from northroute.workflow.inspection import inspect

    folder, built = data_folder(data), events_folder(events)
    found = inspect(folder, built)
    wrong = list(dict.fromkeys(finding.problem for finding in found if finding.problem))
    for problem in wrong:
        err.print(f"[bold red]Error[/bold red] {escape(problem)}")
    for finding in found:
        if finding.problem:
            continue
        if finding.notice:
            err.print(f"[bold]Notice[/bold] {escape(finding.name)}: {escape(finding.told)}")
        else:
            out.print(f"{escape(finding.name):32} {escape(finding.told)}")
    if not folder:
        out.print("No folder of real data; northroute fetch mlp brings one.")
    if wrong:
        raise typer.Exit(1)
