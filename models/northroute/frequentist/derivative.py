"""Change of a model matrix with one column of the table, by what the fit learned."""

from collections.abc import Callable

import numpy as np

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist.columns import NUMBER, kind_of, numbers_of
from northroute.frequentist.design import Mask, parts_of
from northroute.frequentist.encoding import Encoding
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.predict import columns

_STEP = 1e-4
"""Of the smaller of a value and the column's standard deviation."""
_KINK = 5e-2
"""Difference of two slopes, relative to them and to the column's mean slope, from which on there is none."""
Moved = Callable[[Array], Array]


def derivative(fit: Estimate, encoding: Encoding, variable: str, names: tuple[str, ...]) -> Array:
    """Differentiate the columns of a model matrix in a numeric column of the table, shape (row, name).

    Differences over two steps are extrapolated; values never leave the range of the data, so that splines and logarithms
    are defined.

    Raises
    ------
    ModelError
        For a column that is absent, no number, a category in the formula, an effect or the exposure as well, or that enters
        by a step or a kink, where there is no derivative.
    """
    frame = fit.design.frame
    if variable not in frame.columns or kind_of(frame[variable], variable, fit.name) != NUMBER:
        raise ModelError(f"{fit.name}: '{variable}' is not a numeric column of {fit.design.label}.")
    _refuse(fit, encoding, variable)
    if variable not in encoding.aliases:
        return np.zeros((len(frame), len(names)))
    at = [encoding.names.index(n) for n in names]
    base = columns(fit, encoding, frame)
    values = numbers_of(frame[variable], variable, fit.name)
    low, high, sd = float(values.min()), float(values.max()), float(values.std())
    if not sd > 0:
        raise ModelError(f"{fit.name}: '{variable}' does not vary in the rows used, so it has no effect to show.")
    near = np.where(values != 0, np.minimum(np.abs(values), sd), sd)
    step = _STEP * np.maximum(near, 1e-6 * sd)
    step = np.maximum(step, 1e4 * np.spacing(np.abs(values)))
    # no step leads out of the range: the spline or logarithm may end there
    step = np.minimum(step, (high - low) / 4)

    def moved(by: Array) -> Array:
        return encoding.matrix(frame.assign(**{variable: values + by}))

    both = (values - step >= low) & (values + step <= high)
    side = np.where(values + step <= high, 1.0, -1.0)
    wide, fine = (_difference(moved, base, values, step / n, both, side) for n in (1, 2))
    slopes = np.where(both[:, None], (4 * fine - wide) / 3, 2 * fine - wide)
    touched = np.zeros(base.shape[1], bool)
    touched[encoding.columns_with(variable)] = True
    scale = np.maximum(np.abs(fine), np.abs(wide))
    rough = np.ptp(base, axis=0) / (high - low)
    bent = (np.abs(fine - wide) > _KINK * scale + _KINK * rough) & touched
    order = np.argsort(values, kind="stable")[::-1]
    swapped = frame.assign(**{variable: np.sort(values)[np.argsort(order, kind="stable")]})
    steps = ~slopes.any(axis=0) & touched & (encoding.matrix(swapped) != base).any(axis=0)
    for bad in (bent.any(axis=0), steps):
        if bad[at].any():
            name = encoding.names[next(k for k in at if bad[k])]
            raise ModelError(
                f"{fit.name}: '{variable}' enters by a step or a kink in '{name}', where it has no derivative. Predict at "
                "two values and compare."
            )
    return np.asarray(slopes[:, at])


def _difference(moved: Moved, base: Array, values: Array, step: Array, both: Mask, side: Array) -> Array:
    up = np.where(both, step, side * step)
    down = np.where(both, -step, 0.0)
    # what was added after rounding, not what was meant to be
    width = (values + up) - (values + down)
    lower = moved(down) if both.any() else base
    return np.asarray((moved(up) - lower) / width[:, None])


def _refuse(fit: Estimate, encoding: Encoding, variable: str) -> None:
    spec = fit.design.regression
    if variable in encoding.categories:
        raise ModelError(
            f"{fit.name}: '{variable}' enters as a category, which has no derivative. Its coefficients compare the levels, "
            "or predict at two levels and compare."
        )
    others = {p for e in spec.effects for p in parts_of(e, fit.design.frame)}
    if variable in encoding.aliases and variable in {spec.exposure, spec.offset, *others}:
        raise ModelError(
            f"{fit.name}: '{variable}' is exposure, offset or effect as well, and would have to move there, too. Make a "
            "second column of it if it is to be held fixed there."
        )
