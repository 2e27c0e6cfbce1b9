"""What code says, without comments, docstrings and layout: a fit made by code that says the same is not made again."""

import ast
import hashlib
import inspect
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType


def syntax_hash(source: str) -> str:
    """SHA-256 of a module's syntax tree without its bare strings (docstrings), comments, spaces and line breaks."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):
                setattr(node, name, [s for s in statements if not _is_text(s)])
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


@cache
def of_kernel() -> str:
    """Return the hash of all that the kernel's modules say, and of the codes that are compiled into it."""
    here = Path(__file__).parent
    sources = (*sorted(here.glob("*.py")), here.parent / "statement" / "codes.py")
    return _joined(path.read_text(encoding="utf-8") for path in sources)


@cache
def of_modules(modules: tuple[ModuleType, ...]) -> str:
    """Return the hash of all that modules say."""
    return _joined(inspect.getsource(module) for module in modules)


def _joined(sources: Iterable[str]) -> str:
    return hashlib.sha256("".join(map(syntax_hash, sources)).encode()).hexdigest()


def _is_text(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
