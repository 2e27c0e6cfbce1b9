"""What an answer is: labelled draws, and a tidy table with its interval's kind, probabilities, and the data's source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from northroute.arrays import Array, Bools
from northroute.bayes.fit import BayesFit
from northroute.conventions import INTERVAL_KIND, INTERVAL_PROB, SIMULATED_MARK, interval_label
from northroute.errors import ModelError

Statement = Callable[[Array], Bools]
"""From draws to where something holds."""


@dataclass(frozen=True)
class Summary:
    """An answer.

    Attributes
    ----------
    draws : xarray.Dataset
        Posterior draws, dimensions chain and draw first.
    table : pandas.DataFrame
        One row a quantity: ``quantity``, its labels, ``median``, ``lower``, ``upper``, ``prob``, ``kind``, probabilities
        that something holds, ``stamp`` (a warning, where a fit that failed was allowed) and ``source`` (``real`` or
        ``SIMULATED``).
    sentence : str
        In words: an association, or what the model expects; never a cause.
    """

    draws: xr.Dataset
    table: pd.DataFrame
    sentence: str


def tabulate(
    fit: BayesFit,
    quantities: Mapping[str, xr.DataArray],
    statements: Mapping[str, Statement] | None = None,
    *,
    prob: float = INTERVAL_PROB,
) -> pd.DataFrame:
    """Summarise draws, one row for each of their cells; cells without numbers are left out.

    Parameters
    ----------
    fit : BayesFit
        For the source and the stamp.
    quantities : mapping of str to xarray.DataArray
        Dimensions chain, draw and labelled ones.
    statements : mapping of str to callable, optional
        Column name to where, among draws, the statement holds.
    prob : float
        Of the equal-tailed interval.

    Raises
    ------
    ModelError
        If ``prob`` is not between 0 and 1.
    """
    if not 0 < prob < 1:
        raise ModelError(
            f"An interval of probability {prob:g}: give a number between 0 and 1, such as {INTERVAL_PROB}."
        )
    parts, labels = [], dict[str, None]()
    for quantity, draws in quantities.items():
        array = draws.transpose("chain", "draw", ...)
        dims = [str(d) for d in array.dims[2:]]
        labels |= dict.fromkeys(dims)
        flat = array.to_numpy().reshape(array.sizes["chain"] * array.sizes["draw"], -1)
        known = ~np.isnan(flat).any(axis=0)
        places = np.unravel_index(np.flatnonzero(known), array.shape[2:])
        flat = flat[:, known]
        lower, median, upper = np.quantile(flat, [(1 - prob) / 2, 0.5, (1 + prob) / 2], axis=0)
        columns: dict[str, Any] = {d: array[d].to_numpy()[at] for d, at in zip(dims, places, strict=True)}
        columns |= {"median": median, "lower": lower, "upper": upper, "prob": prob, "kind": INTERVAL_KIND}
        columns |= {name: holds(flat).mean(axis=0) for name, holds in (statements or {}).items()}
        parts.append(pd.DataFrame(columns).assign(quantity=quantity))
    table = pd.concat(parts, ignore_index=True)
    rest = [c for c in table.columns if c != "quantity" and c not in labels]
    table = table[["quantity", *labels, *rest]]
    return sourced(fit, table.assign(**{d: table[d].fillna("") for d in labels if table[d].isna().any()}))


def sourced(fit: BayesFit, table: pd.DataFrame) -> pd.DataFrame:
    """Add the fit's stamp and the source of its data."""
    return table.assign(stamp=fit.stamp, source=SIMULATED_MARK if fit.simulated else "real")


def words(row: "pd.Series[Any]", digits: int = 3) -> str:
    """Return a row's median and interval as a sentence has them."""
    median, lower, upper = (f"{row[c]:.{digits}g}" for c in ("median", "lower", "upper"))
    mark = f"; {SIMULATED_MARK}" if row["source"] == SIMULATED_MARK else ""
    stamp = f" [{row['stamp']}]" if row["stamp"] else ""
    return f"{median} ({interval_label(float(row['prob']))} {lower} to {upper}{mark}){stamp}"


def capped(size: int, remedy: str, limit: int = 100_000_000) -> None:
    """Refuse to make more than ``limit`` numbers.

    Raises
    ------
    ModelError
        Naming the remedy.
    """
    if size > limit:
        raise ModelError(f"{size:,} numbers are more than fit into memory with ease. {remedy}")
