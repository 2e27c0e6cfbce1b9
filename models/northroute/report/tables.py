"""Tables as CSV and LaTeX; the simulated mark stands in every row, the provenance in a file beside them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from northroute import latex
from northroute.conventions import SIMULATED_MARK
from northroute.errors import SimulatedDataError
from northroute.sheets import write_csv


def write(
    frame: pd.DataFrame,
    folder: Path,
    name: str,
    stamp: Mapping[str, Any],
    *,
    simulated: bool,
    columns: list[str] | None = None,
) -> list[Path]:
    """Write ``name.csv`` (every column), ``name.tex`` (``columns`` only) and ``name.json`` (the stamp).

    Raises
    ------
    SimulatedDataError
        If the table rests on simulated data and has no column ``source`` that says so in every row.
    """
    marked = "source" in frame.columns and bool((frame["source"] == SIMULATED_MARK).all())
    if simulated and not marked:
        raise SimulatedDataError(f"Table '{name}' rests on simulated data and does not say so in every row.")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{suffix}" for suffix in ("csv", "tex", "json")]
    write_csv(frame, paths[0])
    caption = f"{name.replace('_', ' ')}{f' ({SIMULATED_MARK})' * simulated}"
    short = frame[columns] if columns else frame
    comment = "".join(f"% {key}: {' '.join(str(value).split())}\n" for key, value in stamp.items())
    body = latex.table(short, caption=caption, label=f"tab:{name}", longtable=True)
    paths[1].write_text(comment + body, encoding="utf-8")
    paths[2].write_text(json.dumps({"table": name, "simulated": simulated, **stamp}, indent=1) + "\n", encoding="utf-8")
    return paths
