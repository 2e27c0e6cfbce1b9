"""CSV files as the package writes them: a cell of text that a spreadsheet would run as a formula is made plain text.

Spreadsheets run a cell that begins with one of the signs of :data:`SIGNS`; an apostrophe before it keeps it a text. Numbers
stay numbers, negative ones too.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the first four in full width."""
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)|[+-]")


def harmless[Cell](cell: Cell) -> Cell | str:
    """Return a cell as it may stand in a CSV file: what is no text, or begins with no such sign, as it is.

    Carriage returns become line feeds, which are quoted.
    """
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n") if "\r" in cell else cell  # a bare one would end the row
    return f"'{text}" if cell.startswith(SIGNS) and not _NUMBER.fullmatch(cell) else text


def csv_text(table: "pd.DataFrame", *, index: bool = False) -> str:
    """Return a table as comma-separated text with a line feed at each end, every cell and name harmless.

    Parameters
    ----------
    table : pandas.DataFrame
    index : bool
        Whether the index is written too, as the first columns.
    """
    shown = table.reset_index() if index else table
    shown = shown.set_axis([harmless(name) for name in shown.columns], axis=1)
    for position, kind in enumerate(shown.dtypes):
        if kind.kind in "OUST":
            shown.isetitem(position, [harmless(cell) for cell in shown.iloc[:, position].astype(object)])
    return str(shown.to_csv(index=False, lineterminator="\n"))


def write_csv(table: "pd.DataFrame", path: Path | str, *, index: bool = False) -> Path:
    """Write a table as :func:`csv_text` gives it, in UTF-8; return the path."""
    to = Path(path)
    to.write_text(csv_text(table, index=index), encoding="utf-8", newline="\n")
    return to
