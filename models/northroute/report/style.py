"""One look for all figures, and the SIMULATED mark."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from northroute.conventions import SIMULATED_MARK

INK: Final = "#22303c"
POSTERIOR: Final = "#2f6690"
PRIOR: Final = "#9aa5ae"
HOLDS: Final = "#e3efd9"
THRESHOLD: Final = "#b3541e"
TRUTH: Final = "#7a1f5c"
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


def watermark(figure: Figure) -> None:
    """Write SIMULATED across the figure."""
    figure.text(
        *(0.5, 0.5, SIMULATED_MARK),
        fontsize=min(54, 9 * figure.get_figwidth()),
        color="#c0392b",
        alpha=0.13,
        ha="center",
        va="center",
        rotation=18,
        weight="bold",
        zorder=10,
    )


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write the figure as SVG and PNG, without dates so that the same figure gives the same file; return the SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    with look():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once, for both files
        figure.savefig(path, metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=130, metadata={"Software": None})
    return path
