"""The registered version of everything that decides an answer, and what has changed since.

The lock holds the register itself (claims, proxies, priors, constants), the priors of the article models, the numbers that
estimands on indicators assume, and the SHA-256 and rows of the code book and of every bundled table, so that a change is
named and not only noticed. A table that is not the one registered is not even read (:mod:`northroute.pins`).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from northroute import pins
from northroute.bayes.statement.priors import COUNTS, MEASUREMENT
from northroute.claims.assumed import told
from northroute.documents import read_json
from northroute.errors import DataError, RegisterError
from northroute.resources import resource

_SECTIONS: Final = {"register", "priors in force", "assumed in code", pins.SECTION}
_IDENTITY: Final = ("id", "function")
"""Fields by which records of a list are told apart."""
_LONGEST: Final = 60
"""Texts beyond are not written out in a change."""


def content(register: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the answers: the register as read, priors and assumed numbers in force, and hashes of files.

    Parameters
    ----------
    register : mapping
        The register's YAML, parsed.
    """
    files = pins.in_force({folder: resource(folder) for folder in pins.FOLDERS})
    priors = {
        kind: {name: str(prior) for name, prior in known.items()}
        for kind, known in (("article models", COUNTS), ("measurement models", MEASUREMENT))
    }
    assumed = json.loads(json.dumps(told()))  # as it is read back
    return {"register": dict(register), "priors in force": priors, "assumed in code": assumed, pins.SECTION: files}


def read(path: Path) -> dict[str, Any]:
    """Read the registered version.

    Raises
    ------
    RegisterError
        If the file is not a lock.
    """
    try:
        raw = read_json(path)
    except DataError as failure:
        raise RegisterError(str(failure)) from failure
    if not isinstance(raw, dict) or set(raw) != _SECTIONS or not all(isinstance(v, dict) for v in raw.values()):
        raise RegisterError(f"{path}: not a lock of this version. Restore it from the repository.")
    found: dict[str, Any] = raw
    return found


def write(registered: Mapping[str, Any], path: Path) -> None:
    """Write the registered version."""
    text = json.dumps(registered, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def changes(registered: Mapping[str, Any], current: Mapping[str, Any]) -> tuple[str, ...]:
    """Name every difference: what was added, removed or changed, and from what to what where that is short."""
    before, now = ({k: v for k, v in whole.items() if k != pins.SECTION} for whole in (registered, current))
    named = [_named(path, change) for path, change in _differences(before, now, ())]
    return (*named, *_files(registered[pins.SECTION], current[pins.SECTION]))


def _files(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if name not in now:
            yield f"{name} removed"
        elif name not in before:
            yield f"{name} added"
        elif before[name] != now[name]:
            rows = [pin.get("rows") if isinstance(pin, dict) else None for pin in (before[name], now[name])]
            yield f"{name} changed" + (f" ({rows[0]} -> {rows[1]} rows)" if rows[0] != rows[1] else "")


def _differences(before: Any, now: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    before, now = _keyed(before), _keyed(now)
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *(k for k in now if k not in before)]:
            if key not in now:
                yield (*path, str(key)), "removed"
            elif key not in before:
                yield (*path, str(key)), "added"
            else:
                yield from _differences(before[key], now[key], (*path, str(key)))
    elif before != now:
        yield path, _from_to(before, now)


def _keyed(value: Any) -> Any:
    """Return a list of records as a mapping by what identifies them."""
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        for name in _IDENTITY:
            keys = [v.get(name) for v in value]
            if None not in keys and len(set(map(str, keys))) == len(keys):
                return dict(zip(map(str, keys), value, strict=True))
    return value


def _from_to(before: Any, now: Any) -> str:
    texts = [str(v) for v in (before, now)]
    if any(len(t) > _LONGEST for t in texts):
        return "changed"
    return f"{texts[0]} -> {texts[1]}"


def _named(path: tuple[str, ...], change: str) -> str:
    kept = [p for p in path if p not in ("register", "claims", "answers", "thresholds")]
    return f"{' '.join(kept)}: {change}" if "->" in change else f"{' '.join(kept)} {change}"
