"""What a check of a fit returns: its table with the source of the data, and what to do where it failed."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from northroute import check
from northroute.check import CheckResult
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
    return check.result(name, passed, table, sentence, figure, simulated=fit.simulated, advice=advice)
