"""How long work tells that it goes on: a callback with a message and the share done."""

from collections.abc import Callable

Progress = Callable[[str, float], None]


def quiet(_message: str, _share: float) -> None:
    """Report nothing."""
