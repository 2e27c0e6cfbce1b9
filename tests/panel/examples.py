"""Small tables and panels, and hypothesis strategies that draw them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from northroute.panel import Panel, build
from northroute.sources import Table

HOME = {"TJ-KT": "TJK", "KZ-ALA": "KAZ", "TJ-GB": "TJK", "UZ-SU": "UZB"}


def table(rows: pd.DataFrame, *, simulated: bool = False) -> Table:
    """A table with these rows, as a source would give it."""
    return Table("example", rows, ("unit", "month"), simulated, {"example.csv": "0" * 64})


def rows(
    units: Sequence[str] = ("TJ-KT", "KZ-ALA"), months: Sequence[str] = ("2015-01", "2015-02", "2015-03")
) -> pd.DataFrame:
    """One row a unit and month; drugs is 0, 1, 2, ... down the rows, events and x follow it."""
    frame = pd.DataFrame([(u, HOME[u], pd.Timestamp(m)) for u in units for m in months])
    frame.columns = pd.Index(["unit", "country", "month"])
    n = np.arange(len(frame))
    return frame.assign(drugs=n, events=100.0 + n, x=n**2 / 10)


def panel(frame: pd.DataFrame | None = None, *, simulated: bool = False) -> Panel:
    """Those rows as a panel."""
    return build(
        table(rows() if frame is None else frame, simulated=simulated),
        unit="unit",
        outcomes=("drugs",),
        exposures=("events",),
        covariates=("x",),
    )


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Rows of one to four units and up to eight months, some rows absent, some counts and covariates unobserved.

    The first unit's first two months are there, so that the dates are months and neither quarters nor years.
    """
    units = draw(st.lists(st.sampled_from(sorted(HOME)), min_size=1, max_size=4, unique=True))
    months = pd.date_range("2015-01", periods=draw(st.integers(2, 8)), freq="MS")
    keys = [(u, m) for u in units for m in months]
    kept = keys[:2] + [k for k in keys[2:] if draw(st.integers(0, 4))]
    count = st.none() | st.integers(0, 10**6)
    number = st.none() | st.floats(-1e6, 1e6).map(lambda v: round(v, 6))
    frame = pd.DataFrame({"unit": [u for u, _ in kept], "month": [m for _, m in kept]})
    return frame.assign(
        country=frame["unit"].map(HOME),
        drugs=pd.array([draw(count) for _ in kept], dtype="Int64"),
        events=[draw(st.floats(0.5, 1e6)) for _ in kept],
        x=pd.array([draw(number) for _ in kept], dtype="Float64"),
    )
