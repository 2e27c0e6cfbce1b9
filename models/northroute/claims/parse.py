"""Strict reading of the register's records: what is missing, unknown or of the wrong type is refused by its place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from northroute.errors import RegisterError

LARGEST: Final = 1e9
"""No threshold or constant of the register is larger."""
_LONGEST: Final = 60


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
        place = f"{place} ({shown(raw[name]).strip("'")})" if name in raw else place
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

    def text(self, name: str) -> str:
        """Return a text that is not empty; an empty one where the field is not there.

        Raises
        ------
        RegisterError
        """
        raw = self.values.get(name)
        if name in self.values and not (isinstance(raw, str) and raw.strip()):
            raise RegisterError(
                f"{self.place}: '{name}' is {shown(raw)}, not a text. Write one, or leave the field out."
            )
        return raw or ""

    def one(self, name: str, known: Collection[str]) -> str:
        """Return a text that is among those ``known``.

        Raises
        ------
        RegisterError
        """
        found = self.among(name, known)
        if len(found) != 1:
            raise RegisterError(f"{self.place}: {name} has {len(found)} values, not one of {list(known)}.")
        return found[0]

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of different texts; empty where the field is not there.

        Raises
        ------
        RegisterError
        """
        raw = self.values.get(name, [])
        if not isinstance(raw, list) or not all(isinstance(v, str) for v in raw):
            raise RegisterError(f"{self.place}: '{name}' is {shown(raw)}, not a list of texts.")
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


def shown(raw: Any) -> str:
    """Return a value as a message shows it: on one line, and no longer than a line."""
    text = repr(raw)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def mapping(raw: Any, place: str, name: str) -> dict[str, Any]:
    """Return a mapping; an empty one where the field is not there.

    Raises
    ------
    RegisterError
    """
    found = raw.get(name, {})
    if not isinstance(found, dict):
        raise RegisterError(f"{place}: '{name}' is {shown(found)}, not a mapping of names.")
    return found


def numbers(raw: Any, place: str) -> dict[str, float]:
    """Return a mapping of names to finite numbers.

    Raises
    ------
    RegisterError
    """
    if not isinstance(raw, dict):
        raise RegisterError(f"{place}: {shown(raw)} is not a mapping of names to numbers.")
    for name, value in raw.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RegisterError(f"{place} '{name}' is {value!r}, not a number.")
        if not isfinite(value):
            raise RegisterError(f"{place} '{name}' is {value!r}, not a finite number.")
        if abs(value) > LARGEST:
            raise RegisterError(f"{place} '{name}' is {value:g}, which makes no sense. Mend the number.")
    return {str(k): float(v) for k, v in raw.items()}
