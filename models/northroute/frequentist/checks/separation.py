"""Which rows have no finite estimate, and why."""

from functools import partial

import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.frequentist import separation
from northroute.frequentist.checks.result import result
from northroute.frequentist.design import Design, Mask, design, table_of
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel


def separated(
    data: Panel | pd.DataFrame, spec: str | Regression, *, exposure: str | None = None, show: tuple[str, ...] = ()
) -> CheckResult:
    """List the rows that Poisson estimation leaves out as separated, with the effect or terms behind each.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
    exposure : str, optional
    show : tuple of str
        Columns of the table to list beside the reason.
    """
    built = design(table_of(data), regression(spec, exposure=exposure))
    found = separation.prune(built)
    out = (found.reason != "") & (found.reason != separation.SINGLETON)
    return _result(built, found, out, "separation", "have no finite estimate and are left out", show)


def singletons(
    data: Panel | pd.DataFrame, spec: str | Regression, *, exposure: str | None = None, show: tuple[str, ...] = ()
) -> CheckResult:
    """List the rows that are alone in a level of an effect; they carry no information and would understate the errors."""
    built = design(table_of(data), regression(spec, exposure=exposure))
    found = separation.prune(built, rectifier=False)
    out = found.reason == separation.SINGLETON
    return _result(built, found, out, "singletons", "are alone in a level of an effect and are left out", show)


def _result(
    built: Design, found: separation.Pruned, out: Mask, name: str, what: str, show: tuple[str, ...]
) -> CheckResult:
    table = built.frame.loc[out, [c for c in show if c in built.frame.columns]].copy()
    table.insert(0, "row", built.frame.index[out])
    table = table.assign(outcome=built.y[out], reason=found.reason[out], because_of=found.detail[out])
    count = int(out.sum())
    reasons = table.groupby(["reason", "because_of"], sort=False).size()
    words = "; ".join(f"{n} by {r[0]} ({r[1]})" for r, n in reasons.items())  # type: ignore[index]
    sentence = f"{count} of {built.y.size} rows {what}{': ' + words if count else ''}."
    labels = [f"{r[1]}" for r in reasons.index] or ["none"]
    values = [float(n) for n in reasons] or [0.0]
    return result(built, name, count == 0, table, sentence, partial(shapes.bars, labels, values, "rows left out"))
