"""Simulation: simulate, recover."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from northroute.cli import places
from northroute.cli.console import SeedOption, errors, out, progress
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.sheets import write_csv


def simulate_regions(
    out_file: Annotated[Path, places.file_option("Parquet file of the panel.")] = Path("simulated.parquet"),
    months: Annotated[int, typer.Option(min=12, help="Number of months from 2015-01.")] = 96,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Write a SIMULATED region-month panel and its truth."""
    from northroute.panel import save
    from northroute.sources.simulated import simulate_regions as run
    from northroute.workflow import simulated

    with errors(folder=out_file.parent):
        simulation = run(seed, months=months)
        path = save(simulated.panel(simulation), out_file)
        truth = out_file.with_suffix(".truth.nc")
        truth.write_bytes(bytes(simulation.truth.to_netcdf(engine="h5netcdf")))  # HDF5 itself crashes on a full disk
    out.print(f"{SIMULATED_MARK}: {escape(f'{path} and its truth in {truth}')}")


def recover(
    panels: Annotated[int, typer.Option(min=2)] = 20,
    months: Annotated[int, typer.Option(min=12)] = 48,
    seed: SeedOption = DEFAULT_SEED,
    table: Annotated[
        Path | None, places.file_option("Write the coverage of every parameter as CSV.", "--table")
    ] = None,
) -> None:
    """Fit many SIMULATED panels and count how often 90 % intervals cover the truth."""
    from northroute.workflow import recover as run

    with progress() as tell:
        result = run(panels, months=months, seed=seed, progress=tell)
    out.print(f"{SIMULATED_MARK}. Allowed times covered, jointly: {result.bounds[0]} to {result.bounds[1]}")
    out.print(result.summary.to_string(index=False))
    for failure in result.failed:
        out.print(f"[bold red]Failed diagnostics[/bold red] {escape(failure)}")
    if table:
        write_csv(result.table, table)
    raise typer.Exit(0 if result.passed and not result.failed else 1)
