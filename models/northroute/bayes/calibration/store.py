"""Ranks on disk: one Parquet file that grows by whole replications, so that an interrupted run goes on where it was.

A row is one scalar quantity of one replication; what the file is about lies in its metadata. With every replication the file
is replaced whole, its SHA-256 beside it (:mod:`northroute.keeping`): a kill leaves it as it was one replication before.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from northroute import keeping
from northroute.errors import DataError
from northroute.provenance import Provenance

SCHEMA: Final = pa.schema(
    {
        "replication": pa.int64(),
        "quantity": pa.string(),
        "element": pa.string(),
        "rank": pa.int64(),
        "draws": pa.int64(),
        "passed": pa.bool_(),
        "seconds": pa.float64(),
        "reason": pa.string(),
    }
)
_ABOUT: Final = b"northroute"
"""Key of the description among the file's metadata."""
_REMEDY: Final = "Choose another output folder, or delete the file to begin again."


@dataclass(frozen=True)
class Description:
    """What a file of ranks is about.

    Attributes
    ----------
    model : str
    shapes : mapping of str to tuple of int
        Shape of every quantity.
    draws : int
        Most draws that a truth was ranked against.
    provenance : Provenance
    """

    model: str
    shapes: Mapping[str, tuple[int, ...]]
    draws: int
    provenance: Provenance

    @property
    def scalars(self) -> int:
        """Scalar quantities: the rows of one replication."""
        return sum(int(np.prod(s)) for s in self.shapes.values())

    def differences(self, other: "Description") -> list[str]:
        """Say in words what decides the ranks and is not the same in another description."""
        mine, theirs = self._deciding(), other._deciding()
        return [f"{k} {theirs.get(k)!r}, not {mine[k]!r}" for k in mine if mine[k] != theirs.get(k)]

    def to_json(self) -> str:
        """Return what lies in the metadata of the file."""
        shapes = {k: list(v) for k, v in self.shapes.items()}
        value = {"model": self.model, "draws": self.draws, "shapes": shapes, "provenance": self.provenance.to_dict()}
        return json.dumps(value)

    def _deciding(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "quantities": {k: tuple(v) for k, v in self.shapes.items()},
            "draws": self.draws,
            "seed": self.provenance.seed,
            "data hash": self.provenance.data_hash,
        } | {f"{k} version": v for k, v in self.provenance.versions.items()}


@dataclass(frozen=True)
class RankTable:
    """Ranks of all finished replications.

    Attributes
    ----------
    description : Description
    frame : pandas.DataFrame
        Columns ``replication, quantity, element, rank, draws, passed, seconds, reason``, by replication; ``rank`` is
        missing where the fit gave no draws.
    """

    description: Description
    frame: pd.DataFrame


class RankFile:
    """A file of ranks that grows; see :func:`growing`."""

    def __init__(self, path: Path, description: Description, table: pa.Table) -> None:
        self._path, self._description, self._table = path, description, table
        self.finished: frozenset[int] = frozenset(table["replication"].to_pylist())
        """Replications that are in the file."""

    def append(
        self,
        replication: int,
        ranks: Sequence[int | None],
        draws: Sequence[int],
        *,
        passed: bool,
        seconds: float,
        reason: str = "",
    ) -> None:
        """Add one replication and put the file in place; ``ranks`` and ``draws`` in the order of :func:`elements`."""
        names, labels = zip(*elements(self._description.shapes), strict=True)
        count = self._description.scalars
        one = {
            "replication": [replication] * count,
            "quantity": names,
            "element": labels,
            "rank": ranks,
            "draws": draws,
            "passed": [passed] * count,
            "seconds": [round(seconds, 2)] * count,
            "reason": [" ".join(reason.split())] * count,
        }
        self._table = pa.concat_tables([self._table, pa.table(one, schema=self._table.schema)])
        with keeping.writing(self._path) as partial:
            pq.write_table(self._table, partial, compression="zstd")
        self.finished |= {replication}


@contextmanager
def growing(path: Path, description: Description) -> Iterator[RankFile]:
    """Open a file of ranks, or begin one; one process at a time.

    Raises
    ------
    DataError
        If another process writes it, it is of another calibration, or is damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock")
    try:
        with FileLock(lock, timeout=0):
            try:
                yield RankFile(path, description, _begun(path, description))
            finally:
                lock.unlink(missing_ok=True)
    except Timeout as busy:
        raise DataError("another run is writing this file", file=path, remedy="Wait until it ends.") from busy


def _begun(path: Path, description: Description) -> pa.Table:
    """Return the table of what is finished."""
    if not path.exists():
        return SCHEMA.with_metadata({_ABOUT: description.to_json()}).empty_table()
    table, its = _table(path)
    differences = description.differences(its)
    if differences:
        raise DataError(f"the file was begun with {'; '.join(differences)}", file=path, remedy=_REMEDY)
    return table


def read(path: Path, *more: Path) -> RankTable:
    """Read the finished replications of a file, and join those of more files of the same run.

    Raises
    ------
    DataError
        If one is not a file of ranks, is damaged, belongs to another calibration, or repeats a replication.
    """
    table, description = _table(path)
    tables = [table]
    for other in more:
        table, its = _table(other)
        differences = description.differences(its)
        repeated = set(table["replication"].to_pylist()) & {i for t in tables for i in t["replication"].to_pylist()}
        if differences or repeated:
            problem = (
                f"the file has {'; '.join(differences)}"
                if differences
                else f"replication {min(repeated)} is there twice"
            )
            raise DataError(problem, file=other, remedy="Join files of one calibration, each replication once.")
        tables.append(table)
    frame = pd.concat([t.to_pandas().astype({"rank": "Int64"}) for t in tables], ignore_index=True)
    return RankTable(description, frame.sort_values("replication", kind="stable", ignore_index=True))


def elements(shapes: Mapping[str, tuple[int, ...]]) -> list[tuple[str, str]]:
    """Name and index, such as ``("slope", "3")``, of every scalar quantity in order; the index of a scalar is empty."""
    return [(name, ",".join(map(str, at))) for name, shape in shapes.items() for at in np.ndindex(*shape)]


def _table(path: Path) -> tuple[pa.Table, Description]:
    if not path.exists():
        raise DataError("there are no ranks here", file=path, remedy="Run the calibration first: northroute sbc.")
    content = keeping.verified(path, _REMEDY)
    try:
        table = pq.read_table(pa.BufferReader(content))
        table = table.select(SCHEMA.names).cast(SCHEMA.with_metadata(table.schema.metadata))
        value = json.loads(table.schema.metadata[_ABOUT])
        shapes = {k: tuple(v) for k, v in value["shapes"].items()}
        description = Description(value["model"], shapes, value["draws"], Provenance(**value["provenance"]))
        names, labels = (list(v) for v in zip(*elements(shapes), strict=True))
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as failure:
        raise DataError("this is not a file of ranks", file=path, remedy=_REMEDY) from failure
    times, rest = divmod(len(table), description.scalars)
    if rest or table["quantity"].to_pylist() != names * times or table["element"].to_pylist() != labels * times:
        raise DataError("replications are not whole", file=path, remedy=_REMEDY)
    return table, description
