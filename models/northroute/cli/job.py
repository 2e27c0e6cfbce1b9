"""The main job: reproduce, claims."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table as Grid

from northroute.cli.console import (
    DataOption,
    SeedOption,
    command,
    data_folder,
    err,
    errors,
    events_folder,
    out,
    progress,
)
from northroute.conventions import DEFAULT_SEED


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    panel = "The main job"
    example = "Example: northroute reproduce --data data/raw --out reports/build"
    app.command(rich_help_panel=panel, epilog=example)(reproduce)
    app.command(rich_help_panel=panel, epilog="Example: northroute claims C14")(claims)


def reproduce(
    data: DataOption = None,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the page is written.")] = Path("reports/build"),
    quick: Annotated[
        bool, typer.Option("--quick", help="18 simulated months and coarser sampling, for a look.")
    ] = False,
    allow_failed: Annotated[
        bool, typer.Option("--allow-failed", help="Summarise fits that failed their diagnostics, stamped as such.")
    ] = False,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events", help="Folder of events build on real files; default: data/interim/events if it is filled."
        ),
    ] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Test the brief's claims: fit, answer, and write index.html with its tables and figures."""
    from northroute.workflow import Options
    from northroute.workflow import reproduce as run

    with errors("Finished fits are kept; the same command goes on from there."), progress() as tell:
        options = Options(out_folder, data_folder(data), quick, allow_failed, seed, command(), events_folder(events))
        result = run(options, tell)
    grid = Grid("claim", "verdict", "P", "prior P", "slug", box=None)
    for v in (*result.real, *result.simulated):
        a = v.leading
        if a is not None:
            grid.add_row(v.claim.id, v.marked, f"{a.probability:.3f}", f"{a.prior_probability:.3f}", v.claim.slug)
    out.print(grid)
    untested = sum(v.word == "not testable" for v in result.real)
    out.print(f"{untested} of {len(result.real)} claims are not testable on the real data at hand; the page says why.")
    for notice in result.notices:
        out.print(f"[bold]Notice[/bold] {escape(notice)}")
    for failure in result.failed:
        out.print(f"[bold red]Failed diagnostics[/bold red] {escape(failure)}")
    out.print(f"{result.page} in {result.seconds:.0f} s")


def claims(
    claim_id: Annotated[str | None, typer.Argument(help="Show one claim in full.")] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Register the version in force (see CONTRIBUTING).")] = False,
) -> None:
    """List the register: what is asked, on which data, with which thresholds."""
    from northroute.claims import load, write_lock
    from northroute.resources import resource

    with errors():
        register = load()
        if lock:
            path = resource("analysis/claims.lock.json")
            out.print(f"registered {write_lock(path)[:12]} in {path.name}")
        elif claim_id:
            claim = register[claim_id]
            out.print(f'[bold]{claim.id} {claim.slug}[/bold]\n"{escape(claim.quote)}"\n{escape(claim.estimand)}')
            out.print(f"data {', '.join(claim.data)}; thresholds {dict(claim.thresholds)} {claim.untestable}")
        else:
            for claim in register.claims.values():
                out.print(f"{claim.id}  {claim.slug:26} {','.join(claim.data) or '-':6} {escape(claim.quote)}")
        if register.changed and not lock:
            err.print(f"[bold]Notice[/bold] {escape(register.notice())}")
