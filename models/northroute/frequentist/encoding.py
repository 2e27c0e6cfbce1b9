"""Columns of a table to columns of a model matrix: learned once from the rows of a fit, then the same for any rows.

What is learned is formulaic's ModelSpec: the levels of each category, the centre and the scale of ``scale(x)``, the knots of
a spline. Fitting, predictions, marginal effects and refits all go through it.
"""

import copy
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula, ModelSpec
from formulaic.errors import DataMismatchWarning, FormulaicError
from formulaic.formula import SimpleFormula
from formulaic.parser.types import Factor

from northroute.arrays import Array, Ints
from northroute.errors import ModelError
from northroute.frequentist.columns import CATEGORY, NUMBER, kind_of, prepared
from northroute.frequentist.formula import Names, plain, tokens, within

INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Encoding:
    """A right-hand side with all that it learned.

    Attributes
    ----------
    spec : formulaic.ModelSpec
    aliases : mapping of str to str
        Columns of the table that it reads, and the name of each in the formula.
    kinds : mapping of str to str
        Whether each of them was a number, a category or something else.
    names : tuple of str
        Columns of the model matrix.
    label : str
        Of the regression, for messages.
    right : str
        The right-hand side as it was written.
    """

    spec: ModelSpec
    aliases: Mapping[str, str]
    kinds: Mapping[str, str]
    names: tuple[str, ...]
    label: str
    right: str

    @property
    def simple(self) -> bool:
        """True if it has columns and categories only, so that no function can look at other rows."""
        return all(f.expr in self.aliases.values() or f.expr == "1" for t in self.spec.formula for f in t.factors)

    @property
    def categories(self) -> frozenset[str]:
        """Columns that enter as categories."""
        found = [str(k) for k, (kind, _) in self.spec.encoder_state.items() if kind is Factor.Kind.CATEGORICAL]
        return frozenset(c for c, name in self.aliases.items() if any(within(expr, name) for expr in found))

    def matrix(self, frame: pd.DataFrame) -> Array:
        """Return the model matrix of any rows, shape (row, name).

        Raises
        ------
        ModelError
            For an absent column, a missing or infinite value, a number where the fit had a category or the reverse, a
            level that the fit has not seen, or a value where a function is not defined; it names the row.
        """
        absent = [c for c in self.aliases if c not in frame.columns]
        if absent:
            raise ModelError(f"{self.label}: the table has no column {absent}; it has {list(frame.columns)}.")
        if not len(frame):
            return np.empty((0, len(self.names)))
        for column in self.aliases:
            self._same(frame, column)
        return self._evaluate(frame)

    def _same(self, frame: pd.DataFrame, column: str) -> None:
        values = frame[column]
        gaps = values.isna().to_numpy()
        if gaps.any():
            row = frame.index[int(np.flatnonzero(gaps)[0])]
            raise ModelError(f"{self.label}: '{column}' is missing in row {row}. Fill it in or leave the row out.")
        levels = self._levels(column)
        if levels is not None:
            new = ~values.astype(object).isin(levels).to_numpy()
            if new.any():
                row = int(np.flatnonzero(new)[0])
                raise ModelError(
                    f"{self.label}: row {frame.index[row]} has {values.iloc[row]!r} in '{column}', a level that the fit has "
                    f"not seen; it has seen {_some(levels)}. Leave the row out."
                )
        elif kind_of(values, column, self.label) != self.kinds[column]:
            raise ModelError(
                f"{self.label}: '{column}' was a {self.kinds[column]} in the fit and is none here ({values.dtype}). Give it "
                "the type that it had."
            )

    def _levels(self, column: str) -> list[Any] | None:
        """Levels of a column that enters as a category as it is, or in C() alone."""
        name = self.aliases[column]
        for expr, (kind, state) in self.spec.encoder_state.items():
            alone = str(expr) == name or re.match(rf"C\(\s*{name}\s*[,)]", str(expr))
            if kind is Factor.Kind.CATEGORICAL and alone and "categories" in state:
                return list(state["categories"])
        return None

    def _evaluate(self, frame: pd.DataFrame) -> Array:
        data = prepared(frame, self.aliases, self._raw(), self.label)
        for column, kind in self.kinds.items():
            name, levels = self.aliases[column], self._levels(column)
            if kind == CATEGORY and data[name].dtype != object:
                data[name] = data[name].astype(object)
            elif levels and isinstance(levels[0], bool) != pd.api.types.is_bool_dtype(data[name]) and kind == NUMBER:
                # 1 and True are one level, whichever the fit had
                data[name] = data[name].astype(bool if isinstance(levels[0], bool) else int)
        # formulaic writes into the states of a specification that it reuses
        states = {s: copy.deepcopy(getattr(self.spec, s)) for s in ("transform_state", "encoder_state")}
        x, _, _ = _built(self.spec.update(**states), data, self.label, self.right)
        bad = ~np.isfinite(x)
        if bad.any():
            row, at = (int(i[0]) for i in np.nonzero(bad))
            raise ModelError(f"{self.label}: '{self.names[at]}' is not finite in row {frame.index[row]}. Mend the row.")
        return x

    def _raw(self) -> frozenset[str]:
        return _in_category(self.spec.formula, self.aliases)

    def without_lost_levels(self, rows: pd.DataFrame) -> "tuple[Array, Encoding]":
        """Return matrix and encoding with the levels that rows still have; centres, scales and knots stay as they are."""
        data = prepared(rows, self.aliases, self._raw(), self.label)
        fresh = self.spec.update(
            structure=None, encoder_state={}, transform_state=copy.deepcopy(self.spec.transform_state)
        )
        x, spec, names = _built(fresh, data, self.label, self.right)
        return x, replace(self, spec=spec, names=_restored(names, self.aliases))

    def lost_levels(self, rows: pd.DataFrame) -> bool:
        """Return True if some level of a category has no row here."""
        levels = {column: self._levels(column) for column in self.aliases}
        return any(own is not None and len(own) > rows[column].nunique() for column, own in levels.items())

    def reads_other_rows(self, rows: pd.DataFrame) -> str:
        """Return the first column that depends on other rows, such as ``x - x.mean()``, or an empty text.

        Parameters
        ----------
        rows : pandas.DataFrame
            Those that the encoding was learned from.
        """
        if self.simple or len(rows) < 4:
            return ""
        some = np.arange(len(rows)) % 3 != 0
        return self._differs(self._evaluate(rows)[some], self._evaluate(rows[some]))

    def depends_on_order(self, rows: pd.DataFrame, x: Array) -> str:
        """Return the first column that depends on the order of the rows, such as ``lag(x)``, or an empty text."""
        if self.simple:
            return ""
        try:
            return self._differs(x[::-1], self._evaluate(rows[::-1]))
        except ModelError:
            return self.right

    def _differs(self, one: Array, other: Array) -> str:
        scale = np.abs(one).max(axis=0, initial=0.0)
        moved = (np.abs(one - other) > 1e-9 * scale).any(axis=0)
        return next((n for n, m in zip(self.names, moved, strict=True) if m), "")

    def columns_with(self, column: str) -> Ints:
        """Positions of the matrix' columns that a column of the table enters."""
        if column not in self.aliases:
            return np.empty(0, dtype=np.int64)
        at, found = 0, []
        for term, _, columns in self.spec.structure or ():
            if any(within(f.expr, self.aliases[column]) for f in term.factors):
                found += list(range(at, at + len(columns)))
            at += len(columns)
        return np.asarray(found, dtype=np.int64)


def reads(terms: tuple[str, ...], frame: pd.DataFrame, label: str) -> tuple[str, ...]:
    """Return the columns that terms read, in their order.

    Raises
    ------
    ModelError
        For a name that is no column.
    """
    names = _names(frame, label)
    for term in plain(terms, names.columns)[0]:
        names.translate(term)
    return tuple(names.used)


def learn(rows: pd.DataFrame, terms: tuple[str, ...], label: str, *, absorbed: bool = False) -> tuple[Array, Encoding]:
    """Build the model matrix of the rows of a fit, with the intercept if there is one, and remember how.

    Parameters
    ----------
    rows : pandas.DataFrame
        Without missing values in the columns read.
    terms : tuple of str
    label : str
        For messages.
    absorbed : bool
        True if effects take up the intercept: it is then there whatever the terms say, so that categories have a reference;
        the caller leaves its column out.

    Raises
    ------
    ModelError
        For terms that cannot be read, columns of a type that has no place in them, values that are not finite, or a term
        that depends on the order of the rows.
    """
    names = _names(rows, label)
    kept, intercept = plain(terms, names.columns)
    translated = [names.translate(t) for t in kept]
    if "lag" in {t.text for term in translated for t in tokens(term) if t.kind == "name"} - set(names.used.values()):
        raise ModelError(f"{label}: lag() would shift rows, across units and gaps. Use distributed_lags, or panel.lag.")
    right = " + ".join(kept) or "1"
    written = " + ".join(translated) + (" + 1" if intercept or absorbed else " - 1")
    try:
        formula = Formula(written)
    except (FormulaicError, ValueError, TypeError, SyntaxError) as failure:
        raise ModelError(f"{label}: cannot read '{right}' ({_said(failure)}).") from failure
    if not isinstance(formula, SimpleFormula):
        raise ModelError(f"{label}: cannot read '{right}'.")
    used = dict(names.used)
    kinds = {column: kind_of(rows[column], column, label) for column in used}
    bare = {f.expr for t in formula for f in t.factors}
    for column, kind in kinds.items():
        if kind not in (NUMBER, CATEGORY) and used[column] in bare:
            raise ModelError(
                f"{label}: '{column}' holds {kind}s, which are neither numbers nor categories. Write C({column}) for an "
                "effect of each, or make a number of it."
            )
    data = prepared(rows, used, _in_category(formula, used), label, bare=frozenset(bare))
    x, spec, columns = _built(formula, data, label, right)
    encoding = Encoding(spec, used, kinds, _restored(columns, used), label, right)
    twice = sorted({n for n in encoding.names if encoding.names.count(n) > 1})
    if twice:
        raise ModelError(f"{label}: two terms are called {twice}. Rename the column.")
    bad = ~np.isfinite(x).all(axis=0)
    if bad.any():
        lost = [t for t, b in zip(encoding.names, bad, strict=True) if b]
        raise ModelError(f"{label}: {lost} has values that are not finite. Mend them, or add a constant before a log.")
    moved = encoding.depends_on_order(rows, x)
    if moved:
        raise ModelError(f"{label}: '{moved}' depends on the order of the rows. Make a column of it, within units.")
    return x, encoding


def _names(frame: pd.DataFrame, label: str) -> Names:
    return Names(tuple(dict.fromkeys(c for c in frame.columns if isinstance(c, str))), label)


def _in_category(formula: Any, aliases: Mapping[str, str]) -> frozenset[str]:
    """Columns that stand in a C(), whose values are then kept as they are for the names of the levels."""
    inside = [f.expr for t in formula for f in t.factors if str(f.expr).startswith("C(")]
    return frozenset(c for c, name in aliases.items() if any(within(e, name) for e in inside))


def _restored(columns: tuple[str, ...], aliases: Mapping[str, str]) -> tuple[str, ...]:
    names = Names((), used=aliases)
    return tuple(names.restore(c) for c in columns)


def _built(what: Any, data: pd.DataFrame, label: str, right: str) -> tuple[Array, ModelSpec, tuple[str, ...]]:
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", DataMismatchWarning)
            warnings.filterwarnings("error", message="Constructing a Categorical")
            built = what.get_model_matrix(data, na_action="raise", context={"np": np})
            x = np.ascontiguousarray(built.to_numpy(dtype=float))
    except (DataMismatchWarning, FutureWarning, DeprecationWarning) as unseen:
        levels = re.search(r"\{.*\}", str(unseen))
        raise ModelError(
            f"{label}: '{right}' has a level that the fit has not seen, or that it does not list: "
            f"{levels.group() if levels else unseen}. Leave these rows out."
        ) from unseen
    except (FormulaicError, ValueError, TypeError, KeyError, AttributeError, NameError, ZeroDivisionError) as failure:
        if "null values" in str(failure):
            raise ModelError(
                f"{label}: '{right}' is not finite or missing in some rows ({_said(failure)}). Mend them."
            ) from failure
        raise ModelError(f"{label}: cannot read '{right}' here ({_said(failure)}).") from failure
    return x, built.model_spec, tuple(str(c) for c in built.columns)


def _said(failure: Exception) -> str:
    # formulaic marks the place in colour
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[\u29db\u29da]", "", str(failure)).split())


def _some(levels: list[Any]) -> str:
    shown = ", ".join(repr(v) for v in levels[:8])
    return shown + (", ..." if len(levels) > 8 else "")
