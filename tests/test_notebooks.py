"""Every notebook of analysis/ runs from its first cell to its last."""

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ANALYSIS = Path(__file__).parents[1] / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("[0-9]*.py"))


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
