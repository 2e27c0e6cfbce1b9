"""Intercepts of average rows: where means were taken off covariates, the intercept at zero is reported beside."""

from collections.abc import Mapping, Sequence

import numpy as np

from northroute.bayes.program.layout import Combination
from northroute.bayes.program.names import add
from northroute.bayes.statement.terms.writer import Average, Parameter


def at_zero(
    parameters: Mapping[str, Parameter], averages: Sequence[Average]
) -> tuple[dict[str, Parameter], dict[str, Combination]]:
    """Name every average row's intercept as one, and give its name to the intercept at zero.

    Returns
    -------
    parameters : dict of str to Parameter
    derived : dict of str to Combination
        The intercepts at zero.
    """
    named, derived = dict(parameters), dict[str, Combination]()
    for average in averages:
        if not average.shifts:
            continue
        parameter = named.pop(average.name)
        add(named, f"{average.name}_average", parameter)
        base = average.ids[:, None]
        ids = [np.broadcast_to(s, (len(base), s.size)) for s, _ in average.shifts]
        weights = np.hstack([np.ones(base.shape), *(-m for _, m in average.shifts)])
        shape = (*parameter.ids.shape, -1)
        derived[average.name] = Combination(
            np.hstack([base, *ids]).reshape(shape), weights.reshape(shape), average.dims
        )
    return named, derived
