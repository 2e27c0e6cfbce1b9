"""Which days the files cover: a day without its files, or with far too few rows, is unobserved."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

import pandas as pd

from northroute.errors import DataError
from northroute.sources.gdelt.extract import Extract, FileReport
from northroute.sources.gdelt.formats import describe
from northroute.sources.gdelt.index import QUARTERS, undersized

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
    read = [[f for f in extract.files if not f.problem] for extract in used]
    if not all(read):
        table = next((e.table for e, files in zip(used, read, strict=True) if not files), "events")
        remedy = "Look at report.json beside the extract for why."
        raise DataError("not one file could be read", file=f"the extract of {table}", remedy=remedy)
    first = min(date.fromisoformat(f.days[0]) for files in read for f in files)
    last = max(date.fromisoformat(f.days[1]) for files in read for f in files)
    start, end = window or (first, last)
    days = pd.date_range(start, end, freq="D", name="day").as_unit("us")
    shares = pd.Series(1.0, index=days)
    for files in read:
        shares = shares.combine(_table(files, days), min)
        if outages == "missing":
            lost = [pd.Timestamp(d) for d in undersized(_rows(files)) if start <= d <= end]
            shares.loc[lost] = 0.0
    return shares.rename("share")


def outage_days(extract: Extract) -> tuple[date, ...]:
    """Return the days whose files have far fewer rows than those around."""
    return undersized(_rows([f for f in extract.files if not f.problem]))


def _table(files: Sequence[FileReport], days: pd.DatetimeIndex) -> "pd.Series[float]":
    streams: dict[bool, pd.Series[float]] = {}
    for file in files:
        kind = describe(file.name)
        shares = streams.setdefault(kind.translated if kind else False, pd.Series(0.0, index=days))
        start, end = (pd.Timestamp(d) for d in file.days)
        shares.loc[start:end] += 1 / QUARTERS if file.step == "quarter" else 1.0
    return pd.concat(streams.values(), axis=1).min(axis=1).clip(upper=1.0).round(6)


def _rows(files: Sequence[FileReport]) -> Mapping[date, int]:
    totals: dict[date, int] = {}
    for file in files:
        if file.step in ("day", "quarter"):
            day = date.fromisoformat(file.days[0])
            totals[day] = totals.get(day, 0) + file.tally.rows
    return totals


def month_shares(shares: "pd.Series[float]") -> "pd.Series[float]":
    """Return the share of each calendar month that was observed, by the first day of the month.

    Days outside the window count as unobserved, so that a month that the files only touch does not pass for whole.
    """
    days = pd.DatetimeIndex(shares.index)
    months = days.to_period("M").to_timestamp().as_unit("us")
    observed = shares.groupby(months).sum()
    lengths = pd.DatetimeIndex(observed.index).days_in_month
    return pd.Series(observed.to_numpy(float) / lengths.to_numpy(float), index=observed.index).rename_axis("month")
