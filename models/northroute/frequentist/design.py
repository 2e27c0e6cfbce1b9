"""From a table and a regression to arrays: outcome, covariates, offset, codes of the effects; what was left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from northroute.arrays import Array, Bools, Ints
from northroute.errors import ModelError, SimulatedDataError
from northroute.frequentist.columns import numbers_of
from northroute.frequentist.encoding import INTERCEPT, Encoding, learn, reads
from northroute.frequentist.formula import bare, plain, split
from northroute.frequentist.spec import Regression
from northroute.panel import Panel
from northroute.provenance import frame_hash

Mask = Bools
__all__ = ["INTERCEPT", "Array", "Design", "Effect", "Mask", "codes_of", "design", "table_of"]


@dataclass(frozen=True)
class Effect:
    """An absorbed effect: its name, the level of each row (0, 1, ...), the number of levels."""

    name: str
    codes: Ints
    levels: int


@dataclass(frozen=True)
class Design:
    """The rows that are used, as arrays.

    Attributes
    ----------
    regression : Regression
    y : array, shape (row,)
    x : array, shape (row, term)
        With an intercept in front where no effects are absorbed.
    terms : tuple of str
        Names of the columns of ``x``.
    offset : array, shape (row,)
        Log exposure plus offset; zeros without either.
    effects : tuple of Effect
    frame : pandas.DataFrame
        The rows used with all columns of the table, in its order and with its index.
    dropped : mapping of str to int
        Rows left out, by reason.
    simulated : bool
    data_hash : str
    label : str
        What the table is.
    table : pandas.DataFrame
        All rows that were given, as they were.
    at : array of int, shape (row,)
        Positions in ``table`` of the rows used.
    encoding : Encoding, optional
        How the columns of ``x`` came from the table; predictions, marginal effects and refits go through it.
    second : Encoding, optional
        The same of the other part of a two-part model.
    empty : tuple of str
        Combinations of categories that no row has; they are no terms, and rows that have them are not predicted.
    """

    regression: Regression
    y: Array
    x: Array
    terms: tuple[str, ...]
    offset: Array
    effects: tuple[Effect, ...]
    frame: pd.DataFrame
    dropped: Mapping[str, int]
    simulated: bool
    data_hash: str
    label: str
    table: pd.DataFrame
    at: Ints
    encoding: Encoding | None = None
    second: Encoding | None = None
    empty: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The regression's label."""
        return self.regression.label

    def keep(self, rows: Mask, counts: Mapping[str, int] | None = None) -> "Design":
        """Return the design of some rows, with levels counted anew; ``counts`` says how many others go, by reason."""
        dropped = dict(self.dropped)
        for reason, lost in (counts or {}).items():
            dropped[reason] = dropped.get(reason, 0) + lost
        return replace(
            self,
            y=self.y[rows],
            x=self.x[rows],
            offset=self.offset[rows],
            effects=tuple(_effect(e.name, e.codes[rows]) for e in self.effects),
            frame=self.frame[rows],
            at=self.at[rows],
            dropped=dropped,
        )

    def own(self) -> Encoding:
        """Return the encoding, or a ModelError if the columns did not come from a table."""
        if self.encoding is None:
            raise ModelError(f"{self.name}: its columns did not come from a formula, so other rows have none.")
        return self.encoding

    def settled(self) -> "Design":
        """Return the design without the columns of categories' levels and combinations that no row has any more.

        Nothing changes where none went. Levels of a second part are left to its own fit.
        """
        if self.encoding is None:
            return self
        names = [n for n in self.encoding.names if n not in self.empty and (n != INTERCEPT or not self.effects)]
        if self.terms != tuple(names):
            return self  # a check has added columns of its own
        if not self.encoding.categories or (self.x.any(axis=0).all() and not self.encoding.lost_levels(self.frame)):
            return self
        x, encoding = self.encoding.without_lost_levels(self.frame)
        x, terms, empty = _kept(x, encoding, absorbed=bool(self.effects))
        return replace(self, x=x, terms=terms, encoding=encoding, empty=empty)

    def without(self, columns: Mask) -> "Design":
        """Return the design without some columns of ``x``."""
        terms = tuple(t for t, out in zip(self.terms, columns, strict=True) if not out)
        return replace(self, x=self.x[:, ~columns], terms=terms)

    def groups(self, column: str) -> Ints:
        """Code the rows of each group of a model as 0, 1, ..., or say that the column is not there or has gaps."""
        codes = codes_of(self.frame, (column,)) if column in self.frame.columns else np.array([-1])
        if (codes < 0).any():
            raise ModelError(
                f"{self.name}: '{column}' is not a complete column of {self.label}. Name the groups' column."
            )
        return codes

    def term(self, name: str) -> int:
        """Position of a term, or a ModelError that lists them."""
        if name not in self.terms:
            raise ModelError(f"{self.name}: no term '{name}'; the terms are {', '.join(self.terms)}.")
        return self.terms.index(name)


def table_of(data: Panel | pd.DataFrame) -> pd.DataFrame:
    """Return the data as a plain table; a panel's index becomes the columns ``unit`` and ``month`` (``2015-01``)."""
    if isinstance(data, Panel):
        frame = data.frame.reset_index()
        return frame.assign(month=pd.DatetimeIndex(frame["month"]).strftime("%Y-%m"))
    if not isinstance(data, pd.DataFrame):
        raise ModelError(f"Give a Panel or a table (pandas.DataFrame), not a {type(data).__name__}.")
    return data


def design(
    data: Panel | pd.DataFrame,
    spec: Regression,
    *,
    whole: bool = False,
    label: str = "table",
    second: tuple[str, ...] | None = None,
) -> Design:
    """Build the design; rows with a missing value in a column that is used are left out and counted.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
        A table has one row an observation; a column ``simulated`` that is true anywhere marks it as simulated.
    spec : Regression
    whole : bool
        Require whole counts, as the likelihoods do; pseudo-maximum likelihood takes any outcome that is not negative.
    label : str
        What a table is, for messages.
    second : tuple of str, optional
        Terms of the other part of a two-part model, whose columns are used as well.

    Raises
    ------
    SimulatedDataError
        If a table's column ``simulated`` is neither true nor false in some row.
    ModelError
        For absent columns, a formula that cannot be read, an outcome that is negative, constant, not finite or (if
        ``whole``) fractional, covariates that are not finite, or exposure that is not positive.
    """
    frame = table_of(data)
    if isinstance(data, Panel):
        label, simulated, digest = data.name, data.simulated, data.data_hash
    else:
        simulated = _marked(frame, label)
        digest = ""
    parts = tuple(p for e in spec.effects for p in parts_of(e, frame))
    named = [n for n in (spec.outcome, spec.exposure, spec.offset, *parts) if n]
    absent = [n for n in dict.fromkeys(named) if n not in frame.columns]
    # a name that stands alone or in an interaction is a column; inside brackets it may be a function
    names = [bare(n) for t in plain(spec.terms, frame.columns)[0] for _, n in split(t, ":*") if t not in frame.columns]
    absent += [n for n in names if n.isidentifier() and n not in frame.columns]
    if absent:
        raise ModelError(f"{spec.label}: {label} has no column {absent}; it has {list(frame.columns)}.")
    right = {*reads(spec.terms, frame, spec.label), *reads(second or (), frame, spec.label)}
    if spec.outcome in right | {spec.exposure, spec.offset}:
        raise ModelError(f"{spec.label}: the outcome '{spec.outcome}' is on both sides. Leave it out on the right.")
    used = {*right, *named[1:]}
    twice = sorted({c for c in (spec.outcome, *used) if int((frame.columns == c).sum()) > 1})
    if twice:
        raise ModelError(f"{spec.label}: {label} has several columns called {twice}. Rename them.")
    observed = frame[spec.outcome].notna().to_numpy()
    others = [c for c in frame.columns if c in used]
    complete = frame[others].notna().all(axis=1).to_numpy() if others else np.ones(len(frame), bool)
    dropped = {"outcome unobserved": int((~observed).sum()), "covariate missing": int((observed & ~complete).sum())}
    rows = frame[observed & complete]
    y = outcome_values(rows[spec.outcome], spec, dropped, whole=whole)
    x, encoding = learn(rows, spec.terms, spec.label, absorbed=bool(spec.effects))
    x, terms, empty = _kept(x, encoding, absorbed=bool(spec.effects))
    return Design(
        regression=spec,
        y=y,
        x=x,
        terms=terms,
        offset=row_offset(rows, spec),
        effects=tuple(_effect(e, codes_of(rows, parts_of(e, frame))) for e in spec.effects),
        frame=rows,
        dropped={k: v for k, v in dropped.items() if v},
        simulated=simulated,
        data_hash=digest or frame_hash(rows),
        label=label,
        table=frame,
        at=np.flatnonzero(observed & complete),
        encoding=encoding,
        empty=empty,
    )


def _marked(frame: pd.DataFrame, label: str) -> bool:
    """Return True if a table says of any row that it is simulated; what cannot be read as yes or no is no mark."""
    if "simulated" not in frame.columns:
        return False
    marks = frame.loc[:, frame.columns == "simulated"].to_numpy(dtype=object).ravel()
    if pd.isna(marks).any() or not {*marks} <= {0, 1}:
        raise SimulatedDataError(
            f"{label}: the column 'simulated', which says whether rows are simulated, is neither true nor false in some. "
            "Write True and False, or rename the column if it says something else."
        )
    return any(marks)


def parts_of(effect: str, frame: pd.DataFrame) -> tuple[str, ...]:
    """Columns of an effect or a cluster: the one of that name, or those joined by ``^``."""
    return (effect,) if effect in frame.columns else tuple(effect.split("^"))


def outcome_values(
    column: "pd.Series[Any]", spec: Regression, dropped: Mapping[str, int], *, whole: bool = False
) -> Array:
    """Return the outcome as floats, or say what is wrong with it."""
    y = numbers_of(column, spec.outcome, spec.label)
    where = f"{spec.label}: '{spec.outcome}'"
    if not y.size:
        raise ModelError(f"{where} has no row with all columns observed ({dict(dropped)}). Look at missing covariates.")
    if not np.isfinite(y).all():
        raise ModelError(f"{where} is not finite in {int((~np.isfinite(y)).sum())} row(s). Blank or mend them.")
    if (y < 0).any():
        raise ModelError(f"{where} has negative values, first {y[y < 0][0]:g}; a count is zero or more.")
    if (y == 0).all():
        raise ModelError(
            f"{where} has no positive count in the rows kept {dict(dropped)}. There is nothing to explain."
        )
    if (y == y[0]).all():
        raise ModelError(f"{where} is constant ({y[0]:g}) in the {y.size} rows kept; nothing varies to be explained.")
    if whole and (y != np.round(y)).any():
        first = y[y != np.round(y)][0]
        raise ModelError(
            f"{where} has fractional values, first {first:g}; this likelihood is of whole counts. Use raw counts with an "
            "exposure, or Poisson pseudo-maximum likelihood."
        )
    return y


def _kept(x: Array, encoding: Encoding, *, absorbed: bool) -> tuple[Array, tuple[str, ...], tuple[str, ...]]:
    """Columns and names that a fit has, without an absorbed intercept; and names of categories' cells without a row."""
    cells = np.zeros(x.shape[1], bool)
    for column in encoding.categories:
        cells[encoding.columns_with(column)] = True
    empty = cells & ~x.any(axis=0)
    intercept = np.array([absorbed and n == INTERCEPT for n in encoding.names], dtype=bool)
    kept = np.flatnonzero(~empty & ~intercept)
    names = tuple(encoding.names[k] for k in kept)
    return np.ascontiguousarray(x[:, kept]), names, tuple(encoding.names[k] for k in np.flatnonzero(empty))


def row_offset(rows: pd.DataFrame, spec: Regression) -> Array:
    """Log exposure plus offset of each row, or say which is not positive or not finite."""
    offset = np.zeros(len(rows))
    if spec.exposure:
        exposure = numbers_of(rows[spec.exposure], spec.exposure, spec.label)
        if not (np.isfinite(exposure) & (exposure > 0)).all():
            raise ModelError(
                f"{spec.label}: exposure '{spec.exposure}' must be positive in every row. Blank the others."
            )
        offset += np.log(exposure)
    if spec.offset:
        offset = offset + numbers_of(rows[spec.offset], spec.offset, spec.label)
        if not np.isfinite(offset).all():
            raise ModelError(f"{spec.label}: offset '{spec.offset}' is not finite in every row. Blank the others.")
    return offset


def codes_of(frame: pd.DataFrame, columns: tuple[str, ...]) -> Ints:
    """Code each distinct combination of the columns as 0, 1, ...; -1 where one of them is missing.

    Raises
    ------
    ModelError
        If one name stands for several columns.
    """
    twice = [c for c in columns if int((frame.columns == c).sum()) > 1]
    if twice:
        raise ModelError(f"The table has several columns called {twice}. Rename them.")
    codes = np.zeros(len(frame), dtype=np.int64)
    gaps = np.zeros(len(frame), bool)
    for column in columns:
        own, values = pd.factorize(frame[column])
        gaps |= own < 0
        codes = np.asarray(pd.factorize(codes * (len(values) + 1) + own)[0], dtype=np.int64)
    dense = np.full(len(frame), -1, dtype=np.int64)
    dense[~gaps] = pd.factorize(codes[~gaps])[0]
    return dense


def _effect(name: str, codes: Ints) -> Effect:
    dense = np.asarray(pd.factorize(codes)[0], dtype=np.int64)
    return Effect(name, dense, int(dense.max()) + 1 if dense.size else 0)
