"""A fit's key hashes what code says: neither comments nor docstrings nor layout, and every number."""

import pytest

from northroute.bayes.kernel.syntax import of_kernel, of_modules, syntax_hash
from northroute.bayes.statement import codes

CODE = '''"""Module."""

LIMIT = 3
"""A limit."""


def double(x):
    """Twice."""
    # why
    return 2 * x


class Nothing:
    """Nothing."""
'''


@pytest.mark.parametrize(
    "change",
    [
        ("# why", "# another reason, and longer"),
        ('"""Twice."""', '"""Twice a number, said at length."""'),
        ('    """Twice."""\n', ""),
        ('"""A limit."""\n', ""),
        ('"""Module."""', '"""Another."""'),
        ("2 * x", "(2\n            * x)"),
    ],
)
def test_a_comment_a_docstring_or_a_line_break_changes_nothing(change: tuple[str, str]) -> None:
    assert CODE.replace(*change) != CODE
    assert syntax_hash(CODE.replace(*change)) == syntax_hash(CODE)


@pytest.mark.parametrize(
    "change", [("2 * x", "2.5 * x"), ("LIMIT = 3", "LIMIT = 4"), ("double", "twice"), ("* x", "+ x")]
)
def test_a_number_a_name_or_an_operator_changes_it(change: tuple[str, str]) -> None:
    assert syntax_hash(CODE.replace(*change)) != syntax_hash(CODE)


def test_text_that_is_used_is_code() -> None:
    assert syntax_hash("KIND = 'a'") != syntax_hash("KIND = 'b'")
    assert syntax_hash("def f():\n    'told'") == syntax_hash("def f():\n    'told otherwise'")


def test_hashes_of_modules_are_kept_and_differ() -> None:
    assert of_modules((codes,)) == of_modules((codes,)) != of_kernel()
