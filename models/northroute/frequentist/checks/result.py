"""What a check of a fit returns: its table with the source of the data, and what to do where it failed."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from northroute.check import CheckResult, sourced
from northroute.frequentist.design import Design
from northroute.frequentist.estimate import Estimate


def result(
    fit: Estimate | Design,
    name: str,
    passed: bool,
    table: pd.DataFrame,
    sentence: str,
    figure: Callable[..., Figure],
    advice: str = "",
) -> CheckResult:
    """Return a check's result; ``advice`` follows the sentence of one that failed, ``figure`` takes ``simulated``."""
    said = f"{sentence} {advice}" if advice and not passed else sentence
    return CheckResult(
        name, passed, sourced(table, simulated=fit.simulated), said, partial(figure, simulated=fit.simulated)
    )
