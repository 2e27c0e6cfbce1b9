"""Where a model's rows stand in the table that was given, and what they are called there."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.arrays import Ints

PLACE: Final = "place in the table"
"""Column that every assembled model has: rows are sorted by response, and some are left out."""


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with each row's place in a column of its own."""
    return frame.assign(**{PLACE: np.arange(len(frame))})


def table_order(frame: pd.DataFrame) -> Ints:
    """Return where the table's rows are among a model's: ``values[..., table_order(frame)]`` is in the table's order."""
    return np.argsort(frame[PLACE].to_numpy(), kind="stable").astype(np.int64)


def row_labels(index: pd.Index, frame: pd.DataFrame) -> NDArray[Any]:
    """Return the labels of a model's rows in the order of the table, shape (row,).

    The table's index, levels with a space between; where it names several rows alike, their places.

    Parameters
    ----------
    index : pandas.Index
        Of the table that was given.
    frame : pandas.DataFrame
        The model's rows.
    """
    kept = np.sort(frame[PLACE].to_numpy())
    if pd.api.types.is_integer_dtype(index.dtype) and index.is_unique:
        return np.asarray(index[kept], dtype=np.int64)
    labels = [" ".join(_text(v) for v in (k if isinstance(k, tuple) else (k,))) for k in index[kept]]
    return np.asarray(labels, dtype=str) if len(set(labels)) == len(labels) else kept


def _text(value: object) -> str:
    if not isinstance(value, pd.Timestamp):
        return str(value)
    return f"{value:%Y-%m-%d}" if value == value.normalize() else str(value)
