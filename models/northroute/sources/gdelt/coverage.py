"""Which days the files cover: a day without its files, or with far too few rows, is unobserved."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

import pandas as pd

from northroute.errors import DataError
from northroute.sources.gdelt.extract import Extract
from northroute.sources.gdelt.formats import describe
from northroute.sources.gdelt.index import coverage, last_day, undersized

Outages = Literal["missing", "kept"]


def covered(
    extracts: Iterable[Extract], window: tuple[date, date] | None = None, outages: Outages = "missing"
) -> "pd.Series[float]":
    """Return the share of each day that was observed, 0 to 1, by day.

    Parameters
    ----------
    extracts : iterable of Extract
        Tables that must all be there: a day counts as the least covered of them.
    window : (date, date), optional
        First and last day; by default those of the files.
    outages : {"missing", "kept"}
        Whether a day whose rows are fewer than :data:`northroute.sources.gdelt.index.OUTAGE_SHARE` of the median of the
        days around counts as missing.

    Raises
    ------
    DataError
        If no file could be read.
    """
    used = list(extracts)
    read = [
        [(kind, f.tally.rows) for f in extract.files if not f.problem and (kind := describe(f.name))]
        for extract in used
    ]
    if not all(read):
        table = next((e.table for e, files in zip(used, read, strict=True) if not files), "events")
        remedy = "Look at report.json beside the extract for why."
        raise DataError("not one file could be read", file=f"the extract of {table}", remedy=remedy)
    kinds = [kind for files in read for kind, _ in files]
    start, end = window or (min(k.day for k in kinds), max(last_day(k) for k in kinds))
    shares = pd.Series(1.0, index=pd.date_range(start, end, freq="D", name="day").as_unit("us"))
    for files in read:
        own = coverage((kind for kind, _ in files), start, end)
        shares = shares.clip(upper=pd.Series(list(own.values()), index=shares.index).round(6))
        if outages == "missing":
            shares.loc[[pd.Timestamp(d) for d in undersized(files) if start <= d <= end]] = 0.0
    return shares.rename("share")


def month_shares(shares: "pd.Series[float]") -> "pd.Series[float]":
    """Return the share of each calendar month that was observed, by the first day of the month.

    Days outside the window count as unobserved, so that a month that the files only touch does not pass for whole.
    """
    days = pd.DatetimeIndex(shares.index)
    months = days.to_period("M").to_timestamp().as_unit("us")
    observed = shares.groupby(months).sum()
    lengths = pd.DatetimeIndex(observed.index).days_in_month
    return pd.Series(observed.to_numpy(float) / lengths.to_numpy(float), index=observed.index).rename_axis("month")
