"""What is imported is declared, and what is declared is imported: pyproject.toml against the code."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_INSTALLED = {
    "atheris": "atheris",
    "axe_playwright_python": "axe-playwright-python",
    "google": "google-cloud-bigquery",
    "jax": "jax",
    "numpyro": "numpyro",
}
"""Distributions by import name, of extras that a developer's environment lacks."""
TOOLS = {
    "editables": ("pyproject.toml", "hatchling"),
    "hatchling": ("pyproject.toml", "hatchling.build"),
    "ipykernel": ("Makefile", "jupytext --quiet --to ipynb --execute"),
    "jupyterlab": ("README.md", "Jupyter with"),
    "mypy": ("Makefile", "/mypy"),
    "nbconvert": ("Makefile", "jupytext --quiet --to ipynb --execute"),
    "pytest-xdist": ("Makefile", "--numprocesses auto"),
    "ruff": ("Makefile", "/ruff"),
    "uv": ("Makefile", "/uv"),
}
"""Development tools that no code imports, with the file and the words that use them."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(requirement: str) -> str:
    """Name of a requirement such as ``arviz-stats[xarray]>=1.3``."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return normal(found[0])


@cache
def declared() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Distributions of the package, and those of each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {e: frozenset(map(distribution, r)) - {"northroute"} for e, r in project["optional-dependencies"].items()}
    return frozenset(map(distribution, project["dependencies"])), extras


@cache
def words(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Top-level names that a module imports (anywhere, by name, or as xarray's file engine), and its short strings."""
    found, strings = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            strings.add(node.value)
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            by_name = node.args[:1] if called in ("import_module", "find_spec", "importorskip", "__import__") else []
            engines = [k.value for k in node.keywords if k.arg == "engine"]
            found |= {str(c.value) for c in [*by_name, *engines] if isinstance(c, ast.Constant)}
    tops = {name.split(".")[0] for name in found} - set(sys.stdlib_module_names) - {"northroute", "tests"}
    return frozenset(tops), frozenset(strings)


@cache
def distributions() -> dict[str, list[str]]:
    """Distributions by import name."""
    return {**{name: [one] for name, one in NOT_INSTALLED.items()}, **packages_distributions()}


@cache
def imported(room: str) -> dict[str, set[str]]:
    """Distributions that a folder's modules import, with the modules."""
    core, extras = declared()
    every = core.union(*extras.values())
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / room).rglob("*.py")):
        for name in words(path)[0]:
            known = [normal(one) for one in distributions().get(name, [name])]
            # a name that several distributions share, such as google, is the one that is declared
            for one in [k for k in known if k in every] or known:
                found.setdefault(one, set()).add(path.relative_to(ROOT).as_posix())
    return found


def named(word: str) -> bool:
    """Whether a string of the code is the word: a library that is looked up by its name."""
    files = (path for room in ("models", "tests") for path in (ROOT / room).rglob("*.py") if path != Path(__file__))
    return any(word in words(path)[1] for path in files)


def test_the_package_imports_what_it_declares_and_declares_what_it_imports() -> None:
    core, extras = declared()
    found = imported("models")
    assert core - set(found) == set(), "declared for the package, and imported nowhere in it"
    optional = frozenset().union(*(names for extra, names in extras.items() if extra != "dev"))
    undeclared = {name: sorted(where) for name, where in found.items() if name not in core | optional}
    assert undeclared == {}, "imported by the package, and not declared"


def test_what_the_package_imports_from_an_extra_is_imported_inside_a_function() -> None:
    core, extras = declared()
    optional = frozenset().union(*extras.values()) - core
    for name in optional & set(imported("models")):
        for where in imported("models")[name]:
            at_top = {
                alias.name.split(".")[0]
                for node in ast.parse((ROOT / where).read_text(encoding="utf-8")).body
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(str(node.module))])
            }
            assert name not in {normal(NOT_INSTALLED.get(top, top)) for top in at_top}, f"{where} needs {name}"


@pytest.mark.parametrize("room", ["tests", "analysis"])
def test_tests_and_notebooks_import_what_is_declared(room: str) -> None:
    core, extras = declared()
    every = core.union(*extras.values())
    assert {name: sorted(where) for name, where in imported(room).items() if name not in every} == {}


def test_every_dependency_of_an_extra_is_used() -> None:
    core, extras = declared()
    by_distribution = {v: k for k, v in NOT_INSTALLED.items()}
    used = {name for room in ("models", "tests", "analysis") for name in imported(room)}
    for extra, names in extras.items():
        for name in names - used:
            if name in TOOLS:
                file, use = TOOLS[name]
                assert use in (ROOT / file).read_text(encoding="utf-8"), f"{extra}: {name} is not used in {file}"
            elif name.startswith("types-") or name.endswith("-stubs"):
                typed = name.removeprefix("types-").removesuffix("-stubs")
                assert typed in core, f"{extra}: {name} is about nothing that is declared"
            else:
                assert named(by_distribution.get(name, name)), f"{extra}: {name} is neither imported nor named"


def test_the_lock_holds_every_dependency_and_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", text, flags=re.M)}
    core, extras = declared()
    assert core | extras["dev"] | extras["notebook"] | extras["bench"] <= locked
    assert not re.search(r"https?://|--index|--find-links", text)
