"""What the page says of every table that was read: publisher, licence, and which figures nobody has seen at their source."""

from collections.abc import Mapping

import pandas as pd

from northroute.report.site import DataSource
from northroute.sources import Table

RECALLED = "recalled"


def data_sources(tables: Mapping[str, Table]) -> tuple[DataSource, ...]:
    """Return the list of sources, in the order of the tables."""
    return tuple(
        DataSource(name=table.name, publisher=table.citation, licence=table.licence, note=_note(table.frame))
        for table in tables.values()
    )


def _note(frame: pd.DataFrame) -> str:
    """Say which rows hold figures recalled from memory."""
    parts = []
    for column in frame.columns:
        if not (column == "status" or str(column).endswith("_status")):
            continue
        rows = frame[frame[column].eq(RECALLED)]
        if rows.empty:
            continue
        what = str(column).removesuffix("_status").replace("_", " ") if column != "status" else "figures"
        key = "region" if "region" in rows else "year"
        values = sorted({str(v) for v in rows[key]})
        parts.append(f"{what} recalled from memory, not seen at the source: {', '.join(values)}")
    return "; ".join(parts)
