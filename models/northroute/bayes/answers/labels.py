"""What the rows of a fitted model are: units, countries and months by name, for its checks."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Ints
from northroute.bayes.answers.posterior import Drawn
from northroute.bayes.checks.arrays import Groups

PLACES: Final = ("unit", "region", "country")
"""Columns that name a row's place, the finest first."""


@dataclass(frozen=True)
class Labels:
    """Which unit, country and month each row is of; of several outcomes or categories, units are told apart by these."""

    units: Groups
    places: Groups
    countries: Groups
    months: Ints
    month_names: tuple[str, ...]
    rows: tuple[str, ...]


def labels(own: Drawn) -> Labels:
    """Label the rows that ``own`` looks at; the cells of a composition have no order in time, and none follows another."""
    frame, model = own.frame, own.assembled.model
    place = frame[next(c for c in PLACES if c in frame)].astype(str)
    several = model.response in frame and frame[model.response].nunique() > 1 and model.response is not None
    what = frame[model.response].astype(str) + " " if several else pd.Series("", index=frame.index)
    units = what + place
    if model.cell is None:
        stamps = pd.DatetimeIndex(frame["month"])
        codes = np.asarray(12 * stamps.year + stamps.month, dtype=np.int64)
        codes -= codes.min()
        names = tuple(pd.date_range(stamps.min(), stamps.max(), freq="MS").strftime("%Y-%m"))
        rows = units + " " + stamps.strftime("%Y-%m")
    else:
        codes = np.asarray(2 * units.groupby(units).cumcount(), dtype=np.int64)
        names = ()
        rows = what + frame[model.cell].astype(str)
    return Labels(
        units=_coded("unit", units),
        places=_coded("unit", place),
        countries=_coded("country", frame["country"].astype(str)),
        months=codes,
        month_names=names,
        rows=tuple(rows),
    )


def scored(own: Drawn) -> Drawn:
    """Return ``own`` looking at the rows that have a likelihood of their own: of a composition, one a cell."""
    cell = own.assembled.model.cell
    if cell is None:
        return own
    return own.looking_at(own.rows[~own.frame[cell].duplicated().to_numpy()])


def _coded(kind: str, values: "pd.Series[str]") -> Groups:
    codes, names = pd.factorize(values)
    return Groups(kind, np.asarray(codes, dtype=np.int64), tuple(map(str, names)))
