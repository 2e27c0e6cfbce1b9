"""What messages and help name is there: verbs and their options."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import northroute
from northroute.cli import app

ROOT = Path(northroute.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+[a-z]\b")
COMMAND = re.compile(r"\bnorthroute((?: [a-z_]+)+)((?: (?:--?[a-z][a-z-]*|[A-Z_]+|[~\w./{}-]+))*)")
OTHERS = {
    "--check": "of sha256sum",
    "--porcelain": "of git",
}
"""Options of other programs."""


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    yield path, {name for p in group.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
    for name, command in getattr(group, "commands", {}).items():
        yield from _commands(command, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))
OPTIONS = set().union(*COMMANDS.values())


def _texts() -> Iterator[tuple[str, int, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values]
                yield path.relative_to(ROOT).as_posix(), node.lineno, "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.relative_to(ROOT).as_posix(), node.lineno, node.value
    for path in sorted((ROOT.parents[1] / "reports" / "templates").rglob("*.html")):
        yield path.name, 0, path.read_text(encoding="utf-8")


def _examples(group: Any) -> Iterator[tuple[str, int, str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _examples(command)
        else:
            assert command.epilog.startswith("Example: northroute "), name
            yield f"the example of {name}", 0, command.epilog


TEXTS = [*_texts(), *_examples(typer.main.get_command(app))]


def test_every_option_that_a_text_names_exists() -> None:
    named = {(where, line, word) for where, line, text in TEXTS for word in OPTION.findall(_plain(text))}
    assert len(named) > 20
    unknown = sorted(f"{where}:{line} {word}" for where, line, word in named if word not in OPTIONS | OTHERS.keys())
    assert not unknown, unknown


def test_every_command_that_a_text_names_exists_with_its_options() -> None:
    wrong = []
    found = 0
    for where, line, text in TEXTS:
        for match in COMMAND.finditer(_plain(text)):
            words = match[1].split()
            verb: tuple[str, ...] = ()
            while words and (*verb, words[0]) in COMMANDS:
                verb = (*verb, words.pop(0))
            if not verb:
                continue  # prose: "northroute is"
            found += 1
            options = [word for word in OPTION.findall(match[2]) if word not in COMMANDS[verb]]
            wrong += [f"{where}:{line} northroute {' '.join(verb)} {option}" for option in options]
    assert found > 30
    assert not wrong, wrong


def _plain(text: str) -> str:
    """Leave out style sheets, whose variables look like options, and line breaks."""
    return " ".join(re.sub(r"var\(--[\w-]+\)|--[\w-]+\s*:", "", text).split())


@pytest.mark.parametrize("word", sorted(OTHERS))
def test_no_exception_is_stale(word: str) -> None:
    assert any(word in text for _, _, text in TEXTS)
