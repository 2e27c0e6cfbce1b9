"""Coordinates of regions beside the rows of a table, for spatial errors and Moran's I."""

import pandas as pd

from northroute.errors import ModelError
from northroute.frequentist.design import table_of
from northroute.panel import Panel
from northroute.sources import regions


def with_places(data: Panel | pd.DataFrame, *, unit: str = "unit") -> pd.DataFrame:
    """Add ``lon`` and ``lat`` in degrees to a table whose units are ISO 3166-2 regions.

    Raises
    ------
    ModelError
        If the column is absent or a unit is not a region of the bundled table.
    """
    frame = table_of(data)
    if unit not in frame.columns:
        raise ModelError(f"The table has no column '{unit}'; it has {list(frame.columns)}.")
    place = regions.load("first-level").frame.set_index("region")
    unknown = sorted(set(frame[unit]) - set(place.index))
    if unknown:
        raise ModelError(f"'{unit}' has values that are no region: {unknown[:5]}. Add columns lon and lat yourself.")
    return frame.assign(lon=frame[unit].map(place["lon"]), lat=frame[unit].map(place["lat"]))
