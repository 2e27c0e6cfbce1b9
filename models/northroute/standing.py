"""Whether a finished run still stands: nothing that decides it has changed, and every file that it wrote is whole.

It reads no table and imports no sampler, so that a run with nothing to do ends at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from northroute import provenance
from northroute.resources import resource

MANIFEST: Final = "manifest.json"
_FOLDERS: Final = ("data/reference", "data/codebook", "data/licences", "reports/templates")
_FILES: Final = ("analysis/claims.yaml", "analysis/claims.lock.json")


@dataclass(frozen=True)
class Setting:
    """Everything that decides what a run writes.

    Attributes
    ----------
    options : mapping
        Of the run, as plain values.
    given : tuple of Path
        Folders and files of the user's data, told by name, size and time of change.
    """

    options: Mapping[str, Any]
    given: tuple[Path, ...] = ()

    @classmethod
    def of_job(
        cls, data: Path | None, events: Path | None, *, quick: bool, allow_failed: bool, whole_ladder: bool, seed: int
    ) -> "Setting":
        """Return what decides a run of the main job."""
        plain = {"quick": quick, "allow_failed": allow_failed, "whole_ladder": whole_ladder, "seed": seed}
        return cls(plain, tuple(p for p in (data, events) if p is not None))

    @property
    def key(self) -> str:
        """Hash of the options, the package's code and its commit, bundled data, register, the given files and versions."""
        own = [f for folder in _FOLDERS for f in sorted(resource(folder).rglob("*")) if f.is_file()]
        own += [resource(name) for name in _FILES]
        return provenance.value_hash(
            {
                "options": dict(self.options),
                "code": provenance.code_sha256(),
                "commit": provenance.commit(),
                "bundled": [[f.name, provenance.file_sha256(f)] for f in own],
                "given": [_told(f) for path in self.given for f in _files(path)],
                "versions": provenance.versions(),
            }
        )


def standing(out: Path, key: str) -> dict[str, Any] | None:
    """Return the manifest of the run in a folder if it has that key and all its outputs are as they were written."""
    path = out / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        outputs = dict(manifest["outputs"])
    except (ValueError, KeyError, TypeError):
        return None
    if manifest.get("key") != key or not outputs:
        return None
    for name, sha in outputs.items():
        file = out / name
        if not file.is_file() or provenance.file_sha256(file) != sha:
            return None
    return manifest


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())


def _told(path: Path) -> list[Any]:
    found = path.stat()
    return [str(path), found.st_size, found.st_mtime_ns]
