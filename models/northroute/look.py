"""How every figure looks: plain axes, one palette, the SIMULATED mark."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from northroute.conventions import SIMULATED_MARK

INK: Final = "#22303c"
MAIN: Final = "#2f6690"
QUIET: Final = "#9aa5ae"
BOUND: Final = "#b3541e"
COLOURS: Final = ("#2f6690", "#b3541e", "#7a1f5c", "#4d7c4a", "#8a6d3b", "#5b5f97")
_SETTINGS: Final = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "northroute",
    "svg.fonttype": "path",
    "figure.facecolor": "white",
}


@contextmanager
def look() -> Iterator[None]:
    """Draw with the project's settings, whatever the user's are."""
    with mpl.rc_context(_SETTINGS):  # type: ignore[arg-type]
        yield


def mark(figure: Figure, *, simulated: bool) -> Figure:
    """Write SIMULATED across a figure of simulated data, and return the figure."""
    if simulated:
        size = min(44.0, 18 * figure.get_figheight(), 7 * figure.get_figwidth())
        text = figure.text(0.5, 0.5, SIMULATED_MARK, fontsize=size, color="#c0392b", weight="bold", alpha=0.12)
        text.set(ha="center", va="center", rotation=18.0)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a figure without dates, in the format of the path's ending, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    empty = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with look():
        figure.savefig(path, metadata=empty, dpi=130)
    return path
