"""The page of libraries: it names every library that the package imports, and every test that it rests on is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_dependencies import ROOT, declared, imported, normal

PAGE = ROOT / "analysis" / "docs" / "libraries.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| own |", "| library |"))]
REFERENCES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("file", "name"), REFERENCES)
def test_a_named_test_exists(file: str, name: str) -> None:
    path = ROOT / file
    assert path.exists(), f"{file} is not there; name the test that took its place in {PAGE.name}"
    assert not name or name in functions(path), (
        f"{file} has no {name}; name the test that took its place in {PAGE.name}"
    )


def test_every_row_of_our_own_rests_on_a_test() -> None:
    own = TEXT.partition("## Our own in the fixed-effects room")[2]
    rows = [row for row in ROWS if row in own]
    assert len(rows) > 20
    assert [row.split("|")[1] for row in rows if "`tests/" not in row.split("|")[3]] == []


def test_every_module_that_is_named_exists() -> None:
    folder = ""
    for own in (row.split("|")[1] for row in ROWS):
        for name in re.findall(r"`([\w/]+(?:\.py)?)`", own):
            folders = ("", "frequentist", "frequentist/covariance", "bayes", "bayes/checks", "bayes/gate", folder)
            assert any((ROOT / "models" / "northroute" / f / name).exists() for f in folders), name


def test_every_library_of_the_package_is_in_the_first_table() -> None:
    table = TEXT.partition("## Libraries")[2].partition("## Our own")[0]
    told = {
        normal(name)
        for row in table.splitlines()
        for name in re.findall(r"[\w-]+", row.split("|")[1] if "|" in row else "")
    }
    core, extras = declared()
    used = set(imported("models")) & core.union(*extras.values())
    assert used - told == {"numpyro"} & used, "imported, and not on the page"
    assert core - told == set(), "declared, and not on the page"
