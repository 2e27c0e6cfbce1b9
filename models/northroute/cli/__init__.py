"""The command line; it only calls the package and prints. One module a group of verbs."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from northroute import __version__
from northroute.cli import bayesian, data, events, job, panel_models, simulation
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


job.register(app)
data.register(app)
events.register(app)
simulation.register(app)
panel_models.register(app)
bayesian.register(app)

__all__ = ["app"]
