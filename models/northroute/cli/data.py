"""Data: fetch, build, check."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from northroute.cli.console import DATA_FOLDER, DataOption, data_folder, err, errors, out, progress
from northroute.cli.downloads import OtherHostsOption, SlowestOption, TimeoutOption, TriesOption, policy
from northroute.cli.events import FETCH_EXAMPLE, fetch_gdelt


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    fetch = typer.Typer(
        no_args_is_help=True, help="Bring real data from their publishers, checked by size and checksum."
    )
    fetch.command("mlp", epilog="Example: northroute fetch mlp --from ~/downloads/mlp")(fetch_mlp)
    fetch.command("gdelt", epilog=FETCH_EXAMPLE)(fetch_gdelt)
    app.add_typer(fetch, name="fetch", rich_help_panel="Data")
    bundle = typer.Typer(no_args_is_help=True, help="The bundled tables: how they are made from the providers' files.")
    bundle.command("build", epilog="Example: northroute data build --from ~/providers --to data/reference")(build)
    app.add_typer(bundle, name="data", rich_help_panel="Data")
    app.command(rich_help_panel="Data", epilog="Example: northroute check --data data/raw")(check)


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


def check(data: DataOption = None) -> None:
    """Read every table, bundled and given, and say what is in it; a bad file is named with row, column and remedy."""
    from northroute.sources import (
        annual_seizures,
        boundaries,
        crime_index,
        governance,
        kg_regions,
        licences,
        mlp,
        offences,
        placed_seizures,
        region_population,
        regions,
        shocks,
        uz_regions,
    )

    with errors():
        licences.check()
        folder = data_folder(data)
        given = folder if folder and mlp.folder_of(folder) else None
        tables = [governance.load(n) for n in governance.NAMES] + [shocks.load(), regions.load(), regions.adjacency()]
        tables += [offences.load(), region_population.load(), kg_regions.load(), uz_regions.load()]
        tables += [placed_seizures.load(), annual_seizures.load(), crime_index.load(), mlp.load()]
        if given:
            tables.append(mlp.load(given))
        outlines = boundaries.load()
    for table in tables:
        out.print(f"{table.name:44} {len(table.frame):6} rows  {escape(table.licence)}")
    out.print(f"{'boundaries':44} {len(outlines.polygons):6} outlines  {escape(outlines.licence)}")
    if not folder:
        out.print("No folder of real data; northroute fetch mlp brings one.")
