"""Panels on disk: Parquet with roles, scalings and the simulated mark in its own metadata, its hash beside it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from northroute import keeping
from northroute.errors import DataError, PanelError
from northroute.panel.panel import Panel, Scaling

_KEY = b"northroute"


def save(panel: Panel, path: Path | str) -> Path:
    """Write a panel to one Parquet file, atomically, with the record of its hash, and return the path.

    Raises
    ------
    PanelError
        For units that no file can hold, such as text and numbers beside each other.
    DataError
        If a folder is in the file's place.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError("a folder is there", file=path, remedy="Name a file, such as panel.parquet in it.")
    try:
        table = pa.Table.from_pandas(panel.frame.reset_index(), preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as failure:
        kinds = sorted({type(u).__name__ for u in panel.units})
        raise PanelError(
            f"Panel '{panel.name}': units of types {kinds} cannot be saved. Make text of them."
        ) from failure
    roles = {name: value for name, value in panel.__dict__.items() if name != "frame"}
    roles |= {"scalings": {k: asdict(v) for k, v in panel.scalings.items()}, "inputs": dict(panel.inputs)}
    marked = table.replace_schema_metadata((table.schema.metadata or {}) | {_KEY: json.dumps(roles).encode()})
    with keeping.writing(path) as partial:
        pq.write_table(marked, partial)
    return path


def load(path: Path | str) -> Panel:
    """Read a panel written by :func:`save`; its contract is checked again.

    Raises
    ------
    DataError
        If the file is not a panel, cannot be read, or is not what was written.
    """
    remedy = "Write panels with northroute.panel.save, or build one from its source."
    path = Path(path)
    try:
        table = pq.read_table(pa.BufferReader(keeping.verified(path, remedy)))
    except (pa.ArrowInvalid, OSError) as failure:
        raise DataError(f"this is not a readable Parquet file ({failure})", file=path, remedy=remedy) from failure
    metadata = table.schema.metadata or {}
    if _KEY not in metadata:
        raise DataError("the Parquet file carries no panel description", file=path, remedy=remedy)
    roles = json.loads(metadata[_KEY])
    named = {role: tuple(roles[role]) for role in ("outcomes", "exposures", "covariates")}
    scalings = {k: Scaling(**v) for k, v in roles["scalings"].items()}
    described: dict[str, Any] = {**roles, **named, "scalings": scalings}
    return Panel(table.to_pandas().set_index(["unit", "month"]), **described)
