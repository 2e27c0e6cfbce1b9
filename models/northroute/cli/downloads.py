"""Options that every download has."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from northroute.sources.wire import Policy

TriesOption = Annotated[int, typer.Option("--tries", min=1, max=100, help="Times that a file is tried.")]
TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", min=0.1, max=3600, help="Seconds without a byte after which a connection is given up."),
]
SlowestOption = Annotated[
    float,
    typer.Option(
        "--slowest", min=0, max=1e6, help="Kilobytes a second, over --timeout, below which it is given up too."
    ),
]
OtherHostsOption = Annotated[
    bool, typer.Option("--other-hosts", help="Follow a redirect to another host (never from https to http).")
]


def policy(tries: int, timeout: float, slowest: float, other_hosts: bool) -> "Policy":
    """Return what these options ask of downloads."""
    from northroute.sources.wire import Policy

    return Policy(attempts=tries, timeout=timeout, slowest=1000 * slowest, other_hosts=other_hosts)
