"""What a check of a fit returns, in every room."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from northroute.conventions import SIMULATED_MARK
from northroute.look import Figure


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check of one fit.

    Attributes
    ----------
    name : str
    passed : bool or None
        None where there is nothing to pass: the reader judges.
    table : pandas.DataFrame
        With a column ``source``: ``real`` or ``SIMULATED``.
    sentence : str
        What was found and, where it failed, what to do.
    figure : callable
        Draws it, when called.
    """

    name: str
    passed: bool | None
    table: pd.DataFrame
    sentence: str
    figure: Callable[[], Figure]

    @property
    def verdict(self) -> str:
        """``passed``, ``failed`` or ``look``."""
        return "look" if self.passed is None else "passed" if self.passed else "failed"


def sourced(table: pd.DataFrame, *, simulated: bool) -> pd.DataFrame:
    """Put the source of the data in front of a check's table."""
    table = table.reset_index(drop=True)
    table.insert(0, "source", SIMULATED_MARK if simulated else "real")
    return table


def result(
    name: str,
    passed: bool | None,
    table: pd.DataFrame,
    sentence: str,
    figure: Callable[..., Figure],
    *,
    simulated: bool,
    advice: str = "",
) -> CheckResult:
    """Return a check's result; ``advice`` follows the sentence of one that failed, ``figure`` takes ``simulated``."""
    said = sentence if passed or not advice else f"{sentence} {advice}"
    return CheckResult(name, passed, sourced(table, simulated=simulated), said, partial(figure, simulated=simulated))
