"""Hashes, versions and the provenance stamp that every output carries."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TRACKED_PACKAGES = (
    *("northroute", "numpy", "pandas", "xarray", "scipy"),
    *("pymc", "pytensor", "numba", "nutpie", "arviz", "statsmodels", "pyfixest"),
)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def value_hash(value: Any) -> str:
    """SHA-256 of a JSON-serialisable value in canonical form (sorted keys, no white space)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def array_hash(array: np.ndarray[Any, Any]) -> str:
    """SHA-256 of an array's type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def frame_hash(frame: pd.DataFrame) -> str:
    """SHA-256 of a table's column names, types, index and values; independent of how the table is stored."""
    digest = hashlib.sha256()
    index = frame.index
    unnamed = [f"level_{i}" for i in range(index.nlevels)]
    if index.nlevels == 1 and "index" not in frame.columns:
        unnamed = ["index"]
    names = [u if n is None else n for n, u in zip(index.names, unnamed, strict=True)]
    levels = [(n, index.get_level_values(i).to_series()) for i, n in enumerate(names)]
    # by position: a level may be called as a column is, and two columns alike
    for name, column in (*levels, *((n, frame.iloc[:, i]) for i, n in enumerate(frame.columns))):
        digest.update(f"{name}:{column.dtype}".encode())
        digest.update(np.ascontiguousarray(pd.util.hash_array(_plain(column), categorize=True)).tobytes())
    return digest.hexdigest()


def _plain(column: "pd.Series[Any]") -> np.ndarray[Any, Any]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb" and column.dtype.itemsize <= 8:
        return column.to_numpy()
    return column.astype("string").fillna("<unobserved>").to_numpy(dtype=object)


def code_sha256() -> str:
    """SHA-256 over the package's own source files, by name and content."""
    root = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def commit() -> dict[str, Any]:
    """Return the commit that the code is of, and whether files differ from it; empty outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return {"commit": "", "dirty": False}
    try:
        head = _git(root, "rev-parse", "HEAD")
        dirty = _git(root, "status", "--porcelain")
    except (OSError, subprocess.SubprocessError):
        return {"commit": "", "dirty": False}
    return {"commit": head, "dirty": bool(dirty)}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def versions(packages: Iterable[str] = TRACKED_PACKAGES) -> dict[str, str]:
    """Installed versions of the packages that decide a number, and of Python."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from.

    Attributes
    ----------
    data_hash : str
        SHA-256 over the data that the result rests on.
    seed : int
        The run's one seed; streams are derived from it by name (see :mod:`northroute.seeds`).
    simulated : bool
        True if any value that the result rests on was simulated. Nothing downstream may drop it.
    register_hash : str
        SHA-256 of the claims register in force, empty where a result does not depend on it.
    command : str
        The command that made it.
    versions : mapping of str to str
        Package versions.
    """

    data_hash: str
    seed: int
    simulated: bool
    register_hash: str = ""
    command: str = ""
    versions: Mapping[str, str] = field(default_factory=versions)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for JSON."""
        return asdict(self) | {"versions": dict(self.versions)}
