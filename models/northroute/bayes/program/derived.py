"""Intercepts at zero, from those of average rows: what is reported of slopes whose columns' means were taken off."""

from typing import Protocol

import numpy as np

from northroute.bayes.program.layout import Combination
from northroute.bayes.statement.terms.writer import Average, Ids, Parameter


class _Reports(Protocol):
    """What a builder knows of reported quantities and of intercepts of average rows."""

    parameters: dict[str, Parameter]
    averages: list[Average]

    def report(self, name: str, ids: Ids, dims: tuple[str, ...]) -> None:
        """Name values as a reported quantity."""


def derived(builder: _Reports) -> dict[str, Combination]:
    """Where means were taken off, report an average row's intercept beside that at zero, which has its name."""
    found = {}
    for average in builder.averages:
        if not average.shifts:
            continue
        parameter = builder.parameters.pop(average.name)
        builder.report(f"{average.name}_average", parameter.ids, parameter.dims)
        base = average.ids[:, None]
        ids = [np.broadcast_to(s, (len(base), s.size)) for s, _ in average.shifts]
        weights = np.hstack([np.ones(base.shape), *(-m for _, m in average.shifts)])
        shape = (*parameter.ids.shape, -1)
        found[average.name] = Combination(np.hstack([base, *ids]).reshape(shape), weights.reshape(shape), average.dims)
    return found
