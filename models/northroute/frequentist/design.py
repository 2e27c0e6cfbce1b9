"""From a table and a regression to arrays: outcome, covariates, offset, codes of the effects; what was left out and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from numpy.typing import NDArray

from northroute.errors import ModelError
from northroute.frequentist.spec import Regression
from northroute.panel import Panel
from northroute.provenance import frame_hash

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Effect:
    """An absorbed effect: its name, the level of each row (0, 1, ...), the number of levels."""

    name: str
    codes: NDArray[np.int64]
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
            dropped=dropped,
        )

    def without(self, columns: Mask) -> "Design":
        """Return the design without some columns of ``x``."""
        terms = tuple(t for t, out in zip(self.terms, columns, strict=True) if not out)
        return replace(self, x=self.x[:, ~columns], terms=terms)

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
    return data


def design(data: Panel | pd.DataFrame, spec: Regression, *, whole: bool = False, label: str = "table") -> Design:
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

    Raises
    ------
    ModelError
        For absent columns, a formula that cannot be read, an outcome that is negative, constant, not finite or (if
        ``whole``) fractional, covariates that are not finite, or exposure that is not positive.
    """
    frame = table_of(data)
    if isinstance(data, Panel):
        label, simulated, digest = data.name, data.simulated, data.data_hash
    else:
        simulated = "simulated" in frame.columns and bool(frame["simulated"].any())
        digest = ""
    parts = tuple(p for e in spec.effects for p in e.split("^"))
    formula = _formula(spec) if any(t not in frame.columns for t in spec.terms) else None
    used = _variables(formula, frame) if formula is not None else set(spec.terms)
    named = [n for n in (spec.outcome, spec.exposure, spec.offset, *parts) if n]
    absent = [n for n in dict.fromkeys(named) if n not in frame.columns]
    # a name that stands alone or in an interaction is a column; inside brackets it may be a function
    names = [n.strip() for t in spec.terms for n in re.split(r"[:*]", t)]
    absent += [n for n in names if n.isidentifier() and n not in frame.columns]
    if absent:
        raise ModelError(f"{spec.label}: {label} has no column {absent}; it has {list(frame.columns)}.")
    observed = frame[spec.outcome].notna().to_numpy()
    others = [c for c in frame.columns if c in used or c in named[1:]]
    complete = frame[others].notna().all(axis=1).to_numpy() if others else np.ones(len(frame), bool)
    dropped = {"outcome unobserved": int((~observed).sum()), "covariate missing": int((observed & ~complete).sum())}
    rows = frame[observed & complete]
    y = outcome_values(rows[spec.outcome], spec, dropped, whole=whole)
    x, terms = _matrix(rows, spec, formula)
    return Design(
        regression=spec,
        y=y,
        x=x,
        terms=terms,
        offset=row_offset(rows, spec),
        effects=tuple(_effect(e, _combined(rows, e)) for e in spec.effects),
        frame=rows,
        dropped={k: v for k, v in dropped.items() if v},
        simulated=simulated,
        data_hash=digest or frame_hash(rows),
        label=label,
    )


def outcome_values(
    column: "pd.Series[Any]", spec: Regression, dropped: Mapping[str, int], *, whole: bool = False
) -> Array:
    """Return the outcome as floats, or say what is wrong with it."""
    y = column.to_numpy(dtype=float)
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


def matrix(frame: pd.DataFrame, right: str, label: str) -> tuple[Array, tuple[str, ...]]:
    """Model matrix of ``right`` (such as ``1 + a + C(b)``), with its column names."""
    try:
        built = Formula(right).get_model_matrix(frame, na_action="raise", context={"np": np})
    except (FormulaicError, ValueError, TypeError, KeyError) as failure:
        raise ModelError(f"{label}: cannot read '{right}' ({' '.join(str(failure).split())}).") from failure
    return np.ascontiguousarray(built.to_numpy(dtype=float)), tuple(str(c) for c in built.columns)


def _formula(spec: Regression) -> Formula:
    try:
        return Formula(" + ".join(("1", *spec.terms)))
    except (FormulaicError, ValueError, TypeError) as failure:
        raise ModelError(f"{spec.label}: cannot read '{spec.formula}' ({' '.join(str(failure).split())}).") from failure


def _variables(formula: Formula, frame: pd.DataFrame) -> set[str]:
    return {str(v) for v in formula.required_variables} & set(frame.columns)


def _matrix(rows: pd.DataFrame, spec: Regression, formula: Formula | None) -> tuple[Array, tuple[str, ...]]:
    numeric = formula is None and all(pd.api.types.is_numeric_dtype(rows[t]) for t in spec.terms)
    if numeric:
        columns = [np.ones(len(rows)), *(rows[t].to_numpy(dtype=float) for t in spec.terms)]
        x, terms = np.column_stack(columns), (INTERCEPT, *spec.terms)
    else:
        x, terms = matrix(rows, " + ".join(("1", *spec.terms)), spec.label)
    if spec.effects:
        x, terms = x[:, 1:], terms[1:]
    bad = ~np.isfinite(x).all(axis=0)
    if bad.any():
        names = [t for t, b in zip(terms, bad, strict=True) if b]
        raise ModelError(
            f"{spec.label}: {names} has values that are not finite. Mend them, or add a constant before a log."
        )
    return x, terms


def row_offset(rows: pd.DataFrame, spec: Regression) -> Array:
    """Log exposure plus offset of each row, or say which is not positive or not finite."""
    offset = np.zeros(len(rows))
    if spec.exposure:
        exposure = rows[spec.exposure].to_numpy(dtype=float)
        if not (np.isfinite(exposure) & (exposure > 0)).all():
            raise ModelError(
                f"{spec.label}: exposure '{spec.exposure}' must be positive in every row. Blank the others."
            )
        offset += np.log(exposure)
    if spec.offset:
        offset += rows[spec.offset].to_numpy(dtype=float)
        if not np.isfinite(offset).all():
            raise ModelError(f"{spec.label}: offset '{spec.offset}' is not finite in every row. Blank the others.")
    return offset


def _combined(rows: pd.DataFrame, name: str) -> NDArray[np.int64]:
    return codes_of(rows, tuple(name.split("^")))


def codes_of(frame: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.int64]:
    """Code each distinct combination of the columns as 0, 1, ..."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        own, values = pd.factorize(frame[column])
        codes = codes * len(values) + own
    return np.asarray(pd.factorize(codes)[0], dtype=np.int64)


def _effect(name: str, codes: NDArray[np.int64]) -> Effect:
    dense = np.asarray(pd.factorize(codes)[0], dtype=np.int64)
    return Effect(name, dense, int(dense.max()) + 1 if dense.size else 0)
