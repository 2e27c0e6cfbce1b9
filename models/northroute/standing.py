"""Whether a finished run still stands: nothing that decides it has changed, and every file that it wrote is whole.

It reads no table and imports no sampler, so that a run with nothing to do ends at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from northroute import keeping, provenance
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
    """Return the manifest of the run in a folder if it has that key and all its outputs are as they were written.

    A manifest or an output that is not what was written is told of in one line.
    """
    manifest: dict[str, Any] | None = keeping.read(out / MANIFEST, key, json.loads)
    if not manifest or not manifest["outputs"]:
        return None
    for name, sha in manifest["outputs"].items():
        file = out / name
        if not file.is_file() or provenance.file_sha256(file) != sha:
            keeping.tell(file, "it is gone, or not what was written: the pages are written anew")
            return None
    return manifest


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())


def _told(path: Path) -> list[Any]:
    found = path.stat()
    return [str(path), found.st_size, found.st_mtime_ns]
