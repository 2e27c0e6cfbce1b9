"""What a model takes in: numbers that are numbers, exposures that are there, names that mean one thing."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.arrays import Array, Bools
from northroute.errors import ModelError

LARGEST: Final = 1e10
"""Largest count: beyond, sums of log likelihoods lose the digits that the sampler needs."""
LEFT_OUT: Final = "rows left out"
"""Attribute of a table that says how many rows were left out of it, by reason."""


def words(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple; one name alone, ``"x"`` or ``("x")``, is one name and not its letters."""
    if value is None:
        raise ModelError("None stands where names of columns are wanted. Give ('x', 'z') say.")
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)


def checked(
    stated: object,
    *,
    flags: Iterable[str] = (),
    positive: Iterable[str] = (),
    names: Iterable[str] = (),
    whole: Iterable[str] = (),
) -> None:
    """Raise a ModelError if a field of a term or specification is not of its kind.

    Parameters
    ----------
    stated : object
    flags : iterable of str
        True or False.
    positive, whole : iterable of str
        Positive numbers, whole numbers from one; or None where the field's default is.
    names : iterable of str
        Text that is not empty, or None where the field's default is.
    """
    what = type(stated).__name__
    defaults = {f: getattr(type(stated), f, ...) for f in (*positive, *names, *whole)}
    for name in flags:
        value = getattr(stated, name)
        if not isinstance(value, bool | np.bool_):
            raise ModelError(f"{what}: '{name}' is {value!r}. Give True or False.")
    for name, default in defaults.items():
        value = getattr(stated, name)
        if value is None and default is None:
            continue
        if name in names and not (isinstance(value, str) and value.strip()):
            raise ModelError(f"{what}: '{name}' is {value!r}. Give a name, as text.")
        kind = int | np.integer if name in whole else int | float | np.number
        if name not in names and (not isinstance(value, kind) or isinstance(value, bool) or not 0 < value < np.inf):
            number = "whole number from one" if name in whole else "positive number"
            raise ModelError(f"{what}: '{name}' is {value!r}. Give a {number}.")


def numbers(model: str, frame: pd.DataFrame, column: str) -> Array:
    """Return a column as numbers, shape (row,), not-a-number where it is missing.

    Raises
    ------
    ModelError
        If the column is there twice, or holds text, dates or anything else that is no number.
    """
    values = frame[column]
    if isinstance(values, pd.DataFrame):
        raise ModelError(f"{model}: the data have {values.shape[1]} columns '{column}'. Rename all but one.")
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_complex_dtype(values.dtype):
        return values.to_numpy(float, na_value=np.nan)
    known = values[values.notna()]
    odd = known[[isinstance(v, str | bytes | complex) or not hasattr(v, "__float__") for v in known]]
    if len(odd):
        raise ModelError(
            f"{model}: '{column}' is {odd.iloc[0]!r} in row {odd.index[0]} and no number in {len(odd)} rows. Turn the "
            "column into numbers (pandas.to_numeric), and mark what is missing as missing."
        )
    found = np.full(len(values), np.nan)
    found[values.notna().to_numpy()] = [float(v) for v in known]
    return found


def require_columns(model: str, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise a ModelError if a column is not there, or is there twice."""
    wanted = list(columns)
    have = [str(c) for c in frame.columns]
    missing = [c for c in wanted if c not in frame.columns]
    if missing:
        raise ModelError(f"{model}: no column {missing}; the data have {sorted(have)}.")
    twice = [c for c in wanted if have.count(c) > 1]
    if twice:
        raise ModelError(f"{model}: the data have {have.count(twice[0])} columns '{twice[0]}'. Rename all but one.")


def require_values(model: str, frame: pd.DataFrame) -> None:
    """Raise a ModelError that names the first column with missing values, if one has any."""
    for column, values in frame.items():
        if missing := int(values.isna().sum()):
            raise ModelError(f"{model}: '{column}' is missing in {missing} rows. Leave those rows out, or name them.")


def exposed(model: str, frame: pd.DataFrame, column: str) -> Bools:
    """Return which rows have an exposure.

    Raises
    ------
    ModelError
        If an exposure is there and not a positive finite number.
    """
    exposure = numbers(model, frame, column)
    bad = np.flatnonzero((exposure <= 0) | np.isinf(exposure))
    if bad.size:
        raise ModelError(
            f"{model}: exposure '{column}' is {exposure[bad[0]]:g} in row {frame.index[bad[0]]} and {bad.size - 1} others; "
            "its log enters the model. Mark those outcomes unobserved, or mend the exposure."
        )
    return ~np.isnan(exposure)


def one_of(model: str, what: str, value: Any, known: Iterable[str]) -> None:
    """Raise a ModelError that names the choices if ``value`` is none of them."""
    choices = tuple(known)
    if value not in choices:
        raise ModelError(f"{model}: no {what} {value!r}. Use one of {', '.join(map(repr, choices))}.")


def kept(
    model: str,
    frame: pd.DataFrame,
    outcome: str,
    exposure: str | None,
    response: str | None,
    cell: str | None,
    measures: Iterable[str] = (),
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows with an outcome and, where it is counted by exposure, an exposure; and how many others, by reason.

    What was left out before, as the table's attribute :data:`LEFT_OUT` says, is among these.

    Parameters
    ----------
    model : str
        Its name, for messages.
    frame : pandas.DataFrame
    outcome, exposure, response, cell : str
        Columns, see :class:`northroute.bayes.statement.model.Model`.
    measures : iterable of str
        Responses that are no counts; one without any exposure needs none.

    Raises
    ------
    ModelError
        If nothing is left of the data or of a response, or a row of a cell has no exposure.
    """
    observed = ~np.isnan(numbers(model, frame, outcome))
    found = frame[observed]
    before: dict[str, int] = frame.attrs.get(LEFT_OUT, {})
    dropped = {"outcome unobserved": 0, **before}
    dropped["outcome unobserved"] += int((~observed).sum())
    if found.empty:
        raise ModelError(f"{model}: no row has an outcome '{outcome}'.")
    require_values(model, found[[c for c in (response, cell) if c]])
    if not exposure:
        return found.reset_index(drop=True), dropped
    responses = found[response].astype(str) if response else pd.Series(outcome, index=found.index)
    there = exposed(model, found, exposure)
    without = set(measures) - set(responses[there])
    lacking = ~there & ~(responses.isin(list(without)).to_numpy() & there.any())
    dropped["exposure missing"] = dropped.get("exposure missing", 0) + int(lacking.sum())
    if lacking.all():
        raise ModelError(f"{model}: no row has both '{outcome}' and an exposure '{exposure}'.")
    if lacking.any() and cell:
        raise ModelError(
            f"{model}: exposure '{exposure}' is missing in {int(lacking.sum())} rows, and a cell needs all of its rows. "
            "Leave those cells out, or mend the exposure."
        )
    gone = sorted(set(responses) - set(responses[~lacking]))
    if gone:
        raise ModelError(
            f"{model}: no row of '{gone[0]}' has an exposure '{exposure}'. Give it one (exposure_unit in every row leaves "
            "its counts as they are), or leave the response out."
        )
    return found[~lacking].reset_index(drop=True), dropped


def known(model: str, frame: pd.DataFrame, column: str, rows: slice, *, alone: bool) -> Array:
    """Return known standard deviations of some rows; they are positive, or at least zero beside one to estimate."""
    require_columns(model, frame, [column])
    found = numbers(model, frame, column)[rows]
    bad = np.flatnonzero(~np.isfinite(found) | (found < 0) | (alone & (found == 0)))
    if bad.size:
        raise ModelError(
            f"{model}: '{column}' is {found[bad[0]]:g} in row {rows.start + bad[0]} and {bad.size - 1} others; known "
            f"standard deviations are {'positive' if alone else 'zero or more'}. Mend them, or mark the outcomes unobserved."
        )
    return found


def predictor(model: str, frame: pd.DataFrame, column: str, error: str, rows: slice) -> Array:
    """Return an error-prone predictor and its errors, shape (row, 2); both are there, and errors are not negative."""
    require_columns(model, frame, [column, error])
    found = np.column_stack([numbers(model, frame, c)[rows] for c in (column, error)])
    bad = ~np.isfinite(found)
    bad[:, 1] |= found[:, 1] < 0
    if bad.any():
        at = (column, error)[int(bad.any(axis=0).argmax())]
        raise ModelError(
            f"{model}: '{at}' is missing, infinite or a negative error in {int(bad.any(axis=1).sum())} rows. Leave those "
            "rows out."
        )
    return found
