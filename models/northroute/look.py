"""How every figure looks: plain axes, one palette, the SIMULATED mark."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from northroute.conventions import SIMULATED_MARK

if TYPE_CHECKING:
    from matplotlib import axes, figure

type Figure = figure.Figure
type Axes = axes.Axes
"""Names of matplotlib's, which is loaded when something is drawn."""

INK: Final = "#22303c"
MAIN: Final = "#2f6690"
QUIET: Final = "#9aa5ae"
BOUND: Final = "#b3541e"
COLOURS: Final = ("#2f6690", "#b3541e", "#7a1f5c", "#4d7c4a", "#8a6d3b", "#5b5f97")
DPI: Final = 130
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
    """Draw with the project's settings, whatever the user's are; notebooks then show figures as images."""
    import matplotlib as mpl

    _show_in_notebooks()
    with mpl.rc_context(_SETTINGS):  # type: ignore[arg-type]
        yield


def blank(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """Return an empty figure of this size in inches; by default its parts find their places."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


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
        figure.savefig(path, metadata=empty, dpi=DPI)
    return path


def png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file."""
    stream = BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None}, dpi=DPI)
    return stream.getvalue()


def _show_in_notebooks() -> None:
    """Tell a running notebook how to show a figure, unless it knows.

    Jupyter learns it from pyplot, which keeps every figure that it makes; figures here are made without it.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return
    from matplotlib.figure import Figure

    images = [f for mime, f in shell.display_formatter.formatters.items() if mime.startswith("image/")]
    if not any(Figure in formatter.type_printers for formatter in images):
        shell.display_formatter.formatters["image/png"].for_type(Figure, png)
