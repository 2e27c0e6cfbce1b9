"""The rows of a fit by cluster, unit and month."""

from collections.abc import Sequence

import numpy as np

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist.design import codes_of, parts_of
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.periods import read_periods
from northroute.panel.periods import Periods

Codes = Ints


def clusters(fit: Estimate, by: str) -> tuple[Codes, int]:
    """Return the cluster of each row (0, 1, ...) and their number; ``by`` is a column, or ``a^b`` for combinations.

    Raises
    ------
    ModelError
        If the column is absent or missing in a row, or there is one cluster only.
    """
    codes = column_codes(fit, by)
    count = int(codes.max()) + 1
    if count < 2:
        raise ModelError(f"{fit.name}: one cluster only ({by}); between-cluster variation needs two or more.")
    for group in fit.groups:
        if not _within(column_codes(fit, group), codes):
            raise ModelError(
                f"{fit.name}: '{by}' cuts through {group}, the groups of the model. Cluster by {group} or above."
            )
    return codes, count


def column_codes(fit: Estimate, by: str | tuple[str, ...]) -> Codes:
    """Return dense codes of a column of the fit's table, or of a combination, ``a^b`` or several of these."""
    frame = fit.design.frame
    columns = tuple(c for one in ((by,) if isinstance(by, str) else by) for c in parts_of(one, frame))
    absent = [c for c in columns if c not in frame.columns]
    if absent:
        raise ModelError(f"{fit.name}: {fit.design.label} has no column {absent}; it has {list(frame.columns)}.")
    missing = frame[list(columns)].isna().any(axis=1)
    if missing.any():
        raise ModelError(
            f"{fit.name}: '{by}' is missing in {int(missing.sum())} row(s) used. Fill it in or drop the rows."
        )
    return codes_of(frame, columns)


def labels(fit: Estimate, by: str) -> list[str]:
    """Return the clusters' names in the order of their codes."""
    columns = list(parts_of(by, fit.design.frame))
    first = np.unique(column_codes(fit, by), return_index=True)[1]
    return [" ".join(str(v) for v in row) for row in fit.design.frame.iloc[first][columns].to_numpy()]


def nested(fit: Estimate, groupings: Sequence[Codes]) -> tuple[bool, ...]:
    """Which absorbed effects have each level within one cluster of some cluster variable."""
    return tuple(any(_within(e.codes, codes) for codes in groupings) for e in fit.design.effects)


def sums(scores: Array, codes: Codes, count: int) -> Array:
    """Sum the scores by group, shape (group, term)."""
    return np.column_stack([np.bincount(codes, scores[:, j], minlength=count) for j in range(scores.shape[1])])


def periods(fit: Estimate, column: str) -> Periods:
    """Return each row's period (:func:`northroute.frequentist.periods.read_periods`), read in the whole table.

    Raises
    ------
    ModelError
        If the column is absent, missing in a row, or not dates, year-months, other periods or whole numbers.
    """
    column_codes(fit, column)
    known = fit.design.table[column].notna().to_numpy()
    read = read_periods(fit.design.table.loc[known, column], column)
    position = np.cumsum(known) - 1
    return Periods(read.numbers[position[fit.design.at]], read.unit)


def grid(fit: Estimate, unit: str, time: str) -> tuple[Codes, Codes, tuple[int, int]]:
    """Return each row's unit and period (0, 1, ... from the first), and the numbers of units and of periods spanned.

    Raises
    ------
    ModelError
        If a unit has two rows in a period.
    """
    units = column_codes(fit, unit)
    steps = periods(fit, time).numbers
    steps = steps - steps.min()
    shape = (int(units.max()) + 1, int(steps.max()) + 1)
    cell = units * shape[1] + steps
    if np.unique(cell).size < cell.size:
        raise ModelError(f"{fit.name}: a {unit} has several rows in one {time}. Aggregate them, or name another unit.")
    return units, steps, shape


def _within(inner: Codes, outer: Codes) -> bool:
    of_level = np.zeros(int(inner.max()) + 1, dtype=np.int64)
    of_level[inner] = outer
    return bool((of_level[inner] == outer).all())
