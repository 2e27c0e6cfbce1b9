"""Strict reading of the register's records: what is missing, unknown or of the wrong type is refused by its place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from northroute.bayes import Prior
from northroute.errors import ModelError, RegisterError


@dataclass(frozen=True)
class Record:
    """One mapping of the register, with its place for messages."""

    place: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Any, place: str, name: str, needed: Collection[str], more: Collection[str]) -> "Record":
        """Check a raw value: a mapping with every field ``needed`` and none beyond ``more``; ``name`` labels it.

        Raises
        ------
        RegisterError
        """
        if not isinstance(raw, dict):
            raise RegisterError(f"{place}: not a record. It needs {', '.join(needed)}.")
        place = f"{place} ({raw.get(name, '?')})"
        missing = [k for k in needed if k not in raw]
        unknown = sorted(str(k) for k in set(raw) - {*needed, *more})
        if missing or unknown:
            raise RegisterError(f"{place}: missing {missing}, unknown {unknown}. See CONTRIBUTING.")
        return cls(place, raw)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or the default where it is not there."""
        return self.values.get(name, default)

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of different texts; empty where the field is not there.

        Raises
        ------
        RegisterError
        """
        raw = self.values.get(name) or []
        if not isinstance(raw, list) or not all(isinstance(v, str) for v in raw):
            raise RegisterError(f"{self.place}: '{name}' is {raw!r}, not a list of texts.")
        if len(set(raw)) < len(raw):
            raise RegisterError(f"{self.place}: '{name}' names one thing twice. Keep one.")
        return tuple(raw)

    def among(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        """Return a text or a list of texts, each of them ``known``.

        Raises
        ------
        RegisterError
        """
        raw = self.values[name]
        found = (raw,) if isinstance(raw, str) else self.words(name)
        unknown = [v for v in found if v not in known]
        if unknown:
            raise RegisterError(f"{self.place}: {name} has {unknown}, other than {list(known)}.")
        return found


def numbers(raw: Any, place: str) -> dict[str, float]:
    """Return a mapping of names to finite numbers.

    Raises
    ------
    RegisterError
    """
    if not isinstance(raw, dict):
        raise RegisterError(f"{place}: {raw!r} is not a mapping of names to numbers.")
    for name, value in raw.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RegisterError(f"{place} '{name}' is {value!r}, not a number.")
        if not isfinite(value):
            raise RegisterError(f"{place} '{name}' is {value!r}, not a finite number.")
    return {str(k): float(v) for k, v in raw.items()}


def parse_prior(name: str, raw: Any, path: Path) -> Prior:
    """Return a prior.

    Raises
    ------
    RegisterError
        For an unknown field or family, or numbers that the family does not allow.
    """
    place = f"{path}, prior '{name}'"
    record = Record.of(raw, place, "family", ("family", "scale", "reason"), ("location", "shape"))
    given = numbers({k: v for k, v in record.values.items() if k in ("scale", "location", "shape")}, f"{place},")
    try:
        return Prior(
            record["family"],
            given["scale"],
            str(record["reason"]),
            given.get("location", 0.0),
            given.get("shape", 1.0),
        )
    except ModelError as failure:
        raise RegisterError(f"{place}: {failure}") from failure
