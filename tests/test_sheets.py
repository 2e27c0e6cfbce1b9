"""What a spreadsheet would run is text in every CSV that the package writes; numbers stay numbers."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northroute.sheets import SIGNS, csv_text, harmless, write_csv

PACKAGE = Path(__file__).resolve().parents[1] / "models" / "northroute"
WRITERS = {
    "sheets.py": "here",
    "sources/gdelt/manifest.py": "each cell is made harmless there",
    "sources/gdelt/extract.py": "each cell is made harmless there",
    "bayes/calibration/gate_rates.py": "numbers that are read again, line by line",
    "cli/events.py": "GDELT's rows as they are, to be read again",
    "cli/panel_models.py": "the method of a table, which writes through sheets",
}


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"]
)
def test_a_formula_becomes_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}".replace("\r", "\n")
    table = pd.DataFrame({text: [text, "plain"]}, index=pd.Index([text, "b"], name="key"))
    for index in (False, True):
        read = pd.read_csv(io.StringIO(csv_text(table, index=index)), dtype=str, keep_default_na=False)
        cells = [*read.columns, *read.to_numpy().ravel()]
        assert not [cell for cell in cells if str(cell).startswith(SIGNS)]


@pytest.mark.parametrize("cell", ["-1.5", "+3", "-1e-05", "-inf", "-", "C05", "a=b", "", -1.5, 3, None, np.nan])
def test_numbers_and_plain_texts_stay(cell: object) -> None:
    assert harmless(cell) is cell


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1))
def test_numbers_are_written_exactly(values: list[float]) -> None:
    table = pd.DataFrame({"x": values, "n": pd.array([-1] * len(values), dtype="Int64"), "text": "a"})
    assert csv_text(table) == table.to_csv(index=False, lineterminator="\n")


def test_the_path_is_returned(tmp_path: Path) -> None:
    path = write_csv(pd.DataFrame({"a": ["=1"]}), tmp_path / "a.csv")
    assert path.read_text(encoding="utf-8") == "a\n'=1\n"


def test_no_other_module_writes_csv() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(words in path.read_text(encoding="utf-8") for words in (".to_csv(", "csv.writer("))
    }
    assert found <= set(WRITERS)
