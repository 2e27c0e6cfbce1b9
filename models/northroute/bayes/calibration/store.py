"""Ranks on disk: one CSV file that grows by whole replications, so that an interrupted run goes on where it was.

The first line is ``#`` and a JSON description, which lists the quantities. Then one row a replication, with the ranks of all
scalars in that order: ``57``, or ``12/40`` among fewer draws than the description says. A row is written by one call and
forced to disk before the next begins; what a kill leaves half-written is cut off when the file is opened again.
"""

import csv
import fcntl
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.errors import DataError
from northroute.provenance import Provenance

COLUMNS: Final = ("replication", "passed", "seconds", "ranks", "reason")
FRAME: Final = ("replication", "quantity", "element", "rank", "draws", "passed", "seconds", "reason")
"""Columns of the file, and of the table that it is read into."""
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

    def to_line(self) -> str:
        """First line of the file."""
        shapes = {k: list(v) for k, v in self.shapes.items()}
        value = {"model": self.model, "draws": self.draws, "shapes": shapes, "provenance": self.provenance.to_dict()}
        return f"# {json.dumps(value)}\n"

    def _deciding(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "quantities": {k: tuple(v) for k, v in self.shapes.items()},
            "draws": self.draws,
            "seed": self.provenance.seed,
            "data hash": self.provenance.data_hash,
        } | {f"{k} version": v for k, v in self.provenance.versions.items()}


@dataclass(frozen=True)
class Row:
    """One scalar quantity of one replication; ``rank`` is None where the fit gave no draws."""

    quantity: str
    element: str
    rank: int | None
    draws: int


@dataclass(frozen=True)
class _Replication:
    """One line of the file; ``ranks`` are pairs of rank and draws."""

    number: int
    passed: bool
    seconds: float
    ranks: tuple[tuple[int | None, int], ...]
    reason: str


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
    """A file of ranks open for appending; one process at a time."""

    def __init__(self, path: Path, description: Description) -> None:
        self.path, self.description = path, description
        self._handle: io.FileIO | None = None
        self.finished: frozenset[int] = frozenset()
        """Replications that are in the file."""

    def __enter__(self) -> "RankFile":
        """Lock the file, cut off a half-written end, and find what is finished."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = self.path.open("a+b", buffering=0)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            handle.close()
            raise DataError("another run is writing this file", file=self.path, remedy="Wait until it ends.") from busy
        self._handle = handle
        try:
            self._recover(handle)
        except BaseException:
            handle.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the file go."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def append(self, replication: int, rows: Sequence[Row], *, passed: bool, seconds: float, reason: str = "") -> None:
        """Write one replication and force it to disk.

        Raises
        ------
        DataError
            If its quantities are not those of the file, or the file is not open.
        """
        if self._handle is None or [(r.quantity, r.element) for r in rows] != elements(self.description.shapes):
            raise DataError(
                "the file is not open, or the quantities are not those it was begun with",
                file=self.path,
                row=f"replication {replication}",
                remedy="Report the same quantities, of the same shapes, in every replication.",
            )
        ranks = " ".join(_word(r, self.description.draws) for r in rows)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(
            (replication, int(passed), f"{seconds:.2f}", ranks, " ".join(reason.split()))
        )
        _write(self._handle, text.getvalue().encode())
        self.finished |= {replication}

    def _recover(self, handle: io.FileIO) -> None:
        handle.seek(0)
        content = handle.read()
        start = _preamble(content)
        if start is None:
            if content.count(b"\n") > 1 or content[:3] != b"# {"[: len(content)]:
                raise DataError("this is not a file of ranks", file=self.path, remedy=_REMEDY)
            handle.truncate(0)  # empty, or killed within its first two lines
            _write(handle, (self.description.to_line() + ",".join(COLUMNS) + "\n").encode())
            return
        differences = self.description.differences(_described(content, self.path))
        if differences:
            raise DataError(f"the file was begun with {'; '.join(differences)}", file=self.path, remedy=_REMEDY)
        whole, end = _whole(content, start, self.description, self.path)
        if end < len(content):
            handle.truncate(end)
            os.fsync(handle.fileno())
        self.finished = frozenset(r.number for r in whole)


def read(path: Path, *more: Path) -> RankTable:
    """Read the finished replications of a file, which may still be growing, and join those of more files of the same run.

    Raises
    ------
    DataError
        If one is not a file of ranks, is damaged before its end, belongs to another calibration, or repeats a replication.
    """
    description, frame = _read(path)
    frames = [frame]
    for other in more:
        its, frame = _read(other)
        differences = description.differences(its)
        repeated = set(frame["replication"]) & {int(i) for f in frames for i in f["replication"]}
        if differences or repeated:
            problem = (
                f"the file has {'; '.join(differences)}"
                if differences
                else f"replication {min(repeated)} is there twice"
            )
            raise DataError(problem, file=other, remedy="Join files of one calibration, each replication once.")
        frames.append(frame)
    joined = pd.concat(frames, ignore_index=True).sort_values("replication", kind="stable")
    return RankTable(description, joined.reset_index(drop=True))


def _read(path: Path) -> tuple[Description, pd.DataFrame]:
    content = path.read_bytes() if path.exists() else b""
    start = _preamble(content)
    if start is None:
        raise DataError("there are no ranks here", file=path, remedy="Run the calibration first: northroute sbc.")
    description = _described(content, path)
    whole, _ = _whole(content, start, description, path)
    labels = elements(description.shapes)
    rows = [
        (r.number, name, element, rank, draws, r.passed, r.seconds, r.reason)
        for r in whole
        for (name, element), (rank, draws) in zip(labels, r.ranks, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=list(FRAME))
    return description, frame.astype({"rank": "Int64", "passed": bool})


def elements(shapes: Mapping[str, tuple[int, ...]]) -> list[tuple[str, str]]:
    """Name and index, such as ``("slope", "3")``, of every scalar quantity in order; the index of a scalar is empty."""
    return [(name, ",".join(map(str, at))) for name, shape in shapes.items() for at in np.ndindex(*shape)]


def _write(handle: io.FileIO, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[handle.write(left) or 0 :]
    os.fsync(handle.fileno())


def _preamble(content: bytes) -> int | None:
    """Where the rows begin, or None if the first two lines are not there."""
    first = content.find(b"\n") + 1
    second = content.find(b"\n", first) + 1
    whole = first and second and content[first : second - 1].decode(errors="replace") == ",".join(COLUMNS)
    return second if whole and content.startswith(b"# {") else None


def _described(content: bytes, path: Path) -> Description:
    try:
        value = json.loads(content.split(b"\n", 1)[0][2:])
        shapes = {k: tuple(v) for k, v in value["shapes"].items()}
        return Description(value["model"], shapes, value["draws"], Provenance(**value["provenance"]))
    except (ValueError, KeyError, TypeError) as failure:
        raise DataError(
            "the description in the first line cannot be read", file=path, remedy=_REMEDY, row=1
        ) from failure


def _word(row: Row, most: int) -> str:
    if row.rank is None:
        return "-"
    return str(row.rank) if row.draws == most else f"{row.rank}/{row.draws}"


def _rank(word: str, most: int) -> tuple[int | None, int]:
    """Rank and draws of a word; the inverse of :func:`_word`."""
    if word == "-":
        return None, 0
    rank, _, draws = word.partition("/")
    return int(rank), int(draws) if draws else most


def _whole(content: bytes, start: int, description: Description, path: Path) -> tuple[list[_Replication], int]:
    """Whole replications, and where the last of them ends."""
    lines = content[start:].split(b"\n")[:-1]
    kept: list[_Replication] = []
    end = start
    for at, line in enumerate(lines):
        found = _parsed(line, description)
        if found is None:
            if at + 1 < len(lines):
                raise DataError("a replication is damaged", file=path, row=at + 3, remedy=_REMEDY)
            break
        kept.append(found)
        end += len(line) + 1
    return kept, end


def _parsed(line: bytes, description: Description) -> _Replication | None:
    """Return the replication of a line, or None if it is not whole."""
    try:
        ((number, passed, seconds, words, reason),) = csv.reader([line.decode()], strict=True)
        ranks = tuple(_rank(w, description.draws) for w in words.split(" "))
        found = _Replication(int(number), bool(int(passed)), float(seconds), ranks, reason)
    except (csv.Error, ValueError):  # a damaged number or a damaged character is a ValueError
        return None
    return found if len(ranks) == description.scalars else None
