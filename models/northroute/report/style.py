"""The colours of the page's figures, and their files."""

from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from northroute.look import look

POSTERIOR: Final = "#2f6690"
PRIOR: Final = "#9aa5ae"
HOLDS: Final = "#e3efd9"
THRESHOLD: Final = "#b3541e"
TRUTH: Final = "#7a1f5c"


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
