"""Data: fetch, check."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from northroute.cli.console import DATA_FOLDER, DataOption, data_folder, errors, out
from northroute.cli.events import FETCH_EXAMPLE, fetch_gdelt


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    fetch = typer.Typer(
        no_args_is_help=True, help="Bring real data from their publishers, checked by size and checksum."
    )
    fetch.command("mlp", epilog="Example: northroute fetch mlp --from ~/downloads/mlp")(fetch_mlp)
    fetch.command("gdelt", epilog=FETCH_EXAMPLE)(fetch_gdelt)
    app.add_typer(fetch, name="fetch", rich_help_panel="Data")
    app.command(rich_help_panel="Data", epilog="Example: northroute check --data data/raw")(check)


def fetch_mlp(
    to: Annotated[Path, typer.Option("--to", help="The data folder.")] = DATA_FOLDER,
    source: Annotated[Path | None, typer.Option("--from", help="Copy from a folder instead of downloading.")] = None,
) -> None:
    """Bring the monthly country article counts of Machine Learning for Peace."""
    from northroute.sources import fetch

    with errors("Nothing was changed."):
        paths = fetch.fetch_mlp(to, source)
    out.print(f"{len(paths)} files in {paths[0].parent}, sizes and SHA-256 as published")


def check(data: DataOption = None) -> None:
    """Read every table, bundled and given, and say what is in it; a bad file is named with row, column and remedy."""
    from northroute.sources import governance, mlp, regions

    with errors():
        folder = data_folder(data)
        tables = [governance.load(n) for n in governance.NAMES] + [regions.load(), regions.adjacency()]
        if folder and mlp.folder_of(folder):
            tables.append(mlp.load(folder))
    for table in tables:
        out.print(f"{table.name:28} {len(table.frame):6} rows  {escape(table.licence)}")
    if not folder:
        out.print("No folder of real data; northroute fetch mlp brings one.")
