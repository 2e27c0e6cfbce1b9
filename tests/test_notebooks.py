"""Every notebook of analysis/ runs from its first cell to its last, and shows its figures as images."""

from pathlib import Path
from typing import Any

import jupytext
import pytest
from nbclient import NotebookClient

ANALYSIS = Path(__file__).parents[1] / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("[0-9]*.py"))
IMAGES = ("image/png", "image/svg+xml")


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


# the kernel's client library speaks of its event loop on start
@pytest.mark.filterwarnings("ignore:Proactor event loop", "default::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs(path: Path) -> None:
    notebook = jupytext.read(path)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ANALYSIS)}}
    ).execute()
    text = str(notebook.cells)
    assert "SIMULATED" in text
    shown = [_shown(output) for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum(any(mime in data for mime in IMAGES) for data in shown) >= 2
    for data in shown:
        if data.get("text/plain", "").startswith(("<Figure", "<IPython.core.display.SVG")):
            assert any(mime in data for mime in IMAGES), data["text/plain"]


def _shown(output: Any) -> dict[str, Any]:
    """Return an output by type; empty for what was printed."""
    return dict(output.get("data", {}))
