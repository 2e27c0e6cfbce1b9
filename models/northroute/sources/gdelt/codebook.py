"""The construct codebook: what counts as what, read from ``data/codebook/constructs.yaml`` and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from northroute.documents import read_yaml
from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.gdelt.formats import TableName

FILE: Final = "data/codebook/constructs.yaml"
CONSTRUCTS: Final = ("state_violence", "criminal_violence", "drug_incident", "general_crime", "corruption")
FLAGS: Final = ("lethal", "arms", "terror", "drug")
KINDS: Final = ("interdiction", "arrest")
DRUG_TYPES: Final = ("heroin", "opium", "cannabis", "synthetic")
OTHER: Final = "other"
_TABLES: Final = ("events", "gkg", "counts")
_REMEDY: Final = "See the comment at the head of data/codebook/constructs.yaml for what a rule may say."
_CODES: Final = ("event_root", "event_base", "event_code", "actor1_type", "actor2_type")
_ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "events": (*_CODES, "address_words"),
    "gkg": ("themes", "count_types", "objects", "address_words", "counted"),
    "counts": ("count_types", "objects", "address_words"),
}
_PATTERN: Final[Mapping[str, str]] = {
    "event_root": r"[0-9]{2}",
    "event_base": r"[0-9]{3}",
    "event_code": r"[0-9]{3,4}",
    "actor1_type": r"[A-Z]{3}",
    "actor2_type": r"[A-Z]{3}",
    "themes": r"[A-Z0-9_]+\*?",
    "count_types": r"[A-Z0-9_]+",
    "objects": r"[a-z]+(?:-[a-z]+)*\*?",
    "address_words": r"[a-z]+(?:-[a-z]*)*\*?",
}


@dataclass(frozen=True)
class Condition:
    """A rule's condition, as a tree.

    Attributes
    ----------
    test : str
        ``all``, ``any``, ``not``, or the name of a test on a row.
    values : tuple of str
        Of a test: codes, themes or words. For ``counted``, the count types; the objects are then in ``objects``.
    parts : tuple of Condition
        Of ``all``, ``any`` and ``not``.
    objects : tuple of str
    """

    test: str
    values: tuple[str, ...] = ()
    parts: tuple["Condition", ...] = ()
    objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variant:
    """One way to measure a construct: the table whose rows are the reports, and which of them count."""

    construct: str
    name: str
    table: TableName
    where: Condition


@dataclass(frozen=True)
class Codebook:
    """The codebook in force.

    Attributes
    ----------
    version, sha256 : str
    labels : mapping of construct to str
    variants : mapping of construct to mapping of name to Variant
    flags : mapping of flag to mapping of table to Condition
        ``lethal``, ``arms``, ``terror``, ``drug``; the kinds ``interdiction`` and ``arrest``; the four named drug types.
    """

    version: str
    sha256: str
    labels: Mapping[str, str]
    variants: Mapping[str, Mapping[str, Variant]] = field(repr=False)
    flags: Mapping[str, Mapping[TableName, Condition]] = field(repr=False)

    def variant(self, construct: str, name: str) -> Variant:
        """Return a variant.

        Raises
        ------
        DataError
            If there is none of that name; lists those there are.
        """
        try:
            return self.variants[construct][name]
        except KeyError:
            known = ", ".join(f"{c}.{v}" for c, of in self.variants.items() for v in of)
            raise DataError(f"no variant '{construct}.{name}'", file=FILE, remedy=f"Use one of: {known}.") from None


def load(path: Path | None = None) -> Codebook:
    """Read and check the codebook.

    Raises
    ------
    DataError
        For a rule that cannot be understood; names its place in the file.
    """
    file = path or resource(FILE)
    content = read_yaml(file)
    reader = _Reader(file, content if isinstance(content, dict) else {})
    return reader.codebook()


class _Reader:
    def __init__(self, file: Path, content: dict[str, Any]) -> None:
        self.file, self.content = file, content
        self.lists: dict[str, Any] = content.get("lists") or {}

    def codebook(self) -> Codebook:
        constructs = self.content.get("constructs") or {}
        self.require(list(constructs), CONSTRUCTS, "constructs")
        flags = {
            **self.flags(self.content.get("flags"), FLAGS, "flags"),
            **self.flags(constructs["drug_incident"].get("kinds"), KINDS, "drug_incident.kinds"),
            **self.flags(self.content.get("drug_types"), DRUG_TYPES, "drug_types"),
        }
        return Codebook(
            version=str(self.content.get("version", "")),
            sha256=file_sha256(self.file),
            labels={c: str(constructs[c].get("label", c)) for c in CONSTRUCTS},
            variants={c: self.variants(c, constructs[c].get("variants") or {}) for c in CONSTRUCTS},
            flags=flags,
        )

    def variants(self, construct: str, entries: dict[str, Any]) -> dict[str, Variant]:
        if len(entries) < 2:
            raise self.error(f"constructs.{construct}", "a construct needs at least two variants")
        found = {}
        for name, entry in entries.items():
            place = f"constructs.{construct}.variants.{name}"
            if not isinstance(entry, dict) or set(entry) != {"table", "where"} or entry["table"] not in _TABLES:
                raise self.error(place, f"a variant has a table ({', '.join(_TABLES)}) and a where")
            table: TableName = entry["table"]
            found[name] = Variant(construct, name, table, self.condition(entry["where"], table, place))
        return found

    def flags(self, entries: Any, expected: tuple[str, ...], place: str) -> dict[str, dict[TableName, Condition]]:
        entries = entries or {}
        self.require(list(entries), expected, place)
        return {
            name: {
                table: self.condition(where, table, f"{place}.{name}.{table}") for table, where in entries[name].items()
            }
            for name in expected
        }

    def condition(self, entry: Any, table: Any, place: str) -> Condition:
        if table not in _TABLES:
            raise self.error(place, f"'{table}' is none of the tables {', '.join(_TABLES)}")
        if not isinstance(entry, dict) or not entry:
            raise self.error(place, "a condition is a mapping such as 'event_root: [\"18\"]'")
        if len(entry) > 1:
            raise self.error(place, f"{len(entry)} tests together; say 'all' or 'any' of them")
        ((test, value),) = entry.items()
        if test in ("all", "any"):
            if not isinstance(value, list) or not value:
                raise self.error(place, f"'{test}' takes a list of conditions")
            return Condition(test, parts=tuple(self.condition(v, table, f"{place}.{test}") for v in value))
        if test == "not":
            return Condition(test, parts=(self.condition(value, table, f"{place}.not"),))
        if test not in _ALLOWED[table]:
            raise self.error(place, f"'{test}' is no test on the table {table}; there are {', '.join(_ALLOWED[table])}")
        if test == "counted":
            if not isinstance(value, dict) or set(value) != {"types", "objects"}:
                raise self.error(place, "'counted' takes types and objects")
            types = self.values("count_types", value["types"], place)
            return Condition(test, types, objects=self.values("objects", value["objects"], place))
        return Condition(test, self.values(test, value, place))

    def values(self, test: str, value: Any, place: str) -> tuple[str, ...]:
        if isinstance(value, str) and value.startswith("$"):
            if value[1:] not in self.lists:
                raise self.error(place, f"there is no list '{value[1:]}'")
            value = self.lists[value[1:]]
        if not isinstance(value, list) or not value:
            raise self.error(place, f"'{test}' takes a list, or $name of one")
        for v in value:
            if not isinstance(v, str) or not re.fullmatch(_PATTERN[test], v):
                raise self.error(place, f"{v!r} is no value for '{test}' (text like {_PATTERN[test]}; quote codes)")
        return tuple(value)

    def require(self, found: list[str], expected: tuple[str, ...], place: str) -> None:
        if sorted(found) != sorted(expected):
            raise self.error(place, f"expected {', '.join(expected)}, found {', '.join(found) or 'nothing'}")

    def error(self, place: str, problem: str) -> DataError:
        return DataError(problem, file=self.file, row=place, remedy=_REMEDY)


Dialect = Literal["duckdb", "bigquery"]
