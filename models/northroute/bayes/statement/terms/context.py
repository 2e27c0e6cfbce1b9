"""What a term sees of the data: rows, labels, and the builder that it adds to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from northroute.arrays import Array, Bools
from northroute.bayes.statement import intake
from northroute.bayes.statement.terms.writer import Ids, Key, Writer
from northroute.errors import ModelError


@dataclass(frozen=True)
class Context:
    """Rows of a model, sorted by response, and the linear predictor that terms add to.

    Attributes
    ----------
    model : str
        Name of the model, for messages.
    frame : pandas.DataFrame
        One row an observation.
    builder : Writer
    predictor : int
        0 for the mean, 1 for the second part (zeros or detection).
    response : str, optional
        Column that names the response of each row.
    level : array, shape (row,)
        A rough value of the predictor at each row, to start from.
    middle, spread : array, shape (row,)
        Where the data of each row's response lie on the scale of the predictor, and how widely: what default priors suit.
    """

    model: str
    frame: pd.DataFrame
    builder: Writer
    predictor: int
    response: str | None
    level: Array
    middle: Array
    spread: Array

    def rows(self, only: tuple[str, ...] | None) -> Bools:
        """Return which rows a term enters: those of the responses ``only``, or all."""
        if only is None:
            return np.ones(len(self.frame), dtype=bool)
        only = intake.words(only)
        if self.response is None:
            raise ModelError(f"{self.model}: 'only' names responses, and the model has one. Leave 'only' out.")
        found = self.frame[self.response].isin(only).to_numpy()
        unknown = [r for r in only if r not in set(self.frame[self.response])]
        if found.any() and unknown:
            raise ModelError(f"{self.model}: 'only' names {unknown}, of which there is no row. Leave them out of it.")
        if not found.any():
            raise ModelError(f"{self.model}: no row has a response among {only}.")
        return np.asarray(found)

    def codes(self, columns: Sequence[str], kept: Bools) -> tuple[Ids, list[Any]]:
        """Return the code of each kept row's group, and the groups' labels in order of appearance; without columns, one.

        Raises
        ------
        ModelError
            If a column is missing or has missing values.
        """
        if not columns:
            return np.zeros(int(kept.sum()), dtype=np.int64), [""]
        self.require(columns)
        part = self.frame.loc[kept, list(columns)]
        intake.require_values(self.model, part)
        keys = part[columns[0]] if len(columns) == 1 else pd.MultiIndex.from_frame(part)
        ordered = isinstance(keys, pd.Series) and isinstance(keys.dtype, pd.CategoricalDtype)
        codes, found = pd.factorize(keys, sort=ordered)
        labels = _labels(list(found))
        if len(set(map(str, labels))) < len(labels):
            twice = next(v for v in labels if [str(o) for o in labels].count(str(v)) > 1)
            raise ModelError(
                f"{self.model}: different values of {' and '.join(map(repr, columns))} are all called '{twice}' (text and "
                "numbers, say, or spaces). Give each its own name."
            )
        return np.asarray(codes, dtype=np.int64), labels

    def column(self, name: str, kept: Bools) -> Array:
        """Return a covariate at the kept rows."""
        self.require([name])
        values = intake.numbers(self.model, self.frame.loc[kept], name)
        if not np.isfinite(values).all():
            raise ModelError(
                f"{self.model}: covariate '{name}' is missing or infinite in {int((~np.isfinite(values)).sum())} rows. "
                "Leave those rows out, or fill them and say how."
            )
        return values

    def require(self, columns: Sequence[str]) -> None:
        """Raise if a column is not there."""
        intake.require_columns(self.model, self.frame, columns)

    def dimension(self, name: str, labels: list[Any]) -> str:
        """Register a dimension's labels and return its name; another term may have registered the same labels."""
        known = self.builder.coords.setdefault(name, labels)
        if known != labels:
            raise ModelError(
                f"{self.model}: dimension '{name}' has other labels in another term "
                f"({len(known)} against {len(labels)}). Give one of the terms another dimension name."
            )
        return name

    def key(self, only: tuple[str, ...] | None, column: str, level: Any = "", *group: Any) -> Key:
        """Name the value that the mean of effects of ``column`` at a level of ``by`` is swept into."""
        return (str(self.predictor), " ".join(intake.words(only or ())), column, str(level), *map(str, group))

    def add(self, kept: Bools, ids: Ids, weight: Array | None = None, other: Ids | None = None) -> None:
        """Add values to the predictor of the kept rows, in runs of consecutive rows."""
        for rows, part in runs(kept):
            self.builder.use(
                self.predictor,
                rows,
                ids[part],
                None if weight is None else weight[part],
                None if other is None else other[part],
            )


def runs(kept: Bools) -> list[tuple[slice, slice]]:
    """Return each run of consecutive kept rows: its rows, and its place among the kept rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept.astype(np.int8), [0]])))
    found, at = [], 0
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        found.append((slice(int(start), int(stop)), slice(at, at + int(stop - start))))
        at += int(stop - start)
    return found


def _labels(values: list[Any]) -> list[Any]:
    """Return groups' labels: whole numbers stay numbers, so that months of the year sort; dates are told apart."""
    stamps = [s for v in values for s in (v if isinstance(v, tuple) else (v,)) if isinstance(s, pd.Timestamp)]
    shape = "%Y-%m" if all(s == s.normalize() and s.day == 1 for s in stamps) else "%Y-%m-%d"
    shape = shape if all(s == s.normalize() for s in stamps) else "%Y-%m-%d %H:%M:%S"
    return [int(v) if isinstance(v, int | np.integer) else _text(v, shape) for v in values]


def _text(value: Any, shape: str) -> str:
    if isinstance(value, tuple):
        return " ".join(_text(v, shape) for v in value)
    return value.strftime(shape) if isinstance(value, pd.Timestamp) else str(value)
