"""The command line; it only calls the package and prints. One module a group of verbs."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from northroute import __version__
from northroute.cli import bayesian, data, events, job, panel_models, simulation, studies
from northroute.cli.console import errors, out


class _Verbs(TyperGroup):
    """Refusals become one line in every verb, those too that come up while a module is loaded (priors are read then)."""

    def invoke(self, ctx: Any) -> Any:
        with errors():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="What do the data say about drug interdictions, violence and corruption in Central Asia?\n\n"
    "Start with [bold]northroute reproduce[/bold]; read the page it names.",
    epilog="Real data: northroute fetch mlp, then northroute reproduce. Every verb: northroute VERB --help.",
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a verb."""


_GROUPS = {
    "fetch": ("Data", "Bring real data from their publishers, checked by size and checksum."),
    "data": ("Data", "The bundled tables: how they are made from the providers' files."),
    "events": ("Data", "Turn GDELT's files into incidents and panels."),
    "simulate": ("Simulation", "Write SIMULATED data with known truth."),
    "panel": ("Panel models", "Count regressions on panels, with the errors stacked."),
    "study": ("Panel models", "Which errors to believe, and what the claims' estimands can see."),
}
"""Panel of the help that a group of verbs stands in, and what they do."""
_VERBS: dict[str, tuple[Callable[..., None], str]] = {
    "reproduce": (job.reproduce, "--data data/raw --out reports/build"),
    "claims": (job.claims, "C14"),
    "fetch mlp": (data.fetch_mlp, "--from ~/downloads/mlp"),
    "fetch gdelt": (events.fetch_gdelt, "--start 2015-01-01 --end 2022-12-31 --tables events,gkg"),
    "data build": (data.build, "--from ~/providers --to data/reference"),
    "check": (data.check, "--data data/raw"),
    "events build": (events.build, "--data data/raw/gdelt/v1 --out data/interim/events"),
    "events sql": (events.sql, "drug_incident.themes --dialect bigquery"),
    "simulate regions": (simulation.simulate_regions, "--months 48 --out panel.parquet"),
    "simulate archive": (events.simulate_archive, "--out data/interim/archive --days 90"),
    "recover": (simulation.recover, "--panels 20"),
    "panel fit": (
        panel_models.fit,
        "'drug_incident ~ interdiction | unit + month' --exposure all_events --errors cluster:country "
        "--errors crv3:country --errors webb:country --errors conley:300:12",
    ),
    "panel check": (
        panel_models.check,
        "'drug_incident ~ interdiction | unit + month' --exposure all_events --term interdiction --placebo general_crime",
    ),
    "panel event": (panel_models.event, "state_violence --shock kazakh_unrest --exposure all_events"),
    "study size": (
        panel_models.size,
        "--size 2000 --power 500 --out analysis/docs --page analysis/docs/inference.md",
    ),
    "study claims": (studies.claims, "--replications 40 --only C14.A --out reports/build/study"),
    "study gate": (studies.gate, "--data-sets 100 --out analysis/docs"),
    "study seeds": (studies.seeds, "--seeds 24 --only C14.A"),
    "ladder": (bayesian.ladder, "slopes --months 24 --output reports/ladder"),
    "sbc": (bayesian.sbc, "slopes --replications 200 --output reports/calibration"),
}
"""Every verb: what it calls, and an example of its options."""
_PANELS = {
    **dict.fromkeys(("reproduce", "claims"), "The main job"),
    "check": "Data",
    "recover": "Simulation",
    **dict.fromkeys(("ladder", "sbc"), "Bayesian models"),
}
"""Panel of the help that a verb of no group stands in."""


def _register() -> None:
    groups = {}
    for name, (panel, what) in _GROUPS.items():
        groups[name] = typer.Typer(no_args_is_help=True, help=what)
        app.add_typer(groups[name], name=name, rich_help_panel=panel)
    for verb, (function, example) in _VERBS.items():
        group, _, name = verb.rpartition(" ")
        epilog = f"Example: northroute {verb} {example}"
        groups.get(group, app).command(name, rich_help_panel=_PANELS.get(verb), epilog=epilog)(function)


_register()

__all__ = ["app"]
