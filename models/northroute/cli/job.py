"""The main job: reproduce, claims."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from northroute.cli import places
from northroute.cli.console import (
    DataOption,
    SeedOption,
    command,
    data_folder,
    err,
    events_folder,
    out,
    progress,
    show,
)
from northroute.conventions import DEFAULT_SEED

_MEGABYTES = {False: 2500.0, True: 1000.0}
"""What a run writes at most, whole and quick: its fits, above all."""


def reproduce(
    data: DataOption = None,
    out_folder: Annotated[Path, places.folder_option("Where the page is written.")] = Path("reports/build"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer variants and a smaller simulated world, for a look.")
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
    whole_ladder: Annotated[
        bool, typer.Option("--whole-ladder", help="Fit every step of the ladder, the long ones too (minutes more).")
    ] = False,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Test the brief's claims: fit, answer, and write index.html with its tables and figures."""
    from northroute.standing import Setting, standing

    kept = "Finished fits are kept; the same command goes on from there."
    with progress() as tell, places.writing(out_folder, _MEGABYTES[quick], kept, tell):
        data, events = data_folder(data), events_folder(events)
        tell("looking for what has changed", 0.0)
        own = Setting.of_job(
            *(data, events), quick=quick, allow_failed=allow_failed, whole_ladder=whole_ladder, seed=seed
        )
        manifest = standing(out_folder, own.key)
        if manifest is None:
            from northroute.workflow import Options
            from northroute.workflow import reproduce as run

            options = Options(out_folder, data, quick, allow_failed, seed, command(), events, whole_ladder)
            manifest = run(options, tell).manifest
        else:
            manifest["unchanged"] = True
    _report(manifest, out_folder)


def _report(manifest: Mapping[str, Any], folder: Path) -> None:
    """Print what a run found, from its manifest."""
    rows = []
    for claim in manifest["claims"]:
        known = [a for a in claim["answers"] if a["probability"] is not None]
        values = ", ".join(f"{a['id'].removeprefix(claim['id'] + '.')} {a['probability']:.3f}" for a in known)
        grades = "".join(a["grade"] for a in known)
        rows.append((claim["id"], claim["verdict"], values or "-", grades or "-", claim["slug"]))
    show(("claim", "word", "P", "grade", "slug"), rows)
    untested = [c["id"] for c in manifest["claims"] if c["verdict"] == "not testable"]
    if untested:
        out.print(f"Not testable on the data at hand: {', '.join(untested)}; the page says why.")
    for notice in manifest["notices"]:
        out.print(f"[bold]Notice[/bold] {escape(notice)}")
    for fit in manifest["fits"]:
        if not fit["passed"]:
            out.print(
                f"[bold red]Failed diagnostics[/bold red] {escape(fit['name'])}: {escape(' '.join(fit['failures']))}"
            )
    done = "nothing has changed since" if manifest.get("unchanged") else f"in {manifest['seconds']:.0f} s"
    out.print(escape(f"{folder / 'index.html'}: {done}"))


def claims(
    claim_id: Annotated[str | None, typer.Argument(help="Show one claim in full.")] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Register the version in force (see CONTRIBUTING).")] = False,
) -> None:
    """List the register: what is asked, on which data, with which thresholds."""
    from northroute.claims import write_lock
    from northroute.claims.catalogue import load
    from northroute.resources import resource

    register = load()
    if lock:
        path = resource("analysis/claims.lock.json")
        out.print(f"registered {write_lock(path)[:12]} in {path.name}")
        for change in register.changes:  # a deliberate change is announced
            out.print(f"  {escape(change)}")
    elif claim_id:
        claim = register[claim_id]
        out.print(f'[bold]{claim.id} {claim.slug}[/bold]\n"{escape(claim.quote)}"\n{escape(claim.estimand)}')
        out.print(f"thresholds {dict(claim.thresholds)} {escape(claim.untestable or claim.wanted)}")
        for q in claim.questions:
            out.print(f"[bold]{q.id}[/bold] grade {q.grade}, {', '.join(q.countries)}: {escape(q.estimand)}")
            out.print(f"  variants: {escape('; '.join(q.variants) or 'none')}")
    else:
        for claim in register.claims.values():
            out.print(f"{claim.id}  {claim.slug:26} {','.join(claim.data) or '-':6} {escape(claim.quote)}")
    if register.changed and not lock:
        err.print(f"[bold]Notice[/bold] {escape(register.notice())}")
