"""The one reader of YAML and JSON files: plain values, each name once, nothing that a file could hide or blow up."""

import json
from collections.abc import Hashable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

import yaml

from northroute.errors import DataError
from northroute.files import read_text

LARGEST: Final = 1_000_000
"""Bytes that a file may have."""
DEEPEST: Final = 20
"""Levels of lists and mappings inside one another."""
_REMEDY: Final = "Restore the file from the repository, or mend it there."
_WIDEST: Final = 180
_NUMBERS: Final = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says: mappings with texts as names, lists, texts, finite numbers, true, false and null.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        For a file that is absent, no regular file, too large or not UTF-8, and for YAML that is malformed, too deep, has a
        name twice in one mapping, a name that is no text, an anchor or alias, a tag, a date, or a number that is not finite.
        The message names the line.
    """
    text = read_text(path, largest=LARGEST)
    try:
        return yaml.load(text, Loader=_Plain)
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        problem = _one_line(failure.problem or failure.context or "it breaks off")
        if not isinstance(failure, yaml.constructor.ConstructorError):
            problem = f"not valid YAML: {problem}"
        raise DataError(problem, file=path, row=mark.line + 1 if mark else None, remedy=_REMEDY) from failure
    except (yaml.YAMLError, ValueError) as failure:
        raise DataError(f"not valid YAML: {_one_line(str(failure))}", file=path, remedy=_REMEDY) from failure


def read_json(path: Path, *, largest: int = LARGEST) -> Any:
    """Return what a JSON file says, each name once and every number finite.

    Raises
    ------
    DataError
        For a file that is absent, no regular file, larger than ``largest`` bytes, not UTF-8 or not such JSON.
    """
    text = read_text(path, largest=largest)
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_not_finite)
    except json.JSONDecodeError as failure:
        what = f"not valid JSON: {failure.msg}"
        raise DataError(what, file=path, row=failure.lineno, remedy=_REMEDY) from failure
    except RecursionError as failure:
        raise DataError("lists or mappings too deep inside one another", file=path, remedy=_REMEDY) from failure
    except ValueError as failure:
        raise DataError(f"not valid JSON: {_one_line(str(failure))}", file=path, remedy=_REMEDY) from failure


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name '{next(n for n in names if names.count(n) > 1)}' is there twice")
    return found


def _not_finite(text: str) -> float:
    raise ValueError(f"'{text}' is not a finite number")


class _Plain(yaml.SafeLoader):
    """YAML that says what it shows. PyYAML would keep the last of two equal names, and follow a list into itself."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise _refused("an anchor or alias; write the value out", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _refused(f"a tag '{event.tag}'; plain values alone are read", event.start_mark)
        if self.depth > DEEPEST:
            raise _refused(f"more than {DEEPEST} levels inside one another", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp" or (node.tag in _NUMBERS and ":" in str(node.value)):
            raise _refused(f"'{node.value}' would be read as a date or time; put it in quotes", node.start_mark)
        value = super().construct_object(node, deep)
        if isinstance(value, float) and not isfinite(value):
            raise _refused(f"'{node.value}' is not a finite number", node.start_mark)
        if not isinstance(value, dict | list | str | int | float | None):
            raise _refused(f"'{node.value}' is read as a {type(value).__name__}; put it in quotes", node.start_mark)
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise _refused(f"the name '{_one_line(str(key.value))}' is no text; put it in quotes", key.start_mark)
            if key.value in seen:
                raise _refused(f"the name '{key.value}' is there twice; keep one", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _refused(problem: str, mark: yaml.Mark) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]} ..."
